"""Convolution as matrix products, one sample at a time.

The windows of a sample are laid out as columns in a buffer that stays in the cache, multiplied with
the weights, and overwritten by the next sample's (the im2col of Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing", section 3, without its memory).
Each thread takes an equal share of the samples and has a buffer of its own.

Shapes everywhere: x (N, C, H, W), weight (O, C / G, KH, KW), grad and out (N, O, OH, OW); `columns`
is (threads, C * KH * KW, OH * OW); stride, padding, dilation and kernel are (height, width).
"""

from __future__ import annotations

from typing import Any

from numba import prange

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, gemm
from minitorch_backends.fast.compile import parallel, serial


@serial
def inside(size: Any, count: Any, start: Any, stride: Any) -> Any:
    """The j in range(count) for which start + j * stride lies in range(size), as (first, end)."""
    first = min(count, max(0, (stride - 1 - start) // stride))
    end = min(count, (size - 1 - start) // stride + 1)
    return first, max(first, end)


@serial
def im2col(columns: Any, x: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """columns[c, k, l, i, j] = x[c, i s + k d - p, j s + l d - p], and 0 outside x.

    x (C, H, W), columns (C, KH, KW, OH, OW).
    """
    channels, height, width = x.shape
    _, kh, kw, oh, ow = columns.shape
    for c in range(channels):
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for i in range(oh):
                    to = columns[c, k, l, i]
                    row = top + i * stride[0]
                    if row < 0 or row >= height:
                        to[:] = 0
                        continue
                    to[:first] = 0
                    to[end:] = 0
                    if stride[1] == 1:  # a plain copy, which vectorises
                        for j in range(first, end):
                            to[j] = x[c, row, left + j]
                    else:
                        for j in range(first, end):
                            to[j] = x[c, row, left + j * stride[1]]


@serial
def col2im(x: Any, columns: Any, stride: Any, padding: Any, dilation: Any) -> None:
    """x[c, h, w] = sum of columns[c, k, l, i, j] over all that im2col takes from there.

    columns (C, KH, KW, OH, OW), x (C, H, W).
    """
    channels, height, width = x.shape
    _, kh, kw, oh, ow = columns.shape
    x[:] = 0
    for c in range(channels):
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                for i in range(oh):
                    row = top + i * stride[0]
                    if row < 0 or row >= height:
                        continue
                    part = columns[c, k, l, i]
                    if stride[1] == 1:
                        for j in range(first, end):
                            x[c, row, left + j] += part[j]
                    else:
                        for j in range(first, end):
                            x[c, row, left + j * stride[1]] += part[j]


@parallel
def conv2d(
    out: Any, x: Any, weight: Any, columns: Any,
    stride: Any, padding: Any, dilation: Any, groups: Any,
) -> None:  # fmt: skip
    """out[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i s + k d, j s + l d].

    Each thread owns samples n of out.
    """
    samples, channels = x.shape[:2]
    o, _, kh, kw = weight.shape
    oh, ow = out.shape[2:]
    p, q = oh * ow, channels // groups * kh * kw
    threads = columns.shape[0]
    rows = weight.reshape(-1)
    for t in prange(threads):
        buffer = columns[t]
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            im2col(buffer.reshape(channels, kh, kw, oh, ow), x[n], stride, padding, dilation)
            for g in range(groups):
                at = g * (o // groups)
                gemm(
                    out[n].reshape(-1), at * p, p, 0.0,
                    rows, at * q, q, PLAIN,
                    buffer.reshape(-1), g * q * p, p, PLAIN, o // groups, p, q,
                )  # fmt: skip


@parallel
def conv2d_input_grad(
    out: Any, grad: Any, weight: Any, columns: Any,
    stride: Any, padding: Any, dilation: Any, groups: Any,
) -> None:  # fmt: skip
    """The adjoint of conv2d in x, into out (N, C, H, W). Each thread owns samples n of out."""
    samples, channels = out.shape[:2]
    o, _, kh, kw = weight.shape
    oh, ow = grad.shape[2:]
    p, q = oh * ow, channels // groups * kh * kw
    threads = columns.shape[0]
    rows = weight.reshape(-1)
    for t in prange(threads):
        buffer = columns[t]
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            for g in range(groups):
                at = g * (o // groups)
                gemm(
                    buffer.reshape(-1), g * q * p, p, 0.0,
                    rows, at * q, q, TRANSPOSED,
                    grad[n].reshape(-1), at * p, p, PLAIN, q, p, o // groups,
                )  # fmt: skip
            col2im(out[n], buffer.reshape(channels, kh, kw, oh, ow), stride, padding, dilation)


@parallel
def conv2d_weight_grad(
    out: Any, grad: Any, x: Any, columns: Any, kernel: Any,
    stride: Any, padding: Any, dilation: Any, groups: Any,
) -> None:  # fmt: skip
    """The adjoint of conv2d in weight, into out (threads, O, C / G * KH * KW), which holds zeros.

    Each thread adds up its samples in out[t]; the caller adds up the threads, in order, so that
    results repeat.
    """
    samples, channels = x.shape[:2]
    o, oh, ow = grad.shape[1:]
    kh, kw = kernel
    p, q = oh * ow, channels // groups * kh * kw
    threads = columns.shape[0]
    for t in prange(threads):
        buffer = columns[t]
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            im2col(buffer.reshape(channels, kh, kw, oh, ow), x[n], stride, padding, dilation)
            for g in range(groups):
                at = g * (o // groups)
                gemm(
                    out[t].reshape(-1), at * q, q, 1.0,
                    grad[n].reshape(-1), at * p, p, PLAIN,
                    buffer.reshape(-1), g * q * p, p, TRANSPOSED, o // groups, q, p,
                )  # fmt: skip
