"""Convolution as matrix products: windows laid out as columns, and added back.

`Backend.conv2d` and its two adjoints are derived from these and `matmul` (Chellapilla et al. 2006,
"High performance convolutional neural networks for document processing", section 3).
"""

from __future__ import annotations

from typing import Any

from numba import prange

from minitorch_backends.fast.compile import parallel


@parallel
def im2col(out: Any, x: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """out[n, c, k, l, i, j] = x[n, c, i s + k d - p, j s + l d - p], and 0 outside x.

    x (N, C, H, W), out (N, C, KH, KW, OH, OW). Each thread owns planes (n, c) of out.
    """
    n_planes = x.shape[0] * x.shape[1]
    channels, height, width = x.shape[1:]
    kh, kw, oh, ow = out.shape[2:]
    for plane in prange(n_planes):
        n, c = plane // channels, plane % channels
        for k in range(kh):
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                for i in range(oh):
                    row = i * stride[0] + k * dilation[0] - padding[0]
                    if row < 0 or row >= height:
                        for j in range(ow):
                            out[n, c, k, l, i, j] = 0
                        continue
                    # The columns whose window lies inside x; a plain copy for stride 1.
                    first = 0
                    while first < ow and left + first * stride[1] < 0:
                        out[n, c, k, l, i, first] = 0
                        first += 1
                    end = ow
                    while end > first and left + (end - 1) * stride[1] >= width:
                        end -= 1
                        out[n, c, k, l, i, end] = 0
                    if stride[1] == 1:
                        for j in range(first, end):
                            out[n, c, k, l, i, j] = x[n, c, row, left + j]
                    else:
                        for j in range(first, end):
                            out[n, c, k, l, i, j] = x[n, c, row, left + j * stride[1]]


@parallel
def col2im(out: Any, windows: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """out[n, c, h, w] = sum of windows[n, c, k, l, i, j] over all that im2col takes from there.

    windows (N, C, KH, KW, OH, OW), out (N, C, H, W). Each thread owns planes (n, c) of out.
    """
    n_planes = out.shape[0] * out.shape[1]
    channels, height, width = out.shape[1:]
    kh, kw, oh, ow = windows.shape[2:]
    for plane in prange(n_planes):
        n, c = plane // channels, plane % channels
        out[n, c] = 0
        for k in range(kh):
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                for i in range(oh):
                    row = i * stride[0] + k * dilation[0] - padding[0]
                    if row < 0 or row >= height:
                        continue
                    first = 0
                    while first < ow and left + first * stride[1] < 0:
                        first += 1
                    end = ow
                    while end > first and left + (end - 1) * stride[1] >= width:
                        end -= 1
                    if stride[1] == 1:
                        for j in range(first, end):
                            out[n, c, row, left + j] += windows[n, c, k, l, i, j]
                    else:
                        for j in range(first, end):
                            out[n, c, row, left + j * stride[1]] += windows[n, c, k, l, i, j]
