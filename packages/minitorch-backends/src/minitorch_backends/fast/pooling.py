"""Pooling over windows of the last two dimensions of (N, C, H, W).

stride, padding, dilation and kernel are (height, width). Positions are unsigned for the reason that
`convolution` gives.
"""

from __future__ import annotations

from typing import Any

from numba import prange, uintp

from minitorch_backends.fast.compile import parallel
from minitorch_backends.fast.windows import inside


@parallel
def max_pool2d(
    values: Any, indices: Any, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """values[n, c, i, j] = max over k, l of x[n, c, i s + k d - p, j s + l d - p], inside x;
    indices the place h * W + w of the first that attains it, NaN counting as the largest.

    x (N, C, H, W), values and indices (N, C, OH, OW). Each thread owns planes (n, c).
    """
    channels, height, width = x.shape[1:]
    oh, ow = values.shape[2:]
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat = x[n, c].reshape(-1)
        for i in range(oh):
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            for j in range(ow):
                left = j * stride[1] - padding[1]
                first, end = inside(width, kernel[1], left, dilation[1])
                place = (top + first_row * dilation[0]) * width + left + first * dilation[1]
                best = flat[uintp(place)]
                for k in range(first_row, end_row):
                    row = (top + k * dilation[0]) * width + left
                    for l in range(first, end):  # noqa: E741 - the letter of the formula
                        value = flat[uintp(row + l * dilation[1])]
                        # A NaN stays: nothing compares larger, and a later NaN takes its place.
                        # Written as selections: which is largest cannot be predicted, and a wrong
                        # guess at a branch costs more than all four comparisons.
                        larger = (value > best) | (value != value)
                        best = value if larger else best
                        place = row + l * dilation[1] if larger else place
                values[n, c, i, j] = best
                indices[n, c, i, j] = place


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

    x (N, C, H, W), out (N, C, OH, OW). Each thread owns planes (n, c).
    """
    channels, height, width = x.shape[1:]
    oh, ow = out.shape[2:]
    share = x.dtype.type(1.0 / (kernel[0] * kernel[1]))
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        flat = x[n, c].reshape(-1)
        for i in range(oh):
            top = i * stride[0] - padding[0]
            first_row, end_row = inside(height, kernel[0], top, dilation[0])
            for j in range(ow):
                left = j * stride[1] - padding[1]
                first, end = inside(width, kernel[1], left, dilation[1])
                total = x.dtype.type(0)
                for k in range(first_row, end_row):
                    row = (top + k * dilation[0]) * width + left
                    for l in range(first, end):  # noqa: E741 - the letter of the formula
                        total += flat[uintp(row + l * dilation[1])]
                out[n, c, i, j] = total * share
