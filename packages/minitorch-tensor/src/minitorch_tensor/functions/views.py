"""Functions that change the shape: they return views where the strides allow it, else copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch_autodiff import Context, Function, is_grad_enabled
from minitorch_autodiff import operators as ops
from minitorch_tensor.functions.base import check_backends, sum_to
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.layout import (
    Shape,
    broadcast_shapes,
    infer_shape,
    normalize_dim,
    normalize_dims,
)

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor
    from minitorch_tensor.tensor_data import TensorData


def sizes_of(first: Any, more: tuple[Any, ...]) -> tuple[Any, ...]:
    """The sizes passed as f(2, 3), f((2, 3)) or f(size=(2, 3)), where f takes (first, *more)."""
    if first.__class__ is tuple and not more:
        return first
    if not more and hasattr(first, "__iter__") and not hasattr(first, "__index__"):
        return tuple(first)
    return (first, *more)


@guarded
def numel(input: Tensor) -> int:
    """Number of elements."""
    return input._data.size


@guarded
def is_floating_point(input: Tensor) -> bool:
    """True for float32 and float64."""
    return input._data.dtype.kind == "float"


class Reshape(Function):
    """The same elements in row-major order in another shape. Gradient: d in the old shape."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, shape: Shape) -> Tensor:
        ctx.shape = x.shape
        data = x.backend.reshape(x._data, shape)
        return x._view(data, ctx) if data.owner is x._data.owner else x._new(data)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d.reshape(ctx.shape), None


class Permute(Function):
    """Dimensions in another order. Gradient: d in the old order."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        ctx.dims = dims
        return x._view(x._data.permute(*dims), ctx)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        dims = ctx.dims
        return Permute.apply(d, tuple(sorted(range(len(dims)), key=dims.__getitem__))), None


class Expand(Function):
    """x broadcast along dimensions of size 1 and new leading ones, with strides of 0.

    Gradient: d, which the engine sums to the old shape.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, shape: Shape) -> Tensor:
        return x._view(x._data.expand(shape), ctx)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return d, None


def seen_again(x: Tensor) -> Tensor:
    """An identical view: a new tensor over the same memory, recorded only if x requires a gradient
    and gradients are enabled."""
    if x.requires_grad and is_grad_enabled():
        again: Tensor = Reshape.apply(x, x.shape)
        return again
    return x._view(x._data)


@guarded
def reshape(input: Tensor, shape: Any, *more: int) -> Tensor:
    """The same elements in another shape, one size of which may be -1; a view if possible."""
    wanted = sizes_of(shape, more)
    if wanted == input._data.shape:
        return seen_again(input)
    return Reshape.apply(input, infer_shape(wanted, input.numel(), "reshape"))


def view(input: Tensor, size: Any, *more: int) -> Tensor:
    """`reshape` that never copies.

    Raises: ValueError where strides do not allow a view.
    """
    wanted = infer_shape(sizes_of(size, more), input.numel(), "view")
    if input._data.reshape(wanted) is None:
        raise ValueError(
            f"view: shape {input.shape} with strides {input.stride()} cannot be seen as {wanted} "
            "without a copy. Use reshape, or contiguous() first."
        )
    return reshape(input, wanted)


@guarded
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim merged into one."""
    if input.ndim == 0:
        return reshape(input, 1)
    first = normalize_dim(start_dim, input.ndim, "flatten")
    last = normalize_dim(end_dim, input.ndim, "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}.")
    merged = math.prod(input.shape[first : last + 1])
    return reshape(input, (*input.shape[:first], merged, *input.shape[last + 1 :]))


@guarded
def ravel(input: Tensor) -> Tensor:
    """All elements as a vector; a view if possible."""
    return reshape(input, -1)


@guarded
def permute(input: Tensor, dims: Any, *more: int) -> Tensor:
    """Dimension i of the result is dimension dims[i] of input."""
    named = sizes_of(dims, more)
    order = tuple([normalize_dim(d, input.ndim, "permute") for d in named])
    if sorted(order) != list(range(input.ndim)):
        raise ValueError(
            f"permute: {named} does not order the {input.ndim} dimensions of {input.shape}; "
            "name each once."
        )
    return Permute.apply(input, order)


@guarded
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    order = list(range(input.ndim))
    a = normalize_dim(dim0, input.ndim, "transpose")
    b = normalize_dim(dim1, input.ndim, "transpose")
    if order:
        order[a], order[b] = order[b], order[a]
    return Permute.apply(input, tuple(order))


@guarded
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector or number unchanged.

    Raises: ValueError for more than two dimensions.
    """
    if len(input._data.shape) > 2:
        raise ValueError(f"t: wanted at most 2 dimensions, got {input.shape}. Use transpose or mT.")
    return transpose(input, 0, 1) if input.ndim == 2 else seen_again(input)


@guarded
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places; the rest keep their order.

    Raises: ValueError if sources and destinations differ in number, or one is named twice.
    """
    come = [normalize_dim(d, input.ndim, "movedim") for d in listed(source)]
    go = [normalize_dim(d, input.ndim, "movedim") for d in listed(destination)]
    if len(come) != len(go) or len(set(come)) != len(come) or len(set(go)) != len(go):
        raise ValueError(
            f"movedim: source {source} and destination {destination} must name as many "
            "dimensions, each once."
        )
    order = [d for d in range(input.ndim) if d not in come]
    for place, dim in sorted(zip(go, come)):
        order.insert(place, dim)
    return permute(input, order)


def listed(dims: int | Sequence[int]) -> Sequence[int]:
    """One dimension or several, as a sequence."""
    return [dims] if isinstance(dims, int) else dims


@guarded
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """input without its dimensions of size 1, or without those of `dim` that have size 1."""
    dims = normalize_dims(dim, input.ndim, "squeeze")
    return reshape(input, tuple([n for d, n in enumerate(input.shape) if d not in dims or n != 1]))


@guarded
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """input with a dimension of size 1 inserted at `dim`."""
    at = normalize_dim(dim, input.ndim + 1, "unsqueeze")
    return reshape(input, (*input.shape[:at], 1, *input.shape[at:]))


def expand(input: Tensor, size: Any, *more: int) -> Tensor:
    """input broadcast to `size` without a copy; -1 keeps a size."""
    sizes, old = sizes_of(size, more), input.shape
    lead = len(sizes) - len(old)
    wanted = tuple([old[d - lead] if n == -1 and d >= lead else n for d, n in enumerate(sizes)])
    if (
        lead < 0
        or any(n not in (1, m) for n, m in zip(input.shape, wanted[lead:]))
        or min(wanted, default=0) < 0
    ):
        raise ValueError(
            f"expand: {input.shape} does not stretch to {sizes}; only dimensions of size 1 do, "
            "and new ones in front."
        )
    return seen_again(input) if wanted == input.shape else Expand.apply(input, wanted)


@guarded
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to a shape."""
    return expand(input, tuple(size))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape."""
    return expand(input, other.shape)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in another tensor's shape."""
    return view(input, other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` to another tensor's shape."""
    return reshape(input, other.shape)


def sum_to_size(input: Tensor, size: Any, *more: int) -> Tensor:
    """input summed to a shape that broadcasts to its own, the adjoint of `expand`; input itself if
    the shapes are equal."""
    wanted = sizes_of(size, more)
    if broadcast_shapes(input.shape, wanted, "sum_to_size") != input.shape:
        raise ValueError(f"sum_to_size: {wanted} does not broadcast to {input.shape}.")
    return sum_to(input, wanted)


@guarded
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension split into several, one size of which may be -1: the inverse of `flatten`."""
    at = normalize_dim(dim, input.ndim, "unflatten")
    if not input.ndim:
        raise ValueError("unflatten: a zero-dimensional tensor has no dimension to cut.")
    cut = infer_shape(sizes, input.shape[at], "unflatten")
    return reshape(input, (*input.shape[:at], *cut, *input.shape[at + 1 :]))


class Unfold(Function):
    """Windows along dim as a new last dimension: a view. Gradient: d, added up at overlaps."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int, size: int, step: int) -> Tensor:
        ctx.shape, ctx.window = x.shape, (dim, size, step)
        return x._view(_windows(x._data, dim, size, step), ctx)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, None]:
        return FoldWindows.apply(d, ctx.shape, *ctx.window), None, None, None


class FoldWindows(Function):
    """The adjoint of Unfold: windows added up where they overlap, in a zero tensor of `shape`."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: Shape, dim: int, size: int, step: int) -> Tensor:
        ctx.window = dim, size, step
        backend = d.backend
        total = backend.full(shape, 0, d.dtype)
        windows = _windows(total, dim, size, step)
        for i in range(size):  # elements i of all windows never overlap
            place = windows.slice(windows.ndim - 1, i, 1)
            part = d._data.slice(d.ndim - 1, i, 1)
            backend.copy_(place, backend.zip(ops.add, place, part, d.dtype))
        return d._new(total)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None, None]:
        return Unfold.apply(e, *ctx.window), None, None, None, None


def _windows(data: TensorData, dim: int, size: int, step: int) -> TensorData:
    count = (data.shape[dim] - size) // step + 1
    stride = data.strides[dim]
    return data.as_strided(
        (*data.shape[:dim], count, *data.shape[dim + 1 :], size),
        (*data.strides[:dim], stride * step, *data.strides[dim + 1 :], stride),
        data.offset,
    )


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Every window of `size` along a dimension, `step` apart, as a new last dimension: a view.

    Raises: ValueError for a window that does not fit, or a step below 1.
    """
    dim = normalize_dim(dimension, input.ndim, "unfold")
    length = input.shape[dim] if input.ndim else 1
    if not 0 <= size <= length or step < 1:
        raise ValueError(
            f"unfold: wanted a size from 0 to {length}, the size of dimension {dim}, and a step of "
            f"at least 1; got size {size} and step {step}."
        )
    x = input if input.ndim else reshape(input, 1)
    windows: Tensor = Unfold.apply(x, dim, size, step)
    return windows if input.ndim else reshape(windows, size)


def _at_least(count: int, tensors: tuple[Any, ...], pad: Callable[[Tensor], Tensor]) -> Any:
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    check_backends(f"atleast_{count}d", *given)
    result = tuple([x if x.ndim >= count else pad(x) for x in given])
    return result[0] if given is tensors and len(tensors) == 1 else result


def atleast_1d(*tensors: Any) -> Any:
    """A tensor (or each of several) as it is, or a zero-dimensional one as a vector."""
    return _at_least(1, tensors, lambda x: reshape(x, 1))


def atleast_2d(*tensors: Any) -> Any:
    """A tensor (or each of several) with leading dimensions added if it has less than two."""
    return _at_least(2, tensors, lambda x: reshape(x, (1, x.numel())))


def atleast_3d(*tensors: Any) -> Any:
    """A tensor (or each of several) with dimensions added if it has less than three: for a vector
    on both sides, for a matrix at the end."""
    return _at_least(
        3, tensors, lambda x: reshape(x, (*(x.shape if x.ndim == 2 else (1, x.numel())), 1))
    )


@guarded
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors expanded to the shape that all of them broadcast to."""
    shape: Shape = ()
    for x in tensors:
        shape = broadcast_shapes(shape, x.shape, "broadcast_tensors")
    return tuple([expand(x, shape) for x in tensors])


@guarded
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


# -- other names -----------------------------------------------------------------------------------

moveaxis = movedim
swapaxes = transpose
swapdims = transpose


# -- methods, and what the package exports ---------------------------------------------------------


class ViewMethods(Methods):
    """Other shapes of the same elements."""

    numel = nelement = numel
    is_floating_point = is_floating_point
    reshape = reshape
    view = view
    flatten = flatten
    ravel = ravel
    unflatten = unflatten
    permute = permute
    transpose = swapaxes = swapdims = transpose
    t = t
    movedim = moveaxis = movedim
    squeeze = squeeze
    unsqueeze = unsqueeze
    expand = expand
    expand_as = expand_as
    broadcast_to = broadcast_to
    view_as = view_as
    reshape_as = reshape_as
    sum_to_size = sum_to_size
    unfold = unfold


__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_tensors",
    "broadcast_to",
    "flatten",
    "is_floating_point",
    "meshgrid",
    "moveaxis",
    "movedim",
    "numel",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]
