"""Pooling over windows of the last two dimensions of (N, C, H, W)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.fast.compile import parallel


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
        for i in range(oh):
            for j in range(ow):
                best = x.dtype.type(-np.inf)
                place = -1
                for k in range(kernel[0]):
                    h = i * stride[0] + k * dilation[0] - padding[0]
                    if h < 0 or h >= height:
                        continue
                    for l in range(kernel[1]):  # noqa: E741 - the letter of the formula
                        w = j * stride[1] + l * dilation[1] - padding[1]
                        if w < 0 or w >= width:
                            continue
                        value = x[n, c, h, w]
                        # A NaN stays: nothing compares larger, and a later NaN takes its place.
                        if place < 0 or value > best or value != value:
                            best = value
                            place = h * width + w
                values[n, c, i, j] = best
                indices[n, c, i, j] = place


@parallel
def max_pool2d_backward(out: Any, grad_output: Any, indices: Any) -> None:
    """out[n, c, h, w] = sum of grad_output[n, c, i, j] over windows whose index is h * W + w.

    grad_output and indices (N, C, OH, OW), out (N, C, H, W). Each thread owns planes (n, c).
    """
    channels, _, width = out.shape[1:]
    oh, ow = grad_output.shape[2:]
    for plane in prange(out.shape[0] * channels):
        n, c = plane // channels, plane % channels
        out[n, c] = 0
        for i in range(oh):
            for j in range(ow):
                place = indices[n, c, i, j]
                out[n, c, place // width, place % width] += grad_output[n, c, i, j]


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
        for i in range(oh):
            for j in range(ow):
                total = x.dtype.type(0)
                for k in range(kernel[0]):
                    h = i * stride[0] + k * dilation[0] - padding[0]
                    if h < 0 or h >= height:
                        continue
                    for l in range(kernel[1]):  # noqa: E741 - the letter of the formula
                        w = j * stride[1] + l * dilation[1] - padding[1]
                        if w >= 0 and w < width:
                            total += x[n, c, h, w]
                out[n, c, i, j] = total * share
