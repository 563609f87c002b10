"""`FastBackend`: which kernels serve which operations of the interface.

Operations on which numpy's compiled loops are as fast (single arithmetic operations) are left to
numpy; operations that take numpy several passes have one kernel here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from minitorch_backends.fast import attention as attention_kernels
from minitorch_backends.fast import (
    convolution,
    copying,
    elementwise,
    embedding,
    matmul,
    memory,
    normalization,
    optimizers,
    pooling,
    recurrent,
    reductions,
    thresholds,
    winograd,
)
from minitorch_backends.fast import softmax as softmax_kernels
from minitorch_backends.fast.choices import map_choice, zip_choice
from minitorch_backends.fast.compile import Kernel
from minitorch_backends.fast.copying import row_major
from minitorch_backends.fast.threads import (
    config,
    get_num_threads,
    set_num_threads,
    usable_threads,
)
from minitorch_backends.layouts import folds
from minitorch_tensor.backend import BackendUnavailable
from minitorch_tensor.backends.numpy import BINARY, FOLDS, NumpyBackend
from minitorch_tensor.derived import (
    AdamStep,
    Attention,
    Convolution,
    Recurrence,
    RecurrentWeights,
    SGDStep,
    Window,
)
from minitorch_tensor.dtypes import DType, int64
from minitorch_tensor.layout import Shape, broadcast_shapes
from minitorch_tensor.silence import silently
from minitorch_tensor.tensor_data import TensorData

#: Below this number of elements, every function that is a numpy ufunc uses numpy's loop.
_SMALL = thresholds.COMPILED
_UFUNCS = {fn: ufunc for fn, ufunc in BINARY.items() if isinstance(ufunc, np.ufunc)}


class FastBackend(NumpyBackend):
    """numba kernels where one pass replaces several, numpy and its BLAS elsewhere."""

    name: ClassVar[str] = "fast"
    interface_version: ClassVar[int] = 2
    compiles = True

    # Where those who know the backend by its name alone find them.
    set_num_threads = staticmethod(set_num_threads)
    get_num_threads = staticmethod(get_num_threads)

    def __init__(self) -> None:
        if config.DISABLE_JIT:
            raise BackendUnavailable(
                "backend 'fast' is made of compiled kernels, which NUMBA_DISABLE_JIT keeps numba "
                "from compiling. Unset it, or choose the backend numpy."
            )

    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        return TensorData(memory.empty(shape, dtype.numpy), dtype, shape)

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        out = memory.empty(shape, dtype.numpy)
        silently().run(out.fill, value)
        return TensorData(out, dtype, shape)

    def contiguous(self, x: TensorData) -> TensorData:
        return copying.contiguous(x)

    # -- the higher-order operations, for any scalar function -----------------------------------

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        choice = map_choice(fn)
        size = x.size
        if choice.compiled_from and (size < choice.compiled_from or x.dtype.kind != "float"):
            return super().map(fn, x, dtype)
        if dtype.kind == "int" and x.dtype.kind == "float":  # kernels convert differently
            return self.cast(self.map(fn, x, x.dtype), dtype)
        out = memory.empty(x.shape, dtype.numpy)
        run = elementwise.tensor_map(fn).over(size, choice.shared_from)
        run(out.reshape(-1), row_major(x).reshape(-1))
        return TensorData(out, dtype, x.shape)

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        a, b = x.buffer, y.buffer
        whole = x.base is None is y.base
        if whole and a.size < _SMALL and b.size < _SMALL and fn in _UFUNCS:
            # The next lines, specialised for small whole arrays, where every line costs time.
            result = silently().run(_UFUNCS[fn], a, b)
            if result.__class__ is np.ndarray and result.dtype is dtype.numpy:
                return TensorData(result, dtype, result.shape)
        choice = zip_choice(fn)
        if choice.compiled_from and (
            (x.size < choice.compiled_from and y.size < choice.compiled_from)
            or y.dtype.kind != "float"
        ):
            return super().zip(fn, x, y, dtype)
        if dtype.kind == "int" and y.dtype.kind == "float":
            return self.cast(self.zip(fn, x, y, y.dtype), dtype)
        alike = x.shape == y.shape
        shape = x.shape if alike else broadcast_shapes(x.shape, y.shape)
        out = memory.empty(shape, dtype.numpy)
        size = out.size
        if size:
            run = elementwise.tensor_zip(fn).over(size, choice.shared_from)
            if whole and alike:
                how = a.reshape(-1), b.reshape(-1), elementwise.in_line(size)
            else:
                how = elementwise.plan(shape, x, y)
            run(out.reshape(-1), *how, usable_threads())
        return TensorData(out, dtype, shape)

    def reduce(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dim: int,
        start: float,
        dtype: DType,
    ) -> TensorData:
        return self.reduce_dims(fn, x, (dim,), start, dtype)

    def reduce_dims(
        self,
        fn: Callable[[float, float], float],
        x: TensorData,
        dims: Sequence[int],
        start: float,
        dtype: DType,
    ) -> TensorData:
        elements: npt.NDArray[Any] = row_major(x).reshape(-1)
        small = elements.size < thresholds.COMPILED_REDUCTION or dtype.kind != "float"
        if not dims or (small and fn in FOLDS):
            return super().reduce_dims(fn, x, dims, start, dtype)
        shape, steps = folds(x.shape, tuple(dims))
        kernel = reductions.tensor_reduce(fn)
        first = dtype.numpy.type(start)
        for outer, size, inner in steps:
            out = memory.empty((outer * inner,), dtype.numpy)
            if out.size:
                run = kernel.over(elements.size, thresholds.REDUCTION)
                run(out, elements, first, size, inner, usable_threads())
            elements = out
        return TensorData(elements.reshape(shape), dtype, shape)

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        *lead, m, k = x.shape
        n = y.shape[-1]
        batch = math.prod(lead)
        work = batch * m * n * k
        if x.dtype.kind != "float" or work < thresholds.DIRECT_PRODUCT:
            return super().matmul(x, y)
        left, right = tuple(matmul.as_matrices(x)), tuple(matmul.as_matrices(y))
        out = memory.empty((*lead, m, n), x.dtype.numpy)
        run = matmul.matmul.over(work, thresholds.PRODUCT)
        run(out.reshape(-1), left, right, batch, m, n, k, usable_threads())
        return TensorData(out, x.dtype, out.shape)

    # -- softmax --------------------------------------------------------------------------------

    def softmax(self, x: TensorData, dim: int) -> TensorData:
        kernels = softmax_kernels.softmax_rows, softmax_kernels.softmax_columns
        return self._softmax(kernels, x, dim)

    def log_softmax(self, x: TensorData, dim: int) -> TensorData:
        kernels = softmax_kernels.log_softmax_rows, softmax_kernels.log_softmax_columns
        return self._softmax(kernels, x, dim)

    def _softmax(self, kernels: tuple[Kernel, Kernel], x: TensorData, dim: int) -> TensorData:
        out = memory.empty(x.shape, x.dtype.numpy)
        outer, size, inner = softmax_kernels.around(x.shape, dim)
        shape = (outer, size) if inner == 1 else (outer, size, inner)
        kernel = kernels[inner != 1].over(out.size, thresholds.SOFTMAX)
        kernel(out.reshape(shape), row_major(x).reshape(shape), usable_threads())
        return TensorData(out, x.dtype, x.shape)

    def softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        if dim != y.ndim - 1:
            return super().softmax_backward(y, d, dim)
        return self._softmax_backward(softmax_kernels.softmax_rows_backward, y, d)

    def log_softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        if dim != y.ndim - 1:
            return super().log_softmax_backward(y, d, dim)
        return self._softmax_backward(softmax_kernels.log_softmax_rows_backward, y, d)

    def _softmax_backward(self, kernel: Kernel, y: TensorData, d: TensorData) -> TensorData:
        out = memory.empty(y.shape, y.dtype.numpy)
        lines = (math.prod(y.shape[:-1]), y.shape[-1])
        run = kernel.over(out.size, thresholds.SOFTMAX)
        run(out.reshape(lines), row_major(y).reshape(lines), row_major(d).reshape(lines))
        return TensorData(out, y.dtype, y.shape)

    def cross_entropy(self, x: TensorData, target: TensorData) -> tuple[TensorData, TensorData]:
        losses = memory.empty(target.shape, x.dtype.numpy)
        y = memory.empty(x.shape, x.dtype.numpy)
        run = softmax_kernels.cross_entropy.over(y.size, thresholds.SOFTMAX)
        run(losses, y, row_major(x), row_major(target), usable_threads())
        return TensorData(losses, x.dtype, target.shape), TensorData(y, x.dtype, x.shape)

    def cross_entropy_backward(
        self, y: TensorData, target: TensorData, d: TensorData
    ) -> TensorData:
        out = memory.empty(y.shape, y.dtype.numpy)
        run = softmax_kernels.cross_entropy_backward.over(out.size, thresholds.SOFTMAX)
        run(out, row_major(y), row_major(target), row_major(d))
        return TensorData(out, y.dtype, y.shape)

    # -- windows --------------------------------------------------------------------------------

    def conv2d(self, x: TensorData, weight: TensorData, conv: Convolution) -> TensorData:
        if x.dtype.kind != "float":
            return super().conv2d(x, weight, conv)
        shape = (x.shape[0], weight.shape[0], *conv.window.output_size(x.shape[2:]))
        out = memory.empty(shape, x.dtype.numpy)
        given = row_major(x), row_major(weight), out
        if not (
            winograd.suits(conv, weight.shape)
            and winograd.convolve(out, *given[:2], conv.window.padding)
        ):
            convolution.compute(convolution.OF_OUTPUT, *given, conv)
        return TensorData(out, x.dtype, shape)

    def conv2d_input_grad(
        self, grad_output: TensorData, weight: TensorData, input_shape: Shape, conv: Convolution
    ) -> TensorData:
        dtype = grad_output.dtype
        if dtype.kind != "float":
            return super().conv2d_input_grad(grad_output, weight, input_shape, conv)
        out = memory.empty(input_shape, dtype.numpy)
        grad, kernels = row_major(grad_output), row_major(weight)
        padding = 2 - conv.window.padding[0], 2 - conv.window.padding[1]
        if not (
            winograd.suits(conv, weight.shape)
            and winograd.convolve(out, grad, winograd.turned(kernels), padding)
        ):
            if not np.isfinite(kernels).all():  # 0 times it, between the rows of `grad`, is NaN
                return super().conv2d_input_grad(grad_output, weight, input_shape, conv)
            convolution.compute(convolution.OF_INPUT, out, kernels, grad, conv)
        return TensorData(out, dtype, input_shape)

    def conv2d_weight_grad(
        self, grad_output: TensorData, x: TensorData, weight_shape: Shape, conv: Convolution
    ) -> TensorData:
        if x.dtype.kind != "float":
            return super().conv2d_weight_grad(grad_output, x, weight_shape, conv)
        out = memory.empty(weight_shape, x.dtype.numpy)
        grad, image = row_major(grad_output), row_major(x)
        if not (
            winograd.suits(conv, weight_shape, winograd.WORTHWHILE_FOR_WEIGHT)
            and winograd.weight_grad(out, grad, image, conv.window.padding)
        ):
            convolution.compute(convolution.OF_WEIGHT, image, out, grad, conv)
        return TensorData(out, x.dtype, weight_shape)

    def max_pool2d(self, x: TensorData, window: Window) -> tuple[TensorData, TensorData]:
        shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
        values = memory.empty(shape, x.dtype.numpy)
        indices = memory.empty(shape, int64.numpy)
        work = values.size * math.prod(window.kernel)
        if window == pooling.SIDE_BY_SIDE and x.shape[3] % 2 == 0:
            run = pooling.max_pool2d_of_four.over(work, thresholds.POOLING)
            run(values, indices, row_major(x), usable_threads())
        else:
            run = pooling.max_pool2d.over(work, thresholds.POOLING)
            run(values, indices, row_major(x), *window)
        return TensorData(values, x.dtype, shape), TensorData(indices, int64, shape)

    def max_pool2d_backward(
        self, grad_output: TensorData, indices: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        out = memory.empty(input_shape, grad_output.dtype.numpy)
        run = pooling.max_pool2d_backward.over(out.size, thresholds.POOLING)
        run(out, row_major(grad_output), row_major(indices))
        return TensorData(out, grad_output.dtype, input_shape)

    def avg_pool2d(self, x: TensorData, window: Window) -> TensorData:
        shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
        out = memory.empty(shape, x.dtype.numpy)
        run = pooling.avg_pool2d.over(out.size * math.prod(window.kernel), thresholds.POOLING)
        run(out, row_major(x), *window)
        return TensorData(out, x.dtype, shape)

    def avg_pool2d_backward(
        self, grad_output: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        out = memory.empty(input_shape, grad_output.dtype.numpy)
        work = grad_output.size * math.prod(window.kernel)
        run = pooling.avg_pool2d_backward.over(work, thresholds.POOLING)
        run(out, row_major(grad_output), *window)
        return TensorData(out, grad_output.dtype, input_shape)

    # -- embedding ------------------------------------------------------------------------------

    def embedding(self, weight: TensorData, index: TensorData) -> TensorData:
        if not weight.size:
            return super().embedding(weight, index)
        shape = (*index.shape, weight.shape[1])
        out = memory.empty(shape, weight.dtype.numpy)
        run = embedding.embedding.over(out.size, thresholds.LOOKED_UP)
        numbers = row_major(index).reshape(-1)
        run(out.reshape(-1, weight.shape[1]), row_major(weight), numbers, usable_threads())
        return TensorData(out, weight.dtype, shape)

    def embedding_backward(
        self, d: TensorData, index: TensorData, rows: int, padding_idx: int | None
    ) -> TensorData:
        size = d.shape[-1]
        if index.ndim == 2 and (d.strides[2] == 1 or size == 1):
            outer, inner = d.strides[:2]  # in any order of the first two dimensions, without a copy
            numbers, flat, first = row_major(index), d.buffer.reshape(-1), d.offset
        else:
            outer, inner = 0, size
            numbers, flat, first = row_major(index).reshape(1, -1), row_major(d).reshape(-1), 0
        out = memory.empty((rows, size), d.dtype.numpy)
        run = embedding.embedding_backward.over(d.size + out.size, thresholds.LOOKED_UP)
        padding = -1 if padding_idx is None else padding_idx
        run(out, flat, first, outer, inner, numbers, padding, usable_threads())
        return TensorData(out, d.dtype, out.shape)

    # -- attention and layer normalization ------------------------------------------------------

    def attention(
        self,
        q: TensorData,
        k: TensorData,
        v: TensorData,
        mask: TensorData | None,
        attention: Attention,
    ) -> tuple[TensorData, TensorData]:
        found = None
        if q.size and k.size and v.size:
            found = attention_kernels.attend(q, k, v, mask, attention)
        return super().attention(q, k, v, mask, attention) if found is None else found

    def attention_backward(
        self,
        d: TensorData,
        q: TensorData,
        k: TensorData,
        v: TensorData,
        mask: TensorData | None,
        out: TensorData,
        sums: TensorData,
        attention: Attention,
    ) -> tuple[TensorData, TensorData, TensorData]:
        given = d, q, k, v, mask, out, sums, attention
        found = None
        if q.size and k.size and v.size:
            found = attention_kernels.attend_backward(*given)
        return super().attention_backward(*given) if found is None else found

    def layer_norm(
        self, x: TensorData, weight: TensorData | None, bias: TensorData | None, eps: float
    ) -> tuple[TensorData, TensorData, TensorData]:
        number = x.dtype.numpy
        out = memory.empty(x.shape, number)
        mean, rstd = memory.empty(x.shape[:1], number), memory.empty(x.shape[:1], number)
        none = np.empty(0, number)
        scale, shift = (none if y is None else row_major(y) for y in (weight, bias))
        run = normalization.layer_norm.over(out.size, thresholds.NORMALIZED)
        run(out, mean, rstd, row_major(x), scale, shift, number.type(eps), usable_threads())
        made = [TensorData(array, x.dtype, array.shape) for array in (out, mean, rstd)]
        return made[0], made[1], made[2]

    def layer_norm_backward(
        self,
        d: TensorData,
        x: TensorData,
        weight: TensorData | None,
        mean: TensorData,
        rstd: TensorData,
    ) -> tuple[TensorData, TensorData, TensorData]:
        number, size = x.dtype.numpy, x.shape[1]
        out = memory.empty(x.shape, number)
        parts = usable_threads() if out.size >= thresholds.NORMALIZED else 1
        sums = np.empty((2, parts, size), number)
        scale = np.empty(0, number) if weight is None else row_major(weight)
        run = normalization.layer_norm_backward.over(out.size, thresholds.NORMALIZED)
        run(
            out, sums[0], sums[1], row_major(d), row_major(x), scale, row_major(mean),
            row_major(rstd), parts,
        )  # fmt: skip
        to_weight, to_bias = (TensorData(array, x.dtype, (size,)) for array in sums.sum(1))
        return TensorData(out, x.dtype, out.shape), to_weight, to_bias

    # -- sequences ------------------------------------------------------------------------------

    def recurrent_sequence(
        self,
        x: TensorData,
        state: Sequence[TensorData],
        weights: RecurrentWeights,
        recurrence: Recurrence,
        keep: bool = True,
    ) -> tuple[TensorData, list[TensorData], list[TensorData]]:
        if not x.size:
            return super().recurrent_sequence(x, state, weights, recurrence, keep)
        return recurrent.sequence(x, state, weights, recurrence, keep, usable_threads())

    def recurrent_sequence_backward(
        self,
        d_out: TensorData,
        d_state: Sequence[TensorData],
        x: TensorData,
        state: Sequence[TensorData],
        weights: RecurrentWeights,
        out: TensorData,
        saved: Sequence[TensorData],
        recurrence: Recurrence,
    ) -> tuple[TensorData, list[TensorData], RecurrentWeights]:
        given = d_out, d_state, x, state, weights, out, saved, recurrence
        if not x.size:
            return super().recurrent_sequence_backward(*given)
        return recurrent.sequence_backward(*given, usable_threads())

    # -- optimizer steps ------------------------------------------------------------------------

    def sgd_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        velocity: TensorData | None,
        settings: SGDStep,
    ) -> None:
        written = [parameter] if velocity is None else [parameter, velocity]
        if not optimizers.all_own(written):
            super().sgd_step_(parameter, gradient, velocity, settings)
            return
        p, g = parameter.buffer.reshape(-1), row_major(gradient).reshape(-1)
        factors = optimizers.sgd_factors(parameter.dtype, settings)
        if velocity is None:
            optimizers.sgd_step.over(p.size, thresholds.OPTIMIZER)(p, g, factors)
        else:
            v = velocity.buffer.reshape(-1)
            run = optimizers.momentum_step.over(p.size, thresholds.OPTIMIZER)
            run(p, g, v, factors, settings.nesterov)

    def adam_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        mean: TensorData,
        square: TensorData,
        settings: AdamStep,
    ) -> None:
        if not optimizers.all_own([parameter, mean, square]):
            super().adam_step_(parameter, gradient, mean, square, settings)
            return
        optimizers.adam_step.over(parameter.size, thresholds.OPTIMIZER)(
            parameter.buffer.reshape(-1),
            row_major(gradient).reshape(-1),
            mean.buffer.reshape(-1),
            square.buffer.reshape(-1),
            optimizers.adam_factors(parameter.dtype, settings),
        )
