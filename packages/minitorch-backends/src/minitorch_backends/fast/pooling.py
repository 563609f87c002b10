"""Pooling over windows of the last two dimensions of (N, C, H, W).

stride, padding, dilation and kernel are (height, width). Positions are unsigned for the reason that
`convolution` gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange, uintp

from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.windows import inside


@serial
def keep_larger(best: Any, place: Any, x: Any, at: int, step: int, first: int, end: int) -> None:
    """For j from first to end: where x[at + j step] is larger than best[j], or is NaN, or
    nothing was kept yet (place[j] < 0), it is kept, and its place at + j step."""
    for j in range(first, end):
        value = x[uintp(at + j * step)]
        # Written as selections: which is larger cannot be predicted, and is not asked then.
        # A NaN stays: nothing compares larger, and a later NaN takes its place.
        larger = (value > best[uintp(j)]) | (value != value) | (place[uintp(j)] < 0)
        best[uintp(j)] = value if larger else best[uintp(j)]
        place[uintp(j)] = np.int32(at + j * step) if larger else place[uintp(j)]


@serial
def largest_of_four(values: Any, indices: Any, x: Any, width: int, ow: int, line: Any) -> None:
    """A plane of windows of 2 by 2 side by side, the common case. Everything is flat.

    Selections again, from numbers that stay in registers. The place in the window is found in 32
    bits, as the values are, and made a place in the plane afterwards: loops over numbers of one
    size are vectorised best.
    """
    first, second = np.int32(0), np.int32(1)
    third, fourth = np.int32(width), np.int32(width + 1)
    for i in range(values.size // ow):
        to, top = i * ow, 2 * i * width
        below = top + width
        for j in range(ow):
            a, b = x[uintp(top + 2 * j)], x[uintp(top + 2 * j + 1)]
            c, d = x[uintp(below + 2 * j)], x[uintp(below + 2 * j + 1)]
            later = (b > a) | (b != b)  # which of two, the last NaN before all
            upper, upper_place = b if later else a, second if later else first
            later = (d > c) | (d != d)
            lower, lower_place = d if later else c, fourth if later else third
            later = (lower > upper) | (lower != lower)
            values[uintp(to + j)] = lower if later else upper
            line[uintp(j)] = lower_place if later else upper_place
        for j in range(ow):
            indices[uintp(to + j)] = top + 2 * j + line[uintp(j)]


@parallel
def max_pool2d(
    values: Any, indices: Any, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """values[n, c, i, j] = max over k, l of x[n, c, i s + k d - p, j s + l d - p], inside x;
    indices the place h * W + w of the first that attains it, NaN counting as the largest.

    x (N, C, H, W), values and indices (N, C, OH, OW). Each thread owns planes (n, c), and works on
    a row of values at a time: one line of x for each place in the window.
    """
    channels, height, width = x.shape[1:]
    oh, ow = values.shape[2:]
    side_by_side = kernel == stride == (2, 2) and padding == (0, 0) and dilation == (1, 1)
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat = x[n, c].reshape(-1)
        place = np.empty(ow, np.int32)
        if side_by_side:
            to = values[n, c].reshape(-1)
            largest_of_four(to, indices[n, c].reshape(-1), flat, width, ow, place)
            continue
        best = np.empty(ow, x.dtype)
        for i in range(oh):
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            best[:] = -np.inf
            place[:] = -1
            for k in range(first_row, end_row):
                row = (top + k * dilation[0]) * width
                for l in range(kernel[1]):  # noqa: E741 - the letter of the formula
                    left = l * dilation[1] - padding[1]
                    first, end = inside(width, ow, left, stride[1])
                    if stride[1] == 2:  # a step that is known when it is compiled is vectorised
                        keep_larger(best, place, flat, row + left, 2, first, end)
                    else:
                        keep_larger(best, place, flat, row + left, stride[1], first, end)
            for j in range(ow):
                values[n, c, i, j] = best[j]
                indices[n, c, i, j] = place[j]


@parallel
def max_pool2d_backward(out: Any, grad_output: Any, indices: Any) -> None:
    """out[n, c, h, w] = sum of grad_output[n, c, i, j] over windows whose index is h * W + w.

    grad_output and indices (N, C, OH, OW), out (N, C, H, W). Each thread owns planes (n, c).
    """
    channels = out.shape[1]
    for plane in prange(out.shape[0] * channels):
        n, c = plane // channels, plane % channels
        to, grad = out[n, c].reshape(-1), grad_output[n, c].reshape(-1)
        places = indices[n, c].reshape(-1)
        to[:] = 0
        for i in range(grad.size):
            to[uintp(places[i])] += grad[i]


@parallel
def avg_pool2d(out: Any, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """out[n, c, i, j] = sum over k, l of x[n, c, i s + k d - p, j s + l d - p] / (KH KW), 0
    outside x.

    x (N, C, H, W), out (N, C, OH, OW). Each thread owns planes (n, c). The rows that a row of out
    sees are added up to one line first, which is vectorised, and then the places in the line.
    """
    channels, height, width = x.shape[1:]
    oh, ow = out.shape[2:]
    share = x.dtype.type(1.0 / (kernel[0] * kernel[1]))
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat, to = x[n, c].reshape(-1), out[n, c].reshape(-1)
        line = np.empty(width, x.dtype)
        to[:] = 0
        for i in range(oh):
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            line[:] = 0
            for k in range(first_row, end_row):
                row = (top + k * dilation[0]) * width
                for w in range(width):
                    line[uintp(w)] += flat[uintp(row + w)]
            for l in range(kernel[1]):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for j in range(first, end):
                    to[uintp(i * ow + j)] += line[uintp(left + j * stride[1])]
        for i in range(oh * ow):
            to[i] *= share


@parallel
def avg_pool2d_backward(
    out: Any, grad_output: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """The adjoint of avg_pool2d: grad_output[n, c, i, j] / (KH KW), added to out[n, c] wherever
    window (i, j) lies.

    grad_output (N, C, OH, OW), out (N, C, H, W). Each thread owns planes (n, c). What the windows
    of a row give to a line is added up first, and then the line to all rows that they see.
    """
    channels, height, width = out.shape[1:]
    oh, ow = grad_output.shape[2:]
    share = out.dtype.type(1.0 / (kernel[0] * kernel[1]))
    for plane in prange(out.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat, grad = out[n, c].reshape(-1), grad_output[n, c].reshape(-1)
        line = np.empty(width, out.dtype)
        flat[:] = 0
        for i in range(oh):
            line[:] = 0
            for l in range(kernel[1]):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for j in range(first, end):
                    line[uintp(left + j * stride[1])] += grad[uintp(i * ow + j)] * share
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            for k in range(first_row, end_row):
                row = (top + k * dilation[0]) * width
                for w in range(width):
                    flat[uintp(row + w)] += line[uintp(w)]
