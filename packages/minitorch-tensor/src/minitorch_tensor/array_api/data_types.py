"""Element types: conversion, promotion, limits; and what the namespace says about itself."""

from __future__ import annotations

from builtins import bool as _bool
from functools import reduce
from typing import Any

from minitorch_tensor import limits
from minitorch_tensor.dtypes import (
    DType,
    float32,
    float64,
    int32,
    int64,
    promote,
    scalar_dtype,
    uint8,
)
from minitorch_tensor.dtypes import bool_ as bool
from minitorch_tensor.functions.base import NUMBERS
from minitorch_tensor.registry import Place, describe_backends, device, device_of, get_backend
from minitorch_tensor.tensor import Tensor

#: The dtypes of each kind that the standard names; it has no unsigned integer but uint8 here, and
#: no complex number.
_KINDS: dict[str, tuple[DType, ...]] = {
    "bool": (bool,),
    "signed integer": (int32, int64),
    "unsigned integer": (uint8,),
    "integral": (uint8, int32, int64),
    "real floating": (float32, float64),
    "complex floating": (),
    "numeric": (uint8, int32, int64, float32, float64),
}


def astype(
    x: Tensor, dtype: DType, /, *, copy: _bool = True, device: Place | None = None
) -> Tensor:
    """x in a dtype, and on a device if one is given; x itself if nothing changes and copy is
    false."""
    return x.to(device, dtype, copy=copy)


def can_cast(from_: DType | Tensor, to: DType, /) -> _bool:
    """True if promotion can lead from one dtype to another."""
    return promote(_dtype_of(from_), to) is to


def _dtype_of(x: Any) -> DType:
    dtype: DType = x.dtype if isinstance(x, Tensor) else x
    return dtype


def finfo(type: DType | Tensor, /) -> limits.finfo:
    """The limits of a floating-point dtype."""
    return limits.finfo(type)


def iinfo(type: DType | Tensor, /) -> limits.iinfo:
    """The limits of an integer dtype."""
    return limits.iinfo(type)


def isdtype(dtype: DType, kind: Any) -> _bool:
    """True if a dtype is of a kind: another dtype, one of the standard's words for several of them
    ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating",
    "numeric"), or a tuple of these.

    Raises: ValueError for another word.
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    return dtype in _of_kind(kind) if isinstance(kind, str) else dtype is kind


def _of_kind(kind: str) -> tuple[DType, ...]:
    if kind not in _KINDS:
        raise ValueError(f"isdtype: kind must be one of {', '.join(_KINDS)}, got {kind!r}.")
    return _KINDS[kind]


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype of the result of combining tensors, dtypes and numbers.

    Raises: ValueError without a tensor or dtype.
    """
    numbers: list[Any] = [x for x in arrays_and_dtypes if isinstance(x, NUMBERS)]
    given = [_dtype_of(x) for x in arrays_and_dtypes if not isinstance(x, NUMBERS)]
    if not given:
        raise ValueError("result_type: wanted at least one tensor or dtype.")
    dtype = reduce(promote, given)
    for number in numbers:
        dtype = promote(dtype, scalar_dtype(number, dtype))
    return dtype


class Info:
    """What the namespace can do, in the words of the standard."""

    def capabilities(self) -> dict[str, Any]:
        """Boolean masks and results whose shape depends on values are supported."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": None}

    def default_device(self) -> device:
        """The device of new tensors."""
        return device_of(get_backend())

    def devices(self) -> list[device]:
        """The devices that can be used here: one for each backend that works."""
        ready = [info.name for info in describe_backends() if info.status == "ready"]
        return [device_of(get_backend(name)) for name in ready]

    def default_dtypes(self, *, device: Place | None = None) -> dict[str, DType]:
        """The dtype of Python's numbers, and of indices."""
        return {"real floating": float32, "integral": int64, "indexing": int64}

    def dtypes(self, *, device: Place | None = None, kind: Any = None) -> dict[str, DType]:
        """The dtypes of a kind, or of several, by name; without a kind all of them."""
        words = (kind,) if isinstance(kind, str) else ("bool", "numeric") if kind is None else kind
        return {dtype.name: dtype for word in words for dtype in _of_kind(word)}


def __array_namespace_info__() -> Info:
    """What the namespace can do."""
    return Info()


__all__ = [
    "__array_namespace_info__",
    "astype",
    "bool",
    "can_cast",
    "finfo",
    "float32",
    "float64",
    "iinfo",
    "int32",
    "int64",
    "isdtype",
    "result_type",
    "uint8",
]
