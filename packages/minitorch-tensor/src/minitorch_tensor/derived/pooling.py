"""Pooling over windows, and its gradients."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.derived.indexing import IndexingOperations
from minitorch_tensor.derived.reductions import ReductionOperations
from minitorch_tensor.derived.windows import Window, WindowOperations, at_place
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class PoolingOperations(
    WindowOperations, IndexingOperations, ElementwiseOperations, ReductionOperations
):
    """Max pooling and average pooling."""

    def max_pool2d(self, x: TensorData, window: Window) -> tuple[TensorData, TensorData]:
        """The largest element of every window, and its position: x (N, C, H, W) -> values and
        indices, each (N, C, OH, OW); an index is i * W + j in int64, as in PyTorch.

        Among equals the first wins; NaN is larger than anything. Padding is never chosen.
        """
        height, width = x.shape[2:]
        windows = self.unfold2d(self.pad2d(x, window.padding, -math.inf), window)
        n, c, kh, kw, oh, ow = windows.shape
        rows, columns = _window_indices(window, (oh, ow))
        inside_r = (rows >= 0) & (rows < height)
        inside_c = (columns >= 0) & (columns < width)
        # Start at the first place inside, so that windows of -inf point at a real element.
        first_r = np.take_along_axis(rows, inside_r.argmax(0)[None], 0)[0]
        first_c = np.take_along_axis(columns, inside_c.argmax(0)[None], 0)[0]
        best = self.full((n, c, oh, ow), -math.inf, x.dtype)
        where = self.from_numpy(
            np.ascontiguousarray(
                np.broadcast_to(first_r[:, None] * width + first_c, (n, c, oh, ow)), np.int64
            )
        )
        for i in range(kh):
            for j in range(kw):
                value = at_place(windows, i, j)
                larger = self.zip(
                    ops.logical_or,
                    self.zip(ops.gt, value, best, bool_),
                    self.map(ops.isnan, value, bool_),
                    bool_,
                )
                here = self.from_numpy(
                    np.ascontiguousarray(rows[i][:, None] * width + columns[j], np.int64)
                )
                where = self.where(larger, here, where)
                best = self.zip(ops.max, best, value, x.dtype)
        return best, where

    def max_pool2d_backward(
        self, grad_output: TensorData, indices: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        """grad_output (N, C, OH, OW) added at `indices` of a zero (N, C, H, W)."""
        n, c, height, width = input_shape
        p = math.prod(grad_output.shape[2:])
        zero = self.full((n, c, height * width), 0.0, grad_output.dtype)
        flat = self.scatter_add(
            zero, 2, self.reshape(indices, (n, c, p)), self.reshape(grad_output, (n, c, p))
        )
        return flat.owned(input_shape)

    def avg_pool2d(self, x: TensorData, window: Window) -> TensorData:
        """The mean of every window, padding counted as zeros: (N, C, H, W) -> (N, C, OH, OW)."""
        windows = self.unfold2d(self.pad2d(x, window.padding, 0.0), window)
        n, c, kh, kw, oh, ow = windows.shape
        total = self.reduce_dims(ops.add, windows, (2, 3), 0.0, x.dtype)
        mean = self.zip(ops.mul, total, self.constant(1.0 / (kh * kw), x.dtype), x.dtype)
        return mean.owned((n, c, oh, ow))

    def avg_pool2d_backward(
        self, grad_output: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        """The adjoint of `avg_pool2d`: (N, C, OH, OW) -> (N, C, H, W)."""
        n, c, oh, ow = grad_output.shape
        kh, kw = window.kernel
        share = self.zip(
            ops.mul,
            grad_output,
            self.constant(1.0 / (kh * kw), grad_output.dtype),
            grad_output.dtype,
        )
        windows = self.reshape(share, (n, c, 1, 1, oh, ow)).expand((n, c, kh, kw, oh, ow))
        return self.fold2d(windows, (input_shape[2], input_shape[3]), window)


def _window_indices(
    window: Window, output: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of the input rows (KH, OH) and columns (KW, OW) that the windows cover; negative in
    the padding."""
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(o) * s - p
        for k, s, p, d, o in zip(
            window.kernel, window.stride, window.padding, window.dilation, output, strict=True
        )
    )
    return rows, columns
