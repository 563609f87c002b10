"""Convolution as matrix products, one sample at a time.

The windows of a sample are laid out as columns in a buffer that stays in the cache, multiplied with
the weights, and overwritten by the next sample's (the im2col of Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing", section 3, without its memory).
Each thread takes an equal share of the samples and has a buffer of its own.

Positions are unsigned (`uintp`): for a signed index numba asks each time whether it counts from the
end, and that question alone keeps a loop from being vectorised.

Shapes everywhere: x (N, C, H, W), weight (O, C / G, KH, KW), grad and out (N, O, OH, OW);
`columns` is (threads, C * KH * KW * OH * OW), zero at first; stride, padding, dilation and kernel
are (height, width).
"""

from __future__ import annotations

from typing import Any

from numba import prange, uintp

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.windows import inside


@serial
def im2col(
    columns: Any, x: Any, kernel: Any, output: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """columns[c, k, l, i, j] = x[c, i s + k d - p, j s + l d - p] where that is inside x.

    Elsewhere columns stays as it is: zero from the start, since every sample leaves out the same
    places. x (C, H, W) and columns (C, KH, KW, OH, OW) are flat: a row of 28 numbers is copied in
    less time than it takes to work out where a row of a five-dimensional array lies.
    """
    channels, height, width = x.shape
    (kh, kw), (oh, ow) = kernel, output
    flat = x.reshape(-1)
    for c in range(channels):
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            first_row, end_row = inside(height, oh, top, stride[0])
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                to = (((c * kh + k) * kw + l) * oh + first_row) * ow
                at = (c * height + top + first_row * stride[0]) * width + left
                for _ in range(first_row, end_row):
                    if stride[1] == 1:  # a plain copy, which vectorises
                        for j in range(first, end):
                            columns[uintp(to + j)] = flat[uintp(at + j)]
                    else:
                        for j in range(first, end):
                            columns[uintp(to + j)] = flat[uintp(at + j * stride[1])]
                    to += ow
                    at += stride[0] * width


@serial
def col2im(
    x: Any, columns: Any, kernel: Any, output: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """x[c, h, w] = sum of columns[c, k, l, i, j] over all that im2col takes from there.

    columns (C, KH, KW, OH, OW), flat; x (C, H, W).
    """
    channels, height, width = x.shape
    (kh, kw), (oh, ow) = kernel, output
    flat = x.reshape(-1)
    flat[:] = 0
    for c in range(channels):
        for k in range(kh):
            top = k * dilation[0] - padding[0]
            first_row, end_row = inside(height, oh, top, stride[0])
            for l in range(kw):  # noqa: E741 - the letter of the formula
                left = l * dilation[1] - padding[1]
                first, end = inside(width, ow, left, stride[1])
                to = (((c * kh + k) * kw + l) * oh + first_row) * ow
                at = (c * height + top + first_row * stride[0]) * width + left
                for _ in range(first_row, end_row):
                    if stride[1] == 1:
                        for j in range(first, end):
                            flat[uintp(at + j)] += columns[uintp(to + j)]
                    else:
                        for j in range(first, end):
                            flat[uintp(at + j * stride[1])] += columns[uintp(to + j)]
                    to += ow
                    at += stride[0] * width


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
            im2col(buffer, x[n], (kh, kw), (oh, ow), stride, padding, dilation)
            for g in range(groups):
                at = g * (o // groups)
                gemm(
                    out[n].reshape(-1), at * p, p, 0.0,
                    rows, at * q, q, PLAIN,
                    buffer, g * q * p, p, PLAIN, o // groups, p, q,
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
                    buffer, g * q * p, p, 0.0,
                    rows, at * q, q, TRANSPOSED,
                    grad[n].reshape(-1), at * p, p, PLAIN, q, p, o // groups,
                )  # fmt: skip
            col2im(out[n], buffer, (kh, kw), (oh, ow), stride, padding, dilation)


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
            im2col(buffer, x[n], (kh, kw), (oh, ow), stride, padding, dilation)
            for g in range(groups):
                at = g * (o // groups)
                gemm(
                    out[t].reshape(-1), at * q, q, 1.0,
                    grad[n].reshape(-1), at * p, p, PLAIN,
                    buffer, g * q * p, p, TRANSPOSED, o // groups, q, p,
                )  # fmt: skip
