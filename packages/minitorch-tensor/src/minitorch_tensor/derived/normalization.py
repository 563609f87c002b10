"""Layer normalization: rows shifted to mean 0 and scaled to variance 1."""

from __future__ import annotations

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.cells import Arithmetic
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.tensor_data import TensorData


class NormalizationOperations(ElementwiseOperations):
    """Layer normalization, and its gradients."""

    def layer_norm(
        self, x: TensorData, weight: TensorData | None, bias: TensorData | None, eps: float
    ) -> tuple[TensorData, TensorData, TensorData]:
        """y = (x - mean) rstd weight + bias for each row, with rstd = 1 / sqrt(var + eps).

        x (R, M), weight and bias (M) or None for 1 and 0, M at least 1 -> y (R, M), and for the
        backward pass the means and rstd (R).
        Source: Ba, Kiros and Hinton 2016, section 3.
        """
        do = Arithmetic(self, x.dtype)
        rows = x.shape[0]
        share = self.constant(1.0 / x.shape[1], x.dtype)
        mean = do.mul(self.reduce(ops.add, x, 1, 0.0, x.dtype), share)
        centred = do.sub(x, mean)
        square = do.mul(centred, centred)
        var = do.mul(self.reduce(ops.add, square, 1, 0.0, x.dtype), share)
        rstd = do.unary(ops.inv, do.unary(ops.sqrt, do.add(var, self.constant(eps, x.dtype))))
        y = do.mul(centred, rstd)
        if weight is not None:
            y = do.mul(y, weight)
        if bias is not None:
            y = do.add(y, bias)
        return y, mean.owned((rows,)), rstd.owned((rows,))

    def layer_norm_backward(
        self,
        d: TensorData,
        x: TensorData,
        weight: TensorData | None,
        mean: TensorData,
        rstd: TensorData,
    ) -> tuple[TensorData, TensorData, TensorData]:
        """The gradients of x (R, M), weight and bias (M), from that of y, d (R, M): with
        h = (x - mean) rstd and g = d weight, rstd (g - mean of g - h mean of (g h)), sum of d h
        and sum of d. mean and rstd are what `layer_norm` returned."""
        do = Arithmetic(self, x.dtype)
        beside = x.shape[0], 1
        rstd = self.reshape(rstd, beside)
        h = do.mul(do.sub(x, self.reshape(mean, beside)), rstd)
        g = d if weight is None else do.mul(d, weight)
        share = self.constant(1.0 / x.shape[1], x.dtype)
        along = do.mul(self.reduce(ops.add, do.mul(g, h), 1, 0.0, x.dtype), share)
        level = do.mul(self.reduce(ops.add, g, 1, 0.0, x.dtype), share)
        to_x = do.mul(do.sub(do.sub(g, level), do.mul(h, along)), rstd)
        return to_x, do.sum_rows(do.mul(d, h)), do.sum_rows(d)
