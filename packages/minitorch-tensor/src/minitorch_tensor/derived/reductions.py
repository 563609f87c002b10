"""Reductions, cumulative operations and sorting along a dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minitorch_tensor.derived.copying import CopyingOperations
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData


class ReductionOperations(CopyingOperations):
    """Operations along a dimension."""

    def reduce_dims(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dims: Sequence[int],
        start: float,
        dtype: DType,
    ) -> TensorData:
        """`reduce` over several dimensions, each kept with size 1; over none it converts."""
        for dim in dims:
            x = self.reduce(fn, x, dim, start, dtype)
        return x if dims else self.cast(x, dtype)

    def argmax(self, x: TensorData, dim: int) -> TensorData:
        """Index (int64) of the largest along `dim`, kept with size 1; the first NaN, or else the
        first of equals."""
        return self.from_numpy(np.argmax(self.to_numpy(x), axis=dim, keepdims=True))

    def argmin(self, x: TensorData, dim: int) -> TensorData:
        """Index (int64) of the smallest along `dim`, kept with size 1; ties as in `argmax`."""
        return self.from_numpy(np.argmin(self.to_numpy(x), axis=dim, keepdims=True))

    def within(self, x: TensorData, low: int, high: int) -> bool:
        """True if low <= element < high for every element of an integer x. Override it if the
        answer can be found without waiting for the elements."""
        array = self.to_numpy(x)
        return not array.size or (low <= int(array.min()) and int(array.max()) < high)

    def cumsum(self, x: TensorData, dim: int) -> TensorData:
        """out[i] = x[0] + ... + x[i] along `dim`; float32 is added up in float64."""
        return self._accumulated(np.add, x, dim)

    def cumprod(self, x: TensorData, dim: int) -> TensorData:
        """out[i] = x[0] * ... * x[i] along `dim`; float32 is multiplied in float64."""
        return self._accumulated(np.multiply, x, dim)

    def logcumsumexp(self, x: TensorData, dim: int) -> TensorData:
        """out[i] = log(exp(x[0]) + ... + exp(x[i])) along `dim`; float32 is added up in float64."""
        return self._accumulated(np.logaddexp, x, dim)

    def _accumulated(self, fn: np.ufunc, x: TensorData, dim: int) -> TensorData:
        """A cumulative ufunc from left to right; floating point is computed in float64."""
        array = self.to_numpy(x)
        wide = np.float64 if x.dtype.kind == "float" else x.dtype.numpy
        with np.errstate(all="ignore"):
            return self.from_numpy(
                fn.accumulate(array, axis=dim, dtype=wide).astype(x.dtype.numpy, copy=False)
            )

    def linear_recurrence(self, x: TensorData, a: TensorData, dim: int) -> TensorData:
        """out[i] = x[i] + a[i] * out[i - 1] along `dim`, out[-1] being 0; x and a of one shape."""
        terms, factors = (np.moveaxis(self.to_numpy(t), dim, 0) for t in (x, a))
        out = np.empty(x.shape, x.dtype.numpy)
        rows = np.moveaxis(out, dim, 0)
        with np.errstate(all="ignore"):
            for i in range(len(rows)):
                rows[i] = terms[i] if i == 0 else terms[i] + factors[i] * rows[i - 1]
        return self.from_numpy(out)

    def argsort(self, x: TensorData, dim: int, descending: bool) -> TensorData:
        """The indices (int64) that sort x along `dim`, stably; NaN counts as largest."""
        array = self.to_numpy(x)
        if not descending:
            return self.from_numpy(np.argsort(array, axis=dim, kind="stable"))
        # Flipped before and after, so that equals keep their order.
        order = np.flip(np.argsort(np.flip(array, dim), axis=dim, kind="stable"), dim)
        return self.from_numpy(x.shape[dim] - 1 - order)
