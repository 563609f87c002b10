"""PyTorch's class of tensors, and the older classes named after element types.

As classes they stand in annotations and in `isinstance`; called, they make tensors the old way:
`FloatTensor([1, 2])` from data, `FloatTensor(2, 3)` of a size, with arbitrary content.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minitorch_tensor as mt


class TensorType(type):
    """The class of `Tensor` and its relatives. Their instances are MiniTorch's tensors."""

    dtype: mt.DType | None

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> Any:
        """A person's subclass of one of them is a subclass of MiniTorch's."""
        if bases:
            return type(name, (mt.Tensor,), namespace)
        return super().__new__(mcs, name, bases, namespace, **options)

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        dtype = cls.dtype or mt.float32
        if len(args) == 1 and isinstance(args[0], mt.Tensor):
            return args[0].to(device, dtype)
        if len(args) == 1 and isinstance(args[0], (list, tuple, np.ndarray)):
            return mt.tensor(args[0], dtype=dtype, device=device)
        return mt.empty(*(args or (0,)), dtype=dtype, device=device)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, mt.Tensor) and cls.dtype in (None, instance.dtype)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, mt.Tensor)

    def __eq__(cls, other: object) -> bool:
        return cls is other or (cls.dtype is None and other is mt.Tensor)

    def __hash__(cls) -> int:
        return hash(mt.Tensor) if cls.dtype is None else type.__hash__(cls)

    def __getattr__(cls, name: str) -> Any:
        return getattr(mt.Tensor, name)


class Tensor(metaclass=TensorType):
    """A tensor of any element type; called, one of float32."""

    dtype = None


class FloatTensor(metaclass=TensorType):
    """A tensor of float32."""

    dtype = mt.float32


class DoubleTensor(metaclass=TensorType):
    """A tensor of float64."""

    dtype = mt.float64


class LongTensor(metaclass=TensorType):
    """A tensor of int64."""

    dtype = mt.int64


class IntTensor(metaclass=TensorType):
    """A tensor of int32."""

    dtype = mt.int32


class ByteTensor(metaclass=TensorType):
    """A tensor of uint8."""

    dtype = mt.uint8


class BoolTensor(metaclass=TensorType):
    """A tensor of bool."""

    dtype = mt.bool_


__all__ = [
    "BoolTensor",
    "ByteTensor",
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "Tensor",
]
