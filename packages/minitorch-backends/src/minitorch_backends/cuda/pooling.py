"""Pooling over windows of the last two dimensions of (N, C, H, W): one thread per element.

In the forward pass each thread owns elements of the output and reads their windows. In the backward
pass it owns elements of the input and looks up the windows that see them; `fast.pooling` lets
windows add to the input instead, which would need atomic additions here, whose order changes from
run to run.

Shapes: x (N, C, H, W), `planes` = N * C; grad, values, indices and what is averaged (N, C, OH, OW);
The
other sizes are the fields of `windows.Sizes`.

Positions are unsigned, so one left of or above the image is a huge number, and a single comparison
with the size tells if it is inside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from minitorch_backends.cuda.compile import (
    THREADS,
    Kernel,
    device_function,
    number,
    pointer,
    u32,
)
from minitorch_backends.cuda.device import cuda
from minitorch_backends.cuda.windows import SIZES
from minitorch_tensor.dtypes import DType, float32, float64, int64


@device_function
def first_window(position: Any, reach: Any, stride: Any) -> Any:
    """The first window that may see a position, both counted in the padded image: windows start
    `stride` apart, and a window's last element is `reach` after its start."""
    return u32(u32(position - reach + stride - 1) // stride) if position > reach else u32(0)


@device_function
def end_window(position: Any, windows: Any, stride: Any) -> Any:
    """One past the last window that starts at or before a position."""
    return min(windows, u32(u32(position // stride) + 1))


@cache
def max_pool2d(dtype: DType) -> Kernel:
    """values[n, c, i, j] = max over k, l of x[n, c, i s + k d - p, j s + l d - p], inside x;
    indices (int64) the place h * W + w of the first that attains it, NaN counting as the largest.
    """
    T = number(dtype)

    def kernel(values: Any, indices: Any, x: Any, s: Any) -> None:
        count = u32(s.planes * s.oh * s.ow)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // s.ow)
            j = u32(t - row * s.ow)
            plane = u32(row // s.oh)
            top, left = u32((row - plane * s.oh) * s.sh - s.ph), u32(j * s.sw - s.pw)
            start = u32(plane * s.height * s.width)
            best, place = T(-math.inf), u32(s.height * s.width)
            k = u32(0)
            while k < s.kh:
                h = u32(top + k * s.dh)
                if h < s.height:
                    l = u32(0)  # noqa: E741 - the letter of the formula
                    while l < s.kw:
                        w = u32(left + l * s.dw)
                        if w < s.width:
                            here = u32(h * s.width + w)
                            value = x[u32(start + here)]
                            # The first counts even if it is -inf. A NaN stays: nothing compares
                            # larger, and a later NaN takes its place.
                            if value > best or value != value or place == u32(s.height * s.width):
                                best, place = value, here
                        l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            values[t] = best
            indices[t] = place
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(int64), pointer(dtype), SIZES), THREADS)


@cache
def max_pool2d_backward(dtype: DType) -> Kernel:
    """out[n, c, h, w] = sum of grad[n, c, i, j] over windows whose index is h * W + w."""
    T = number(dtype)

    def kernel(out: Any, grad: Any, indices: Any, s: Any) -> None:
        reach_h, reach_w = u32(s.dh * (s.kh - 1)), u32(s.dw * (s.kw - 1))
        count = u32(s.planes * s.height * s.width)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // s.width)
            plane = u32(row // s.height)
            h, w = u32(row - plane * s.height), u32(t - row * s.width)
            here = u32(h * s.width + w)
            top, left = u32(h + s.ph), u32(w + s.pw)
            i, end_i = first_window(top, reach_h, s.sh), end_window(top, s.oh, s.sh)
            first, end = first_window(left, reach_w, s.sw), end_window(left, s.ow, s.sw)
            total = T(0)
            while i < end_i:
                at = u32((plane * s.oh + i) * s.ow)
                j = first
                while j < end:
                    if indices[u32(at + j)] == here:
                        total += grad[u32(at + j)]
                    j = u32(j + 1)
                i = u32(i + 1)
            out[t] = total
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), pointer(int64), SIZES), THREADS)


@cache
def avg_pool2d(dtype: DType) -> Kernel:
    """out[n, c, i, j] = share * sum over k, l of x[n, c, i s + k d - p, j s + l d - p], 0 outside
    x; share is 1 / (KH KW)."""
    T = number(dtype)

    def kernel(out: Any, x: Any, share: Any, s: Any) -> None:
        count = u32(s.planes * s.oh * s.ow)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // s.ow)
            j = u32(t - row * s.ow)
            plane = u32(row // s.oh)
            top, left = u32((row - plane * s.oh) * s.sh - s.ph), u32(j * s.sw - s.pw)
            start = u32(plane * s.height * s.width)
            total = T(0)
            k = u32(0)
            while k < s.kh:
                h = u32(top + k * s.dh)
                if h < s.height:
                    l = u32(0)  # noqa: E741 - the letter of the formula
                    while l < s.kw:
                        w = u32(left + l * s.dw)
                        if w < s.width:
                            total += x[u32(start + h * s.width + w)]
                        l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            out[t] = total * share
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), T, SIZES), THREADS)


@cache
def avg_pool2d_backward(dtype: DType) -> Kernel:
    """The adjoint of avg_pool2d: share * sum of grad[n, c, i, j] over the windows that see (h, w),
    which start a multiple of d before it."""
    T = number(dtype)

    def kernel(out: Any, grad: Any, share: Any, s: Any) -> None:
        reach_h, reach_w = u32(s.dh * (s.kh - 1)), u32(s.dw * (s.kw - 1))
        count = u32(s.planes * s.height * s.width)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // s.width)
            plane = u32(row // s.height)
            h, w = u32(row - plane * s.height + s.ph), u32(t - row * s.width + s.pw)
            i, end_i = first_window(h, reach_h, s.sh), end_window(h, s.oh, s.sh)
            first, end = first_window(w, reach_w, s.sw), end_window(w, s.ow, s.sw)
            total = T(0)
            while i < end_i:
                if u32(u32(h - u32(i * s.sh)) % s.dh) == u32(0):
                    at = u32((plane * s.oh + i) * s.ow)
                    j = first
                    while j < end:
                        if u32(u32(w - u32(j * s.sw)) % s.dw) == u32(0):
                            total += grad[u32(at + j)]
                        j = u32(j + 1)
                i = u32(i + 1)
            out[t] = total * share
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), T, SIZES), THREADS)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    for dtype in (float32, float64):
        for made in (max_pool2d, max_pool2d_backward, avg_pool2d, avg_pool2d_backward):
            yield made(dtype)
