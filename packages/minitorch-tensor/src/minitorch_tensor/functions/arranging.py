"""The same elements in other places: reversed, shifted, repeated, framed, cut to triangles.

All of these give copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import int64
from minitorch_tensor.functions.indexing import check_range
from minitorch_tensor.functions.joining import cat
from minitorch_tensor.functions.selection import masked_fill
from minitorch_tensor.functions.views import sizes_of
from minitorch_tensor.layout import Shape, normalize_dim, normalize_dims

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor
    from minitorch_tensor.tensor_data import TensorData

# -- order -----------------------------------------------------------------------------------------


def flip(x: Tensor, *dims: Any) -> Tensor:
    """x in reverse order along `dims`."""
    turned = normalize_dims(sizes_of(dims), x.ndim, "flip") if sizes_of(dims) else ()
    key = [slice(None, None, -1) if d in turned else slice(None) for d in range(x.ndim)]
    return x[tuple(key)].clone()


def roll(x: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """x shifted along `dims`, what leaves at one end entering at the other; without `dims` as if
    it were flat.

    Raises: ValueError if there are not as many shifts as dims.
    """
    steps = [shifts] if isinstance(shifts, int) else list(shifts)
    if dims is None:
        if len(steps) != 1:
            raise ValueError(f"roll: {len(steps)} shifts need as many dims.")
        return roll(x.reshape(-1), steps, [0]).reshape(x.shape)
    along = [dims] if isinstance(dims, int) else list(dims)
    if len(steps) != len(along):
        raise ValueError(f"roll: got {len(steps)} shifts for {len(along)} dims; give one for each.")
    result = x
    for step, dim in zip(steps, along):
        dim = normalize_dim(dim, x.ndim, "roll")
        size = x.shape[dim] if x.ndim else 0
        if size and step % size:
            cut = size - step % size
            result = cat([result.narrow(dim, cut, size - cut), result.narrow(dim, 0, cut)], dim)
    return x.clone() if result is x else result


# -- repetition ------------------------------------------------------------------------------------


def repeat(x: Tensor, *repeats: Any) -> Tensor:
    """x as a tile, laid `repeats` times along each dimension, of which there may be new ones in
    front.

    Raises: ValueError for fewer repeats than dimensions, or negative ones.
    """
    counts = sizes_of(repeats)
    lead = len(counts) - x.ndim
    if lead < 0 or any(n < 0 for n in counts):
        raise ValueError(
            f"repeat: {counts} must hold one count for each of the {x.ndim} dimensions of "
            f"{x.shape}, none negative; more stand for new ones in front."
        )
    sizes = (1,) * lead + x.shape
    pairs = [(n, m) for n, m in zip(counts, sizes)]
    tile = x.reshape([k for _, m in pairs for k in (1, m)])
    laid = tile.expand([k for pair in pairs for k in pair])
    return laid.reshape([n * m for n, m in pairs]).clone()


def tile(x: Tensor, *dims: Any) -> Tensor:
    """`repeat`, where counts that are missing in front are 1."""
    counts = sizes_of(dims)
    return repeat(x, (1,) * (x.ndim - len(counts)) + tuple(counts))


def repeat_interleave(x: Tensor, repeats: int | Tensor, dim: int | None = None) -> Tensor:
    """Each slice of x along `dim` repeated on the spot; without `dim` each element of x, flat.

    Args:
        repeats: how often, for all or (an integer vector) for each.

    Raises: ValueError for negative counts, or a vector of another size.
    """
    if dim is None:
        return repeat_interleave(x.reshape(-1), repeats, 0)
    dim = normalize_dim(dim, x.ndim, "repeat_interleave")
    size = x.shape[dim] if x.ndim else 1
    counts = np.asarray(repeats if isinstance(repeats, int) else repeats.numpy())
    if counts.ndim > 1 or counts.shape not in ((), (1,), (size,)) or (counts < 0).any():
        raise ValueError(
            f"repeat_interleave: repeats must be a number or {size} of them, one for each slice, "
            f"none negative; got {repeats}."
        )
    chosen = np.repeat(np.arange(size), np.broadcast_to(counts, (size,)))
    return x.reshape(x.shape or (1,)).index_select(dim, x._new(x.backend.from_numpy(chosen)))


# -- frames ----------------------------------------------------------------------------------------


class Pad(Function):
    """x within a frame of `value`, whose sides are (before, after) for each dimension.

    Gradient: d without the frame.
    """

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, sides: tuple[tuple[int, int], ...], value: float
    ) -> Tensor:
        shape = tuple([before + n + after for n, (before, after) in zip(x.shape, sides)])
        out = x.backend.full(shape, value, x.dtype)
        inside = out
        for dim, (n, (before, _)) in enumerate(zip(x.shape, sides)):
            inside = inside.slice(dim, before, n)
        ctx.inside = tuple([slice(b, b + n) for n, (b, _) in zip(x.shape, sides)])
        x.backend.copy_(inside, x._data)
        return x._new(out)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        return d[ctx.inside], None, None


def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", value: Number = 0) -> Tensor:
    """x within a frame.

    Args:
        pad: elements to add before and after, pair by pair, from the last dimension on to the
            front; negative ones cut off.
        mode: "constant".
        value: of the frame.

    Raises: ValueError for another mode, an odd number of sides, more than two for a dimension, or
        more cut off than there is.
    """
    if mode != "constant":
        raise ValueError(f"pad: mode must be 'constant', got {mode!r}.")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(
            f"pad: got {len(pad)} sides for {x.ndim} dimensions; give (before, after) for the "
            "last dimension, then for the one before it, and so on."
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    sides = ((0, 0),) * (x.ndim - len(pairs)) + tuple(reversed(pairs))
    for n, (before, after) in zip(x.shape, sides):
        if n + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"pad: {tuple(pad)} cuts off more than there is of {x.shape}.")
    x = x[tuple([slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, sides)])]
    return Pad.apply(x, tuple([(max(b, 0), max(a, 0)) for b, a in sides]), value)  # type: ignore[no-any-return]


# -- triangles and diagonals -----------------------------------------------------------------------


def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices (..., M, N): 0 above `diagonal`, counted from the main one."""
    return _triangle("tril", x, diagonal, lower=True)


def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices (..., M, N): 0 below `diagonal`, counted from the main one."""
    return _triangle("triu", x, diagonal, lower=False)


def _triangle(operation: str, x: Tensor, diagonal: int, lower: bool) -> Tensor:
    if x.ndim < 2:
        raise ValueError(f"{operation}: wanted matrices (..., M, N), got shape {x.shape}.")
    m, n = x.shape[-2:]
    kept = np.tri(m, n, diagonal, bool) if lower else ~np.tri(m, n, diagonal - 1, bool)
    return masked_fill(x, x._new(x.backend.from_numpy(~kept)), 0)


class Diagonal(Function):
    """x[i, i + offset] for two dimensions of x, which become the last one: a view.

    Gradient: d on the diagonal of a zero x.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
        ctx.shape, ctx.where = x.shape, (offset, dim1, dim2)
        return x._new(_diagonal_view(x._data, offset, dim1, dim2))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, None]:
        return PlaceDiagonal.apply(d, ctx.shape, *ctx.where), None, None, None


class PlaceDiagonal(Function):
    """The adjoint of Diagonal: d on the diagonal of a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, offset: int, dim1: int, dim2: int) -> Tensor:
        ctx.where = offset, dim1, dim2
        out = d.backend.full(shape, 0, d.dtype)
        d.backend.copy_(_diagonal_view(out, offset, dim1, dim2), d._data)
        return d._new(out)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None, None]:
        return Diagonal.apply(e, *ctx.where), None, None, None, None


def _diagonal_view(data: TensorData, offset: int, dim1: int, dim2: int) -> TensorData:
    rows, columns = data.shape[dim1], data.shape[dim2]
    down, right = data.strides[dim1], data.strides[dim2]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    start = offset * right if offset >= 0 else -offset * down
    rest = [d for d in range(data.ndim) if d not in (dim1, dim2)]
    return data.as_strided(
        (*[data.shape[d] for d in rest], length),
        (*[data.strides[d] for d in rest], down + right),
        data.offset + (start if length else 0),
    )


def diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """x[i, i + offset] for two dimensions of x, which become the last one: a view.

    Raises: ValueError if the two are one, or x has only one.
    """
    if x.ndim < 2:
        raise ValueError(f"diagonal: wanted two dimensions or more, got shape {x.shape}.")
    first = normalize_dim(dim1, x.ndim, "diagonal")
    second = normalize_dim(dim2, x.ndim, "diagonal")
    if first == second:
        raise ValueError(f"diagonal: dim1 and dim2 both name dimension {first}.")
    return Diagonal.apply(x, offset, first, second)  # type: ignore[no-any-return]


def diag(x: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix; of a vector the matrix that has it there, and zeros.

    Raises: ValueError for other than one or two dimensions.
    """
    if x.ndim == 2:
        return Diagonal.apply(x, diagonal, 0, 1)  # type: ignore[no-any-return]
    if x.ndim != 1:
        raise ValueError(f"diag: wanted a vector or a matrix, got shape {x.shape}.")
    n = x.shape[0] + abs(diagonal)
    return PlaceDiagonal.apply(x, (n, n), diagonal, 0, 1)  # type: ignore[no-any-return]


def trace(x: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    Raises: ValueError for other than two dimensions.
    """
    if x.ndim != 2:
        raise ValueError(f"trace: wanted a matrix, got shape {x.shape}.")
    return diagonal(x).sum()


def one_hot(x: Tensor, num_classes: int = -1) -> Tensor:
    """Class indices (...) as rows (..., num_classes) of int64 that are 1 there and 0 elsewhere.

    Args:
        num_classes: one more than the largest index if left out.

    Raises: IndexError for an index out of range; ValueError for no indices and no num_classes.
    """
    if num_classes < 0:
        if not x.numel():
            raise ValueError("one_hot: give num_classes where there are no indices to tell it.")
        num_classes = int(x.max()) + 1
    check_range("one_hot", x, num_classes)
    classes = x._new(x.backend.from_numpy(np.arange(num_classes)))
    return (x.unsqueeze(-1) == classes).to(int64)
