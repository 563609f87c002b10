"""What every backend with numpy buffers in host memory shares: allocation and transfer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData, as_array, from_array


class HostBackend(Backend):
    """A backend whose buffers are numpy arrays."""

    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        return TensorData(np.empty(shape, dtype.numpy), dtype, shape)

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        return TensorData(np.full(shape, value, dtype.numpy), dtype, shape)

    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        return from_array(array)

    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        return as_array(x)

    def copy_(self, out: TensorData, x: TensorData) -> None:
        np.copyto(as_array(out), as_array(x), casting="unsafe")
