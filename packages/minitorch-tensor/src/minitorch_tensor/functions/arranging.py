"""Rearranging elements: flipping, rolling, repeating, padding, triangles and diagonals. Unless
noted, these return copies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import check_fits, int64
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.indexing import check_range
from minitorch_tensor.functions.joining import cat
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.functions.selection import masked_fill
from minitorch_tensor.functions.views import sizes_of
from minitorch_tensor.layout import Shape, normalize_dim, normalize_dims

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor
    from minitorch_tensor.tensor_data import TensorData

# -- order -----------------------------------------------------------------------------------------


@guarded
def flip(input: Tensor, dims: Any, *more: int) -> Tensor:
    """input in reverse order along `dims`."""
    named = sizes_of(dims, more)
    turned = normalize_dims(named, input.ndim, "flip") if named else ()
    key = [slice(None, None, -1) if d in turned else slice(None) for d in range(input.ndim)]
    return input[tuple(key)].clone()


@guarded
def fliplr(input: Tensor) -> Tensor:
    """input in reverse order along the second dimension.

    Raises: ValueError if there is none.
    """
    if input.ndim < 2:
        raise ValueError(f"fliplr: wanted two dimensions or more, got shape {input.shape}.")
    return flip(input, 1)


@guarded
def flipud(input: Tensor) -> Tensor:
    """input in reverse order along the first dimension.

    Raises: ValueError if there is none.
    """
    if not input.ndim:
        raise ValueError("flipud: wanted a dimension, got a zero-dimensional tensor.")
    return flip(input, 0)


@guarded
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """input rotated k times by 90 degrees in the plane of two dimensions, from the first towards
    the second.

    Raises: ValueError for other than two dimensions.
    """
    if len(dims) != 2:
        raise ValueError(f"rot90: dims must be two dimensions, got {tuple(dims)}.")
    first, second = (normalize_dim(d, input.ndim, "rot90") for d in dims)
    if first == second or not input.ndim:
        raise ValueError(f"rot90: dims must be two dimensions of {input.shape}, got {tuple(dims)}.")
    if k % 4 == 2:
        return flip(input, (first, second))
    if k % 4 == 0:
        return input.clone()
    return flip(input.transpose(first, second), first if k % 4 == 1 else second)


@guarded
def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """input shifted cyclically along `dims`; without `dims` it is shifted as if flat.

    Raises: ValueError if shifts and dims differ in number.
    """
    steps = [shifts] if isinstance(shifts, int) else list(shifts)
    if dims is None:
        if len(steps) != 1:
            raise ValueError(f"roll: {len(steps)} shifts need as many dims.")
        return roll(input.reshape(-1), steps, [0]).reshape(input.shape)
    along = [dims] if isinstance(dims, int) else list(dims)
    if len(steps) != len(along):
        raise ValueError(f"roll: got {len(steps)} shifts for {len(along)} dims; give one for each.")
    result = input
    for step, dim in zip(steps, along):
        dim = normalize_dim(dim, input.ndim, "roll")
        size = input.shape[dim] if input.ndim else 0
        if size and step % size:
            cut = size - step % size
            result = cat([result.narrow(dim, cut, size - cut), result.narrow(dim, 0, cut)], dim)
    return input.clone() if result is input else result


# -- repetition ------------------------------------------------------------------------------------


def repeat(input: Tensor, repeats: Any, *more: int) -> Tensor:
    """input tiled `repeats` times along each dimension; extra repeats add leading dimensions.

    Raises: ValueError for fewer repeats than dimensions, or negative ones.
    """
    counts = sizes_of(repeats, more)
    lead = len(counts) - input.ndim
    if lead < 0 or any(n < 0 for n in counts):
        raise ValueError(
            f"repeat: {counts} must hold one count for each of the {input.ndim} dimensions of "
            f"{input.shape}, none negative; more stand for new ones in front."
        )
    sizes = (1,) * lead + input.shape
    pairs = [(n, m) for n, m in zip(counts, sizes)]
    tile = input.reshape([k for _, m in pairs for k in (1, m)])
    laid = tile.expand([k for pair in pairs for k in pair])
    return laid.reshape([n * m for n, m in pairs]).clone()


@guarded
def tile(input: Tensor, dims: Any, *more: int) -> Tensor:
    """`repeat`, with missing leading counts taken as 1."""
    counts = sizes_of(dims, more)
    return repeat(input, (1,) * (input.ndim - len(counts)) + tuple(counts))


@guarded
def repeat_interleave(input: Tensor, repeats: int | Tensor, dim: int | None = None) -> Tensor:
    """Each slice along `dim` repeated in sequence; without `dim` each element, as a vector.

    Args:
        repeats: one count for all, or an integer vector with one for each.

    Raises: ValueError for negative counts, or a vector of another size; TypeError for counts that
        are not integers.
    """
    if dim is None:
        return repeat_interleave(input.reshape(-1), repeats, 0)
    dim = normalize_dim(dim, input.ndim, "repeat_interleave")
    size = input.shape[dim] if input.ndim else 1
    if not isinstance(repeats, int):
        check_backends("repeat_interleave", input, repeats)
        if repeats.dtype.kind != "int":
            raise TypeError(f"repeat_interleave: repeats must be integers, got {repeats.dtype}.")
    counts = np.asarray(repeats if isinstance(repeats, int) else repeats.numpy())
    if counts.ndim > 1 or counts.shape not in ((), (1,), (size,)) or (counts < 0).any():
        raise ValueError(
            f"repeat_interleave: repeats must be a number or {size} of them, one for each slice, "
            f"none negative; got {repeats}."
        )
    chosen = np.repeat(np.arange(size), np.broadcast_to(counts, (size,)))
    index = input._new(input.backend.from_numpy(chosen))
    return input.reshape(input.shape or (1,)).index_select(dim, index)


# -- frames ----------------------------------------------------------------------------------------


class Pad(Function):
    """x padded with `value`, (before, after) for each dimension.

    Gradient: d without the padding.
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


#: The index in [0, n) that supplies the element at a padded position, for a size n.
_OUTSIDE: dict[str, Callable[[npt.NDArray[Any], int], npt.NDArray[Any]]] = {
    "reflect": lambda i, n: (n - 1) - np.abs((n - 1) - np.abs(i)),
    "replicate": lambda i, n: np.clip(i, 0, n - 1),
    "circular": lambda i, n: i % n,
}


@guarded
def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: Number | None = None
) -> Tensor:
    """input with padding.

    Args:
        pad: elements to add before and after, in pairs from the last dimension to the first;
            negative counts crop.
        mode: "constant", or "reflect" (mirrors the elements inside the edge), "replicate" (repeats
            the edge) or "circular" (wraps around).
        value: the padding of mode "constant"; 0 if omitted.

    Raises: ValueError for another mode, a value with a mode other than "constant", an odd number of
        counts, too many of them, cropping more than there is, or padding too large for the mode.
    """
    if mode != "constant" and mode not in _OUTSIDE:
        raise ValueError(
            f"pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', got {mode!r}."
        )
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ValueError(
            f"pad: got {len(pad)} sides for {input.ndim} dimensions; give (before, after) for the "
            "last dimension, then for the one before it, and so on."
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    sides = ((0, 0),) * (input.ndim - len(pairs)) + tuple(reversed(pairs))
    for n, (before, after) in zip(input.shape, sides):
        if n + min(before, 0) + min(after, 0) < 0:
            raise ValueError(f"pad: {tuple(pad)} cuts off more than there is of {input.shape}.")
    if mode != "constant":
        if value is not None:
            raise ValueError(f"pad: mode {mode!r} takes no value, got {value}.")
        return _repeating_frame(input, sides, mode)
    inside = [slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(input.shape, sides)]
    frame = tuple([(max(b, 0), max(a, 0)) for b, a in sides])
    check_fits("pad", 0 if value is None else value, input.dtype)
    return Pad.apply(input[tuple(inside)], frame, 0 if value is None else value)


def _repeating_frame(x: Tensor, sides: Sequence[tuple[int, int]], mode: str) -> Tensor:
    result = x
    for dim, (n, (before, after)) in enumerate(zip(x.shape, sides)):
        widest, reach = max(before, after), {"reflect": n - 1, "circular": n}.get(mode)
        if widest > 0 and (n == 0 or (reach is not None and widest > reach)):
            raise ValueError(
                f"pad: mode {mode!r} cannot add {widest} to dimension {dim} of {x.shape}."
            )
        if before or after:
            places = _OUTSIDE[mode](np.arange(-before, n + after), n)
            result = result.index_select(dim, x._new(x.backend.from_numpy(places.astype(np.int64))))
    return x.clone() if result is x else result


# -- triangles and diagonals -----------------------------------------------------------------------


@guarded
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices (..., M, N): 0 above `diagonal`, counted from the main one."""
    return _triangle("tril", input, diagonal, lower=True)


@guarded
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices (..., M, N): 0 below `diagonal`, counted from the main one."""
    return _triangle("triu", input, diagonal, lower=False)


def _triangle(operation: str, x: Tensor, diagonal: int, lower: bool) -> Tensor:
    if x.ndim < 2:
        raise ValueError(f"{operation}: wanted matrices (..., M, N), got shape {x.shape}.")
    m, n = x.shape[-2:]
    kept = np.tri(m, n, diagonal, bool) if lower else ~np.tri(m, n, diagonal - 1, bool)
    return masked_fill(x, x._new(x.backend.from_numpy(~kept)), 0)


class Diagonal(Function):
    """x[i, i + offset] for two dimensions of x, which become the last one: a view.

    Gradient: d on the diagonal of zeros.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
        ctx.shape, ctx.where = x.shape, (offset, dim1, dim2)
        return x._view(_diagonal_view(x._data, offset, dim1, dim2), ctx)

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


@guarded
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """input[i, i + offset] for two dimensions of input, which become the last one: a view.

    Raises: ValueError if the two dimensions are the same, or input has only one.
    """
    if input.ndim < 2:
        raise ValueError(f"diagonal: wanted two dimensions or more, got shape {input.shape}.")
    first = normalize_dim(dim1, input.ndim, "diagonal")
    second = normalize_dim(dim2, input.ndim, "diagonal")
    if first == second:
        raise ValueError(f"diagonal: dim1 and dim2 both name dimension {first}.")
    return Diagonal.apply(input, offset, first, second)


@guarded
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix; for a vector, the diagonal matrix with its elements.

    Raises: ValueError for other than one or two dimensions.
    """
    if input.ndim == 2:
        return Diagonal.apply(input, diagonal, 0, 1).clone()
    if input.ndim != 1:
        raise ValueError(f"diag: wanted a vector or a matrix, got shape {input.shape}.")
    n = input.shape[0] + abs(diagonal)
    return PlaceDiagonal.apply(input, (n, n), diagonal, 0, 1)


@guarded
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros that have the last dimension of input on a diagonal: the inverse of
    `diagonal`.

    Raises: ValueError if the two dimensions are the same, or input has none.
    """
    if not input.ndim:
        raise ValueError("diag_embed: wanted a dimension, got a zero-dimensional tensor.")
    first = normalize_dim(dim1, input.ndim + 1, "diag_embed")
    second = normalize_dim(dim2, input.ndim + 1, "diag_embed")
    if first == second:
        raise ValueError(f"diag_embed: dim1 and dim2 both name dimension {first}.")
    n = input.shape[-1] + abs(offset)
    shape = list(input.shape[:-1])
    for dim in sorted((first, second)):
        shape.insert(dim, n)
    return PlaceDiagonal.apply(input, tuple(shape), offset, first, second)


@guarded
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements of input on a diagonal of a matrix of zeros."""
    return diag_embed(input.reshape(-1), offset)


@guarded
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    Raises: ValueError for other than two dimensions.
    """
    if input.ndim != 2:
        raise ValueError(f"trace: wanted a matrix, got shape {input.shape}.")
    return diagonal(input).sum()


@guarded
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """Class indices (...) as rows (..., num_classes) of int64 that are 1 there and 0 elsewhere.

    Args:
        num_classes: if omitted, one more than the largest index.

    Raises: IndexError for an index out of range; ValueError for no indices and no num_classes.
    """
    if num_classes < 0:
        if not input.numel():
            raise ValueError(
                "one_hot: give num_classes, which an empty tensor of indices cannot tell."
            )
        num_classes = int(input.max()) + 1
    check_range("one_hot", input, num_classes)
    classes = input._new(input.backend.from_numpy(np.arange(num_classes)))
    return (input.unsqueeze(-1) == classes).to(int64)


# -- methods, and what the package exports ---------------------------------------------------------


class ArrangingMethods(Methods):
    """Rearranged elements."""

    flip = flip
    fliplr = fliplr
    flipud = flipud
    rot90 = rot90
    roll = roll
    repeat = repeat
    tile = tile
    repeat_interleave = repeat_interleave
    tril = tril
    tril_ = in_place(tril)
    triu = triu
    triu_ = in_place(triu)
    diagonal = diagonal
    diag = diag
    diag_embed = diag_embed
    diagflat = diagflat
    trace = trace


__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "flip",
    "fliplr",
    "flipud",
    "one_hot",
    "pad",
    "repeat_interleave",
    "roll",
    "rot90",
    "tile",
    "trace",
    "tril",
    "triu",
]
