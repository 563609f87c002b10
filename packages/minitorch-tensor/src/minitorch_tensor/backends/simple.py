"""`simple`: plain loops over scalars. It defines what every operation means.

It is meant for reading and as a reference in tests, not for speed. Python numbers are doubles and
unbounded integers; a result is rounded or wrapped to its dtype once, when it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from minitorch_tensor.backends.host import HostBackend, store
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import (
    Shape,
    broadcast_shapes,
    positions,
)
from minitorch_tensor.tensor_data import TensorData


class SimpleBackend(HostBackend):
    """The reference: `map`, `zip`, `reduce` and `matmul` as their definitions read."""

    name: ClassVar[str] = "simple"
    interface_version: ClassVar[int] = 2

    def copy_(self, out: TensorData, x: TensorData) -> None:
        flat = out.buffer.reshape(-1)
        values = store(_elements(x), out.dtype)
        for position, value in zip(positions(out.shape, out.strides, out.offset), values):
            flat[position] = value

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        return _new((fn(value) for value in _elements(x)), x.shape, dtype)

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        shape = broadcast_shapes(x.shape, y.shape)
        pairs = zip(_elements(x.expand(shape)), _elements(y.expand(shape)))
        return _new((fn(a, b) for a, b in pairs), shape, dtype)

    def reduce(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dim: int,
        start: float,
        dtype: DType,
    ) -> TensorData:
        storage = x.buffer.reshape(-1).tolist()
        out_shape = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
        results = []
        for first in positions(out_shape, x.strides, x.offset):
            total = start
            for i in range(x.shape[dim]):
                total = fn(total, storage[first + i * x.strides[dim]])
            results.append(total)
        return _new(results, out_shape, dtype)

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        *batch, m, k = x.shape
        n = y.shape[-1]
        left, right = x.buffer.reshape(-1).tolist(), y.buffer.reshape(-1).tolist()
        x_row, x_step = x.strides[-2:]
        y_step, y_column = y.strides[-2:]
        x_starts = positions(tuple(batch), x.strides[:-2], x.offset)
        y_starts = positions(tuple(batch), y.strides[:-2], y.offset)
        results = []
        for x_start, y_start in zip(x_starts, y_starts):
            for i in range(m):
                for j in range(n):
                    total = 0
                    for step in range(k):
                        a = left[x_start + i * x_row + step * x_step]
                        b = right[y_start + step * y_step + j * y_column]
                        total += a * b
                    results.append(total)
        return _new(results, (*batch, m, n), x.dtype)


def _elements(x: TensorData) -> Iterable[float]:
    """The elements in row-major order of the index, as Python numbers."""
    storage = x.buffer.reshape(-1).tolist()
    return (storage[position] for position in positions(x.shape, x.strides, x.offset))


def _new(values: Iterable[float], shape: Shape, dtype: DType) -> TensorData:
    return TensorData(store(values, dtype).reshape(shape), dtype, shape)
