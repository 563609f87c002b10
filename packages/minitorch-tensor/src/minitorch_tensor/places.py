"""Where a view lies in its base, and the functions of the two: reading it, and writing into it.

They are what PyTorch calls `AsStridedBackward` and `CopySlices`. The base may have any layout, and
what stands for it any other: a gradient of the base, in particular, is contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from minitorch_autodiff import Context, Function
from minitorch_tensor.functions.base import zeros_of
from minitorch_tensor.layout import Shape, Strides, contiguous_strides

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.tensor import Tensor
    from minitorch_tensor.tensor_data import TensorData

#: Shape, strides and offset in memory.
Layout: TypeAlias = "tuple[Shape, Strides, int]"


def layout_of(data: TensorData) -> Layout:
    """Where the elements of some tensor data lie in its buffer."""
    return data.shape, data.strides, data.offset


def _bounds(layout: Layout) -> tuple[int, int]:
    """The first and the last place in memory of a layout that is not empty."""
    shape, strides, offset = layout
    reach = [(n - 1) * step for n, step in zip(shape, strides)]
    return offset + sum(r for r in reach if r < 0), offset + sum(r for r in reach if r > 0)


def overlaps(layout: Layout) -> bool:
    """True if several elements may be one place in memory; certainly if strides of 0 do it."""
    shape, strides, _ = layout
    reach = 0
    for step, n in sorted((abs(step), n) for n, step in zip(shape, strides) if n > 1):
        if step <= reach:
            return True
        reach += (n - 1) * step
    return False


class Place(NamedTuple):
    """Where a view lies in its base.

    Attributes:
        whole: the layout of the base.
        part: that of the view, in the same memory.
    """

    whole: Layout
    part: Layout

    def spread(
        self, backend: Backend, x: TensorData | None, like: TensorData, copy: bool = True
    ) -> tuple[TensorData, TensorData]:
        """The elements of x, or zeros, in memory that is laid out as that of the base.

        Args:
            x: of the shape of the base.
            like: has the dtype.
            copy: false if x's own memory may be used.

        Returns: that memory, seen as the base and as the view.
        """
        shape, strides, offset = self.whole
        if 0 in shape:
            empty = backend.full(shape, 0, like.dtype)
            return empty, empty.as_strided(self.part[0], self.part[1], 0)
        low, high = _bounds(self.whole)
        straight = strides == contiguous_strides(shape)
        if straight and not copy and x is not None and x.is_contiguous():
            start = x.offset - offset
            return x, x.as_strided(self.part[0], self.part[1], start + self.part[2])
        memory = backend.full(shape if straight else (high - low + 1,), 0, like.dtype)
        whole = memory if straight else memory.as_strided(shape, strides, offset - low)
        if x is not None:
            backend.copy_(whole, x)
        return whole, memory.as_strided(self.part[0], self.part[1], self.part[2] - low)


class View(Function):
    """The elements of a base that a view shows. Gradient: d at their places, added up where
    elements share one."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, place: Place) -> Tensor:
        ctx.place = place
        return x._new(place.spread(x.backend, x._data, x._data, copy=False)[1])

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return Unview.apply(d, ctx.place), None


class Unview(Function):
    """The adjoint of View: d at the places of the view in a base of zeros."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, place: Place) -> Tensor:
        ctx.place = place
        data, backend = d._data, d.backend
        whole, part = place.spread(backend, None, data)
        if not overlaps(place.part):
            backend.copy_(part, data)
            return d._new(whole)
        memory = whole.owner.reshape((whole.owner.size,))
        assert memory is not None
        index = np.full((), part.offset)
        for n, step in zip(part.shape, part.strides):
            index = index[..., None] + step * np.arange(n)
        values = backend.reshape(data, (data.size,))
        summed = backend.index_put(memory, (index.reshape(-1),), values, accumulate=True)
        return d._new(summed.as_strided(whole.shape, whole.strides, whole.offset))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None]:
        return View.apply(e, ctx.place), None


class Put(Function):
    """x with values at the places of a view. Gradients: d, but 0 at those places; d at them."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, values: Tensor, place: Place) -> Tensor:
        ctx.place = place
        whole, part = place.spread(x.backend, x._data, x._data)
        x.backend.copy_(part, values._data.expand(part.shape))
        return x._new(whole)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        place: Place = ctx.place
        to_x, to_values, _ = ctx.edges
        to_zero = None
        if to_x and place.part == place.whole:
            to_zero = zeros_of(d)
        elif to_x:
            to_zero = Put.apply(d, d._new(d.backend.constant(0, d.dtype)), place)
        return to_zero, View.apply(d, place) if to_values else None, None


class Write(Put):
    """Put, into the memory of x itself."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, values: Tensor, place: Place) -> Tensor:
        ctx.place = place
        part = x._data.as_strided(*place.part)
        x.backend.copy_(part, values._data.expand(part.shape))
        x._bump_version()
        return x._alias()
