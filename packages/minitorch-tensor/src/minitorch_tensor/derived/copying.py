"""Copies of the same elements in another order, dtype or shape."""

from __future__ import annotations

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.core import Core
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class CopyingOperations(Core):
    """Operations that copy elements, unchanged or converted."""

    def contiguous(self, x: TensorData) -> TensorData:
        """A copy of x in row-major order."""
        return self.map(ops.id, x, x.dtype)

    def cast(self, x: TensorData, dtype: DType) -> TensorData:
        """x in another dtype.

        Floating point becomes bool by comparison with zero, and an integer by truncation. Out of
        range for int32 or int64, infinite or NaN, it becomes the lowest integer, and uint8 is the
        low byte of int64, all as in PyTorch on x86-64. Integers wrap.
        """
        return self.map(ops.id, x, dtype)

    def reshape(self, x: TensorData, shape: Shape) -> TensorData:
        """x in another shape of the same size: a view if the strides allow it, else a copy."""
        view = x.reshape(shape)
        if view is None:
            view = self.contiguous(x).reshape(shape)
            assert view is not None  # contiguous data takes any shape
        return view
