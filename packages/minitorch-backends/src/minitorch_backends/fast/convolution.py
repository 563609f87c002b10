"""Convolution as matrix products, one sample at a time.

The windows of a sample are laid out as columns in a buffer that stays in the cache, multiplied with
the weights, and overwritten by the next sample's (the im2col of Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing", section 3, without its memory).
Each thread takes an equal share of the samples and has buffers of its own.

An image is first put into a frame of zeros, as large as padding makes it. With a stride of 1, the
numbers that a weight meets while its window slides along the rows of the frame lie one after
another there, but that at each row's end the window also slides over the edge. So they are copied
as one long line, where row by row takes longer than the product itself; what is computed over the
edge is left out of the result. Where that would be too much, and with other strides, it is row by
row nevertheless.

Positions are unsigned (`uintp`): for a signed index numba asks each time whether it counts from the
end, and that question alone keeps a loop from being vectorised.

Shapes everywhere: x (N, C, H, W), weight (O, C / G, KH, KW), grad and out (N, O, OH, OW); stride,
padding, dilation and kernel are (height, width). Of a thread's buffers, which are flat, the frame
is (C, FH, FW), columns (C * KH * KW, length), and lines, the result with what is left out,
(O, length): see `Sizes`.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import prange, uintp

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_tensor.derived import Window
from minitorch_tensor.layout import Shape

#: How many products for nothing cost as much as copying a row by itself, for each of its numbers.
SPARED = 24


class Sizes(NamedTuple):
    """The numbers of a convolution."""

    #: Of an image, the frame around it, and the output.
    height: int
    width: int
    fh: int
    fw: int
    oh: int
    ow: int
    #: Of the window: kernel, stride, padding and dilation.
    kh: int
    kw: int
    sh: int
    sw: int
    ph: int
    pw: int
    dh: int
    dw: int
    #: From one row of the output to the next, in columns and lines; and how long these are.
    pitch: int
    length: int


@lru_cache(maxsize=1024)
def sizes(input_shape: Shape, output_shape: Shape, window: Window, groups: int) -> Sizes:
    """The numbers of the convolution of such an input to such an output."""
    (height, width), (oh, ow) = input_shape[2:], output_shape[2:]
    frame = height + 2 * window.padding[0], width + 2 * window.padding[1]
    spared = output_shape[1] // groups * (frame[1] - ow) <= SPARED * ow
    pitch = frame[1] if window.stride == (1, 1) and spared else ow
    length = (oh - 1) * pitch + ow
    return Sizes(height, width, *frame, oh, ow, *itertools.chain(*window), pitch, length)  # type: ignore[call-arg]


def room(input_shape: Shape, weight_shape: Shape, s: Sizes) -> int:
    """How many elements the buffers of a thread have."""
    channels, outputs = input_shape[1], weight_shape[0]
    return channels * (s.fh * s.fw + s.kh * s.kw * s.length) + outputs * s.length


@serial
def copy_rows(
    out: Any, to: int, out_pitch: int, x: Any, at: int, pitch: int, rows: int, count: int
) -> None:
    """out[to + i out_pitch + j] = x[at + i pitch + j], for i in range(rows), j in range(count)."""
    for _ in range(rows):
        for j in range(count):
            out[uintp(to + j)] = x[uintp(at + j)]
        to += out_pitch
        at += pitch


@serial
def im2col(columns: Any, x: Any, at: int, frame: Any, channels: int, s: Any) -> None:
    """columns[c, k, l, i, j] = framed x[c, i s + k d, j s + l d]. x is flat and begins at `at`.

    `frame` is zero but for what this writes into it.
    """
    fw, oh, ow = s.fw, s.oh, s.ow
    framed = s.ph + s.pw > 0
    if framed:
        for c in range(channels):
            to = (c * s.fh + s.ph) * fw + s.pw
            copy_rows(frame, to, fw, x, at + c * s.height * s.width, s.width, s.height, s.width)
    source, start = (frame, 0) if framed else (x, at)
    to = 0
    for c in range(channels):
        for k in range(s.kh):
            for l in range(s.kw):  # noqa: E741 - the letter of the formula
                first = start + (c * s.fh + k * s.dh) * fw + l * s.dw
                if s.sh == s.sw == 1 and s.pitch == fw:
                    copy_rows(columns, to, 0, source, first, 0, 1, s.length)
                elif s.sw == 1:
                    copy_rows(columns, to, ow, source, first, s.sh * fw, oh, ow)
                else:
                    for i in range(oh):
                        line, begin = to + i * ow, first + i * s.sh * fw
                        for j in range(ow):
                            columns[uintp(line + j)] = source[uintp(begin + j * s.sw)]
                to += s.length


@serial
def col2im(x: Any, at: int, columns: Any, frame: Any, channels: int, s: Any) -> None:
    """x[c, h, w] = sum of columns[c, k, l, i, j] over all that im2col takes from there."""
    fw, oh, ow = s.fw, s.oh, s.ow
    frame[:] = 0
    to = 0
    for c in range(channels):
        for k in range(s.kh):
            for l in range(s.kw):  # noqa: E741 - the letter of the formula
                first = (c * s.fh + k * s.dh) * fw + l * s.dw
                if s.sh == s.sw == 1 and s.pitch == fw:
                    for j in range(s.length):
                        frame[uintp(first + j)] += columns[uintp(to + j)]
                else:
                    for i in range(oh):
                        line, begin = to + i * ow, first + i * s.sh * fw
                        for j in range(ow):
                            frame[uintp(begin + j * s.sw)] += columns[uintp(line + j)]
                to += s.length
    for c in range(channels):
        first = (c * s.fh + s.ph) * fw + s.pw
        copy_rows(x, at + c * s.height * s.width, s.width, frame, first, fw, s.height, s.width)


@parallel
def conv2d(out: Any, x: Any, weight: Any, buffers: Any, groups: Any, s: Any) -> None:
    """out[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i s + k d, j s + l d].

    Each thread owns samples n of out.
    """
    samples, channels = x.shape[:2]
    outputs, oh, ow = weight.shape[0], s.oh, s.ow
    o, q, p = outputs // groups, channels // groups * s.kh * s.kw, oh * ow
    to, source, rows = out.reshape(-1), x.reshape(-1), weight.reshape(-1)
    threads = buffers.shape[0]
    for t in prange(threads):
        frame, columns, lines = _buffers(buffers[t], channels, outputs, s)
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            im2col(columns, source, n * (x.size // samples), frame, channels, s)
            for g in range(groups):
                gemm(
                    lines, g * o * s.length, s.length, 0.0,
                    rows, g * o * q, q, PLAIN,
                    columns, g * q * s.length, s.length, PLAIN, o, s.length, q,
                )  # fmt: skip
            for k in range(outputs):
                at = (n * outputs + k) * p
                copy_rows(to, at, ow, lines, k * s.length, s.pitch, oh, ow)


@parallel
def conv2d_input_grad(out: Any, grad: Any, weight: Any, buffers: Any, groups: Any, s: Any) -> None:
    """The adjoint of conv2d in x, into out (N, C, H, W). Each thread owns samples n of out."""
    samples, channels = out.shape[:2]
    outputs = weight.shape[0]
    o, q = outputs // groups, channels // groups * s.kh * s.kw
    to, source, rows = out.reshape(-1), grad.reshape(-1), weight.reshape(-1)
    threads = buffers.shape[0]
    for t in prange(threads):
        frame, columns, lines = _buffers(buffers[t], channels, outputs, s)
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            _lines_of_grad(lines, source, n, outputs, s)
            for g in range(groups):
                gemm(
                    columns, g * q * s.length, s.length, 0.0,
                    rows, g * o * q, q, TRANSPOSED,
                    lines, g * o * s.length, s.length, PLAIN, q, s.length, o,
                )  # fmt: skip
            col2im(to, n * (out.size // samples), columns, frame, channels, s)


@parallel
def conv2d_weight_grad(out: Any, grad: Any, x: Any, buffers: Any, groups: Any, s: Any) -> None:
    """The adjoint of conv2d in weight, into out (O, C / G, KH, KW).

    Each thread adds up its samples in a part of its own; the parts are added up in order, so that
    results repeat. A part is out transposed, (G, C / G * KH * KW, O / G): so the product, of two
    short sides and a long one, takes BLAS three quarters of the time.
    """
    samples, channels = x.shape[:2]
    outputs = out.shape[0]
    o, q = outputs // groups, channels // groups * s.kh * s.kw
    to, source, received = out.reshape(-1), x.reshape(-1), grad.reshape(-1)
    threads = buffers.shape[0]
    parts = np.zeros((threads, out.size), out.dtype)
    for t in prange(threads):
        frame, columns, lines = _buffers(buffers[t], channels, outputs, s)
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            im2col(columns, source, n * (x.size // samples), frame, channels, s)
            _lines_of_grad(lines, received, n, outputs, s)
            for g in range(groups):
                gemm(
                    parts[t], g * q * o, o, 1.0,
                    columns, g * q * s.length, s.length, PLAIN,
                    lines, g * o * s.length, s.length, TRANSPOSED, q, o, s.length,
                )  # fmt: skip
    for t in range(1, threads):
        parts[0] += parts[t]
    for g in range(groups):
        for i in range(o):
            for j in range(q):
                to[(g * o + i) * q + j] = parts[0, (g * q + j) * o + i]


@serial
def _buffers(buffer: Any, channels: int, outputs: int, s: Any) -> Any:
    """The frame, columns and lines of a thread; what must be zero is."""
    begin = channels * s.fh * s.fw
    end = begin + channels * s.kh * s.kw * s.length
    buffer[:begin] = 0
    buffer[end:] = 0
    return buffer[:begin], buffer[begin:end], buffer[end : end + outputs * s.length]


@serial
def _lines_of_grad(lines: Any, grad: Any, n: int, outputs: int, s: Any) -> None:
    """Put a sample's gradient where the product with columns has its result: what is left out
    there stays zero."""
    oh, ow = s.oh, s.ow
    for k in range(outputs):
        at = (n * outputs + k) * oh * ow
        copy_rows(lines, k * s.length, s.pitch, grad, at, ow, oh, ow)
