"""Convolution as matrix products, one sample at a time.

The windows of a sample are laid out as columns in a buffer that stays in the cache, multiplied with
the weights, and overwritten by the next sample's (the im2col of Chellapilla et al. 2006, "High
performance convolutional neural networks for document processing", section 3, without its memory).
Each thread takes an equal share of the samples and has buffers of its own.

An image is first copied into a frame of zeros, the padding. With a stride of 1, the elements that a
weight meets while its window slides along the rows of the frame are contiguous, except that at the
end of each row the window also slides over the edge. So they are copied as one long line (copying
row by row takes longer than the product itself), and results computed over the edge are dropped.
The weight in the window's next row meets the same line at an offset. So there is one line for each
column of the window, or, with many channels, a single line, and one *product* for each part of the
window that shares a line: BLAS multiplies a few dozen lines without packing them first. If too many
results would be dropped, and with other strides, there is one product, laid out row by row.

Positions are unsigned (`uintp`): numba tests each signed index for counting from the end, and that
test prevents vectorisation.

Shapes everywhere: x (N, C, H, W), weight (P, O, Q), the kernels (O, C / G, KH, KW) rearranged by
`arranged` into P products, y (N, O, OH, OW); stride, padding, dilation and kernel are (height,
width). A thread's buffers are flat: the frame (C, FH, FW), columns (G * Q, row), and lines, the
result before dropping, (O, length): see `Sizes`.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange, uintp

from minitorch_backends.fast import memory, thresholds
from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, Matrix, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.threads import usable_threads
from minitorch_backends.fast.windows import products
from minitorch_tensor.derived import Convolution
from minitorch_tensor.layout import Shape

#: Wasted multiplications per element that cost as much as copying row by row.
SPARED = 24

#: Channels from which every place of the window has its own product, not just every row.
MANY = 8


class Sizes(NamedTuple):
    """The sizes of a convolution."""

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
    #: The stride of output rows in columns and lines; and the lengths of both.
    pitch: int
    row: int
    length: int
    #: The number of products per window: one for each of `high` rows times `wide` columns.
    high: int
    wide: int


@lru_cache(maxsize=1024)
def sizes(input_shape: Shape, output_shape: Shape, conv: Convolution) -> Sizes:
    """The sizes of a convolution with these input and output shapes."""
    window, groups = conv
    (height, width), (oh, ow) = input_shape[2:], output_shape[2:]
    frame = height + 2 * window.padding[0], width + 2 * window.padding[1]
    spared = output_shape[1] // groups * (frame[1] - ow) <= SPARED * ow
    in_line = window.stride == (1, 1) and spared
    pitch = frame[1] if in_line else ow
    length = (oh - 1) * pitch + ow
    (kh, kw), (dh, dw) = window.kernel, window.dilation
    apart = in_line and input_shape[0] * oh * ow >= thresholds.REARRANGED
    high = kh if apart else 1
    wide = kw if apart and input_shape[1] // groups >= MANY else 1
    row = length + (high - 1) * dh * pitch + (wide - 1) * dw
    return Sizes(  # type: ignore[call-arg]
        height, width, *frame, oh, ow, *itertools.chain(*window), pitch, row, length, high, wide
    )  # fmt: skip


def room(input_shape: Shape, output_shape: Shape, s: Sizes) -> int:
    """The number of elements in the buffers of a thread."""
    channels, outputs = input_shape[1], output_shape[1]
    columns = channels * (s.kh // s.high) * (s.kw // s.wide) * s.row
    return channels * s.fh * s.fw + columns + outputs * s.length


def arranged(weight: npt.NDArray[Any], s: Sizes) -> npt.NDArray[Any]:
    """The kernels (O, C / G, KH, KW) arranged for products: (P, O, Q), with P = `high` * `wide`."""
    parts = _by_products(weight, s)
    outputs, size = len(weight), math.prod(parts.shape[3:])
    return np.ascontiguousarray(parts).reshape(s.high * s.wide, outputs, size)


def rearrange(weight: npt.NDArray[Any], products: npt.NDArray[Any], s: Sizes) -> None:
    """The inverse of `arranged`: weight from products."""
    parts = _by_products(weight, s)
    np.copyto(parts, products.reshape(parts.shape))


def _by_products(weight: npt.NDArray[Any], s: Sizes) -> npt.NDArray[Any]:
    """A view of the kernels: (high, wide, O, C / G, rows, columns of the window in a product)."""
    rows, columns = s.kh // s.high, s.kw // s.wide
    return weight.reshape(*weight.shape[:2], s.high, rows, s.wide, columns).transpose(
        2, 4, 0, 1, 3, 5
    )


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
    """columns[c, k, l, i, j] = framed x[c, i s + k d, j s + l d], for the places (k, l) of a window
    that are in the first product; the others read the same lines at an offset. x is flat, from `at`
    on. `frame` is zero except where this writes into it.
    """
    fw, oh, ow = s.fw, s.oh, s.ow
    framed = s.ph + s.pw > 0
    if framed:
        for c in range(channels):
            to = (c * s.fh + s.ph) * fw + s.pw
            copy_rows(frame, to, fw, x, at + c * s.height * s.width, s.width, s.height, s.width)
    source, start = (frame, 0) if framed else (x, at)
    in_line = s.sh == 1 and s.sw == 1 and s.pitch == fw
    rows, count = (1, s.row) if in_line else (oh, ow)
    to = 0
    for c in range(channels):
        for k in range(s.kh // s.high):
            for l in range(s.kw // s.wide):  # noqa: E741 - the letter of the formula
                first = start + (c * s.fh + k * s.dh) * fw + l * s.dw
                if s.sw == 1:
                    copy_rows(columns, to, ow, source, first, s.sh * fw, rows, count)
                else:
                    for i in range(oh):
                        line, begin = to + i * ow, first + i * s.sh * fw
                        for j in range(ow):
                            columns[uintp(line + j)] = source[uintp(begin + j * s.sw)]
                to += s.row


@serial
def col2im(x: Any, at: int, columns: Any, frame: Any, channels: int, s: Any) -> None:
    """x[c, h, w] = sum of columns[c, k, l, i, j] over all copies that im2col makes of it."""
    fw, oh, ow = s.fw, s.oh, s.ow
    for i in range(frame.size):
        frame[uintp(i)] = 0
    to = 0
    for c in range(channels):
        for k in range(s.kh // s.high):
            for l in range(s.kw // s.wide):  # noqa: E741 - the letter of the formula
                first = (c * s.fh + k * s.dh) * fw + l * s.dw
                if s.sh == s.sw == 1 and s.pitch == fw:
                    for j in range(s.row):
                        frame[uintp(first + j)] += columns[uintp(to + j)]
                else:
                    for i in range(oh):
                        line, begin = to + i * ow, first + i * s.sh * fw
                        for j in range(ow):
                            frame[uintp(begin + j * s.sw)] += columns[uintp(line + j)]
                to += s.row
    for c in range(channels):
        first = (c * s.fh + s.ph) * fw + s.pw
        copy_rows(x, at + c * s.height * s.width, s.width, frame, first, fw, s.height, s.width)


@serial
def forward(
    y: Any, n: int, x: Any, weight: Any, frame: Any, columns: Any, lines: Any, groups: int, s: Any
) -> None:
    """y[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i s + k d, j s + l d]."""
    products, outputs, q = weight.shape
    o = outputs // groups
    im2col(columns, x.reshape(-1), n * (x.size // x.shape[0]), frame, x.shape[1], s)
    for g in range(groups):
        for p in range(products):
            gemm(
                Matrix(lines, g * o * s.length, s.length, PLAIN), 0.0 if p == 0 else 1.0,
                Matrix(weight.reshape(-1), (p * outputs + g * o) * q, q, PLAIN),
                Matrix(columns, g * q * s.row + further(p, s), s.row, PLAIN), o, s.length, q,
            )  # fmt: skip
    flat, size = y.reshape(-1), s.oh * s.ow
    for k in range(outputs):
        at = (n * outputs + k) * size
        copy_rows(flat, at, s.ow, lines, k * s.length, s.pitch, s.oh, s.ow)


@serial
def further(p: int, s: Any) -> Any:
    """The offset in columns of product p from the first product."""
    k, l = p // s.wide, p % s.wide  # noqa: E741 - the letter of the formula
    return k * s.dh * s.pitch + l * s.dw


@serial
def lines_of(lines: Any, y: Any, n: int, s: Any) -> None:
    """Copy a sample of y to its place in the lines of `forward`. Dropped positions stay zero."""
    flat, outputs, size = y.reshape(-1), y.shape[1], s.oh * s.ow
    for k in range(outputs):
        at = (n * outputs + k) * size
        copy_rows(lines, k * s.length, s.pitch, flat, at, s.ow, s.oh, s.ow)


@serial
def input_adjoint(
    x: Any, n: int, y: Any, weight: Any, frame: Any, columns: Any, lines: Any, groups: int, s: Any
) -> None:
    """The adjoint of `forward` in x, for one sample."""
    products, outputs, q = weight.shape
    o = outputs // groups
    lines_of(lines, y, n, s)
    if products > 1:
        for i in range(columns.size):
            columns[uintp(i)] = 0
    for g in range(groups):
        for p in range(products):
            gemm(
                Matrix(columns, g * q * s.row + further(p, s), s.row, PLAIN),
                0.0 if products == 1 else 1.0,
                Matrix(weight.reshape(-1), (p * outputs + g * o) * q, q, TRANSPOSED),
                Matrix(lines, g * o * s.length, s.length, PLAIN), q, s.length, o,
            )  # fmt: skip
    col2im(x.reshape(-1), n * (x.size // x.shape[0]), columns, frame, x.shape[1], s)


@serial
def weight_adjoint(
    part: Any, n: int, y: Any, x: Any, frame: Any, columns: Any, lines: Any, groups: int, s: Any
) -> None:
    """The adjoint of `forward` in weight, for one sample, added to `part`, the transposed weight
    (P, G, Q, O / G). Transposed, this product with two short sides and a long one takes BLAS three
    quarters of the time."""
    outputs, products = y.shape[1], s.high * s.wide
    o, q = outputs // groups, part.size // (products * outputs)
    im2col(columns, x.reshape(-1), n * (x.size // x.shape[0]), frame, x.shape[1], s)
    lines_of(lines, y, n, s)
    for g in range(groups):
        for p in range(products):
            gemm(
                Matrix(part, (p * groups + g) * q * o, o, PLAIN), 1.0,
                Matrix(columns, g * q * s.row + further(p, s), s.row, PLAIN),
                Matrix(lines, g * o * s.length, s.length, TRANSPOSED), q, o, s.length,
            )  # fmt: skip


#: The array that `conv2d` writes: y, or the gradient of x or of weight from that of y.
OF_OUTPUT, OF_INPUT, OF_WEIGHT = 0, 1, 2


@parallel
def conv2d(
    what: Any, x: Any, weight: Any, y: Any, buffers: Any, parts: Any, groups: Any, numbers: Any
) -> None:
    """Write y, x or weight from the two others, as `forward` and its adjoints say; `numbers` are
    the `Sizes` as a plain tuple, for which numba does not take longer than for one number.

    This is one kernel because each parallel kernel takes seconds to compile. Thread t owns samples
    n, which it writes, or accumulates in parts[t] (threads, weight's size); the parts are added up
    in order, so that results repeat.
    """
    s = Sizes(*numbers)
    samples, threads = x.shape[0], buffers.shape[0]
    for t in prange(threads):
        frame, columns, lines = _buffers(buffers[t], x.shape[1], y.shape[1], s)
        if what == OF_WEIGHT:
            for i in range(weight.size):
                parts[t, i] = 0
        for n in range(samples * t // threads, samples * (t + 1) // threads):
            if what == OF_OUTPUT:
                forward(y, n, x, weight, frame, columns, lines, groups, s)
            elif what == OF_INPUT:
                input_adjoint(x, n, y, weight, frame, columns, lines, groups, s)
            else:
                weight_adjoint(parts[t], n, y, x, frame, columns, lines, groups, s)
    if what == OF_WEIGHT:
        products, outputs, q = weight.shape
        o = outputs // groups
        for p in range(products):
            for g in range(groups):
                for i in range(o):
                    for j in range(q):
                        at = ((p * groups + g) * q + j) * o + i
                        total = parts[0, at]
                        for t in range(1, threads):
                            total += parts[t, at]
                        weight[p, g * o + i, j] = total


@serial
def _buffers(buffer: Any, channels: int, outputs: int, s: Any) -> Any:
    """The frame, columns and lines of a thread, zeroed where necessary."""
    begin = channels * s.fh * s.fw
    end = begin + channels * (s.kh // s.high) * (s.kw // s.wide) * s.row
    for i in range(begin):
        buffer[uintp(i)] = 0
    for i in range(end, buffer.size):
        buffer[uintp(i)] = 0
    return buffer[:begin], buffer[begin:end], buffer[end : end + outputs * s.length]


# -- from arrays to kernels ------------------------------------------------------------------------


def compute(
    what: int,
    x: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    y: npt.NDArray[Any],
    conv: Convolution,
) -> None:
    """Write one of three arrays from the two others; see `conv2d`."""
    s = sizes(x.shape, y.shape, conv)
    threads = max(1, min(usable_threads(), len(x)))  # at most one per sample
    buffers = memory.empty((threads, room(x.shape, y.shape, s)), x.dtype)
    parts = memory.empty((threads, weight.size), x.dtype)
    rearranged = arranged(weight, s)
    run = conv2d.over(products(y, weight), thresholds.PRODUCT)
    run(what, x, rearranged, y, buffers, parts, conv.groups, tuple(s))
    if what == OF_WEIGHT:
        rearrange(weight, rearranged, s)
