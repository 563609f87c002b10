"""The same elements in another order, dtype or shape."""

from __future__ import annotations

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.core import Core
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class CopyingOperations(Core):
    """Operations that copy elements as they are, or converted."""

    def contiguous(self, x: TensorData) -> TensorData:
        """A copy of x in row-major order."""
        return self.map(ops.id, x, x.dtype)

    def cast(self, x: TensorData, dtype: DType) -> TensorData:
        """x converted; to integers by truncation, to bool by comparing with zero."""
        return self.map(ops.id, x, dtype)

    def reshape(self, x: TensorData, shape: Shape) -> TensorData:
        """x in another shape of as many elements: a view where strides allow, else a copy."""
        view = x.reshape(shape)
        if view is None:
            view = self.contiguous(x).reshape(shape)
            assert view is not None  # contiguous data takes any shape
        return view
