"""Convolution as matrix products: im2col, and its adjoint.

In `fast.convolution` each thread lays out one sample after another in a buffer that stays in its
cache, and multiplies it. A GPU has thousands of threads with little cache each, but memory
bandwidth of terabytes per second: the windows of all samples are laid out at once (the im2col of
Chellapilla et al. 2006, "High performance convolutional neural networks for document processing",
section 3), followed by one batched product.

Shapes: x (N, C, H, W), `planes` = N * C, columns (N, C * KH * KW, OH * OW); The
other sizes are the fields of `windows.Sizes`. Neighbouring threads
take neighbouring columns, so that reads and writes are coalesced.

Positions are unsigned, so one left of or above the image is a huge number, and a single comparison
with the size tells if it is inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from minitorch_backends.cuda.compile import THREADS, Kernel, number, pointer, u32
from minitorch_backends.cuda.device import cuda
from minitorch_backends.cuda.windows import SIZES
from minitorch_tensor.dtypes import DType, float32, float64


@cache
def im2col(dtype: DType) -> Kernel:
    """columns[n, c, k, l, i, j] = x[n, c, i s + k d - p, j s + l d - p], 0 outside x.

    A thread writes all places (k, l) of a window, so that it computes the window's position once.
    """
    T = number(dtype)

    def kernel(columns: Any, x: Any, s: Any) -> None:
        places = u32(s.oh * s.ow)
        count = u32(s.planes * places)
        t = u32(cuda.grid(1))
        while t < count:
            plane = u32(t // places)
            place = u32(t - plane * places)
            i = u32(place // s.ow)
            top, left = u32(i * s.sh - s.ph), u32((place - i * s.ow) * s.sw - s.pw)
            start = u32(plane * s.height * s.width)
            to = u32(plane * s.kh * s.kw * places + place)
            k = u32(0)
            while k < s.kh:
                h = u32(top + k * s.dh)
                l = u32(0)  # noqa: E741 - the letter of the formula
                while l < s.kw:
                    w = u32(left + l * s.dw)
                    inside = h < s.height and w < s.width
                    columns[to] = x[u32(start + h * s.width + w)] if inside else T(0)
                    to = u32(to + places)
                    l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), SIZES), THREADS)


@cache
def col2im(dtype: DType) -> Kernel:
    """The adjoint of im2col: out[n, c, h, w] = sum of columns[n, c, k, l, i, j] over all copies of
    that element.

    Each thread owns elements of out and looks up the windows that see them. Letting windows add to
    out instead would need atomic additions, whose order changes from run to run.
    """
    T = number(dtype)

    def kernel(out: Any, columns: Any, s: Any) -> None:
        count = u32(s.planes * s.height * s.width)
        t = u32(cuda.grid(1))
        while t < count:
            row = u32(t // s.width)
            plane = u32(row // s.height)
            h, w = u32(row - plane * s.height + s.ph), u32(t - row * s.width + s.pw)
            total = T(0)
            k = u32(0)
            while k < s.kh:
                top = u32(h - k * s.dh)  # where a window starts that sees this row as its k-th
                i = u32(top // s.sh)
                if i < s.oh and u32(i * s.sh) == top:
                    l = u32(0)  # noqa: E741 - the letter of the formula
                    while l < s.kw:
                        left = u32(w - l * s.dw)
                        j = u32(left // s.sw)
                        if j < s.ow and u32(j * s.sw) == left:
                            row_of = u32((plane * s.kh + k) * s.kw + l)
                            total += columns[u32((row_of * s.oh + i) * s.ow + j)]
                        l = u32(l + 1)  # noqa: E741
                k = u32(k + 1)
            out[t] = total
            t = u32(t + cuda.gridsize(1))

    return Kernel(kernel, (pointer(dtype), pointer(dtype), SIZES), THREADS)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    for dtype in (float32, float64):
        yield im2col(dtype)
        yield col2im(dtype)
