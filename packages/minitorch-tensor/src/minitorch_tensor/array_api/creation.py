"""Creating arrays.

`device` is where to create, as for `minitorch_tensor.tensor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import e, inf, nan, pi
from typing import Any

import numpy as np

from minitorch_tensor import creation
from minitorch_tensor.dtypes import DType, float32, int64
from minitorch_tensor.functions import arranging, views
from minitorch_tensor.functions.base import NUMBERS
from minitorch_tensor.registry import Place
from minitorch_tensor.tensor import Number, Tensor

Shape = int | Sequence[int]


def asarray(
    obj: Any,
    /,
    *,
    dtype: DType | None = None,
    device: Place | None = None,
    copy: bool | None = None,
) -> Tensor:
    """A tensor of an array, a number, nested lists, or anything with a buffer or DLPack.

    Args:
        copy: true for memory of its own, false for the same memory as obj's; None shares it where
            that is possible.

    Raises: ValueError if copy is false and cannot be avoided; otherwise as `tensor`.
    """
    if isinstance(obj, Tensor):
        result = obj if device is None else obj.to(device)
        result = result.to(dtype or result.dtype)
        if copy is False and result is not obj:
            raise _needs_copy("another dtype or device")
        return result.clone() if copy and result is obj else result
    if isinstance(obj, (list, tuple, *NUMBERS)):
        if copy is False:
            raise _needs_copy("numbers of Python")
        return creation.tensor(obj, dtype=dtype, device=device)
    if not isinstance(obj, np.ndarray) and hasattr(obj, "__dlpack__"):
        return asarray(from_dlpack(obj, device=device), dtype=dtype, copy=copy)
    array = np.asarray(obj)
    if copy is False and not array.flags.writeable:
        raise _needs_copy("a read-only array")
    shared = creation.from_numpy(array.copy() if copy else array, device=device)
    result = shared.to(dtype or shared.dtype)
    if copy is False and result is not shared:
        raise _needs_copy("another dtype")
    return result


def _needs_copy(reason: str) -> ValueError:
    return ValueError(f"asarray: {reason} takes a copy, which copy=False forbids. Omit it.")


def from_dlpack(x: Any, /, *, device: Place | None = None, copy: bool | None = None) -> Tensor:
    """A tensor from any object that supports DLPack. It shares memory as
    `minitorch_tensor.from_dlpack` does, unless copy is true."""
    result = creation.from_dlpack(x, device=device)
    return result.clone() if copy else result


def arange(
    start: Number,
    /,
    stop: Number | None = None,
    step: Number = 1,
    *,
    dtype: DType | None = None,
    device: Place | None = None,
) -> Tensor:
    """start, start + step, ... before stop; from 0 if one bound is given; empty if no step leads
    there."""
    if stop is None:
        start, stop = 0, start
    if (stop - start) * step <= 0:
        whole = all(isinstance(n, int) for n in (start, stop, step))
        return empty(0, dtype=dtype or (int64 if whole else float32), device=device)
    return creation.arange(start, stop, step, dtype=dtype, device=device)


def empty(shape: Shape, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Memory with arbitrary content."""
    return creation.empty(shape, dtype=dtype, device=device)


def zeros(shape: Shape, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Every element 0."""
    return creation.zeros(shape, dtype=dtype, device=device)


def ones(shape: Shape, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Every element 1."""
    return creation.ones(shape, dtype=dtype, device=device)


def full(
    shape: Shape, fill_value: Number, *, dtype: DType | None = None, device: Place | None = None
) -> Tensor:
    """Every element fill_value."""
    sizes = (shape,) if isinstance(shape, int) else shape
    return creation.full(sizes, fill_value, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Memory with arbitrary content, of x's shape."""
    return empty(x.shape, dtype=dtype or x.dtype, device=device or x.backend)


def zeros_like(x: Tensor, /, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Every element 0, of x's shape."""
    return full_like(x, 0, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: DType | None = None, device: Place | None = None) -> Tensor:
    """Every element 1, of x's shape."""
    return full_like(x, 1, dtype=dtype, device=device)


def full_like(
    x: Tensor, /, fill_value: Number, *, dtype: DType | None = None, device: Place | None = None
) -> Tensor:
    """Every element fill_value, of x's shape."""
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=device or x.backend)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: DType | None = None,
    device: Place | None = None,
) -> Tensor:
    """1 on the k-th diagonal above the main one, 0 elsewhere."""
    ones = np.eye(n_rows, n_cols, k)
    return creation.tensor(ones, dtype=dtype or float32, device=device)


def linspace(
    start: float,
    stop: float,
    /,
    num: int,
    *,
    dtype: DType | None = None,
    device: Place | None = None,
    endpoint: bool = True,
) -> Tensor:
    """num evenly spaced numbers from start to stop, which belongs to them if `endpoint`."""
    count = num if endpoint else num + 1
    return creation.linspace(start, stop, count, dtype=dtype, device=device)[:num]


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> list[Tensor]:
    """Vectors as coordinates of a grid; see `minitorch_tensor.meshgrid`."""
    return list(views.meshgrid(*arrays, indexing=indexing))


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangle of matrices: 0 above the k-th diagonal."""
    return arranging.tril(x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangle of matrices: 0 below the k-th diagonal."""
    return arranging.triu(x, k)


#: An index of this adds a dimension.
newaxis = None

__all__ = [
    "arange",
    "asarray",
    "e",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "inf",
    "linspace",
    "meshgrid",
    "nan",
    "newaxis",
    "ones",
    "ones_like",
    "pi",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]
