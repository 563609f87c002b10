"""Joining and splitting tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import promote
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.functions.views import atleast_1d, atleast_2d, atleast_3d
from minitorch_tensor.layout import normalize_dim
from minitorch_tensor.writing import ONE_OF_SEVERAL

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


class Cat(Function):
    """Tensors concatenated along dim. Gradients: the parts of d."""

    @staticmethod
    def forward(ctx: Context, dim: int, *tensors: Tensor) -> Tensor:
        first = tensors[0]
        sizes = [t.shape[dim] for t in tensors]
        ctx.dim, ctx.sizes = dim, sizes
        shape = (*first.shape[:dim], sum(sizes), *first.shape[dim + 1 :])
        out = first.backend.empty(shape, first.dtype)
        start = 0
        for tensor, size in zip(tensors, sizes):
            first.backend.copy_(out.slice(dim, start, size), tensor._data)
            start += size
        return first._new(out)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        parts = split(d, ctx.sizes, ctx.dim)
        return (None, *parts)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors concatenated along an existing dimension.

    An empty vector joins with anything, so that results can be accumulated from an empty start.

    Raises: ValueError for no tensors, or sizes that differ in another dimension.
    """
    check_sequence("cat", tensors)
    dtype = reduce(promote, [t.dtype for t in tensors])
    joined = [t for t in tensors if t.shape != (0,)] or list(tensors)
    first = joined[0]
    dim = normalize_dim(dim, first.ndim, "cat")
    for position, tensor in enumerate(joined):
        if (
            tensor.ndim != first.ndim
            or tensor.ndim == 0
            or any(n != m for d, (n, m) in enumerate(zip(tensor.shape, first.shape)) if d != dim)
        ):
            raise ValueError(
                f"cat: tensor {position} has shape {tensor.shape}, the first {first.shape}; they "
                f"must agree in every dimension but {dim}. To join along a new one use stack."
            )
    return Cat.apply(dim, *[t.to(dtype) for t in joined])


def check_sequence(operation: str, tensors: Sequence[Tensor]) -> None:
    """Check that a list holds at least one tensor, all on one backend.

    Raises: TypeError, ValueError or RuntimeError if not.
    """
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{operation}: wanted a list of tensors, got {type(tensors).__name__}. "
            "Put them in brackets."
        )
    if not tensors:
        raise ValueError(f"{operation}: wanted at least one tensor, got none.")
    check_backends(operation, *tensors)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape stacked along a new dimension.

    Raises: ValueError for no tensors, or shapes that differ.
    """
    check_sequence("stack", tensors)
    for position, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise ValueError(
                f"stack: tensor {position} has shape {tensor.shape}, the first "
                f"{tensors[0].shape}; all must be equal. To join along a dimension use cat."
            )
    at = normalize_dim(dim, tensors[0].ndim + 1, "stack")
    return cat([t.unsqueeze(at) for t in tensors], at)


@guarded
def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of a tensor along `dim`: of one size (the last may be smaller), or of the given sizes.

    Raises: ValueError if sizes do not add up to input's, or are not positive.
    """
    dim, total = _along("split", tensor, dim)
    size = split_size_or_sections
    if isinstance(size, int):
        if size <= 0:
            raise ValueError(f"split: the size of a part must be positive, got {size}.")
        sizes = [min(size, total - i) for i in range(0, total, size)] or [0]
    else:
        sizes = list(size)
        if sum(sizes) != total or any(n < 0 for n in sizes):
            raise ValueError(
                f"split: sizes {sizes} must add up to {total}, the size of dimension {dim}."
            )
    parts, start = [], 0
    for size in sizes:
        parts.append(one_of_several(narrow(tensor, dim, start, size)))
        start += size
    return tuple(parts)


def one_of_several(view: Tensor) -> Tensor:
    """A view that was made together with others, as PyTorch calls it: it is not written into where
    that must be recorded."""
    if view._made is None and view._base is not None:
        view._made = ONE_OF_SEVERAL
    return view


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors concatenated; tensors of more dimensions concatenated along the second.

    Raises: as `cat`.
    """
    check_sequence("hstack", tensors)
    parts = [atleast_1d(x) for x in tensors]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one below the other, a vector as a row.

    Raises: as `cat`.
    """
    check_sequence("vstack", tensors)
    return cat([atleast_2d(x) for x in tensors], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one behind the other, along the third dimension.

    Raises: as `cat`.
    """
    check_sequence("dstack", tensors)
    return cat([atleast_3d(x) for x in tensors], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side, a vector as a column.

    Raises: as `cat`.
    """
    check_sequence("column_stack", tensors)
    return hstack([x if x.ndim > 1 else x.reshape(-1, 1) for x in tensors])


@guarded
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices (a vector as a row) along the diagonal of a matrix of zeros.

    Raises: as `cat`; ValueError for more than two dimensions.
    """
    check_sequence("block_diag", tensors)
    blocks = [atleast_2d(x) for x in tensors]
    if any(x.ndim > 2 for x in blocks):
        raise ValueError(
            f"block_diag: wanted matrices, got shapes {', '.join(str(x.shape) for x in tensors)}."
        )
    columns = sum(x.shape[1] for x in blocks)
    rows, start = [], 0
    for x in blocks:
        left = x._new(x.backend.full((x.shape[0], start), 0, x.dtype))
        start += x.shape[1]
        right = x._new(x.backend.full((x.shape[0], columns - start), 0, x.dtype))
        rows.append(cat([left, x, right], 1))
    return cat(rows, 0)


@guarded
def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of a tensor along `dim`: a given number of parts, whose sizes differ by at most one, or
    parts split at given indices.

    Raises: ValueError for less than one part.
    """
    dim, total = _along("tensor_split", input, dim)
    if isinstance(indices_or_sections, int):
        parts = indices_or_sections
        if parts < 1:
            raise ValueError(f"tensor_split: wanted at least one part, got {parts}.")
        sizes = [total // parts + (i < total % parts) for i in range(parts)]
        cuts = list(accumulate(sizes[:-1]))
    else:
        cuts = [slice(None, i).indices(total)[1] for i in indices_or_sections]
    ends = zip([0, *cuts], [*cuts, total])
    return tuple([narrow(input, dim, a, max(b - a, 0)) for a, b in ends])


@guarded
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of input along `dim`, all but the last of one size; for an empty
    dimension, `chunks` empty ones."""
    if chunks <= 0:
        raise ValueError(f"chunk: wanted a positive number of chunks, got {chunks}.")
    dim, total = _along("chunk", input, dim)
    return split(input, -(-total // chunks) if total else [0] * chunks, dim)


@guarded
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of input along `dim`, without that dimension: views."""
    dim, total = _along("unbind", input, dim)
    return tuple([one_of_several(select(input, dim, i)) for i in range(total)])


@guarded
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """input[..., start : start + length, ...] along `dim`: a view."""
    dim, total = _along("narrow", input, dim)
    if start < 0 or length < 0 or start + length > total:
        raise IndexError(
            f"narrow: {start} to {start + length} leaves dimension {dim} of {input.shape}."
        )
    key = (*[slice(None)] * dim, slice(start, start + length))
    return input[key]


@guarded
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """input[..., index, ...] along `dim`: a view without that dimension."""
    dim, _ = _along("select", input, dim)
    key = (*[slice(None)] * dim, index)
    return input[key]


def _along(operation: str, x: Tensor, dim: int) -> tuple[int, int]:
    """The dimension, counted from the left, and its size."""
    shape = x._data.shape
    dim = normalize_dim(dim, len(shape), operation)
    if not shape:
        raise ValueError(f"{operation}: a zero-dimensional tensor has nothing to take apart.")
    return dim, shape[dim]


# -- other names -----------------------------------------------------------------------------------

concat = cat
concatenate = cat
row_stack = vstack


# -- methods, and what the package exports ---------------------------------------------------------


class JoiningMethods(Methods):
    """Parts of a tensor."""

    split = split
    tensor_split = tensor_split
    chunk = chunk
    unbind = unbind
    narrow = narrow
    select = select


__all__ = [
    "block_diag",
    "cat",
    "chunk",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "narrow",
    "row_stack",
    "select",
    "split",
    "stack",
    "tensor_split",
    "unbind",
    "vstack",
]
