"""Pooling over windows of the last two dimensions of (N, C, H, W): one thread per element.

In the forward pass each thread owns elements of the output and reads their windows. In the backward
pass it owns elements of the input and looks up the windows that see them; `fast.pooling` lets
windows add to the input instead, which would need atomic additions here, whose order changes from
run to run.

Shapes: x (N, C, H, W), `planes` = N * C; grad, values, indices and what is averaged (N, C, OH, OW);
(kh, kw), (sh, sw), (ph, pw) and (dh, dw) are the window's kernel, stride, padding and dilation.

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

    def kernel(
        values: Any, indices: Any, x: Any,
        planes: Any, height: Any, width: Any, oh: Any, ow: Any,
        kh: Any, kw: Any, sh: Any, sw: Any, ph: Any, pw: Any, dh: Any, dw: Any,
    ) -> None:  # fmt: skip
        count = u32(planes * oh * ow)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // ow)
            j = u32(t - row * ow)
            plane = u32(row // oh)
            top, left = u32((row - plane * oh) * sh - ph), u32(j * sw - pw)
            start = u32(plane * height * width)
            best, place = T(-math.inf), u32(height * width)
            k = u32(0)
            while k < kh:
                h = u32(top + k * dh)
                if h < height:
                    l = u32(0)  # noqa: E741 - the letter of the formula
                    while l < kw:
                        w = u32(left + l * dw)
                        if w < width:
                            here = u32(h * width + w)
                            value = x[u32(start + here)]
                            # The first counts even if it is -inf. A NaN stays: nothing compares
                            # larger, and a later NaN takes its place.
                            if value > best or value != value or place == u32(height * width):
                                best, place = value, here
                        l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            values[t] = best
            indices[t] = place
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(int64), pointer(dtype), *[u32] * 13), THREADS)


@cache
def max_pool2d_backward(dtype: DType) -> Kernel:
    """out[n, c, h, w] = sum of grad[n, c, i, j] over windows whose index is h * W + w."""
    T = number(dtype)

    def kernel(
        out: Any, grad: Any, indices: Any,
        planes: Any, height: Any, width: Any, oh: Any, ow: Any,
        kh: Any, kw: Any, sh: Any, sw: Any, ph: Any, pw: Any, dh: Any, dw: Any,
    ) -> None:  # fmt: skip
        reach_h, reach_w = u32(dh * (kh - 1)), u32(dw * (kw - 1))
        count = u32(planes * height * width)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // width)
            plane = u32(row // height)
            h, w = u32(row - plane * height), u32(t - row * width)
            here = u32(h * width + w)
            i, end_i = first_window(u32(h + ph), reach_h, sh), end_window(u32(h + ph), oh, sh)
            first, end = first_window(u32(w + pw), reach_w, sw), end_window(u32(w + pw), ow, sw)
            total = T(0)
            while i < end_i:
                at = u32((plane * oh + i) * ow)
                j = first
                while j < end:
                    if indices[u32(at + j)] == here:
                        total += grad[u32(at + j)]
                    j = u32(j + 1)
                i = u32(i + 1)
            out[t] = total
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), pointer(int64), *[u32] * 13), THREADS)


@cache
def avg_pool2d(dtype: DType) -> Kernel:
    """out[n, c, i, j] = share * sum over k, l of x[n, c, i s + k d - p, j s + l d - p], 0 outside
    x; share is 1 / (KH KW)."""
    T = number(dtype)

    def kernel(
        out: Any, x: Any, share: Any,
        planes: Any, height: Any, width: Any, oh: Any, ow: Any,
        kh: Any, kw: Any, sh: Any, sw: Any, ph: Any, pw: Any, dh: Any, dw: Any,
    ) -> None:  # fmt: skip
        count = u32(planes * oh * ow)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // ow)
            j = u32(t - row * ow)
            plane = u32(row // oh)
            top, left = u32((row - plane * oh) * sh - ph), u32(j * sw - pw)
            start = u32(plane * height * width)
            total = T(0)
            k = u32(0)
            while k < kh:
                h = u32(top + k * dh)
                if h < height:
                    l = u32(0)  # noqa: E741 - the letter of the formula
                    while l < kw:
                        w = u32(left + l * dw)
                        if w < width:
                            total += x[u32(start + h * width + w)]
                        l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            out[t] = total * share
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), T, *[u32] * 13), THREADS)


@cache
def avg_pool2d_backward(dtype: DType) -> Kernel:
    """The adjoint of avg_pool2d: share * sum of grad[n, c, i, j] over the windows that see (h, w),
    which start a multiple of d before it."""
    T = number(dtype)

    def kernel(
        out: Any, grad: Any, share: Any,
        planes: Any, height: Any, width: Any, oh: Any, ow: Any,
        kh: Any, kw: Any, sh: Any, sw: Any, ph: Any, pw: Any, dh: Any, dw: Any,
    ) -> None:  # fmt: skip
        reach_h, reach_w = u32(dh * (kh - 1)), u32(dw * (kw - 1))
        count = u32(planes * height * width)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // width)
            plane = u32(row // height)
            h, w = u32(row - plane * height + ph), u32(t - row * width + pw)
            i, end_i = first_window(h, reach_h, sh), end_window(h, oh, sh)
            first, end = first_window(w, reach_w, sw), end_window(w, ow, sw)
            total = T(0)
            while i < end_i:
                if u32(u32(h - u32(i * sh)) % dh) == u32(0):
                    at = u32((plane * oh + i) * ow)
                    j = first
                    while j < end:
                        if u32(u32(w - u32(j * sw)) % dw) == u32(0):
                            total += grad[u32(at + j)]
                        j = u32(j + 1)
                i = u32(i + 1)
            out[t] = total * share
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), T, *[u32] * 13), THREADS)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    for dtype in (float32, float64):
        for made in (max_pool2d, max_pool2d_backward, avg_pool2d, avg_pool2d_backward):
            yield made(dtype)
