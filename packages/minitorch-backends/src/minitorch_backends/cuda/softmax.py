"""Softmax, log-softmax and cross entropy: a line is read twice and written once.

Along the last dimension a line is contiguous, and `lanes` neighbouring threads share it: each reads
with a fixed stride, coalesced with its neighbours, and then they combine their results. A short
line takes only a part of a block, so that few threads are idle. Along another dimension the
elements of a line are `inner` apart, and one thread takes a whole line: its neighbours take the
neighbouring lines, which is coalesced, too, and needs no shared memory.

The largest element and the sum of exponentials are found in one pass: when a larger element
appears, the sum so far is scaled down (Milakov and Gimelshein 2018, "Online normalizer
calculation for softmax", algorithm 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from minitorch_autodiff import operators as ops
from minitorch_backends.cuda.compile import (
    Kernel,
    blocks,
    device_function,
    number,
    pointer,
    scalar,
    u32,
)
from minitorch_backends.cuda.device import cuda, sized
from minitorch_backends.cuda.warps import WARP, shuffle_xor
from minitorch_tensor.dtypes import DType, float32, float64, int64
from minitorch_tensor.tensor_data import TensorData

#: Threads of a block, and warps.
THREADS = sized(256, 8)
WARPS = THREADS // WARP

exp, log = scalar(ops.exp), scalar(ops.log)


def lanes_for(size: int) -> int:
    """The number of threads that share a line of `size` elements: a power of two up to THREADS."""
    return min(THREADS, 1 << (size - 1).bit_length()) if size > 1 else 1


def grid_of_lines(lines: int, lanes: int) -> int:
    """The number of blocks with `lanes` threads for every line."""
    return -(-lines * lanes // THREADS)


# -- cooperation of a line's threads ---------------------------------------------------------------


@device_function
def line_of(lanes: Any) -> Any:
    """Which line this thread works on, and which of the line's threads it is."""
    t = u32(cuda.threadIdx.x)
    line = u32(u32(cuda.blockIdx.x * u32(THREADS // lanes)) + u32(t // lanes))
    return line, u32(t % lanes)


def line_fold(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A device function: the values of a line's threads folded by f; each gets the result.

    All threads of the block call it, with `lanes` and a shared array of a number for each warp. The
    threads of a warp shuffle values in pairs that are 1, 2, 4, ... apart; values of several warps
    go through the array. The order is always the same.
    """

    def fold(value: Any, shared: Any, lanes: Any) -> Any:
        distance = u32(1)
        while distance < lanes and distance < u32(WARP):
            value = f(value, shuffle_xor(value, distance))
            distance = u32(distance * 2)
        if lanes > u32(WARP):
            t = u32(cuda.threadIdx.x)
            cuda.syncthreads()  # no thread still reads the values of an earlier fold
            if u32(t % u32(WARP)) == u32(0):
                shared[u32(t // u32(WARP))] = value
            cuda.syncthreads()
            warp = u32(u32(t - u32(t % lanes)) // u32(WARP))
            end = u32(warp + u32(lanes // u32(WARP)))
            value = shared[warp]
            warp = u32(warp + 1)
            while warp < end:
                value = f(value, shared[warp])
                warp = u32(warp + 1)
        return value

    return device_function(fold)


share_sum = line_fold(scalar(ops.add))

#: The largest of numbers that are not NaN.
share_largest = line_fold(scalar(ops.max))


@device_function
def one_more(total: Any, largest: Any, value: Any) -> Any:
    """Add one more value to a sum of exponentials relative to the largest value so far.

    It is NaN after a NaN or a second inf; -inf adds nothing, even as the first value.
    """
    T = type(value)
    if value > largest:
        # The value itself counts 1; value - value is NaN for inf, and else 0.
        return total * exp(largest - value) + T(1) + (value - value)
    if value == T(-math.inf):
        return total
    return total + exp(value - largest)


@device_function
def largest_and_total(x: Any, first: Any, end: Any, lane: Any, lanes: Any, shared: Any) -> Any:
    """The largest element m of the line x[first], ..., x[end - 1], and the sum of exp(x[k] - m);
    all of its threads get them. The maximum ignores NaN; the sum becomes NaN."""
    T = type(x[0])
    m, total = T(-math.inf), T(0)
    k = u32(first + lane)
    while k < end:
        value = x[k]
        total = one_more(total, m, value)
        m = max(m, value) if value == value else m
        k = u32(k + lanes)
    largest = share_largest(m, shared, lanes)
    if total > T(0):  # else this thread saw only -inf or nothing, or the total stays NaN
        total = total * exp(m - largest)
    return largest, share_sum(total, shared, lanes)


# -- contiguous lines ------------------------------------------------------------------------------


@cache
def softmax_rows(dtype: DType, logarithm: bool) -> Kernel:
    """out[r, k] = exp(x[r, k] - m) / sum over k of exp(x[r, k] - m), m the largest of row r; or its
    logarithm, x[r, k] - m - log(sum over k of exp(x[r, k] - m)). Lines are rows."""
    T = number(dtype)

    def kernel(out: Any, x: Any, rows: Any, size: Any, lanes: Any) -> None:
        shared = cuda.shared.array(WARPS, T)
        row, lane = line_of(lanes)
        first = u32(row * size)
        # A thread without a row takes part in the sums with an empty range.
        end = u32(first + size) if row < rows else first
        m, total = largest_and_total(x, first, end, lane, lanes, shared)
        shift = log(total)
        k = u32(first + lane)
        while k < end:
            out[k] = x[k] - m - shift if logarithm else exp(x[k] - m) / total
            k = u32(k + lanes)

    return Kernel(kernel, (pointer(dtype), pointer(dtype), u32, u32, u32), THREADS)


@cache
def softmax_rows_backward(dtype: DType, logarithm: bool) -> Kernel:
    """out[r, k] = y[r, k] (d[r, k] - sum over k of d[r, k] y[r, k]), y being the softmax; or, if it
    is the log-softmax, d[r, k] - exp(y[r, k]) sum over k of d[r, k]. Lines are rows."""
    T = number(dtype)

    def kernel(out: Any, y: Any, d: Any, rows: Any, size: Any, lanes: Any) -> None:
        shared = cuda.shared.array(WARPS, T)
        row, lane = line_of(lanes)
        first = u32(row * size)
        end = u32(first + size) if row < rows else first
        total = T(0)
        k = u32(first + lane)
        while k < end:
            total += d[k] if logarithm else d[k] * y[k]
            k = u32(k + lanes)
        total = share_sum(total, shared, lanes)
        k = u32(first + lane)
        while k < end:
            out[k] = d[k] - exp(y[k]) * total if logarithm else y[k] * (d[k] - total)
            k = u32(k + lanes)

    return Kernel(kernel, (*[pointer(dtype)] * 3, u32, u32, u32), THREADS)


@cache
def cross_entropy(dtype: DType) -> Kernel:
    """out = the log-softmax of x's rows, and losses[r] = -out[r, target[r]]. Lines are rows.

    x and out (rows, size), target int64 (rows) -> losses (rows)
    """
    T = number(dtype)

    def kernel(
        losses: Any, out: Any, x: Any, target: Any, rows: Any, size: Any, lanes: Any
    ) -> None:
        shared = cuda.shared.array(WARPS, T)
        row, lane = line_of(lanes)
        first = u32(row * size)
        end = u32(first + size) if row < rows else first
        m, total = largest_and_total(x, first, end, lane, lanes, shared)
        shift = log(total)
        k = u32(first + lane)
        while k < end:
            y = x[k] - m - shift
            out[k] = y
            if u32(k - first) == u32(target[row]):
                losses[row] = -y
            k = u32(k + lanes)

    return Kernel(kernel, (*[pointer(dtype)] * 3, pointer(int64), u32, u32, u32), THREADS)


@cache
def cross_entropy_backward(dtype: DType) -> Kernel:
    """out[r, k] = d[r] (exp(y[r, k]) - (1 if k is target[r] else 0)), y being the log-softmax.

    y and out (rows, size), `count` elements each, over which the threads stride; target int64
    (rows), d (rows) with stride `apart`: 0 if all are one number, as in the gradient of a mean.
    """

    def kernel(out: Any, y: Any, target: Any, d: Any, count: Any, size: Any, apart: Any) -> None:
        i = u32(cuda.grid(1))
        while i < count:
            row = u32(i // size)
            arriving = d[u32(row * apart)]
            share = arriving * exp(y[i])
            out[i] = share - arriving if u32(i - row * size) == u32(target[row]) else share
            i = u32(i + cuda.gridsize(1))

    array = pointer(dtype)
    return Kernel(kernel, (array, array, pointer(int64), array, u32, u32, u32), THREADS)


# -- strided lines ---------------------------------------------------------------------------------


@cache
def softmax_columns(dtype: DType, logarithm: bool) -> Kernel:
    """As `softmax_rows`, along the middle of (outer, size, inner): each thread takes some of the
    `lines` = outer * inner lines, at a fixed distance."""
    T = number(dtype)

    def kernel(out: Any, x: Any, lines: Any, size: Any, inner: Any) -> None:
        line = u32(cuda.grid(1))
        while line < lines:
            outer = u32(line // inner)
            first = u32(outer * size * inner + (line - outer * inner))
            end = u32(first + size * inner)
            m, total = T(-math.inf), T(0)
            k = first
            while k < end:
                value = x[k]
                total = one_more(total, m, value)
                m = max(m, value) if value == value else m
                k = u32(k + inner)
            shift = log(total)
            k = first
            while k < end:
                out[k] = x[k] - m - shift if logarithm else exp(x[k] - m) / total
                k = u32(k + inner)
            line = u32(line + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), u32, u32, u32), THREADS)


@cache
def softmax_columns_backward(dtype: DType, logarithm: bool) -> Kernel:
    """As `softmax_rows_backward`, along the middle of (outer, size, inner), each thread as in
    `softmax_columns`."""
    T = number(dtype)

    def kernel(out: Any, y: Any, d: Any, lines: Any, size: Any, inner: Any) -> None:
        line = u32(cuda.grid(1))
        while line < lines:
            outer = u32(line // inner)
            first = u32(outer * size * inner + (line - outer * inner))
            end = u32(first + size * inner)
            total = T(0)
            k = first
            while k < end:
                total += d[k] if logarithm else d[k] * y[k]
                k = u32(k + inner)
            k = first
            while k < end:
                out[k] = d[k] - exp(y[k]) * total if logarithm else y[k] * (d[k] - total)
                k = u32(k + inner)
            line = u32(line + cuda.gridsize(1))

    return Kernel(kernel, (*[pointer(dtype)] * 3, u32, u32, u32), THREADS)


# -- launching -------------------------------------------------------------------------------------


def along(dim: int, rows: Kernel, columns: Kernel, *arrays: TensorData) -> None:
    """Launch one of two kernels on contiguous arrays of one shape: `rows` for lines of the last
    dimension, `columns` for lines of another."""
    shape = arrays[0].shape
    if 0 in shape:
        return
    outer, size, inner = math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])
    if inner == 1:
        lanes = lanes_for(size)
        rows(grid_of_lines(outer, lanes), *arrays, outer, size, lanes)
    else:
        columns(blocks(outer * inner, THREADS), *arrays, outer * inner, size, inner)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    for dtype in (float32, float64):
        for logarithm in (False, True):
            yield softmax_rows(dtype, logarithm)
            yield softmax_rows_backward(dtype, logarithm)
            yield softmax_columns(dtype, logarithm)
            yield softmax_columns_backward(dtype, logarithm)
        yield cross_entropy(dtype)
        yield cross_entropy_backward(dtype)
