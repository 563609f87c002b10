"""Pooling over windows of the last two dimensions of (N, C, H, W).

stride, padding, dilation and kernel are (height, width). Positions are unsigned for the reason
given in `convolution`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange, uintp

from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.windows import inside
from minitorch_tensor.derived import Window


@serial
def largest_of_columns(
    best: Any, rows: Any, x: Any, top: int, step: int, first: int, end: int
) -> None:
    """best[w] = max over k in range(first, end) of x[top + k step, w], x (H, W) flat; rows[w] the
    first row that attains it, or the last with a NaN."""
    width = best.size
    at = (top + first * step) * width
    for w in range(width):
        best[uintp(w)] = x[uintp(at + w)]
        rows[uintp(w)] = np.int32(top + first * step)
    for k in range(first + 1, end):
        row = np.int32(top + k * step)
        at = row * width
        # Selections instead of branches, which could not be predicted. A NaN stays, as nothing
        # compares larger, and a later NaN takes its place.
        for w in range(width):
            value = x[uintp(at + w)]
            larger = (value > best[uintp(w)]) | (value != value)
            rows[uintp(w)] = row if larger else rows[uintp(w)]
        for w in range(width):
            value = x[uintp(at + w)]
            larger = (value > best[uintp(w)]) | (value != value)
            best[uintp(w)] = value if larger else best[uintp(w)]


@serial
def largest_of_line(best: Any, rows: Any, left: int, step: int, first: int, end: int) -> Any:
    """The max over l in range(first, end) of best[left + l step], and its place row * W + column:
    the first that attains it, or the last with a NaN."""
    width = best.size
    column = left + first * step
    value, place = best[column], rows[column] * width + column
    for l in range(first + 1, end):  # noqa: E741 - the letter of the formula
        column = left + l * step
        other, there = best[uintp(column)], rows[uintp(column)] * width + column
        larger = (other > value) | ((other == value) & (there < place))
        larger |= (other != other) & ((value == value) | (there > place))
        value = other if larger else value
        place = there if larger else place
    return value, place


#: Adjacent windows of 2 by 2.
SIDE_BY_SIDE = Window((2, 2), (2, 2), (0, 0), (1, 1))

#: Loops over short rows run on to a multiple of this; the next row's loop overwrites the excess.
#: So compiled code uses only whole vectors, without a scalar remainder.
WHOLE = 16


@serial
def largest_of_pairs(values: Any, places: Any, x: Any, count: int) -> None:
    """values[t] = the larger of x[2 t] and x[2 t + 1], NaN counting as larger, the later one before
    the earlier; places[t] which it is, 0 or 1."""
    zero, one = np.int32(0), np.int32(1)
    for t in range(count):
        a, b = x[uintp(2 * t)], x[uintp(2 * t + 1)]
        later = (b > a) | (b != b)  # selections: a branch could not be predicted
        values[uintp(t)] = b if later else a
        places[uintp(t)] = one if later else zero


@serial
def larger_rows(
    values: Any, places: Any, pairs: Any, pair_places: Any, rows: int, width: int
) -> None:
    """values[i] = the larger of rows 2 i and 2 i + 1 of pairs, column by column; places in the
    lower row are offset by `width` * 2, the width of the image. As one loop over both rows this is
    not vectorised."""
    below = np.int32(2 * width)
    for i in range(rows):
        to, top = i * width, 2 * i * width
        under = top + width
        for j in range((width + WHOLE - 1) // WHOLE * WHOLE):
            a, b = pairs[uintp(top + j)], pairs[uintp(under + j)]
            p, q = pair_places[uintp(top + j)], np.int32(pair_places[uintp(under + j)] + below)
            places[uintp(to + j)] = q if (b > a) | (b != b) else p
        for j in range((width + WHOLE - 1) // WHOLE * WHOLE):
            a, b = pairs[uintp(top + j)], pairs[uintp(under + j)]
            values[uintp(to + j)] = b if (b > a) | (b != b) else a


@parallel
def max_pool2d_of_four(values: Any, indices: Any, x: Any, threads: Any) -> None:
    """`max_pool2d` for adjacent windows of 2 by 2 that cover all columns, the common case.

    First take the larger of each two neighbours, for all rows of a plane in one loop, then of each
    two rows. Places are found as 32-bit numbers within the window, as wide as the values, and then
    converted to places in the plane: loops over numbers of one size vectorise best. Each thread
    owns planes.
    """
    planes, (oh, ow) = x.shape[0] * x.shape[1], values.shape[2:]
    count, size = oh * ow, x.shape[2] * x.shape[3]
    flat, to, to_indices = x.reshape(-1), values.reshape(-1), indices.reshape(-1)
    for thread in prange(threads):
        pairs, best = np.empty(2 * count + WHOLE, x.dtype), np.empty(count + WHOLE, x.dtype)
        pair_places = np.empty(2 * count + WHOLE, np.int32)
        places, corners = np.empty(count + WHOLE, np.int32), np.empty(count, np.int32)
        for t in range(count):
            corners[t] = 2 * (t + t // ow * ow)
        for plane in range(planes * thread // threads, planes * (thread + 1) // threads):
            largest_of_pairs(pairs, pair_places, flat[plane * size :], 2 * count)
            larger_rows(best, places, pairs, pair_places, oh, ow)
            first = plane * count
            for t in range(count):
                to[uintp(first + t)] = best[uintp(t)]
            for t in range(count):
                to_indices[uintp(first + t)] = corners[uintp(t)] + places[uintp(t)]


@parallel
def max_pool2d(
    values: Any, indices: Any, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """values[n, c, i, j] = max over k, l of x[n, c, i s + k d - p, j s + l d - p], inside x;
    indices the place h * W + w of the first that attains it, NaN counting as the largest.

    x (N, C, H, W), values and indices (N, C, OH, OW). Each thread owns planes (n, c). For each row
    of values, first take the maximum of each column that its windows see, for a whole line at once,
    and then the maximum of each window's columns.
    """
    channels, height, width = x.shape[1:]
    oh, ow = values.shape[2:]
    spans = np.empty((ow, 2), np.int64)
    for j in range(ow):
        left = j * stride[1] - padding[1]
        spans[j, 0], spans[j, 1] = inside(width, kernel[1], left, dilation[1])
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat = x[n, c].reshape(-1)
        to, places = values[n, c].reshape(-1), indices[n, c].reshape(-1)
        best, rows = np.empty(width, x.dtype), np.empty(width, np.int32)
        for i in range(oh):
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            if first_row < end_row:
                largest_of_columns(best, rows, flat, top, dilation[0], first_row, end_row)
            for j in range(ow):
                left = j * stride[1] - padding[1]
                first, end = spans[j, 0], spans[j, 1]
                if first < end and first_row < end_row:
                    value, place = largest_of_line(best, rows, left, dilation[1], first, end)
                else:  # a window whose dilation steps over all of x
                    value, place = x.dtype.type(-np.inf), -1
                to[uintp(i * ow + j)], places[uintp(i * ow + j)] = value, place


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
    sees are first added up to one line, which is vectorised, and then the elements of each window.
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

    grad_output (N, C, OH, OW), out (N, C, H, W). Each thread owns planes (n, c). The contributions
    of a row of windows are first added up to one line, and then the line is added to all rows that
    they see.
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
