"""Functions that rearrange without computing: views where strides allow, copies where not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from minitorch_autodiff import Context, Function

from minitorch_tensor.functions.base import sum_to
from minitorch_tensor.layout import (
    Shape,
    broadcast_shapes,
    infer_shape,
    normalize_dim,
    normalize_dims,
)

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


def _sizes(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of f(2, 3) and f((2, 3)) alike."""
    return tuple(shape[0]) if len(shape) == 1 and not hasattr(shape[0], "__index__") else shape


class Reshape(Function):
    """The same elements in row-major order in another shape. Gradient: d in the old shape."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, shape: Shape) -> Tensor:
        ctx.shape = x.shape  # type: ignore[attr-defined]
        return x._new(x.backend.reshape(x._data, shape))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d.reshape(ctx.shape), None  # type: ignore[attr-defined]


class Permute(Function):
    """Dimensions in another order. Gradient: d in the old order."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        ctx.inverse = tuple(np.argsort(dims).tolist())  # type: ignore[attr-defined]
        return x._new(x._data.permute(*dims))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return Permute.apply(d, ctx.inverse), None  # type: ignore[attr-defined]


class Expand(Function):
    """Repeated along dimensions of size 1 and new leading ones, by strides of 0.

    Gradient: d, which the engine sums to the old shape.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, shape: Shape) -> Tensor:
        return x._new(x._data.expand(shape))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d, None


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape, one size of which may be -1; a view if possible."""
    wanted = _sizes(shape)
    if wanted == x._data.shape:
        return x
    return Reshape.apply(x, infer_shape(wanted, x.numel(), "reshape"))  # type: ignore[no-any-return]


def view(x: Tensor, *shape: Any) -> Tensor:
    """`reshape` that never copies.

    Raises: ValueError where strides do not allow a view.
    """
    wanted = infer_shape(_sizes(shape), x.numel(), "view")
    if x._data.reshape(wanted) is None:
        raise ValueError(
            f"view: shape {x.shape} with strides {x.stride()} cannot be seen as {wanted} without "
            "a copy. Use reshape, or contiguous() first."
        )
    return reshape(x, wanted)


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim merged into one."""
    if x.ndim == 0:
        return reshape(x, 1)
    first = normalize_dim(start_dim, x.ndim, "flatten")
    last = normalize_dim(end_dim, x.ndim, "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}.")
    merged = math.prod(x.shape[first : last + 1])
    return reshape(x, (*x.shape[:first], merged, *x.shape[last + 1 :]))


def permute(x: Tensor, *dims: Any) -> Tensor:
    """Dimension i of the result is dimension dims[i] of x."""
    order = tuple([normalize_dim(d, x.ndim, "permute") for d in _sizes(dims)])
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(
            f"permute: {_sizes(dims)} is no order of the {x.ndim} dimensions of {x.shape}; "
            "name each once."
        )
    return Permute.apply(x, order)  # type: ignore[no-any-return]


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    order = list(range(x.ndim))
    a, b = normalize_dim(dim0, x.ndim, "transpose"), normalize_dim(dim1, x.ndim, "transpose")
    if order:
        order[a], order[b] = order[b], order[a]
    return Permute.apply(x, tuple(order))  # type: ignore[no-any-return]


def t(x: Tensor) -> Tensor:
    """The transpose of a matrix; a vector or number unchanged.

    Raises: ValueError for more than two dimensions.
    """
    if x.ndim > 2:
        raise ValueError(f"t: wanted at most 2 dimensions, got {x.shape}. Use transpose or mT.")
    return transpose(x, 0, 1) if x.ndim == 2 else x


def movedim(x: Tensor, source: int, destination: int) -> Tensor:
    """One dimension moved to another place."""
    order = list(range(x.ndim))
    order.insert(
        normalize_dim(destination, x.ndim, "movedim"),
        order.pop(normalize_dim(source, x.ndim, "movedim")),
    )
    return permute(x, order)


def squeeze(x: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without the dimensions of size 1, or without those named that have size 1."""
    dims = normalize_dims(dim, x.ndim, "squeeze")
    return reshape(x, tuple([n for d, n in enumerate(x.shape) if d not in dims or n != 1]))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """With a dimension of size 1 inserted at `dim`."""
    at = normalize_dim(dim, x.ndim + 1, "unsqueeze")
    return reshape(x, (*x.shape[:at], 1, *x.shape[at:]))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """Stretched to `shape` by the broadcasting rules, without a copy; -1 keeps a size."""
    sizes = _sizes(shape)
    lead = len(sizes) - x.ndim
    wanted = tuple(
        [x.shape[d - lead] if n == -1 and d >= lead else n for d, n in enumerate(sizes)]
    )
    if broadcast_shapes(x.shape, wanted, "expand") != wanted or any(n < 0 for n in wanted):
        raise ValueError(
            f"expand: {x.shape} does not stretch to {sizes}; only dimensions of size 1 do, "
            "and new ones in front."
        )
    return x if wanted == x.shape else Expand.apply(x, wanted)


def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """`expand` to a shape."""
    return expand(x, tuple(shape))


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape."""
    return expand(x, other.shape)


def view_as(x: Tensor, other: Tensor) -> Tensor:
    """`view` in another tensor's shape."""
    return view(x, other.shape)


def reshape_as(x: Tensor, other: Tensor) -> Tensor:
    """`reshape` to another tensor's shape."""
    return reshape(x, other.shape)


def sum_to_size(x: Tensor, *shape: Any) -> Tensor:
    """Summed to a shape that broadcasts to x's: the adjoint of `expand`."""
    wanted = tuple(_sizes(shape))
    if broadcast_shapes(x.shape, wanted, "sum_to_size") != x.shape:
        raise ValueError(f"sum_to_size: {wanted} does not broadcast to {x.shape}.")
    return sum_to(x, wanted)
