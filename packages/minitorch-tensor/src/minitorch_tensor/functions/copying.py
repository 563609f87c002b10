"""Copying values: to new memory, to another backend, to another dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch_autodiff import Context, Function
from minitorch_autodiff import operators as ops
from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType
from minitorch_tensor.functions.base import cast, map_
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.registry import HOST, get_backend

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


#: PyTorch's names for the types of tensors, which `type` gives and takes.
TYPE_NAMES = {
    "torch.BoolTensor": dtypes.bool_,
    "torch.ByteTensor": dtypes.uint8,
    "torch.IntTensor": dtypes.int32,
    "torch.LongTensor": dtypes.int64,
    "torch.FloatTensor": dtypes.float32,
    "torch.DoubleTensor": dtypes.float64,
}
_TYPE_OF = {dtype: name for name, dtype in TYPE_NAMES.items()}

_DTYPE_NAMES = frozenset(d.name for d in dtypes.ALL)


def to(
    input: Tensor,
    device: Any = None,
    dtype: AnyDType | None = None,
    non_blocking: bool = False,
    copy: bool = False,
) -> Tensor:
    """Convert the dtype, move to a device, or both; returns the tensor itself if nothing changes.

    Args:
        device: where to: the name of a backend, "cpu", a `device` or a Backend. By position also a
            dtype, or a tensor whose dtype and device to take.
        dtype: a DType, or numpy's or Python's name for one.
        non_blocking: accepted for PyTorch's sake; a backend decides itself when to wait.
        copy: copy even if nothing changes.
    """
    if device.__class__ is DType and not copy:  # the most frequent call
        return cast(input, device)
    if isinstance(device, Methods):  # only Tensor is one
        like: Any = device
        device, dtype = like.backend, dtype or like.dtype
    elif isinstance(device, (DType, type, np.dtype)) or device in _DTYPE_NAMES:
        device, dtype = None, device
    result = input if device is None else move(input, get_backend(device))
    if dtype is not None:
        result = cast(result, dtypes.as_dtype(dtype))
    return clone(result) if copy and result is input else result


def cpu(input: Tensor) -> Tensor:
    """This tensor on the backend in use on this host."""
    return to(input, device=HOST)


def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """This tensor on the backend cuda.

    Args:
        device: 0, or a device of that backend.
        non_blocking: accepted for PyTorch's sake.
    """
    place = f"cuda:{device}" if isinstance(device, int) else device or "cuda"
    return to(input, device=place)


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """This tensor with another's dtype, on its device."""
    return to(input, other)


def _type(input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """This tensor with another dtype, which may be PyTorch's name of a type of tensors such as
    "torch.LongTensor"; without a dtype, the name of this tensor's type."""
    if dtype is None:
        name = _TYPE_OF[input.dtype]
        return name.replace(".", ".cuda.") if input.is_cuda else name
    wanted = TYPE_NAMES.get(dtype, dtype) if isinstance(dtype, str) else dtype
    return to(input, dtype=wanted)


def _conversion(dtype: DType) -> Callable[[Tensor], Tensor]:
    """The method that converts to a dtype."""

    def convert(input: Tensor) -> Tensor:
        return cast(input, dtype)

    convert.__doc__ = f"As {dtype}."
    return convert


class CopyingMethods(Methods):
    """Copies, moves and conversions."""

    clone = clone
    to = to
    cpu = cpu
    cuda = cuda
    type = _type
    type_as = type_as
    double = _conversion(dtypes.float64)
    float = _conversion(dtypes.float32)
    long = _conversion(dtypes.int64)
    int = _conversion(dtypes.int32)
    byte = _conversion(dtypes.uint8)
    bool = _conversion(dtypes.bool_)


__all__ = [
    "clone",
]
