"""Convolution and its two adjoints, as matrix products over unfolded windows."""

from __future__ import annotations

import math
from typing import NamedTuple

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.windows import Window, WindowOperations
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData


class Convolution(NamedTuple):
    """The settings of a convolution: its window and its channel groups.

    Attributes:
        window: kernel size, stride, padding and dilation.
        groups: G; group g of the O output channels sees only group g of the C input channels.
    """

    window: Window
    groups: int = 1


class ConvolutionOperations(WindowOperations):
    """Convolution, and its adjoints in the input and in the weight."""

    def conv2d(self, x: TensorData, weight: TensorData, conv: Convolution) -> TensorData:
        """out[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i s + k d, j s + l d].

        x (N, C, H, W), weight (O, C / G, KH, KW) -> out (N, O, OH, OW). A cross-correlation, as in
        PyTorch: the kernel is not flipped. Computed as one matrix product per sample and group,
        over the unfolded windows ("im2col", Chellapilla et al. 2006, section 3).
        """
        columns = self._columns(x, conv)
        n = x.shape[0]
        rows = self._weight_rows(weight, conv.groups, n)
        out = self.matmul(rows, columns)  # (N, G, O / G, OH * OW)
        oh, ow = conv.window.output_size(x.shape[2:])
        return out.owned((n, weight.shape[0], oh, ow))

    def conv2d_input_grad(
        self,
        grad_output: TensorData,
        weight: TensorData,
        input_shape: Shape,
        conv: Convolution,
    ) -> TensorData:
        """The adjoint of `conv2d` in x: (N, O, OH, OW), (O, C / G, KH, KW) -> (N, C, H, W)."""
        n, c, height, width = input_shape
        oh, ow = grad_output.shape[2:]
        rows = self._weight_rows(weight, conv.groups, n).transpose()
        flat = self.reshape(grad_output, (n, conv.groups, weight.shape[0] // conv.groups, oh * ow))
        columns = self.matmul(rows, flat)  # (N, G, C / G * KH * KW, OH * OW)
        windows = self.reshape(columns, (n, c, *conv.window.kernel, oh, ow))
        return self.fold2d(windows, (height, width), conv.window)

    def conv2d_weight_grad(
        self,
        grad_output: TensorData,
        x: TensorData,
        weight_shape: Shape,
        conv: Convolution,
    ) -> TensorData:
        """The adjoint of `conv2d` in weight: (N, O, OH, OW), (N, C, H, W) -> weight's shape."""
        columns = self._columns(x, conv)
        n, _, _, p = columns.shape
        flat = self.reshape(grad_output, (n, conv.groups, weight_shape[0] // conv.groups, p))
        each = self.matmul(flat, columns.transpose())  # (N, G, O / G, C / G * KH * KW)
        return self.reduce(ops.add, each, 0, 0.0, x.dtype).owned(weight_shape)

    def _columns(self, x: TensorData, conv: Convolution) -> TensorData:
        """The windows of x as the columns of matrices: (N, G, C / G * KH * KW, OH * OW)."""
        window, groups = conv
        windows = self.unfold2d(self.pad2d(x, window.padding, 0.0), window)
        n, c, kh, kw, oh, ow = windows.shape
        return self.reshape(windows, (n, groups, c // groups * kh * kw, oh * ow))

    def _weight_rows(self, weight: TensorData, groups: int, n: int) -> TensorData:
        """weight as (N, G, O / G, C / G * KH * KW), repeated over N by a stride of 0."""
        o, *rest = weight.shape
        rows = self.reshape(weight, (groups, o // groups, math.prod(rest)))
        return rows.expand((n, *rows.shape))
