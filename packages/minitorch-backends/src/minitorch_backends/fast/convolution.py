"""Convolution as matrix products: windows laid out as columns, and added back.

`Backend.conv2d` and its two adjoints are derived from these and `matmul` (Chellapilla et al. 2006,
"High performance convolutional neural networks for document processing", section 3).
"""

from __future__ import annotations

from typing import Any

from numba import prange

from minitorch_backends.fast.compile import parallel, serial


@serial
def inside(size: Any, count: Any, start: Any, stride: Any) -> Any:
    """The j in range(count) for which start + j * stride lies in range(size), as (first, end)."""
    first = max(0, (stride - 1 - start) // stride)
    end = min(count, (size - 1 - start) // stride + 1)
    return first, max(first, end)


@parallel
def im2col(out: Any, x: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """out[n, c, k, l, i, j] = x[n, c, i s + k d - p, j s + l d - p], and 0 outside x.

    x (N, C, H, W), out (N, C, KH, KW, OH, OW). Each thread owns planes (n, c) of out.
    """
    channels, height, width = x.shape[1:]
    kh, kw, oh, ow = out.shape[2:]
    for plane in prange(x.shape[0] * channels):
        n, c = plane // channels, plane % channels
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for i in range(oh):
                    to = out[n, c, k, l, i]
                    row = top + i * stride[0]
                    if row < 0 or row >= height:
                        to[:] = 0
                        continue
                    to[:first] = 0
                    to[end:] = 0
                    if stride[1] == 1:  # a plain copy, which vectorises
                        to[first:end] = x[n, c, row, left + first : left + end]
                    else:
                        for j in range(first, end):
                            to[j] = x[n, c, row, left + j * stride[1]]


@parallel
def col2im(out: Any, windows: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """out[n, c, h, w] = sum of windows[n, c, k, l, i, j] over all that im2col takes from there.

    windows (N, C, KH, KW, OH, OW), out (N, C, H, W). Each thread owns planes (n, c) of out.
    """
    channels, height, width = out.shape[1:]
    kh, kw, oh, ow = windows.shape[2:]
    for plane in prange(out.shape[0] * channels):
        n, c = plane // channels, plane % channels
        out[n, c] = 0
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for i in range(oh):
                    row = top + i * stride[0]
                    if row < 0 or row >= height:
                        continue
                    to, part = out[n, c, row], windows[n, c, k, l, i]
                    if stride[1] == 1:
                        for j in range(first, end):
                            to[left + j] += part[j]
                    else:
                        for j in range(first, end):
                            to[left + j * stride[1]] += part[j]
