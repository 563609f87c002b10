"""`fast`: compiled loops on every core.

Each file holds one family of kernels, and `FastBackend` below says which of the interface's
operations they serve. What numpy's own compiled loops do as well (single arithmetic operations)
is left to numpy; what makes several passes there is one kernel here.

Kernels take C-contiguous numpy arrays only, so that each is compiled once for a dtype; the
backend makes an argument contiguous where it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from numba import get_num_threads

from minitorch_backends.fast import (
    convolution,
    elementwise,
    matmul,
    optimizers,
    pooling,
    reductions,
)
from minitorch_backends.fast import softmax as softmax_kernels
from minitorch_backends.fast.threads import load_openmp
from minitorch_tensor.backends.numpy import BINARY, FOLDS, UNARY, NumpyBackend
from minitorch_tensor.derived import Window
from minitorch_tensor.dtypes import DType, int64
from minitorch_tensor.layout import Shape, broadcast_shapes
from minitorch_tensor.tensor_data import TensorData, as_array

load_openmp()


def _rows(x: TensorData) -> npt.NDArray[Any]:
    """The elements as a C-contiguous array of x's shape, copied only if they are not so."""
    return np.ascontiguousarray(as_array(x)).reshape(x.shape)


class FastBackend(NumpyBackend):
    """numba kernels where one pass replaces several, numpy and its BLAS elsewhere."""

    name: ClassVar[str] = "fast"
    interface_version: ClassVar[int] = 1

    # -- the higher-order operations, for any scalar function -----------------------------------

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        if fn in UNARY:
            return super().map(fn, x, dtype)
        out = np.empty(x.shape, dtype.numpy)
        elementwise.tensor_map(fn)(out.reshape(-1), _rows(x).reshape(-1))
        return TensorData(out, dtype, x.shape)

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        if fn in BINARY:
            return super().zip(fn, x, y, dtype)
        shape = broadcast_shapes(x.shape, y.shape)
        out = np.empty(shape, dtype.numpy)
        a, b = _rows(x.expand(shape)), _rows(y.expand(shape))
        elementwise.tensor_zip(fn)(out.reshape(-1), a.reshape(-1), b.reshape(-1))
        return TensorData(out, dtype, shape)

    def reduce(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dim: int,
        start: float,
        dtype: DType,
    ) -> TensorData:
        if fn in FOLDS:
            return super().reduce(fn, x, dim, start, dtype)
        outer, size, inner = _around(x.shape, dim)
        out = np.full((outer, inner), start, dtype.numpy)
        reductions.tensor_reduce(fn)(out, _rows(x).reshape(outer, size, inner))
        return TensorData(out, dtype, (*x.shape[:dim], 1, *x.shape[dim + 1 :]))

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        *lead, m, k = x.shape
        n = y.shape[-1]
        batch = math.prod(lead)
        if x.dtype.kind != "float" or batch * m * n * k < matmul.WORTH_THREADS:
            return super().matmul(x, y)
        left, right = (
            matmul.as_matrices(z) or matmul.contiguous_matrices(self.contiguous(z)) for z in (x, y)
        )
        out = np.empty((*lead, m, n), x.dtype.numpy)
        matmul.matmul(out.reshape(-1), *left, *right, batch, m, n, k, get_num_threads())
        return TensorData(out, x.dtype, out.shape)

    # -- softmax --------------------------------------------------------------------------------

    def softmax(self, x: TensorData, dim: int) -> TensorData:
        return self._softmax(softmax_kernels.softmax, x, dim)

    def log_softmax(self, x: TensorData, dim: int) -> TensorData:
        return self._softmax(softmax_kernels.log_softmax, x, dim)

    def _softmax(self, kernel: Callable[..., None], x: TensorData, dim: int) -> TensorData:
        out = np.empty(x.shape, x.dtype.numpy)
        around = _around(x.shape, dim)
        kernel(out.reshape(around), _rows(x).reshape(around))
        return TensorData(out, x.dtype, x.shape)

    # -- windows --------------------------------------------------------------------------------

    def conv2d(self, x: TensorData, weight: TensorData, window: Window, groups: int) -> TensorData:
        if x.dtype.kind != "float":
            return super().conv2d(x, weight, window, groups)
        shape = (x.shape[0], weight.shape[0], *window.output_size(x.shape[2:]))
        out = np.empty(shape, x.dtype.numpy)
        columns = _column_buffers(x.shape, shape, window, x.dtype)
        convolution.conv2d(out, _rows(x), _rows(weight), columns, *window[1:], groups)
        return TensorData(out, x.dtype, shape)

    def conv2d_input_grad(
        self,
        grad_output: TensorData,
        weight: TensorData,
        input_shape: Shape,
        window: Window,
        groups: int,
    ) -> TensorData:
        dtype = grad_output.dtype
        if dtype.kind != "float":
            return super().conv2d_input_grad(grad_output, weight, input_shape, window, groups)
        out = np.empty(input_shape, dtype.numpy)
        columns = _column_buffers(input_shape, grad_output.shape, window, dtype)
        convolution.conv2d_input_grad(
            out, _rows(grad_output), _rows(weight), columns, *window[1:], groups
        )
        return TensorData(out, dtype, input_shape)

    def conv2d_weight_grad(
        self,
        grad_output: TensorData,
        x: TensorData,
        weight_shape: Shape,
        window: Window,
        groups: int,
    ) -> TensorData:
        if x.dtype.kind != "float":
            return super().conv2d_weight_grad(grad_output, x, weight_shape, window, groups)
        columns = _column_buffers(x.shape, grad_output.shape, window, x.dtype)
        parts = np.zeros((len(columns), *weight_shape), x.dtype.numpy)
        convolution.conv2d_weight_grad(
            parts, _rows(grad_output), _rows(x), columns, *window, groups
        )
        return TensorData(parts.sum(0), x.dtype, weight_shape)

    def max_pool2d(self, x: TensorData, window: Window) -> tuple[TensorData, TensorData]:
        shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
        values, indices = np.empty(shape, x.dtype.numpy), np.empty(shape, np.int64)
        pooling.max_pool2d(values, indices, _rows(x), *window)
        return TensorData(values, x.dtype, shape), TensorData(indices, int64, shape)

    def max_pool2d_backward(
        self, grad_output: TensorData, indices: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        out = np.empty(input_shape, grad_output.dtype.numpy)
        pooling.max_pool2d_backward(out, _rows(grad_output), _rows(indices))
        return TensorData(out, grad_output.dtype, input_shape)

    def avg_pool2d(self, x: TensorData, window: Window) -> TensorData:
        shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
        out = np.empty(shape, x.dtype.numpy)
        pooling.avg_pool2d(out, _rows(x), *window)
        return TensorData(out, x.dtype, shape)

    # -- optimizer steps ------------------------------------------------------------------------

    def sgd_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        velocity: TensorData | None,
        *,
        lr: float,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
    ) -> None:
        written = [parameter] if velocity is None else [parameter, velocity]
        if not _all_own(written):
            super().sgd_step_(
                parameter,
                gradient,
                velocity,
                lr=lr,
                momentum=momentum,
                dampening=dampening,
                weight_decay=weight_decay,
                nesterov=nesterov,
            )
            return
        rate, keep, weight, decay = _typed(parameter, lr, momentum, 1.0 - dampening, weight_decay)
        p, g = parameter.buffer.reshape(-1), _rows(gradient).reshape(-1)
        if velocity is None:
            optimizers.sgd_step(p, g, rate, decay)
        else:
            v = velocity.buffer.reshape(-1)
            optimizers.momentum_step(p, g, v, rate, keep, weight, decay, nesterov)

    def adam_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        mean: TensorData,
        square: TensorData,
        *,
        step: int,
        lr: float,
        beta1: float,
        beta2: float,
        eps: float,
        weight_decay: float,
        decoupled: bool,
    ) -> None:
        if not _all_own([parameter, mean, square]):
            super().adam_step_(
                parameter,
                gradient,
                mean,
                square,
                step=step,
                lr=lr,
                beta1=beta1,
                beta2=beta2,
                eps=eps,
                weight_decay=weight_decay,
                decoupled=decoupled,
            )
            return
        scalars = _typed(
            parameter,
            lr / (1.0 - beta1**step),
            beta1,
            1.0 - beta1,
            beta2,
            1.0 - beta2,
            1.0 / (1.0 - beta2**step) ** 0.5,
            eps,
            0.0 if decoupled else weight_decay,
            1.0 - lr * weight_decay if decoupled else 1.0,
        )
        optimizers.adam_step(
            parameter.buffer.reshape(-1),
            _rows(gradient).reshape(-1),
            mean.buffer.reshape(-1),
            square.buffer.reshape(-1),
            *scalars,
        )


def _around(shape: Shape, dim: int) -> tuple[int, int, int]:
    """The number of elements before, along and after a dimension."""
    outer = int(np.prod(shape[:dim], dtype=np.int64))
    return outer, shape[dim], int(np.prod(shape[dim + 1 :], dtype=np.int64))


def _column_buffers(
    input_shape: Shape, output_shape: Shape, window: Window, dtype: DType
) -> npt.NDArray[Any]:
    """Room for the windows of one sample, for each thread that has a sample to work on."""
    threads = max(1, min(get_num_threads(), input_shape[0]))
    size = input_shape[1] * math.prod(window.kernel) * math.prod(output_shape[2:])
    return np.zeros((threads, size), dtype.numpy)


def _all_own(written: Sequence[TensorData]) -> bool:
    """Whether kernels can write straight into these buffers."""
    return all(x.base is None for x in written)


def _typed(like: TensorData, *values: float) -> list[Any]:
    """Python numbers in the dtype of the data they meet, so that a kernel computes in it."""
    return [like.dtype.numpy.type(value) for value in values]
