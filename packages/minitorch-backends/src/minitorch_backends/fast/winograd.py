"""Convolution with 3x3 kernels by Winograd's algorithm: 16 multiplications instead of 36.

Four neighbouring outputs (a tile of 2x2) depend on 4x4 inputs d and the kernel g, and

    Y = A^T [(G g G^T) * (B^T d B)] A

with `*` elementwise (Lavin and Gray 2016, "Fast algorithms for convolutional neural
networks", sections 4.1 and 4.3, F(2x2, 3x3)). Summed over channels, the 16 products are 16 matrix
products U V, with U = G g G^T of all kernels and V = B^T d B of all tiles, computed by BLAS.
The gradient of g is the adjoint, G^T [(A dY A^T) * (B^T d B)] G; that of d is again a convolution,
of dY with the flipped kernels.

Layout of tiles: an image is split into four planes by the parity of row and column. In a plane,
neighbours belong to neighbouring tiles, so that each step of B^T d B adds one long line to another,
shifted by one column or by one row. A row of a plane has one column more than there are tiles
(`pitch`), so that the last tile has a right neighbour like the others. Results for that column are
not used.

Shapes: x (N, C, H, W), out and grad (N, O, OH, OW), weight (O, C, 3, 3); one padding for rows and
columns each; stride and dilation 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange, uintp

from minitorch_backends.fast import thresholds
from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, Matrix, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.threads import usable_threads
from minitorch_backends.fast.windows import products
from minitorch_tensor.derived import Convolution
from minitorch_tensor.layout import Shape

#: G, for rows and columns at once: (16, 9), flat.
G = np.kron(*[np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])] * 2).ravel()

#: B^T: each row is a difference or sum of two lines, given as the first line, the second line, and
#: the second's sign. A line is (parity, offset in pairs).
FIRST = ((0, 0), (1, 0), (0, 1), (1, 0))
SECOND = ((0, 1), (0, 1), (1, 0), (1, 1))
SIGN = (-1, 1, -1, -1)

#: Elements of V and M that are processed together; they stay in a core's L2 cache.
TOGETHER = 1 << 18

#: Winograd saves multiplications per pair of input and output channels, but adds additions per
#: channel. It pays from this number of pairs per channel, in a convolution and in the gradient of
#: its weight.
WORTHWHILE, WORTHWHILE_FOR_WEIGHT = 10, 16


def suits(conv: Convolution, weight_shape: Shape, worthwhile: int = WORTHWHILE) -> bool:
    """True if Winograd's algorithm is the fastest for a convolution, or a gradient of one."""
    window, groups = conv
    outputs, channels = weight_shape[:2]
    return (
        window.kernel == (3, 3)
        and window.stride == window.dilation == (1, 1)
        and max(window.padding) <= 2  # the gradient of x uses 2 - padding
        and groups == 1
        and outputs * channels >= worthwhile * (outputs + channels)
    )


def turned(weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The kernels flipped, from outputs to inputs: (O, C, 3, 3) -> (C, O, 3, 3)."""
    return np.ascontiguousarray(weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))


def samples_together(channels: int, output: Shape, samples: int) -> int:
    """The number of samples to process at once, for input and output channels together."""
    tiles = math.ceil(output[0] / 2) * (math.ceil(output[1] / 2) + 1)
    return max(1, min(samples, TOGETHER // (16 * channels * max(1, tiles))))


@serial
def add_lines(out: Any, o: int, x: Any, i: int, y: Any, j: int, sign: Any, count: int) -> None:
    """out[o + k] = x[i + k] + sign y[j + k] for k in range(count)."""
    for k in range(count):
        out[uintp(o + k)] = x[uintp(i + k)] + sign * y[uintp(j + k)]


@serial
def add_three(out: Any, o: int, x: Any, i: int, j: int, h: int, signs: Any, count: int) -> None:
    """out[o + k] = x[i + k] + signs[0] x[j + k] + signs[1] x[h + k] for k in range(count)."""
    first, second = out.dtype.type(signs[0]), out.dtype.type(signs[1])
    for k in range(count):
        out[uintp(o + k)] = x[uintp(i + k)] + first * x[uintp(j + k)] + second * x[uintp(h + k)]


@serial
def copy_line(out: Any, o: int, x: Any, i: int, sign: Any, count: int) -> None:
    """out[o + k] = sign x[i + k] for k in range(count)."""
    for k in range(count):
        out[uintp(o + k)] = sign * x[uintp(i + k)]


@serial
def deal(planes: Any, plane: int, pitch: int, image: Any, padding: Any) -> None:
    """Split an image into four planes: planes[2 a + b] at (i, j) is
    image[2 i + a - p, 2 j + b - p]. Planes are flat, `plane` long and `pitch` wide.

    Elements outside of the image are not written: they are zero from the start.
    """
    height, width = image.shape
    flat = image.reshape(-1)
    p, q = padding
    for h in range(height):
        row = h + p
        to = 2 * (row % 2) * plane + (row // 2) * pitch
        even = to + q % 2 * plane + q // 2  # where columns 0, 2, 4 ... go
        odd = to + (q + 1) % 2 * plane + (q + 1) // 2
        at = h * width
        for k in range(width // 2):
            planes[uintp(even + k)] = flat[uintp(at + 2 * k)]
            planes[uintp(odd + k)] = flat[uintp(at + 2 * k + 1)]
        if width % 2:
            planes[even + width // 2] = flat[at + width - 1]


@serial
def tiles_of_input(
    v: Any, at: int, step: int, planes: Any, lines: Any, plane: int, pitch: int, tiles: int
) -> None:
    """B^T d B of every tile of an image: v[at + p step + t], for p in range(16), tile t."""
    long = tiles + 1
    one = v.dtype.type(1)
    for r in range(4):
        (a, i), (b, j) = FIRST[r], SECOND[r]
        for parity in range(2):
            x = (2 * a + parity) * plane + i * pitch
            y = (2 * b + parity) * plane + j * pitch
            add_lines(lines, parity * long, planes, x, planes, y, one * SIGN[r], long)
        for s in range(4):
            (a, i), (b, j) = FIRST[s], SECOND[s]
            to = at + (4 * r + s) * step
            add_lines(v, to, lines, a * long + i, lines, b * long + j, one * SIGN[s], tiles)


@serial
def transform(
    v: Any, x: Any, padding: Any, planes: Any, lines: Any, plane: int, pitch: int, tiles: int
) -> None:
    """B^T d B of every tile of some samples, for all channels: v (16, C, samples, tiles)."""
    samples, channels = x.shape[:2]
    row = samples * tiles
    for n in range(samples):
        for c in range(channels):
            deal(planes, plane, pitch, x[n, c], padding)
            at = c * row + n * tiles
            tiles_of_input(v, at, channels * row, planes, lines, plane, pitch, tiles)


@serial
def tiles_to_output(
    out: Any, m: Any, at: int, step: int, lines: Any, pitch: int, tiles: int
) -> None:
    """A^T m A of every tile, written to its place: out (OH, OW), of m[at + p step + t]."""
    height, width = out.shape
    flat = out.reshape(-1)
    for a in range(2):
        for s in range(4):
            # A^T: the sum of lines 0 to 2, and line 1 less lines 2 and 3.
            i = at + (4 * a + s) * step
            signs = (1, 1) if a == 0 else (-1, -1)
            add_three(lines, s * tiles, m, i, i + 4 * step, i + 8 * step, signs, tiles)
        add_three(lines, 4 * tiles, lines, 0, tiles, 2 * tiles, (1, 1), tiles)
        add_three(lines, 5 * tiles, lines, tiles, 2 * tiles, 3 * tiles, (-1, -1), tiles)
        for i in range((height - a + 1) // 2):
            to, x = (2 * i + a) * width, 4 * tiles + i * pitch
            for j in range(width // 2):
                flat[uintp(to + 2 * j)] = lines[uintp(x + j)]
                flat[uintp(to + 2 * j + 1)] = lines[uintp(x + tiles + j)]
            if width % 2:
                flat[to + width - 1] = lines[x + width // 2]


@serial
def tiles_of_grad(
    m: Any, at: int, step: int, planes: Any, lines: Any, plane: int, tiles: int
) -> None:
    """A dY A^T of every tile: m[at + p step + t]; the adjoint of `tiles_to_output`. A's rows are
    y0, y0 + y1, y0 - y1 and -y1."""
    one = m.dtype.type(1)
    for r in range(4):
        for b in range(2):
            y0, y1, to = b * plane, (2 + b) * plane, b * tiles
            if r == 0:
                copy_line(lines, to, planes, y0, one, tiles)
            elif r == 3:
                copy_line(lines, to, planes, y1, -one, tiles)
            else:
                add_lines(lines, to, planes, y0, planes, y1, one if r == 1 else -one, tiles)
        to = at + 4 * r * step
        copy_line(m, to, lines, 0, one, tiles)
        add_lines(m, to + step, lines, 0, lines, tiles, one, tiles)
        add_lines(m, to + 2 * step, lines, 0, lines, tiles, -one, tiles)
        copy_line(m, to + 3 * step, lines, tiles, -one, tiles)


@serial
def kernels(weight: Any) -> Any:
    """U = G g G^T of every kernel of weight (O, C, 3, 3): (16, O, C), flat."""
    flat, g = weight.reshape(-1), G.astype(weight.dtype)
    count = flat.size // 9
    u = np.empty(16 * count, weight.dtype)
    gemm(
        Matrix(u, 0, count, PLAIN), 0.0,
        Matrix(g, 0, 9, PLAIN), Matrix(flat, 0, 9, TRANSPOSED), 16, count, 9,
    )  # fmt: skip
    return u


@serial
def kernels_adjoint(out: Any, u: Any) -> None:
    """The adjoint of `kernels`: out (O, C, 3, 3) of u (16, O, C), flat."""
    flat, g = out.reshape(-1), G.astype(u.dtype)
    count = flat.size // 9
    gemm(
        Matrix(flat, 0, 9, PLAIN), 0.0,
        Matrix(u, 0, count, TRANSPOSED), Matrix(g, 0, 9, PLAIN), count, 9, 16,
    )  # fmt: skip


@serial
def vanishing(x: Any) -> Any:
    """0 if every element is finite, NaN if not."""
    flat = x.reshape(-1)
    total = zero = x.dtype.type(0)
    for k in range(flat.size):
        total += flat[uintp(k)] * zero
    return total


@parallel
def conv2d(
    out: Any, x: Any, weight: Any, padding: Any, together: Any, parts: Any, probes: Any
) -> None:
    """out[n, o, i, j] = sum over c, k, l of weight[o, c, k, l] * x[n, c, i + k - p, j + l - p].

    Each thread owns samples n of out, and processes `together` of them at once. probes (parts)
    starts as zeros and becomes NaN for a part of out that is not finite.
    """
    samples, channels = x.shape[:2]
    outputs, height, width = out.shape[1:]
    pitch = (width + 1) // 2 + 1
    tiles = (height + 1) // 2 * pitch
    plane = tiles + pitch + 1
    u = kernels(weight)
    for part in prange(parts):
        planes = np.zeros(4 * plane, x.dtype)
        lines = np.empty(6 * (tiles + 1), x.dtype)
        v = np.empty(16 * channels * together * tiles, x.dtype)
        m = np.empty(16 * outputs * together * tiles, x.dtype)
        end = samples * (part + 1) // parts
        for first in range(samples * part // parts, end, together):
            count = min(together, end - first)
            row = count * tiles
            transform(v, x[first : first + count], padding, planes, lines, plane, pitch, tiles)
            for p in range(16):
                gemm(
                    Matrix(m, p * outputs * row, row, PLAIN), 0.0,
                    Matrix(u, p * outputs * channels, channels, PLAIN),
                    Matrix(v, p * channels * row, row, PLAIN), outputs, row, channels,
                )  # fmt: skip
            for n in range(count):
                for o in range(outputs):
                    at = o * row + n * tiles
                    tiles_to_output(out[first + n, o], m, at, outputs * row, lines, pitch, tiles)
                probes[part] += vanishing(out[first + n])  # while it is in the cache


@parallel
def conv2d_weight_grad(
    out: Any, grad: Any, x: Any, padding: Any, together: Any, parts: Any
) -> None:
    """The adjoint of conv2d in weight, into out.

    Each thread accumulates its samples in its own part; the parts are added up in order, so that
    results repeat.
    """
    samples, channels = x.shape[:2]
    outputs, height, width = grad.shape[1:]
    pitch = (width + 1) // 2 + 1
    tiles = (height + 1) // 2 * pitch
    plane = tiles + pitch + 1
    u = np.zeros((parts, 16 * outputs * channels), x.dtype)
    for part in prange(parts):
        planes, grad_planes = np.zeros(4 * plane, x.dtype), np.zeros(4 * plane, x.dtype)
        lines = np.empty(2 * (tiles + 1), x.dtype)
        v = np.empty(16 * channels * together * tiles, x.dtype)
        m = np.empty(16 * outputs * together * tiles, x.dtype)
        end = samples * (part + 1) // parts
        for first in range(samples * part // parts, end, together):
            count = min(together, end - first)
            row = count * tiles
            transform(v, x[first : first + count], padding, planes, lines, plane, pitch, tiles)
            for n in range(count):
                for o in range(outputs):
                    deal(grad_planes, plane, pitch, grad[first + n, o], (0, 0))
                    at = o * row + n * tiles
                    tiles_of_grad(m, at, outputs * row, grad_planes, lines, plane, tiles)
            for p in range(16):
                gemm(
                    Matrix(u[part], p * outputs * channels, channels, PLAIN), 1.0,
                    Matrix(m, p * outputs * row, row, PLAIN),
                    Matrix(v, p * channels * row, row, TRANSPOSED), outputs, channels, row,
                )  # fmt: skip
    for part in range(1, parts):
        add_lines(u[0], 0, u[0], 0, u[part], 0, x.dtype.type(1), u.shape[1])
    kernels_adjoint(out, u[0])


# -- from arrays to kernels -----------------------------------------------------------------------


def convolve(
    out: npt.NDArray[Any],
    x: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    padding: tuple[int, int],
) -> bool:
    """out = the convolution of x with 3x3 kernels.

    Returns: true if out is finite. If not, it is wrong: the algorithm's differences turn an
        infinity into NaN, even in outputs that do not depend on it.
    """
    parts = max(1, min(usable_threads(), len(x)))
    together = samples_together(sum(weight.shape[:2]), out.shape[2:], len(x) // parts)
    run = conv2d.over(products(out, weight), thresholds.PRODUCT)
    probes = np.zeros(parts, out.dtype)
    run(out, x, weight, padding, together, parts, probes)
    return not probes.any()  # NaN is true


def weight_grad(
    out: npt.NDArray[Any],
    grad_output: npt.NDArray[Any],
    x: npt.NDArray[Any],
    padding: tuple[int, int],
) -> bool:
    """out = the gradient of 3x3 kernels.

    Returns: true if out is finite, as for `convolve`.
    """
    parts = max(1, min(usable_threads(), len(x)))
    together = samples_together(sum(out.shape[:2]), grad_output.shape[2:], len(x) // parts)
    run = conv2d_weight_grad.over(products(grad_output, out), thresholds.PRODUCT)
    run(out, grad_output, x, padding, together, parts)
    return bool(np.isfinite(out).all())
