"""Helpers for creating tensors (data as an array, sizes as a shape), and the `new_*` methods, which
use a tensor's dtype and backend.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import AnyDType, DType, check_fits, float32, int64
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.functions.views import sizes_of
from minitorch_tensor.layout import Shape
from minitorch_tensor.registry import Place, get_backend
from minitorch_tensor.silence import converted

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.tensor import Number, Tensor
    from minitorch_tensor.tensor_data import TensorData

__all__: list[str] = []  # the package exports nothing of it


def shape_of(operation: str, size: Any, more: tuple[int, ...] = ()) -> Shape:
    """The shape passed as f(2, 3), f((2, 3)) or f(size=(2, 3)), checked."""
    sizes = sizes_of(size, more)
    try:
        shape = tuple([operator.index(n) for n in sizes])
    except TypeError:
        raise TypeError(f"{operation}: sizes must be integers, got {sizes}.") from None
    if any(n < 0 for n in shape):
        raise ValueError(f"{operation}: sizes must not be negative, got {shape}.")
    return shape


def array_of(data: Any, dtype: AnyDType | None) -> npt.NDArray[Any]:
    """The data that `tensor` accepts, copied to an array of a dtype, or of `tensor`'s default for
    it.

    Raises: as `tensor`.
    """
    if _is_tensor(data):
        data = data.detach().numpy()
    if isinstance(data, (list, tuple)) and any(_is_tensor(x) for x in data):
        data = [x.tolist() if _is_tensor(x) else x for x in data]
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(
            f"tensor: the nested lists are ragged ({error}). Pad them to one length."
        ) from None
    if not isinstance(data, (np.ndarray, np.generic)):
        array = _exact(array, data)
        dtype = default_dtype(array) if dtype is None else dtypes.as_dtype(dtype)
        if dtype is not None:
            array = _written(array, dtype)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"tensor: wanted numbers, got elements of numpy type {array.dtype} from "
            f"{type(data).__name__}."
        )
    wanted = None if dtype is None else dtypes.as_dtype(dtype).numpy
    return array if wanted is None or array.dtype == wanted else converted(array, wanted)


def _is_tensor(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Methods)  # only Tensor is one


def _exact(array: npt.NDArray[Any], data: Any) -> npt.NDArray[Any]:
    """Integers beyond int64, which numpy turned into floating point, as Python ints; anything else
    unchanged."""
    if array.dtype.kind == "f" and array.size and np.abs(array).max() >= 2.0**63:
        exact = np.array(data, object)
        if _all_integers(exact):
            return exact
    return array


def _all_integers(array: npt.NDArray[Any]) -> bool:
    return array.dtype.kind == "O" and all(isinstance(x, (int, np.integer)) for x in array.flat)


def _written(array: npt.NDArray[Any], dtype: DType) -> npt.NDArray[Any]:
    """Plain numbers, checked to fit in a dtype."""
    check_fits("tensor", array, dtype)
    if not _all_integers(array):
        return array
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise OverflowError(
            f"tensor: an integer of {max(int(x).bit_length() for x in array.flat)} bits does not "
            f"fit in {dtype}. Scale it down first."
        ) from None


def default_dtype(array: npt.NDArray[Any]) -> DType | None:
    """The default dtype of plain numbers; None for data with a numpy dtype."""
    if array.dtype.kind == "f":
        return float32
    return int64 if array.dtype.kind in "iu" or _all_integers(array) else None


# -- methods --------------------------------------------------------------------------------------


def new_tensor(
    input: Tensor,
    data: Any,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of a copy of `data`; see `tensor`."""
    backend = _backend(input, device)
    data = backend.from_numpy(array_of(data, dtype or input.dtype))
    return _wrapped(input, data, backend, requires_grad)


def new_full(
    input: Tensor,
    size: Sequence[int],
    fill_value: Number,
    *,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element `fill_value`."""
    return _filled("new_full", input, size, (), fill_value, dtype, device, requires_grad)


def new_zeros(
    input: Tensor,
    size: Any,
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 0."""
    return _filled("new_zeros", input, size, more, 0, dtype, device, requires_grad)


def new_ones(
    input: Tensor,
    size: Any,
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Every element 1."""
    return _filled("new_ones", input, size, more, 1, dtype, device, requires_grad)


def new_empty(
    input: Tensor,
    size: Any,
    *more: int,
    dtype: AnyDType | None = None,
    device: Place | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Memory with arbitrary content."""
    shape = shape_of("new_empty", size, more)
    backend = _backend(input, device)
    data = backend.empty(shape, dtypes.as_dtype(dtype or input.dtype))
    return _wrapped(input, data, backend, requires_grad)


def _filled(
    operation: str,
    input: Tensor,
    size: Any,
    more: tuple[int, ...],
    value: Number,
    dtype: AnyDType | None,
    device: Place | None,
    requires_grad: bool,
) -> Tensor:
    wanted = dtypes.as_dtype(dtype or input.dtype)
    check_fits(operation, value, wanted)
    backend = _backend(input, device)
    data = backend.full(shape_of(operation, size, more), value, wanted)
    return _wrapped(input, data, backend, requires_grad)


def _backend(input: Tensor, device: Place | None) -> Backend:
    return input.backend if device is None else get_backend(device)


def _wrapped(input: Tensor, data: TensorData, backend: Backend, requires_grad: bool) -> Tensor:
    result = input._new(data, backend)
    return result.requires_grad_() if requires_grad else result


class MakingMethods(Methods):
    """New tensors of a tensor's dtype, on its backend or a given device."""

    new_tensor = new_tensor
    new_full = new_full
    new_zeros = new_zeros
    new_ones = new_ones
    new_empty = new_empty
