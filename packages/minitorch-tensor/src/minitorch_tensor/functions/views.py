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


def sizes_of(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of f(2, 3) and f((2, 3)) alike."""
    if len(shape) == 1 and hasattr(shape[0], "__iter__") and not hasattr(shape[0], "__index__"):
        return tuple(shape[0])
    return shape


class Reshape(Function):
    """The same elements in row-major order in another shape. Gradient: d in the old shape."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, shape: Shape) -> Tensor:
        ctx.shape = x.shape
        return x._new(x.backend.reshape(x._data, shape))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d.reshape(ctx.shape), None


class Permute(Function):
    """Dimensions in another order. Gradient: d in the old order."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        ctx.inverse = tuple(np.argsort(dims).tolist())
        return x._new(x._data.permute(*dims))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return Permute.apply(d, ctx.inverse), None


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
    wanted = sizes_of(shape)
    if wanted == x._data.shape:
        return x
    return Reshape.apply(x, infer_shape(wanted, x.numel(), "reshape"))  # type: ignore[no-any-return]


def view(x: Tensor, *shape: Any) -> Tensor:
    """`reshape` that never copies.

    Raises: ValueError where strides do not allow a view.
    """
    wanted = infer_shape(sizes_of(shape), x.numel(), "view")
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
    order = tuple([normalize_dim(d, x.ndim, "permute") for d in sizes_of(dims)])
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(
            f"permute: {sizes_of(dims)} is no order of the {x.ndim} dimensions of {x.shape}; "
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


def movedim(x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places; the rest keep their order.

    Raises: ValueError if there are not as many destinations as sources, or one is named twice.
    """
    come = [normalize_dim(d, x.ndim, "movedim") for d in _several(source)]
    go = [normalize_dim(d, x.ndim, "movedim") for d in _several(destination)]
    if len(come) != len(go) or len(set(come)) != len(come) or len(set(go)) != len(go):
        raise ValueError(
            f"movedim: source {source} and destination {destination} must name as many "
            "dimensions, each once."
        )
    order = [d for d in range(x.ndim) if d not in come]
    for place, dim in sorted(zip(go, come)):
        order.insert(place, dim)
    return permute(x, order)


def _several(dims: int | Sequence[int]) -> Sequence[int]:
    return [dims] if isinstance(dims, int) else dims


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
    sizes = sizes_of(shape)
    lead = len(sizes) - x.ndim
    wanted = tuple([x.shape[d - lead] if n == -1 and d >= lead else n for d, n in enumerate(sizes)])
    if (
        lead < 0
        or any(n not in (1, m) for n, m in zip(x.shape, wanted[lead:]))
        or min(wanted, default=0) < 0
    ):
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
    wanted = tuple(sizes_of(shape))
    if broadcast_shapes(x.shape, wanted, "sum_to_size") != x.shape:
        raise ValueError(f"sum_to_size: {wanted} does not broadcast to {x.shape}.")
    return sum_to(x, wanted)


def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension cut into several, one size of which may be -1: the inverse of `flatten`."""
    at = normalize_dim(dim, x.ndim, "unflatten")
    if not x.ndim:
        raise ValueError("unflatten: a zero-dimensional tensor has no dimension to cut.")
    cut = infer_shape(sizes, x.shape[at], "unflatten")
    return reshape(x, (*x.shape[:at], *cut, *x.shape[at + 1 :]))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors expanded to the shape that all of them broadcast to."""
    shape: Shape = ()
    for x in tensors:
        shape = broadcast_shapes(shape, x.shape, "broadcast_tensors")
    return tuple([expand(x, shape) for x in tensors])


def meshgrid(*tensors: Tensor, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Vectors as coordinates of a grid: tensor i repeated along every dimension but i.

    Args:
        indexing: "ij", or "xy" to swap the first two dimensions (plotting's order).

    Raises: ValueError for another indexing, or a tensor of more than one dimension.
    """
    if indexing not in ("ij", "xy"):
        raise ValueError(f"meshgrid: indexing must be 'ij' or 'xy', got {indexing!r}.")
    if any(x.ndim > 1 for x in tensors):
        raise ValueError(f"meshgrid: wanted vectors, got shapes {[x.shape for x in tensors]}.")
    n = len(tensors)
    places = list(range(n))
    if indexing == "xy" and n > 1:
        places[:2] = [1, 0]
    return broadcast_tensors(
        *[
            reshape(x, (1,) * place + (x.numel(),) + (1,) * (n - place - 1))
            for x, place in zip(tensors, places)
        ]
    )
