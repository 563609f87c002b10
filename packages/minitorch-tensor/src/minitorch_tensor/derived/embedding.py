"""Embedding: looking up the rows of a table by index."""

from __future__ import annotations

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.derived.indexing import IndexingOperations
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.tensor_data import TensorData


class EmbeddingOperations(IndexingOperations, ElementwiseOperations):
    """Looking up rows, and adding up their gradients."""

    def embedding(self, weight: TensorData, index: TensorData) -> TensorData:
        """out[i] = weight[index[i]]: weight (V, D), index int64 (*) in [0, V) -> (*, D)."""
        flat = self.reshape(index, (index.size,))
        return self.index_select(weight, 0, flat).owned((*index.shape, weight.shape[1]))

    def embedding_backward(
        self, d: TensorData, index: TensorData, rows: int, padding_idx: int | None
    ) -> TensorData:
        """The adjoint of `embedding`: every d[i] (*, D) added to row index[i] of zeros (rows, D),
        but none to row `padding_idx`."""
        if padding_idx is not None:
            beside = self.reshape(index, (*index.shape, 1))
            kept = self.zip(ops.ne, beside, self.constant(padding_idx, index.dtype), bool_)
            d = self.where(kept, d, self.constant(0.0, d.dtype))
        zero = self.full((rows, d.shape[-1]), 0.0, d.dtype)
        flat = self.reshape(index, (index.size,))
        return self.index_add(zero, 0, flat, self.reshape(d, (index.size, d.shape[-1])))
