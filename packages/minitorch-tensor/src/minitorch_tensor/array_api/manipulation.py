"""Shapes, joining, repetition, and choosing by index."""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_tensor.functions import arranging, indexing, joining, views
from minitorch_tensor.functions.selection import where as _where
from minitorch_tensor.layout import normalize_dim
from minitorch_tensor.tensor import Tensor, TensorLike

Axes = int | Sequence[int]


def broadcast_arrays(*arrays: Tensor) -> list[Tensor]:
    """Tensors expanded to the shape that all of them broadcast to."""
    return list(views.broadcast_tensors(*arrays))


def broadcast_to(x: Tensor, /, shape: Sequence[int]) -> Tensor:
    """x broadcast to a shape: a view."""
    return views.broadcast_to(x, shape)


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """Tensors concatenated along an axis; all their elements as a vector for None."""
    if axis is None:
        arrays, axis = [x.reshape(-1) for x in arrays], 0
    return joining.cat(arrays, axis)


def expand_dims(x: Tensor, /, axis: int) -> Tensor:
    """x with a new axis of size 1: a view."""
    return views.unsqueeze(x, axis)


def flip(x: Tensor, /, *, axis: Axes | None = None) -> Tensor:
    """x in reverse order along an axis, several, or all."""
    return arranging.flip(x, range(x.ndim) if axis is None else axis)


def moveaxis(x: Tensor, source: Axes, destination: Axes, /) -> Tensor:
    """x with axes moved to other places, the rest in order: a view."""
    return views.movedim(x, source, destination)


def permute_dims(x: Tensor, /, axes: Sequence[int]) -> Tensor:
    """Axis i of the result is axis axes[i] of x: a view."""
    return views.permute(x, tuple(axes))


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    """Each slice along an axis, or each element for None, repeated in sequence."""
    return arranging.repeat_interleave(x, repeats, axis)


def reshape(x: Tensor, /, shape: Sequence[int], *, copy: bool | None = None) -> Tensor:
    """The same elements in another shape, one size of which may be -1.

    Args:
        copy: true for memory of its own, false for a view; None for a view where possible.

    Raises: ValueError if copy is false and strides do not allow a view.
    """
    if copy is False:
        return x.view(shape)
    result = views.reshape(x, shape)
    return result.clone() if copy else result


def roll(x: Tensor, /, shift: Axes, *, axis: Axes | None = None) -> Tensor:
    """x shifted cyclically along axes, by one number for all or one each; as if flat for None."""
    if isinstance(shift, int) and axis is not None and not isinstance(axis, int):
        shift = [shift] * len(axis)
    return arranging.roll(x, shift, axis)


def squeeze(x: Tensor, /, axis: Axes) -> Tensor:
    """x without axes of size 1: a view.

    Raises: ValueError if the size of one is not 1.
    """
    for a in views.listed(axis):
        size = x.shape[normalize_dim(a, x.ndim, "squeeze")]
        if size != 1:
            raise ValueError(f"squeeze: axis {a} of shape {x.shape} has size {size}, not 1.")
    return views.squeeze(x, axis) if axis != () else views.reshape(x, x.shape)


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """Tensors of one shape stacked along a new axis."""
    return joining.stack(arrays, axis)


def tile(x: Tensor, repetitions: Sequence[int], /) -> Tensor:
    """x laid out repeatedly along each axis; missing leading counts are 1."""
    return arranging.tile(x, tuple(repetitions))


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices of x along an axis: views."""
    return joining.unbind(x, axis)


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The slices of x along an axis that a vector of indices names.

    Args:
        axis: may be omitted for a vector.

    Raises: ValueError without an axis if there are several; IndexError if an index is out of range.
    """
    if axis is None and x.ndim != 1:
        raise ValueError(f"take: name an axis of shape {x.shape}.")
    return views.movedim(views.movedim(x, axis or 0, 0)[indices], 0, axis or 0)


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """x[..., indices[..., i, ...], ...] along an axis, the other axes broadcast."""
    size = x.shape[normalize_dim(axis, x.ndim, "take_along_axis")]
    return indexing.take_along_dim(x, _where(indices < 0, indices + size, indices), axis)


def where(condition: Tensor, x1: TensorLike, x2: TensorLike, /) -> Tensor:
    """x1 where the condition holds, else x2."""
    result: Tensor = _where(condition, x1, x2)
    return result


__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "take",
    "take_along_axis",
    "tile",
    "unstack",
    "where",
]
