"""Copying values to new memory or to another backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_autodiff import operators as ops
from minitorch_tensor.functions.base import map_
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.tensor import Tensor


class Clone(Function):
    """A copy in new memory. Gradient: d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        return map_(ops.id, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        return d


class Move(Function):
    """x on another backend. Gradient: d, moved back."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, backend: Backend) -> Tensor:
        ctx.origin = x.backend
        array = x.backend.to_numpy(x._data)
        return x._new(backend.from_numpy(array.copy()), backend)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return move(d, ctx.origin), None


@guarded
def clone(input: Tensor) -> Tensor:
    """A copy in new memory, through which gradients pass."""
    return Clone.apply(input)


def move(x: Tensor, backend: Backend) -> Tensor:
    """x on another backend; x itself if it is already there."""
    return x if x.backend is backend else Move.apply(x, backend)


class CopyingMethods(Methods):
    """Copies."""

    clone = clone


__all__ = [
    "clone",
]
