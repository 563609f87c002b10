"""Allocation and transfer, shared by all backends with numpy buffers in host memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType, uint8
from minitorch_tensor.layout import Shape
from minitorch_tensor.silence import converted, silently
from minitorch_tensor.tensor_data import TensorData, as_array, from_array


class HostBackend(Backend):
    """A backend whose buffers are numpy arrays."""

    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        return TensorData(np.empty(shape, dtype.numpy), dtype, shape)

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        out = np.empty(shape, dtype.numpy)
        silently().run(out.fill, value)
        return TensorData(out, dtype, shape)

    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        return from_array(array)

    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        return as_array(x)

    def copy_(self, out: TensorData, x: TensorData) -> None:
        array = as_array(x)
        if out.dtype.kind == "int" and x.dtype.kind == "float":
            array = converted(array, out.dtype.numpy)
        silently().run(np.copyto, as_array(out), array, casting="unsafe")

    # The defaults that compute on the host.

    def scatter_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        return silently().run(super().scatter_add, x, dim, index, source)

    def index_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        return silently().run(super().index_add, x, dim, index, source)

    def index_put(
        self, x: TensorData, key: tuple[Any, ...], values: TensorData, accumulate: bool
    ) -> TensorData:
        return silently().run(super().index_put, x, key, values, accumulate)


def store(values: Iterable[float], dtype: DType) -> npt.NDArray[Any]:
    """Python numbers as a flat array, converted by the rules of `Backend.cast`."""
    if dtype.kind == "bool":
        return np.array([value != 0 for value in values], dtype.numpy)
    if dtype.kind == "int":
        return np.array([_integer(value, dtype) for value in values], dtype.numpy)
    return converted(np.array(list(values), np.float64), dtype.numpy)


def _integer(value: float, dtype: DType) -> int:
    """A number as an integer of a dtype: a float truncated, an integer wrapped."""
    if isinstance(value, float):
        bits = 64 if dtype is uint8 else 8 * dtype.itemsize
        low, high = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1)
        value = int(value) if low <= value < high else int(low)
    least = int(np.iinfo(dtype.numpy).min)
    wrapped: int = (int(value) - least) % 2 ** (8 * dtype.itemsize) + least
    return wrapped
