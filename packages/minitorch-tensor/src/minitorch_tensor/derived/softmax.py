"""Softmax, log-softmax and cross entropy."""

from __future__ import annotations

import math

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.copying import CopyingOperations
from minitorch_tensor.derived.indexing import IndexingOperations
from minitorch_tensor.tensor_data import TensorData


class SoftmaxOperations(IndexingOperations, CopyingOperations):
    """Softmax and cross entropy, with their gradients."""

    def softmax(self, x: TensorData, dim: int) -> TensorData:
        """exp(x) / sum(exp(x)) along `dim`, shifted by the maximum so that it cannot overflow."""
        e = self.map(ops.exp, self._shifted(x, dim), x.dtype)
        return self.zip(ops.div, e, self.reduce(ops.add, e, dim, 0.0, x.dtype), x.dtype)

    def log_softmax(self, x: TensorData, dim: int) -> TensorData:
        """log(softmax(x)) along `dim`, as x - max - log(sum(exp(x - max)))."""
        shifted = self._shifted(x, dim)
        e = self.map(ops.exp, shifted, x.dtype)
        total = self.map(ops.log, self.reduce(ops.add, e, dim, 0.0, x.dtype), x.dtype)
        return self.zip(ops.sub, shifted, total, x.dtype)

    def softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        """The gradient of x from that of y = softmax(x), d: y (d - sum(d y)) along `dim`."""
        weighted = self.zip(ops.mul, d, y, y.dtype)
        total = self.reduce(ops.add, weighted, dim, 0.0, y.dtype)
        return self.zip(ops.mul, y, self.zip(ops.sub, d, total, y.dtype), y.dtype)

    def log_softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        """The gradient of x from that of y = log_softmax(x), d: d - exp(y) sum(d) along `dim`."""
        total = self.reduce(ops.add, d, dim, 0.0, y.dtype)
        share = self.zip(ops.mul, self.map(ops.exp, y, y.dtype), total, y.dtype)
        return self.zip(ops.sub, d, share, y.dtype)

    def cross_entropy(self, x: TensorData, target: TensorData) -> tuple[TensorData, TensorData]:
        """-y[i, target[i]] of each row, and y = log_softmax(x): x (N, C), target int64 (N) in
        [0, C) -> (N), (N, C)."""
        y = self.log_softmax(x, 1)
        picked = self.gather(y, 1, self.reshape(target, (*target.shape, 1)))
        return self.map(ops.neg, picked, x.dtype).owned(target.shape), y

    def cross_entropy_backward(
        self, y: TensorData, target: TensorData, d: TensorData
    ) -> TensorData:
        """The gradient of x from that of the losses, d (N): d[i] exp(y[i, j]), less d[i] where j is
        target[i]; y is what `cross_entropy` returned."""
        beside = self.reshape(d, (*d.shape, 1))
        share = self.zip(ops.mul, self.map(ops.exp, y, y.dtype), beside, y.dtype)
        places = self.reshape(target, (*target.shape, 1))
        return self.scatter_add(share, 1, places, self.map(ops.neg, beside, y.dtype))

    def _shifted(self, x: TensorData, dim: int) -> TensorData:
        largest = self.reduce(ops.max, x, dim, -math.inf, x.dtype)
        return self.zip(ops.sub, x, largest, x.dtype)
