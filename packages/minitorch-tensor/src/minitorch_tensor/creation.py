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
from minitorch_tensor.functions.views import sizes_of
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
    sizes = sizes_of(sizes)
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
    """A tensor that shares a contiguous, writable array's memory, where the backend is on the host.

    Raises: TypeError for what is no array, or has elements of another type.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: wanted a numpy array, got {type(array).__name__}.")
    dtypes.from_numpy_dtype(array.dtype)
    return _make(array if array.flags.writeable else array.copy(), None, backend, False)


def from_dlpack(source: Any, *, backend: str | Backend | None = None) -> Tensor:
    """A tensor of anything that speaks DLPack (an array of numpy, torch, jax, ...), in the same
    memory where that is contiguous, writable and on the host, as the backend must be.

    Raises: TypeError for what does not speak it.
    """
    if not hasattr(source, "__dlpack__"):
        raise TypeError(f"from_dlpack: {type(source).__name__} has no __dlpack__.")
    return from_numpy(np.from_dlpack(source), backend=backend)


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


def full_like(
    x: Tensor, fill_value: Number, *, dtype: DType | None = None, requires_grad: bool = False
) -> Tensor:
    """Every element `fill_value`; shape, backend and dtype as x's."""
    return full(
        x.shape,
        fill_value,
        dtype=dtype or x.dtype,
        backend=x.backend,
        requires_grad=requires_grad,
    )


def zeros_like(x: Tensor, *, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
    """Every element 0; shape, backend and dtype as x's."""
    return full_like(x, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(x: Tensor, *, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
    """Every element 1; shape, backend and dtype as x's."""
    return full_like(x, 1, dtype=dtype, requires_grad=requires_grad)


def empty_like(x: Tensor, *, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
    """Memory with arbitrary content; shape, backend and dtype as x's."""
    return empty(x.shape, dtype=dtype or x.dtype, backend=x.backend, requires_grad=requires_grad)


def rand_like(
    x: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1); shape, backend and dtype as x's."""
    return rand(
        x.shape,
        generator=generator,
        dtype=dtype or x.dtype,
        backend=x.backend,
        requires_grad=requires_grad,
    )


def randn_like(
    x: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1; shape, backend and dtype as x's."""
    return randn(
        x.shape,
        generator=generator,
        dtype=dtype or x.dtype,
        backend=x.backend,
        requires_grad=requires_grad,
    )


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
    if dtype is None:
        dtype = float32 if any(isinstance(n, float) for n in (start, end, step)) else int64
    array = start + step * np.arange(math.ceil((end - start) / step))
    return _make(array, dtype, backend, requires_grad)


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
    """Uniform in [0, 1).

    Raises: TypeError for an integer dtype.
    """
    array = _draw("rand", "random", size, generator, dtype)
    return _make(array, dtype, backend, requires_grad)


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: DType | npt.DTypeLike = float32,
    backend: str | Backend | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1.

    Raises: TypeError for an integer dtype.
    """
    array = _draw("randn", "standard_normal", size, generator, dtype)
    return _make(array, dtype, backend, requires_grad)


def _draw(
    operation: str,
    kind: str,
    size: tuple[Any, ...],
    generator: Generator | None,
    dtype: DType | npt.DTypeLike,
) -> npt.NDArray[Any]:
    wanted = dtypes.as_dtype(dtype)
    if wanted.kind != "float":
        raise TypeError(
            f"{operation}: fractions do not fit in {wanted}. Use float32 or float64, or randint."
        )
    shape = _shape(operation, size)
    return np.asarray((generator or default_generator).draw(kind, shape, wanted.numpy))


def randint(
    low: int,
    high: int | Sequence[int],
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | npt.DTypeLike = int64,
    backend: str | Backend | None = None,
) -> Tensor:
    """Integers in [low, high), each as likely: randint(low, high, size), or randint(high, size).

    Raises: ValueError if there are none; TypeError without a size.
    """
    if size is None:
        if isinstance(high, int):
            raise TypeError("randint: give a size, as in randint(0, 10, (2, 3)).")
        return randint(0, low, high, generator=generator, dtype=dtype, backend=backend)
    bound = operator.index(high)  # type: ignore[arg-type]
    if low >= bound:
        raise ValueError(f"randint: low {low} must be less than high {bound}.")
    shape = _shape("randint", (size,))
    array = (generator or default_generator).draw("integers", low, bound, shape)
    return _make(np.asarray(array), dtype, backend, False)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    backend: str | Backend | None = None,
) -> Tensor:
    """The integers below n in random order."""
    return _make((generator or default_generator).draw("permutation", n), int64, backend, False)
