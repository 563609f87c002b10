"""Putting tensors together and taking them apart."""

from __future__ import annotations

from collections.abc import Sequence
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
        ctx.dim, ctx.sizes = dim, sizes  # type: ignore[attr-defined]
        shape = (*first.shape[:dim], sum(sizes), *first.shape[dim + 1 :])
        out = first.backend.empty(shape, first.dtype)
        start = 0
        for tensor, size in zip(tensors, sizes):
            first.backend.copy_(out.slice(dim, start, size), tensor._data)
            start += size
        return first._new(out)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        parts = split(d, ctx.sizes, ctx.dim)  # type: ignore[attr-defined]
        return (None, *parts)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along an existing dimension.

    Raises: ValueError for no tensors, or sizes that differ in another dimension.
    """
    if not tensors:
        raise ValueError("cat: wanted at least one tensor, got none.")
    first = tensors[0]
    dim = normalize_dim(dim, first.ndim, "cat")
    check_backends("cat", *tensors)
    dtype = first.dtype
    for position, tensor in enumerate(tensors):
        dtype = promote(dtype, tensor.dtype)
        if tensor.ndim != first.ndim or tensor.ndim == 0 or any(
            n != m for d, (n, m) in enumerate(zip(tensor.shape, first.shape)) if d != dim
        ):
            raise ValueError(
                f"cat: tensor {position} has shape {tensor.shape}, the first {first.shape}; they "
                f"must agree in every dimension but {dim}. To join along a new one use stack."
            )
    return Cat.apply(dim, *[t.to(dtype) for t in tensors])  # type: ignore[no-any-return]


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new dimension.

    Raises: ValueError for no tensors, or shapes that differ.
    """
    if not tensors:
        raise ValueError("stack: wanted at least one tensor, got none.")
    for position, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise ValueError(
                f"stack: tensor {position} has shape {tensor.shape}, the first "
                f"{tensors[0].shape}; all must be equal. To join along a dimension use cat."
            )
    return cat([t.unsqueeze(dim) for t in tensors], normalize_dim(dim, tensors[0].ndim + 1, "stack"))


def split(x: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of x along `dim`: of `split_size` each (the last may be smaller), or of those sizes.

    Raises: ValueError if sizes do not add up to x's, or are not positive.
    """
    dim = normalize_dim(dim, x.ndim, "split")
    total = x.shape[dim]
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
    return split(x, max(-(-x.shape[dim] // chunks), 1), dim)


def narrow(x: Tensor, dim: int, start: int, length: int) -> Tensor:
    """x[..., start : start + length, ...] along `dim`: a view."""
    dim = normalize_dim(dim, x.ndim, "narrow")
    if start < 0 or length < 0 or start + length > x.shape[dim]:
        raise IndexError(
            f"narrow: {start} to {start + length} leaves dimension {dim} of {x.shape}."
        )
    return x[(*[slice(None)] * dim, slice(start, start + length))]
