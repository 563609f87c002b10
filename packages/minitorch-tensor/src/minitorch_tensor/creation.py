"""Making tensors: from data, constant, evenly spaced, random.

Each takes `dtype`, `backend` (a name, a Backend, or None for the current one) and `requires_grad`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import DType, float32, int64
from minitorch_tensor.layout import Shape
from minitorch_tensor.random import Generator, default_generator
from minitorch_tensor.registry import get_backend
from minitorch_tensor.tensor import Number, Tensor

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend


def _make(
    array: npt.NDArray[Any],
    dtype: DType | npt.DTypeLike | None,
    backend: str | Backend | None,
    requires_grad: bool,
) -> Tensor:
    """A tensor of an array's elements; the array is handed over."""
    if dtype is not None:
        array = array.astype(dtypes.as_dtype(dtype).numpy, copy=False)
    chosen = get_backend(backend)
    result = Tensor(chosen.from_numpy(array), chosen)
    return result.requires_grad_() if requires_grad else result


def _shape(operation: str, sizes: tuple[Any, ...]) -> Shape:
    """The sizes of f(2, 3) and f((2, 3)) alike, checked."""
    if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
        sizes = tuple(sizes[0])
    try:
        shape = tuple([operator.index(n) for n in sizes])
    except TypeError:
        raise TypeError(f"{operation}: sizes must be integers, got {sizes}.") from None
    if any(n < 0 for n in shape):
        raise ValueError(f"{operation}: sizes must not be negative, got {shape}.")
    return shape


def tensor(
    data: Any,
    *,
    dtype: DType | npt.DTypeLike | None = None,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a copy of `data`: a number, nested lists, a numpy array, or a tensor.

    Python floats become float32, ints int64, bools bool; an array keeps its dtype.

    Raises: ValueError for ragged lists; TypeError for elements that are no numbers.
    """
    if isinstance(data, Tensor):
        data = data.detach().numpy()
    if isinstance(data, (list, tuple)) and any(isinstance(x, Tensor) for x in data):
        data = [x.tolist() if isinstance(x, Tensor) else x for x in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(
            f"tensor: the nested lists are ragged ({error}). Pad them to one length."
        ) from None
    if dtype is None and not isinstance(data, (np.ndarray, np.generic)):
        dtype = _default_dtype(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"tensor: wanted numbers, got elements of numpy type {array.dtype} from "
            f"{type(data).__name__}."
        )
    return _make(array, dtype, backend, requires_grad)


def _default_dtype(array: npt.NDArray[Any]) -> DType | None:
    if array.dtype.kind == "f":
        return float32
    return int64 if array.dtype.kind in "iu" else None


def from_numpy(array: npt.NDArray[Any], *, backend: str | Backend | None = None) -> Tensor:
    """A tensor that shares a contiguous array's memory, where the backend is on the host."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: wanted a numpy array, got {type(array).__name__}.")
    dtypes.from_numpy_dtype(array.dtype)
    return _make(array, None, backend, False)


def full(
    size: Sequence[int],
    fill_value: Number,
    *,
    dtype: DType | npt.DTypeLike | None = None,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element `fill_value`; without a dtype, as for `tensor`."""
    if dtype is None:
        dtype = _default_dtype(np.asarray(fill_value)) or dtypes.bool_
    chosen = get_backend(backend)
    data = chosen.full(_shape("full", (size,)), fill_value, dtypes.as_dtype(dtype))
    result = Tensor(data, chosen)
    return result.requires_grad_() if requires_grad else result


def zeros(
    *size: Any,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 0."""
    shape = _shape("zeros", size)
    return full(shape, 0, dtype=dtype, backend=backend, requires_grad=requires_grad)


def ones(
    *size: Any,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 1."""
    shape = _shape("ones", size)
    return full(shape, 1, dtype=dtype, backend=backend, requires_grad=requires_grad)


def empty(
    *size: Any,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory with arbitrary content."""
    chosen = get_backend(backend)
    result = Tensor(chosen.empty(_shape("empty", size), dtypes.as_dtype(dtype)), chosen)
    return result.requires_grad_() if requires_grad else result


def full_like(x: Tensor, fill_value: Number, *, dtype: DType | None = None) -> Tensor:
    """Every element `fill_value`; shape, backend and dtype as x's."""
    return full(x.shape, fill_value, dtype=dtype or x.dtype, backend=x.backend)


def zeros_like(x: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Every element 0; shape, backend and dtype as x's."""
    return full_like(x, 0, dtype=dtype)


def ones_like(x: Tensor, *, dtype: DType | None = None) -> Tensor:
    """Every element 1; shape, backend and dtype as x's."""
    return full_like(x, 1, dtype=dtype)


def arange(
    start: Number,
    end: Number | None = None,
    step: Number = 1,
    *,
    dtype: DType | npt.DTypeLike | None = None,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end; from 0 if one bound is given.

    Raises: ValueError for a step of 0, or one that leads away from end.
    """
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) / step < 0:
        raise ValueError(f"arange: no steps of {step} lead from {start} to {end}.")
    array = start + step * np.arange(math.ceil((end - start) / step))
    return _make(array, dtype or _default_dtype(array), backend, requires_grad)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included."""
    return _make(np.linspace(start, end, steps), dtype, backend, requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """1 on the diagonal, 0 elsewhere."""
    return _make(np.eye(n, m), dtype, backend, requires_grad)


def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1)."""
    kind = np.float64 if dtypes.as_dtype(dtype) is dtypes.float64 else np.float32
    array = (generator or default_generator).draw("random", _shape("rand", size), kind)
    return _make(array, dtype, backend, requires_grad)


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1."""
    kind = np.float64 if dtypes.as_dtype(dtype) is dtypes.float64 else np.float32
    array = (generator or default_generator).draw("standard_normal", _shape("randn", size), kind)
    return _make(np.asarray(array), dtype, backend, requires_grad)


def randint(
    low: int,
    high: int,
    size: Sequence[int],
    *,
    generator: Generator | None = None,
    dtype: DType | npt.DTypeLike = int64,
    backend: str | Backend | None = None,
) -> Tensor:
    """Integers in [low, high), each as likely."""
    if low >= high:
        raise ValueError(f"randint: low {low} must be less than high {high}.")
    array = (generator or default_generator).draw("integers", low, high, _shape("randint", (size,)))
    return _make(np.asarray(array), dtype, backend, False)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    backend: str | Backend | None = None,
) -> Tensor:
    """The integers below n in random order."""
    return _make((generator or default_generator).draw("permutation", n), int64, backend, False)
