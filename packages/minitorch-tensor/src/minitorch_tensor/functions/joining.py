"""Putting tensors together and taking them apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import promote
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.layout import normalize_dim

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


class Cat(Function):
    """Tensors one after the other along dim. Gradients: the parts of d."""

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
    """Tensors one after the other along an existing dimension.

    A vector without elements joins with anything, so that a result can be collected from nothing.

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
    return Cat.apply(dim, *[t.to(dtype) for t in joined])  # type: ignore[no-any-return]


def check_sequence(operation: str, tensors: Sequence[Tensor]) -> None:
    """Check that a list holds tensors of one backend, at least one.

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
    """Tensors of one shape side by side along a new dimension.

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
    if tensors[0].shape == (0,):  # which cat would leave out
        dtype = reduce(promote, [t.dtype for t in tensors])
        shape = (len(tensors), 0) if at == 0 else (0, len(tensors))
        return tensors[0].to(dtype).reshape(1, 0).expand(len(tensors), 0).reshape(shape)
    return cat([t.unsqueeze(at) for t in tensors], at)


def split(x: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of x along `dim`: of `split_size` each (the last may be smaller), or of those sizes.

    Raises: ValueError if sizes do not add up to x's, or are not positive.
    """
    dim, total = _along("split", x, dim)
    if isinstance(split_size, int):
        if split_size <= 0:
            raise ValueError(f"split: split_size must be positive, got {split_size}.")
        sizes = [min(split_size, total - i) for i in range(0, total, split_size)] or [0]
    else:
        sizes = list(split_size)
        if sum(sizes) != total or any(n < 0 for n in sizes):
            raise ValueError(
                f"split: sizes {sizes} must add up to {total}, the size of dimension {dim}."
            )
    parts, start = [], 0
    for size in sizes:
        parts.append(narrow(x, dim, start, size))
        start += size
    return tuple(parts)


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of x along `dim`, `chunks` of them or fewer, all but the last of one size."""
    if chunks <= 0:
        raise ValueError(f"chunk: wanted a positive number of chunks, got {chunks}.")
    dim, total = _along("chunk", x, dim)
    return split(x, max(-(-total // chunks), 1), dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of x along `dim`, without that dimension: views."""
    dim, total = _along("unbind", x, dim)
    return tuple([select(x, dim, i) for i in range(total)])


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """x[..., start : start + length, ...] along `dim`: a view."""
    dim, total = _along("narrow", x, dim)
    if start < 0 or length < 0 or start + length > total:
        raise IndexError(
            f"narrow: {start} to {start + length} leaves dimension {dim} of {x.shape}."
        )
    key = (*[slice(None)] * dim, slice(start, start + length))
    return x[key]


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """x[..., index, ...] along `dim`: a view without that dimension."""
    dim, _ = _along("select", x, dim)
    key = (*[slice(None)] * dim, index)
    return x[key]


def _along(operation: str, x: Tensor, dim: int) -> tuple[int, int]:
    """The dimension from the left, and its size."""
    dim = normalize_dim(dim, x.ndim, operation)
    if not x.ndim:
        raise ValueError(f"{operation}: a zero-dimensional tensor has nothing to take apart.")
    return dim, x.shape[dim]
