"""`CudaBackend`: which kernels serve which operations of the interface.

Data stays on the device except in `from_numpy`, `to_numpy`, keys of `index` and `index_put` (host
arrays by the interface), and the order of `argsort`, the only derived operation that moves data.
The other derived operations (`cast`, `pad2d`, `unfold2d`, `fold2d`, ...) compose device operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators as ops
from minitorch_backends import adam
from minitorch_backends.cuda import (
    convolution,
    elementwise,
    embedding,
    indexing,
    matmul,
    optimizers,
    pooling,
    random,
    recurrent,
    reductions,
    windows,
)
from minitorch_backends.cuda import softmax as softmax_kernels
from minitorch_backends.cuda.compile import WIDE, blocks
from minitorch_backends.cuda.device import get_device
from minitorch_backends.layouts import folds
from minitorch_tensor.backend import Backend
from minitorch_tensor.derived import (
    AdamStep,
    Convolution,
    Recurrence,
    RecurrentWeights,
    SGDStep,
    Window,
)
from minitorch_tensor.dtypes import DType, float64, from_numpy_dtype, int64
from minitorch_tensor.expressions import Expression
from minitorch_tensor.layout import Shape, broadcast_shapes
from minitorch_tensor.random import Generator
from minitorch_tensor.tensor_data import TensorData, as_array

#: The largest size of an uploaded integer tensor of which the host keeps a copy.
KNOWN = 1 << 20

F = TypeVar("F", bound=Callable[..., Any])


def _narrow(method: F) -> F:
    """Decorate an operation whose kernels compute positions in 32 bits: data of 2**31 elements and
    more uses the derived operation, whose kernels have no such limit."""
    derived = getattr(Backend, method.__name__)

    @wraps(method)
    def choose(self: CudaBackend, *arguments: Any, **settings: Any) -> Any:
        for x in arguments:
            if x.__class__ is TensorData and x.size >= WIDE:
                return derived(self, *arguments, **settings)
        return method(self, *arguments, **settings)

    return cast(F, choose)


class CudaBackend(Backend):
    """Every operation on the GPU.

    The buffer of its data is a `device.Memory`. Methods launch kernels and return without waiting;
    work that needs the result comes later on the same stream.

    Raises: BackendUnavailable that says what is missing (the extra, a driver, a device) and how to
        get it.
    """

    name: ClassVar[str] = "cuda"
    interface_version: ClassVar[int] = 2
    compiles = True
    on_host = False

    def __init__(self) -> None:
        self._device = get_device()

    # -- allocation and transfer ----------------------------------------------------------------

    def empty(self, shape: Shape, dtype: DType) -> TensorData:
        return TensorData(self._device.allocate(math.prod(shape) * dtype.itemsize), dtype, shape)

    def from_numpy(self, array: npt.NDArray[Any]) -> TensorData:
        out = self.empty(array.shape, from_numpy_dtype(array.dtype))
        rows = np.ascontiguousarray(array)
        self._device.upload(out.buffer, rows)
        if array.dtype.kind in "iu" and 0 < array.size <= KNOWN:
            out.buffer.host = rows.copy()
            out.buffer.bounds = int(rows.min()), int(rows.max())
        return out

    def to_numpy(self, x: TensorData) -> npt.NDArray[Any]:
        known = x.buffer.host
        if known is not None:
            host = TensorData(known, x.dtype, x.shape, x.strides, x.offset, x)
            return as_array(host).copy()
        source = self._rows(x)
        array = np.empty(x.shape, x.dtype.numpy)
        self._device.download(array, source.buffer, source.offset * x.dtype.itemsize)
        return array

    def copy_(self, out: TensorData, x: TensorData) -> None:
        out.buffer.host = out.buffer.bounds = None
        if out.dtype is x.dtype and out.is_contiguous() and x.is_contiguous():
            self._device.copy(out, x)
        else:
            elementwise.apply(ops.id, out, x)

    def contiguous(self, x: TensorData) -> TensorData:
        out = self.empty(x.shape, x.dtype)
        self.copy_(out, x)
        return out

    def _rows(self, x: TensorData) -> TensorData:
        """x if its elements lie in row-major order, else a copy."""
        return x if x.is_contiguous() else self.contiguous(x)

    def uniform(self, shape: Shape, dtype: DType, generator: Generator) -> TensorData:
        size = math.prod(shape)
        if size >= WIDE:
            return super().uniform(shape, dtype, generator)
        out = self.empty(shape, dtype)
        state = generator.skip(size, dtype)
        if size:
            random.fill(out, state)
        return out

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        out = self.empty(shape, dtype)
        elementwise.apply(ops.id, out, self.constant(value, dtype))
        return out

    # -- the higher-order operations, for any scalar function ------------------------------------

    def map(self, fn: Callable[[float], float], x: TensorData, dtype: DType) -> TensorData:
        out = self.empty(x.shape, dtype)
        elementwise.apply(fn, out, x)
        return out

    def zip(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData, dtype: DType
    ) -> TensorData:
        shape = x.shape if x.shape == y.shape else broadcast_shapes(x.shape, y.shape)
        out = self.empty(shape, dtype)
        elementwise.apply(fn, out, x, y)
        return out

    def where(self, condition: TensorData, x: TensorData, y: TensorData) -> TensorData:
        shape = broadcast_shapes(broadcast_shapes(condition.shape, x.shape), y.shape)
        out = self.empty(shape, x.dtype)
        elementwise.apply(ops.where, out, condition, x, y)
        of_x, of_y = x.buffer.bounds, y.buffer.bounds
        if of_x and of_y:  # either's elements, within the bounds of both
            out.buffer.bounds = min(of_x[0], of_y[0]), max(of_x[1], of_y[1])
        return out

    def within(self, x: TensorData, low: int, high: int) -> bool:
        # Indices and classes come from the host, where their bounds are known: reading them back
        # would wait for the GPU.
        bounds = x.buffer.bounds
        if bounds and low <= bounds[0] and bounds[1] < high:
            return True
        return super().within(x, low, high)

    def elementwise(
        self, expression: Expression, inputs: Sequence[TensorData], dtype: DType
    ) -> TensorData:
        if not 1 <= len(inputs) <= 3:
            return super().elementwise(expression, inputs, dtype)
        shape: Shape = ()
        for x in inputs:
            shape = broadcast_shapes(shape, x.shape)
        out = self.empty(shape, dtype)
        elementwise.apply(expression.function, out, *inputs)
        return out

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
        if not dims:
            return self.cast(x, dtype)
        shape, steps = folds(x.shape, tuple(dims))
        folded = self._rows(x)
        for around in steps:
            folded = reductions.fold(fn, self.empty, folded, around, start, dtype)
        return folded.owned(shape)

    def argmax(self, x: TensorData, dim: int) -> TensorData:
        return reductions.extreme(self.empty, self._rows(x), dim, largest=True)

    def argmin(self, x: TensorData, dim: int) -> TensorData:
        return reductions.extreme(self.empty, self._rows(x), dim, largest=False)

    def matmul(self, x: TensorData, y: TensorData) -> TensorData:
        *lead, m, k = x.shape
        shape = (*lead, m, y.shape[-1])
        if math.prod(shape) == 0 or k == 0:
            return self.full(shape, 0.0, x.dtype)
        return matmul.multiply(self.empty, self.contiguous, x, y).owned(shape)

    # -- indexing -------------------------------------------------------------------------------

    def cumsum(self, x: TensorData, dim: int) -> TensorData:
        if x.ndim == 0:
            return self.contiguous(x)
        wide = self.cast(x, float64) if x.dtype.kind == "float" else x
        return self.cast(indexing.running_sum(self.empty, self._rows(wide), dim), x.dtype)

    def gather(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        shared_sizes = self._rows(_cut(x, index.shape, dim))
        return indexing.taken(self.empty, shared_sizes, dim, self._rows(index), index.shape)

    def index_select(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        shape = (*x.shape[:dim], index.size, *x.shape[dim + 1 :])
        return indexing.taken(self.empty, self._rows(x), dim, self._rows(index), shape)

    def scatter_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        return self._scattered(x, dim, index, source, add=True)

    def scatter(self, x: TensorData, dim: int, index: TensorData, source: TensorData) -> TensorData:
        return self._scattered(x, dim, index, source, add=False)

    def _scattered(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData, add: bool
    ) -> TensorData:
        out = self.contiguous(x)
        part = _cut(out, index.shape, dim)
        whole = self._rows(part)  # out itself, or a copy of a part of it
        values = self._rows(_cut(source, index.shape))
        indexing.put_(whole, dim, self._rows(index), values, add)
        if whole is not part:
            self.copy_(part, whole)
        return out

    def index_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        out = self.contiguous(x)
        indexing.put_(out, dim, self._rows(index), self._rows(source), add=True)
        return out

    def index(self, x: TensorData, key: tuple[Any, ...]) -> TensorData:
        places = indexing.positions(x.shape, key)
        flat = self.reshape(x, (x.size,))
        index = self.from_numpy(places.reshape(-1))
        taken = indexing.taken(self.empty, self._rows(flat), 0, index, (places.size,))
        return taken.owned(places.shape)

    def index_put(
        self, x: TensorData, key: tuple[Any, ...], values: TensorData, accumulate: bool
    ) -> TensorData:
        out = self.contiguous(x)
        places = indexing.positions(x.shape, key)
        if places.size:
            source = self._rows(values.expand(places.shape))
            sorted_places = indexing.segments(places.reshape(-1))
            targets, starts, order = [self.from_numpy(array) for array in sorted_places]
            put = indexing.put_sorted(x.dtype, accumulate)
            put(blocks(targets.size), out, targets, starts, order, source, targets.size)
        return out

    def synchronize(self) -> None:
        self._device.synchronize()

    # -- fused operations -----------------------------------------------------------------------

    @_narrow
    def softmax(self, x: TensorData, dim: int) -> TensorData:
        return self._softmax(x, dim, logarithm=False)

    @_narrow
    def log_softmax(self, x: TensorData, dim: int) -> TensorData:
        return self._softmax(x, dim, logarithm=True)

    def _softmax(self, x: TensorData, dim: int, logarithm: bool) -> TensorData:
        out = self.empty(x.shape, x.dtype)
        how = x.dtype, logarithm
        kernels = softmax_kernels.softmax_rows(*how), softmax_kernels.softmax_columns(*how)
        softmax_kernels.along(dim, *kernels, out, self._rows(x))
        return out

    @_narrow
    def softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        return self._softmax_backward(y, d, dim, logarithm=False)

    @_narrow
    def log_softmax_backward(self, y: TensorData, d: TensorData, dim: int) -> TensorData:
        return self._softmax_backward(y, d, dim, logarithm=True)

    def _softmax_backward(
        self, y: TensorData, d: TensorData, dim: int, logarithm: bool
    ) -> TensorData:
        out = self.empty(y.shape, y.dtype)
        kernels = (
            softmax_kernels.softmax_rows_backward(y.dtype, logarithm),
            softmax_kernels.softmax_columns_backward(y.dtype, logarithm),
        )
        softmax_kernels.along(dim, *kernels, out, self._rows(y), self._rows(d))
        return out

    @_narrow
    def cross_entropy(self, x: TensorData, target: TensorData) -> tuple[TensorData, TensorData]:
        rows, size = x.shape
        losses, y = self.empty((rows,), x.dtype), self.empty(x.shape, x.dtype)
        lanes = softmax_kernels.lanes_for(size)
        run = softmax_kernels.cross_entropy(x.dtype)
        given = losses, y, self._rows(x), self._rows(target)
        run(softmax_kernels.grid_of_lines(rows, lanes), *given, rows, size, lanes)
        return losses, y

    @_narrow
    def cross_entropy_backward(
        self, y: TensorData, target: TensorData, d: TensorData
    ) -> TensorData:
        out = self.empty(y.shape, y.dtype)
        run = softmax_kernels.cross_entropy_backward(y.dtype)
        (apart,) = d.strides
        if apart < 0:
            d, apart = self.contiguous(d), 1
        given = out, self._rows(y), self._rows(target), d
        run(blocks(out.size), *given, out.size, y.shape[1], apart)
        return out

    # Convolution and pooling: x (N, C, H, W), seen through windows.

    @_narrow
    def conv2d(self, x: TensorData, weight: TensorData, conv: Convolution) -> TensorData:
        if _columns_size(x.shape, conv.window) >= WIDE:
            return super().conv2d(x, weight, conv)
        n, o = x.shape[0], weight.shape[0]
        columns = self._im2col(x, conv)
        out = self.matmul(self._kernels(weight, conv.groups, n), columns)  # (N, G, O / G, OH * OW)
        return out.owned((n, o, *conv.window.output_size(x.shape[2:])))

    @_narrow
    def conv2d_input_grad(
        self, grad_output: TensorData, weight: TensorData, input_shape: Shape, conv: Convolution
    ) -> TensorData:
        window, groups = conv
        if _columns_size(input_shape, window) >= WIDE:
            return super().conv2d_input_grad(grad_output, weight, input_shape, conv)
        n, o, oh, ow = grad_output.shape
        rows = self._kernels(weight, groups, n).transpose()
        flat = self.reshape(grad_output, (n, groups, o // groups, oh * ow))
        columns = self.matmul(rows, flat)  # (N, G, C / G * KH * KW, OH * OW)
        out = self.empty(input_shape, grad_output.dtype)
        sizes = windows.sizes(input_shape, (oh, ow), window)
        convolution.col2im(out.dtype)(blocks(out.size), out, columns, sizes)
        return out

    @_narrow
    def conv2d_weight_grad(
        self, grad_output: TensorData, x: TensorData, weight_shape: Shape, conv: Convolution
    ) -> TensorData:
        if _columns_size(x.shape, conv.window) >= WIDE:
            return super().conv2d_weight_grad(grad_output, x, weight_shape, conv)
        n, o, oh, ow = grad_output.shape
        columns = self._im2col(x, conv)
        flat = self.reshape(grad_output, (n, conv.groups, o // conv.groups, oh * ow))
        each = self.matmul(flat, columns.transpose())  # (N, G, O / G, C / G * KH * KW)
        return self.reduce(ops.add, each, 0, 0.0, x.dtype).owned(weight_shape)

    def _im2col(self, x: TensorData, conv: Convolution) -> TensorData:
        """The windows of x as the columns of matrices: (N, G, C / G * KH * KW, OH * OW)."""
        window, groups = conv
        n, c = x.shape[:2]
        output = window.output_size(x.shape[2:])
        places = math.prod(output)
        columns = self.empty((n, groups, c // groups * math.prod(window.kernel), places), x.dtype)
        sizes = windows.sizes(x.shape, output, window)
        run = convolution.im2col(x.dtype)
        run(blocks(n * c * places), columns, self._rows(x), sizes)
        return columns

    def _kernels(self, weight: TensorData, groups: int, n: int) -> TensorData:
        """weight as (N, G, O / G, C / G * KH * KW), repeated over N by a stride of 0."""
        o, *rest = weight.shape
        rows = self.reshape(weight, (groups, o // groups, math.prod(rest)))
        return rows.expand((n, *rows.shape))

    @_narrow
    def max_pool2d(self, x: TensorData, window: Window) -> tuple[TensorData, TensorData]:
        output = window.output_size(x.shape[2:])
        values = self.empty((*x.shape[:2], *output), x.dtype)
        indices = self.empty(values.shape, int64)
        sizes = windows.sizes(x.shape, output, window)
        run = pooling.max_pool2d(x.dtype)
        run(blocks(values.size), values, indices, self._rows(x), sizes)
        return values, indices

    @_narrow
    def max_pool2d_backward(
        self, grad_output: TensorData, indices: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        out = self.empty(input_shape, grad_output.dtype)
        sizes = windows.sizes(input_shape, grad_output.shape[2:], window)
        run = pooling.max_pool2d_backward(out.dtype)
        run(blocks(out.size), out, self._rows(grad_output), self._rows(indices), sizes)
        return out

    @_narrow
    def avg_pool2d(self, x: TensorData, window: Window) -> TensorData:
        output = window.output_size(x.shape[2:])
        out = self.empty((*x.shape[:2], *output), x.dtype)
        share = 1.0 / math.prod(window.kernel)
        sizes = windows.sizes(x.shape, output, window)
        pooling.avg_pool2d(x.dtype)(blocks(out.size), out, self._rows(x), share, sizes)
        return out

    @_narrow
    def avg_pool2d_backward(
        self, grad_output: TensorData, input_shape: Shape, window: Window
    ) -> TensorData:
        out = self.empty(input_shape, grad_output.dtype)
        share = 1.0 / math.prod(window.kernel)
        sizes = windows.sizes(input_shape, grad_output.shape[2:], window)
        run = pooling.avg_pool2d_backward(out.dtype)
        run(blocks(out.size), out, self._rows(grad_output), share, sizes)
        return out

    @_narrow
    def embedding(self, weight: TensorData, index: TensorData) -> TensorData:
        size = weight.shape[1]
        out = self.empty((*index.shape, size), weight.dtype)
        run = embedding.embedding(weight.dtype)
        run(blocks(out.size), out, self._rows(weight), self._rows(index), out.size, size)
        return out

    @_narrow
    def embedding_backward(
        self, d: TensorData, index: TensorData, rows: int, padding_idx: int | None
    ) -> TensorData:
        size = d.shape[-1]
        out = self.full((rows, size), 0.0, d.dtype)
        if d.size:
            flat = self.reshape(self._rows(d), (index.size, size))
            embedding.add_rows(self, out, flat, self._rows(index), padding_idx)
        return out

    @_narrow
    def recurrent_sequence(
        self,
        x: TensorData,
        state: Sequence[TensorData],
        weights: RecurrentWeights,
        recurrence: Recurrence,
        keep: bool = True,
    ) -> tuple[TensorData, list[TensorData], list[TensorData]]:
        if not x.size or not recurrent.fits(recurrence.cell, x, weights.weight_hh):
            return super().recurrent_sequence(x, state, weights, recurrence, keep)
        first = [self._rows(part) for part in state]
        given = RecurrentWeights(*[self._rows(weight) for weight in weights])
        return recurrent.sequence(self, self._rows(x), first, given, recurrence, keep)

    @_narrow
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
        if not x.size or not recurrent.fits(recurrence.cell, x, weights.weight_hh):
            return super().recurrent_sequence_backward(
                d_out, d_state, x, state, weights, out, saved, recurrence
            )
        arriving, first = ([self._rows(z) for z in group] for group in (d_state, state))
        given = RecurrentWeights(*[self._rows(weight) for weight in weights])
        return recurrent.sequence_backward(
            self, self._rows(d_out), arriving, self._rows(x), first, given, out, saved, recurrence
        )

    @_narrow
    def sgd_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        velocity: TensorData | None,
        settings: SGDStep,
    ) -> None:
        written = [parameter] if velocity is None else [parameter, velocity]
        if not all(x.is_contiguous() for x in written):
            super().sgd_step_(parameter, gradient, velocity, settings)
            return
        lr, momentum, dampening, weight_decay, nesterov = settings
        size, dtype, g = parameter.size, parameter.dtype, self._rows(gradient)
        if velocity is None:
            run = optimizers.sgd_step(dtype)
            run(blocks(size), parameter, g, size, lr, weight_decay)
        else:
            run = optimizers.momentum_step(dtype, nesterov)
            factors = lr, momentum, 1.0 - dampening, weight_decay
            run(blocks(size), parameter, g, velocity, size, *factors)

    @_narrow
    def adam_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        mean: TensorData,
        square: TensorData,
        settings: AdamStep,
    ) -> None:
        if not all(x.is_contiguous() for x in (parameter, mean, square)):
            super().adam_step_(parameter, gradient, mean, square, settings)
            return
        size, g = parameter.size, self._rows(gradient)
        run = optimizers.adam_step(parameter.dtype)
        run(blocks(size), parameter, g, mean, square, size, adam.factors(settings))


def _columns_size(image: Shape, window: Window) -> int:
    """The number of elements in all windows of images (N, C, H, W)."""
    places = math.prod(window.kernel) * math.prod(window.output_size(image[2:]))
    return image[0] * image[1] * places


def _cut(x: TensorData, shape: Shape, but: int = -1) -> TensorData:
    """The leading part of x of the given shape; dimension `but` keeps its size."""
    for dim, size in enumerate(shape):
        if dim != but and x.shape[dim] != size:
            x = x.slice(dim, 0, size)
    return x
