"""Every operation that follows from the required core of a backend.

These defaults define what each operation means in terms of `map`, `zip`, `reduce`, `matmul`,
`copy_` and transfer to the host. A backend overrides the ones it can do faster; the results must
agree with these.

Sizes are named as in PyTorch: N batch, C channels, H and W height and width, O output channels,
KH and KW kernel, OH and OW output.
"""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import operators as ops
from minitorch_tensor import sequences
from minitorch_tensor.dtypes import DType, bool_
from minitorch_tensor.layout import Shape, broadcast_shapes, normalize_dim
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.backend import Backend
    from minitorch_tensor.expressions import Expression
    from minitorch_tensor.random import Generator


class Window(NamedTuple):
    """How a window slides over the last two dimensions; every field is (height, width)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def output_size(self, size: Sequence[int]) -> tuple[int, int]:
        """(OH, OW) for an input of (H, W); may be less than 1 where the window does not fit."""
        height, width = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(
                size, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return height, width


class DerivedOperations(ABC):  # noqa: B024 - the abstract methods are Backend's
    """The part of `Backend` that follows from its core. See `backend` for the rules."""

    # The core, declared for the type checker; `Backend` documents it and makes it abstract.
    if TYPE_CHECKING:
        empty: Callable[[Shape, DType], TensorData]
        from_numpy: Callable[[npt.NDArray[Any]], TensorData]
        to_numpy: Callable[[TensorData], npt.NDArray[Any]]
        copy_: Callable[[TensorData, TensorData], None]
        map: Callable[[Callable[[float], float], TensorData, DType], TensorData]
        zip: Callable[[Callable[[float, float], float], TensorData, TensorData, DType], TensorData]
        reduce: Callable[
            [Callable[[float, float], float], TensorData, int, float, DType], TensorData
        ]
        matmul: Callable[[TensorData, TensorData], TensorData]

    # -- creation and conversion ------------------------------------------------------------

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        """New memory with every element set to `value`."""
        return self.from_numpy(np.full(shape, value, dtype.numpy))

    def uniform(self, shape: Shape, dtype: DType, generator: Generator) -> TensorData:
        """Random numbers in [0, 1), floating point: those that numpy draws from the generator, on
        every backend. The generator goes on (see `Generator.skip`)."""
        return self.from_numpy(np.asarray(generator.draw("random", shape, dtype.numpy)))

    def constant(self, value: float, dtype: DType) -> TensorData:
        """A zero-dimensional `value`; kept and shared, so never to be written to."""
        return _constant(self, value, math.copysign(1.0, value), dtype)

    def contiguous(self, x: TensorData) -> TensorData:
        """A copy of x in row-major order."""
        return self.map(ops.id, x, x.dtype)

    def cast(self, x: TensorData, dtype: DType) -> TensorData:
        """x converted; to integers by truncation, to bool by comparing with zero."""
        return self.map(ops.id, x, dtype)

    def where(self, condition: TensorData, x: TensorData, y: TensorData) -> TensorData:
        """x where `condition` (bool) holds, else y; the three broadcast."""
        kept = self.zip(ops.keep_if, condition, x, x.dtype)
        other = self.zip(ops.keep_if, self.map(ops.logical_not, condition, bool_), y, y.dtype)
        return self.zip(ops.add, kept, other, x.dtype)

    def reshape(self, x: TensorData, shape: Shape) -> TensorData:
        """x in another shape of as many elements: a view where strides allow, else a copy."""
        view = x.reshape(shape)
        if view is None:
            view = self.contiguous(x).reshape(shape)
            assert view is not None  # contiguous data takes any shape
        return view

    # -- traced functions -------------------------------------------------------------------

    def elementwise(
        self, expression: Expression, inputs: Sequence[TensorData], dtype: DType
    ) -> TensorData:
        """out[i] = expression.function(inputs[0][i], inputs[1][i], ...), for every index i of the
        shape that all inputs broadcast to.

        One pass for one or two inputs; for more, one for each part of the expression that depends
        on two values (`Expression.steps`). Override it to make one pass of any number.
        """
        shape = reduce(broadcast_shapes, [x.shape for x in inputs])
        values = list(inputs)
        for part, places in expression.steps:
            if len(places) == 2:
                left, right = values[places[0]], values[places[1]]
                values.append(self.zip(part.function, left, right, dtype))
            elif places:
                values.append(self.map(part.function, values[places[0]], dtype))
            else:
                values.append(self.full(shape, part.function(), dtype))
        result = values[-1]
        return result if result.shape == shape else self.contiguous(result.expand(shape))

    # -- reductions -------------------------------------------------------------------------

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
        """Whether low <= every element < high, of integers. Override it where the answer may be
        known without waiting for the elements."""
        array = self.to_numpy(x)
        return not array.size or (low <= int(array.min()) and int(array.max()) < high)

    # -- order ------------------------------------------------------------------------------

    def cumsum(self, x: TensorData, dim: int) -> TensorData:
        """out[i] = x[0] + ... + x[i] along `dim`."""
        array = self.to_numpy(x)
        with np.errstate(all="ignore"):
            return self.from_numpy(np.cumsum(array, axis=dim, dtype=array.dtype))

    def argsort(self, x: TensorData, dim: int, descending: bool) -> TensorData:
        """The indices (int64) that put x in order along `dim`; equals keep their order, and NaN
        counts as largest."""
        array = self.to_numpy(x)
        if not descending:
            return self.from_numpy(np.argsort(array, axis=dim, kind="stable"))
        # Reversed before and after, so that equals end up in the order they had.
        order = np.flip(np.argsort(np.flip(array, dim), axis=dim, kind="stable"), dim)
        return self.from_numpy(x.shape[dim] - 1 - order)

    # -- indexing ---------------------------------------------------------------------------

    def gather(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        """out[i][j] = x[index[i][j]][j] for dim 0, and likewise for others.

        index is int64, of x's rank, in range, and no larger than x in every other dimension.
        """
        array, chosen = self.to_numpy(x), self.to_numpy(index)
        return self.from_numpy(array[_along(chosen, dim)])

    def scatter_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        """x with source[i][j] added at [index[i][j]][j] for dim 0, and likewise for others."""
        result = self.to_numpy(x).copy()
        chosen = self.to_numpy(index)
        values = self.to_numpy(source)[tuple(slice(n) for n in chosen.shape)]
        np.add.at(result, _along(chosen, dim), values)
        return self.from_numpy(result)

    def scatter(self, x: TensorData, dim: int, index: TensorData, source: TensorData) -> TensorData:
        """x with source[i][j] put at [index[i][j]][j] for dim 0, and likewise for others; of
        several for one place, any."""
        result = self.to_numpy(x).copy()
        chosen = self.to_numpy(index)
        result[_along(chosen, dim)] = self.to_numpy(source)[tuple(slice(n) for n in chosen.shape)]
        return self.from_numpy(result)

    def index_select(self, x: TensorData, dim: int, index: TensorData) -> TensorData:
        """The slices of x along `dim` that the 1-dimensional int64 index names."""
        return self.from_numpy(np.take(self.to_numpy(x), self.to_numpy(index), axis=dim))

    def index_add(
        self, x: TensorData, dim: int, index: TensorData, source: TensorData
    ) -> TensorData:
        """x with slice i of source added to slice index[i], along `dim`."""
        result = self.to_numpy(x).copy()
        np.add.at(
            np.moveaxis(result, dim, 0),
            self.to_numpy(index),
            np.moveaxis(self.to_numpy(source), dim, 0),
        )
        return self.from_numpy(result)

    def index(self, x: TensorData, key: tuple[Any, ...]) -> TensorData:
        """x[key] by numpy's rules for integer and boolean arrays; arrays are host arrays."""
        return self.from_numpy(np.array(self.to_numpy(x)[key], x.dtype.numpy, order="C"))

    def index_put(
        self, x: TensorData, key: tuple[Any, ...], values: TensorData, accumulate: bool
    ) -> TensorData:
        """x with x[key] replaced by `values`, or added to where a place is named repeatedly."""
        result = self.to_numpy(x).copy()
        if accumulate:
            np.add.at(result, key, self.to_numpy(values))
        else:
            result[key] = self.to_numpy(values)
        return self.from_numpy(result)

    # -- softmax ----------------------------------------------------------------------------

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

    # -- windows: convolution and pooling ---------------------------------------------------

    def pad2d(self, x: TensorData, padding: tuple[int, int], value: float) -> TensorData:
        """x with `padding` rows and columns of `value` on every side of the last two dims."""
        if padding == (0, 0):
            return x
        (ph, pw), (*lead, height, width) = padding, x.shape
        out = self.full((*lead, height + 2 * ph, width + 2 * pw), value, x.dtype)
        self.copy_(out.slice(-2 % x.ndim, ph, height).slice(-1 % x.ndim, pw, width), x)
        return out

    def unfold2d(self, x: TensorData, window: Window) -> TensorData:
        """Every window of x (N, C, H, W), as a view (N, C, KH, KW, OH, OW): no element is copied.

        x is already padded; `window.padding` is not looked at.
        """
        n, c, height, width = x.shape
        (kh, kw), (sh, sw), _, (dh, dw) = window
        oh, ow = window._replace(padding=(0, 0)).output_size((height, width))
        s_n, s_c, s_h, s_w = x.strides
        return x.as_strided(
            (n, c, kh, kw, oh, ow),
            (s_n, s_c, s_h * dh, s_w * dw, s_h * sh, s_w * sw),
            x.offset,
        )

    def fold2d(self, windows: TensorData, size: tuple[int, int], window: Window) -> TensorData:
        """The adjoint of padding and `unfold2d`: windows (N, C, KH, KW, OH, OW), added up where
        they overlap, to (N, C, H, W), the padding cut off."""
        n, c, kh, kw = windows.shape[:4]
        ph, pw = window.padding
        total = self.full((n, c, size[0] + 2 * ph, size[1] + 2 * pw), 0.0, windows.dtype)
        target = self.unfold2d(total, window)
        for i in range(kh):
            for j in range(kw):
                place = _at(target, i, j)
                part = _at(windows, i, j)
                self.copy_(place, self.zip(ops.add, place, part, windows.dtype))
        inner = total.slice(2, ph, size[0]).slice(3, pw, size[1])
        return total if window.padding == (0, 0) else self.contiguous(inner)

    def conv2d(self, x: TensorData, weight: TensorData, window: Window, groups: int) -> TensorData:
        """out[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i s + k d, j s + l d].

        x (N, C, H, W), weight (O, C / groups, KH, KW) -> out (N, O, OH, OW). A cross-correlation,
        as in PyTorch: the kernel is not flipped. Group g of outputs sees group g of channels.
        Computed as one matrix product a sample and group, over the unfolded windows ("im2col",
        Chellapilla et al. 2006, section 3).
        """
        columns = self._columns(x, window, groups)
        n = x.shape[0]
        rows = self._weight_rows(weight, groups, n)
        out = self.matmul(rows, columns)  # (N, G, O / G, OH * OW)
        oh, ow = window.output_size(x.shape[2:])
        return out.owned((n, weight.shape[0], oh, ow))

    def conv2d_input_grad(
        self,
        grad_output: TensorData,
        weight: TensorData,
        input_shape: Shape,
        window: Window,
        groups: int,
    ) -> TensorData:
        """The adjoint of `conv2d` in x: (N, O, OH, OW), (O, C / groups, KH, KW) -> (N, C, H, W)."""
        n, c, height, width = input_shape
        oh, ow = grad_output.shape[2:]
        rows = self._weight_rows(weight, groups, n).transpose()
        flat = self.reshape(grad_output, (n, groups, weight.shape[0] // groups, oh * ow))
        columns = self.matmul(rows, flat)  # (N, G, C / G * KH * KW, OH * OW)
        windows = self.reshape(columns, (n, c, *window.kernel, oh, ow))
        return self.fold2d(windows, (height, width), window)

    def conv2d_weight_grad(
        self,
        grad_output: TensorData,
        x: TensorData,
        weight_shape: Shape,
        window: Window,
        groups: int,
    ) -> TensorData:
        """The adjoint of `conv2d` in weight: (N, O, OH, OW), (N, C, H, W) -> weight's shape."""
        columns = self._columns(x, window, groups)
        n, _, _, p = columns.shape
        flat = self.reshape(grad_output, (n, groups, weight_shape[0] // groups, p))
        each = self.matmul(flat, columns.transpose())  # (N, G, O / G, C / G * KH * KW)
        return self.reduce(ops.add, each, 0, 0.0, x.dtype).owned(weight_shape)

    def _columns(self, x: TensorData, window: Window, groups: int) -> TensorData:
        """The windows of x as the columns of matrices: (N, G, C / G * KH * KW, OH * OW)."""
        windows = self.unfold2d(self.pad2d(x, window.padding, 0.0), window)
        n, c, kh, kw, oh, ow = windows.shape
        return self.reshape(windows, (n, groups, c // groups * kh * kw, oh * ow))

    def _weight_rows(self, weight: TensorData, groups: int, n: int) -> TensorData:
        """weight as (N, G, O / G, C / G * KH * KW), repeated over N by a stride of 0."""
        o, *rest = weight.shape
        rows = self.reshape(weight, (groups, o // groups, math.prod(rest)))
        return rows.expand((n, *rows.shape))

    def max_pool2d(self, x: TensorData, window: Window) -> tuple[TensorData, TensorData]:
        """The largest element of every window, and where it lies: x (N, C, H, W) -> two
        (N, C, OH, OW), values and int64 indices i * W + j into the plane, PyTorch's way.

        The first of equals counts; a NaN is larger than anything. Padding is never chosen.
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
                value = _at(windows, i, j)
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

    # -- embedding --------------------------------------------------------------------------

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

    # -- sequences --------------------------------------------------------------------------

    def recurrent_sequence(
        self,
        cell: str,
        x: TensorData,
        state: Sequence[TensorData],
        weights: Sequence[TensorData],
        lengths: Sequence[int] | None,
        reverse: bool,
        batch_first: bool,
        keep: bool = True,
    ) -> tuple[TensorData, list[TensorData], list[TensorData]]:
        """A recurrent layer, in one direction, over a batch of sequences.

        In every step t the gates are x[t] @ weight_ih^T + bias_ih and h @ weight_hh^T + bias_hh,
        with h the output of the step before; what becomes of them is in `sequences.CELLS`.

        Args:
            cell: "rnn_tanh", "rnn_relu", "lstm" or "gru".
            x: (T, B, I), or (B, T, I).
            state: what the first step starts from: h (B, H), and for an LSTM c (B, H).
            weights: weight_ih (G * H, I), weight_hh (G * H, H), bias_ih and bias_hh (G * H), with
                the G gates in PyTorch's order.
            lengths: for each row the number of its steps, from 1 to T; None for T throughout.
                What x holds beyond is not looked at, be it NaN.
            reverse: from each row's last step to its first.
            batch_first: whether x and the outputs are (B, T, *), not (T, B, *).
            keep: whether `recurrent_sequence_backward` will follow.

        Returns: the outputs (T, B, H) or (B, T, H), 0 beyond a row's length; the state after each
            row's own last step, as (B, H) each; and, if `keep`, whatever else
            `recurrent_sequence_backward` wants to know, which concerns nobody else.
        """
        return sequences.forward(self, cell, x, state, weights, lengths, reverse, batch_first, keep)

    def recurrent_sequence_backward(
        self,
        cell: str,
        d_out: TensorData,
        d_state: Sequence[TensorData],
        x: TensorData,
        state: Sequence[TensorData],
        weights: Sequence[TensorData],
        out: TensorData,
        saved: Sequence[TensorData],
        lengths: Sequence[int] | None,
        reverse: bool,
        batch_first: bool,
    ) -> tuple[TensorData, list[TensorData], list[TensorData]]:
        """The gradients of x, of the state's parts and of the weights, from those of
        `recurrent_sequence`'s output and final state.

        x to weights, and lengths to batch_first, are what it was given, out and saved what it
        returned.
        """
        return sequences.backward(
            self, cell, d_out, d_state, x, weights, saved, lengths, reverse, batch_first
        )

    # -- optimizer steps --------------------------------------------------------------------

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
        """One step of stochastic gradient descent, as PyTorch's SGD does it.

        g = gradient + weight_decay * parameter; velocity = momentum * velocity +
        (1 - dampening) * g; step along g, along velocity if there is one, or along
        g + momentum * velocity for Nesterov's (Sutskever et al. 2013, section 2, rearranged).
        Writes parameter and velocity.
        """
        step = gradient
        if weight_decay:
            step = self._plus(step, parameter, weight_decay)
        if velocity is not None:
            scaled = self._times(velocity, momentum)
            self.copy_(velocity, self._plus(scaled, step, 1.0 - dampening))
            step = self._plus(step, velocity, momentum) if nesterov else velocity
        self.copy_(parameter, self._plus(parameter, step, -lr))

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
        """One step of Adam (Kingma and Ba 2015, algorithm 1), `step` counted from 1.

        mean = beta1 mean + (1 - beta1) g; square = beta2 square + (1 - beta2) g**2;
        parameter -= lr * (mean / c1) / (sqrt(square / c2) + eps), with c = 1 - beta**step.
        Weight decay is added to g, or, `decoupled`, taken off the parameter directly (AdamW:
        Loshchilov and Hutter 2019, algorithm 2). Writes parameter, mean and square.
        """
        dtype = parameter.dtype
        if weight_decay and not decoupled:
            gradient = self._plus(gradient, parameter, weight_decay)
        self.copy_(mean, self._plus(self._times(mean, beta1), gradient, 1.0 - beta1))
        squared = self.zip(ops.mul, gradient, gradient, dtype)
        self.copy_(square, self._plus(self._times(square, beta2), squared, 1.0 - beta2))
        correction1, correction2 = 1.0 - beta1**step, 1.0 - beta2**step
        root = self._times(self.map(ops.sqrt, square, dtype), 1.0 / math.sqrt(correction2))
        denominator = self.zip(ops.add, root, self.constant(eps, dtype), dtype)
        ratio = self.zip(ops.div, mean, denominator, dtype)
        if weight_decay and decoupled:
            self.copy_(parameter, self._times(parameter, 1.0 - lr * weight_decay))
        self.copy_(parameter, self._plus(parameter, ratio, -lr / correction1))

    def _times(self, x: TensorData, factor: float) -> TensorData:
        return self.zip(ops.mul, x, self.constant(factor, x.dtype), x.dtype)

    def _plus(self, x: TensorData, y: TensorData, factor: float) -> TensorData:
        """x + factor * y."""
        return self.zip(ops.add, x, y if factor == 1.0 else self._times(y, factor), x.dtype)


@lru_cache(maxsize=1024)
def _constant(backend: Backend, value: float, sign: float, dtype: DType) -> TensorData:
    # `sign` is part of the key because 0.0 == -0.0.
    with np.errstate(all="ignore"):  # too large for float32 is infinite
        return backend.from_numpy(np.array(value).astype(dtype.numpy))


def _along(index: npt.NDArray[Any], dim: int) -> tuple[npt.NDArray[Any], ...]:
    """The numpy index that picks index[i][j] along `dim`, and i, j in the other dimensions."""
    grids = np.ogrid[tuple(slice(n) for n in index.shape)]
    dim = normalize_dim(dim, index.ndim, "gather")
    return (*grids[:dim], index, *grids[dim + 1 :])


def _at(windows: TensorData, i: int, j: int) -> TensorData:
    """Element (i, j) of every window of (N, C, KH, KW, OH, OW): a view (N, C, OH, OW)."""
    n, c, _, _, oh, ow = windows.shape
    s_n, s_c, s_i, s_j, s_h, s_w = windows.strides
    return windows.as_strided(
        (n, c, oh, ow), (s_n, s_c, s_h, s_w), windows.offset + i * s_i + j * s_j
    )


def _window_indices(
    window: Window, output: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Input rows (KH, OH) and columns (KW, OW) that the windows see; negative in the padding."""
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(o) * s - p
        for k, s, p, d, o in zip(
            window.kernel, window.stride, window.padding, window.dilation, output, strict=True
        )
    )
    return rows, columns
