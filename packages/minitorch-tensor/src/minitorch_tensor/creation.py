"""Creating tensors: from data, constant, evenly spaced, random.

Each function takes `dtype`, `device` (the name of a backend, "cpu", a `device`, a Backend, or None
for the current backend) and `requires_grad`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType, check_fits, float32, int64
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.making import array_of, default_dtype, shape_of
from minitorch_tensor.functions.views import sizes_of
from minitorch_tensor.random import Generator, default_generator
from minitorch_tensor.registry import Place, get_backend
from minitorch_tensor.silence import converted
from minitorch_tensor.tensor import Number, Tensor


def _make(
    array: npt.NDArray[Any],
    dtype: AnyDType | None,
    device: Place | None,
    requires_grad: bool,
) -> Tensor:
    """A tensor that takes ownership of an array."""
    wanted = None if dtype is None else dtypes.as_dtype(dtype).numpy
    if wanted is not None and array.dtype != wanted:
        array = converted(array, wanted)
    chosen = get_backend(device)
    result = Tensor(chosen.from_numpy(array), chosen)
    return result.requires_grad_() if requires_grad else result


def tensor(
    data: Any,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a copy of `data`: a number, nested lists, a numpy array, or a tensor.

    Python floats become float32, ints int64, bools bool; an array keeps its dtype.

    Raises: ValueError for ragged lists; TypeError for elements other than numbers; OverflowError
        for numbers that do not fit in the dtype (those of an array or a tensor are converted, as
        by `Tensor.to`).
    """
    return _make(array_of(data, dtype), None, device, requires_grad)


def from_numpy(ndarray: npt.NDArray[Any], *, device: Place | None = None) -> Tensor:
    """A tensor that shares a contiguous, writable array's memory, where the backend is on the host.

    Raises: TypeError for anything but an array of one of the six dtypes.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy: wanted a numpy array, got {type(ndarray).__name__}.")
    dtypes.from_numpy_dtype(ndarray.dtype)
    return _make(ndarray if ndarray.flags.writeable else ndarray.copy(), None, device, False)


def from_dlpack(ext_tensor: Any, *, device: Place | None = None) -> Tensor:
    """A tensor from any object that supports DLPack (an array of numpy, torch, jax, ...). It shares
    the memory if that is contiguous, writable and on the host, and the backend is on the host too.

    Raises: TypeError for an object without DLPack support.
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack: {type(ext_tensor).__name__} has no __dlpack__.")
    return from_numpy(np.from_dlpack(ext_tensor), device=device)


def full(
    size: Sequence[int],
    fill_value: Number,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element `fill_value`; without a dtype, as for `tensor`."""
    if dtype is None:
        dtype = default_dtype(np.asarray(fill_value)) or dtypes.bool_
    chosen = get_backend(device)
    wanted = dtypes.as_dtype(dtype)
    check_fits("full", fill_value, wanted)
    data = chosen.full(shape_of("full", size), fill_value, wanted)
    result = Tensor(data, chosen)
    return result.requires_grad_() if requires_grad else result


def zeros(
    size: Any = (),
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 0."""
    shape = shape_of("zeros", size, more)
    return full(shape, 0, dtype=dtype or float32, device=device, requires_grad=requires_grad)


def ones(
    size: Any = (),
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 1."""
    shape = shape_of("ones", size, more)
    return full(shape, 1, dtype=dtype or float32, device=device, requires_grad=requires_grad)


def empty(
    size: Any = (),
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory with arbitrary content."""
    chosen = get_backend(device)
    shape = shape_of("empty", size, more)
    result = Tensor(chosen.empty(shape, dtypes.as_dtype(dtype or float32)), chosen)
    return result.requires_grad_() if requires_grad else result


@guarded
def full_like(
    input: Tensor,
    fill_value: Number,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element `fill_value`; shape, and by default device and dtype, as input's."""
    return full(
        input.shape,
        fill_value,
        dtype=dtype or input.dtype,
        device=device or input.backend,
        requires_grad=requires_grad,
    )


@guarded
def zeros_like(
    input: Tensor,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 0; shape, and by default device and dtype, as input's."""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


@guarded
def ones_like(
    input: Tensor,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 1; shape, and by default device and dtype, as input's."""
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


@guarded
def empty_like(
    input: Tensor,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory with arbitrary content; shape, and by default device and dtype, as input's."""
    return empty(
        input.shape,
        dtype=dtype or input.dtype,
        device=device or input.backend,
        requires_grad=requires_grad,
    )


@guarded
def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1); shape, and by default device and dtype, as input's."""
    return rand(
        input.shape,
        generator=generator,
        dtype=dtype or input.dtype,
        device=device or input.backend,
        requires_grad=requires_grad,
    )


@guarded
def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1; shape, and by default device and dtype, as input's."""
    return randn(
        input.shape,
        generator=generator,
        dtype=dtype or input.dtype,
        device=device or input.backend,
        requires_grad=requires_grad,
    )


def arange(
    start: Number = 0,
    end: Number | None = None,
    step: Number = 1,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below end; from 0 if one bound is given.

    Raises: ValueError for a step of 0, or one in the wrong direction.
    """
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) / step < 0:
        raise ValueError(f"arange: no steps of {step} lead from {start} to {end}.")
    if any(isinstance(n, (float, np.floating)) for n in (start, end, step)):
        wanted = dtypes.as_dtype(dtype or float32)
        array = start + step * np.arange(math.ceil((end - start) / step))
        check_fits("arange", array[[0, -1]] if array.size else array, wanted)
    else:
        wanted = dtypes.as_dtype(dtype or int64)
        numbers = range(int(start), int(end), int(step))  # exact, unlike a floating-point quotient
        ends = (numbers[0], numbers[-1]) if numbers else ()
        check_fits("arange", ends, wanted if wanted.kind == "int" else int64)
        array = numbers.start + numbers.step * np.arange(len(numbers), dtype=np.int64)
    return _make(array, wanted, device, requires_grad)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included."""
    wanted = dtypes.as_dtype(dtype or float32)
    check_fits("linspace", (start, end), wanted)
    return _make(np.linspace(start, end, steps), wanted, device, requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """1 on the diagonal, 0 elsewhere."""
    return _make(np.eye(n, m), dtype or float32, device, requires_grad)


def rand(
    size: Any = (),
    *more: int,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1).

    Raises: TypeError for an integer dtype.
    """
    wanted = _floating("rand", dtype)
    shape = shape_of("rand", sizes_of(size, more))
    chosen = get_backend(device)
    result = Tensor(chosen.uniform(shape, wanted, generator or default_generator), chosen)
    return result.requires_grad_() if requires_grad else result


def randn(
    size: Any = (),
    *more: int,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and variance 1.

    Raises: TypeError for an integer dtype.
    """
    wanted = _floating("randn", dtype)
    shape = shape_of("randn", sizes_of(size, more))
    source = generator or default_generator
    array = np.asarray(source.draw("standard_normal", shape, wanted.numpy))
    return _make(array, dtype, device, requires_grad)


def _floating(operation: str, dtype: AnyDType | None) -> DType:
    """A floating-point dtype for random numbers, checked; float32 by default."""
    wanted = dtypes.as_dtype(dtype or float32)
    if wanted.kind != "float":
        raise TypeError(
            f"{operation}: fractions do not fit in {wanted}. Use float32 or float64, or randint."
        )
    return wanted


def randint(
    low: int = 0,
    high: Any = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: AnyDType = int64,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform integers in [low, high): randint(low, high, size), or randint(high, size).

    Raises: ValueError if there are none; TypeError without a size.
    """
    if size is None and isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    if high is None and size is not None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint: give a size, as in randint(0, 10, (2, 3)).")
    bound = operator.index(high)
    if low >= bound:
        raise ValueError(f"randint: low {low} must be less than high {bound}.")
    shape = shape_of("randint", size)
    check_fits("randint", (low, bound - 1), dtypes.as_dtype(dtype))
    array = (generator or default_generator).draw("integers", low, bound, shape)
    return _make(np.asarray(array), dtype, device, requires_grad)


@guarded
def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers in [low, high), or in [0, low) without `high`; shape, and by default device and
    dtype, as input's.

    Raises: ValueError if there are none.
    """
    if high is None:
        low, high = 0, low
    return randint(
        low,
        high,
        input.shape,
        generator=generator,
        dtype=dtype or input.dtype,
        device=device or input.backend,
        requires_grad=requires_grad,
    )


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: AnyDType = int64,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers below n in random order."""
    check_fits("randperm", n - 1 if n > 0 else 0, dtypes.as_dtype(dtype))
    order = (generator or default_generator).draw("permutation", n)
    return _make(order, dtype, device, requires_grad)


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with the given mean and standard deviation. Pass `size`, or tensors of means, of
    standard deviations, or of both, for one number for each element.

    Args:
        dtype, device, requires_grad: with `size` only; otherwise the tensors' own apply.

    Raises: TypeError without a size or a tensor, or with both; ValueError for a negative std.
    """
    given = [x for x in (mean, std) if isinstance(x, Tensor)]
    if bool(given) == (size is not None):
        raise TypeError("normal: give a size, or a tensor of means or standard deviations.")
    if not (std.ge(0).all() if isinstance(std, Tensor) else std >= 0):
        raise ValueError("normal: a standard deviation must not be negative.")
    if size is not None:
        unit = randn(size, generator=generator, dtype=dtype, device=device)
        return (unit * std + mean).requires_grad_(requires_grad)
    total = (given[0] + given[-1]) if len(given) == 2 else given[0]
    unit = randn_like(total.detach(), generator=generator)
    return (unit * _detached(std) + _detached(mean)).detach()


def _detached(x: Tensor | float) -> Tensor | float:
    return x.detach() if isinstance(x, Tensor) else x


@guarded
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that each element gives (or `p`, for all), else 0; without gradient.

    Raises: ValueError for a probability outside of [0, 1].
    """
    likely = input.detach() if p is None else full_like(input, p)
    array = likely.numpy()
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError("bernoulli: probabilities must lie in [0, 1].")
    drawn = (generator or default_generator).draw("random", input.shape)
    return _make((np.asarray(drawn) < array).astype(array.dtype), None, input.backend, False)


@guarded
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Indices (int64) drawn from rows of weights, with probability weight / sum of the row.

    Shapes: (K) -> (num_samples); (N, K) -> (N, num_samples).

    Args:
        replacement: if true, an index may be drawn again. If false, the indices are those of the
            largest weight / Exp(1) (Efraimidis and Spirakis 2006).

    Raises: ValueError for another shape, weights that are negative, not finite or all 0, or too
        few of them to draw without replacement.
    """
    if input.ndim not in (1, 2) or num_samples < 1:
        raise ValueError(
            "multinomial: wanted weights (K) or (N, K) and at least one sample, got shape "
            f"{input.shape} and num_samples {num_samples}."
        )
    weights = np.asarray(input.detach().numpy(), np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all() or not (weights.sum(-1) > 0).all():
        raise ValueError("multinomial: weights must be finite and not negative, and not all 0.")
    if not replacement and ((weights > 0).sum(-1) < num_samples).any():
        raise ValueError(
            f"multinomial: a row has fewer than {num_samples} weights above 0 to draw without "
            "replacement. Draw fewer, or with replacement=True."
        )
    draw = (generator or default_generator).draw
    rows = weights.reshape(-1, weights.shape[-1])
    if replacement:
        ends = np.cumsum(rows, -1)
        points = draw("random", (len(rows), num_samples)) * ends[:, -1:]
        index = np.stack([np.searchsorted(e, p, "right") for e, p in zip(ends, points)])
        index = np.minimum(index, [[np.flatnonzero(row)[-1]] for row in rows])  # rounding
    else:
        keys = rows / draw("standard_exponential", rows.shape)
        index = np.argsort(-keys, -1, kind="stable")[:, :num_samples]
    index = np.ascontiguousarray(index, np.int64).reshape(*input.shape[:-1], num_samples)
    return _make(index, None, input.backend, False)


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` powers of `base`, with exponents evenly spaced from start to end."""
    array = np.logspace(start, end, steps, base=base)
    return _make(array, dtype or float32, device, requires_grad)


def tril_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: AnyDType = int64,
    device: Place | None = None,
) -> Tensor:
    """The rows and columns (2, count) of the lower triangle of a (row, col) matrix."""
    return _indices("tril_indices", np.tril_indices(row, offset, col), dtype, device)


def triu_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: AnyDType = int64,
    device: Place | None = None,
) -> Tensor:
    """The rows and columns (2, count) of the upper triangle of a (row, col) matrix."""
    return _indices("triu_indices", np.triu_indices(row, offset, col), dtype, device)


def _indices(
    operation: str,
    places: Sequence[npt.NDArray[np.int64]],
    dtype: AnyDType,
    device: Place | None,
) -> Tensor:
    array = np.stack(places)
    check_fits(operation, array, dtypes.as_dtype(dtype))
    return _make(array, dtype, device, False)


def as_tensor(data: Any, dtype: AnyDType | None = None, *, device: Place | None = None) -> Tensor:
    """A tensor of `data` that shares its memory and history if nothing needs converting: a tensor
    is returned itself, an array goes through `from_numpy`, and anything else through `tensor`."""
    if isinstance(data, np.ndarray):
        data = from_numpy(data, device=device)
    if not isinstance(data, Tensor):
        return tensor(data, dtype=dtype, device=device)
    moved = data if device is None else data.to(get_backend(device))
    return moved if dtype is None else moved.to(dtype)


def is_tensor(obj: Any) -> bool:
    """True for a Tensor."""
    return isinstance(obj, Tensor)


__all__ = [
    "arange",
    "as_tensor",
    "bernoulli",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "is_tensor",
    "linspace",
    "logspace",
    "multinomial",
    "normal",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]
