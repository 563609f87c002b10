"""`tensor_map` and `tensor_zip`: any scalar function, compiled into a loop over all elements."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange, uintp

from minitorch_backends.fast.compile import IN_ORDER, Kernel, scalar
from minitorch_backends.fast.copying import contiguous
from minitorch_backends.layouts import merge
from minitorch_backends.scalars import key_of
from minitorch_tensor.layout import Shape, Strides, broadcast_strides, contiguous_strides
from minitorch_tensor.tensor_data import TensorData


@lru_cache(maxsize=1024)
def tensor_map(fn: Callable[[float], float]) -> Kernel:
    """out[i] = fn(x[i]), for flat arrays of one length; each thread writes its own part of out."""
    f = scalar(fn)

    def kernel(out: Any, x: Any) -> None:
        for i in prange(out.size):
            out[i] = f(x[i])

    return Kernel(kernel, key_of(fn), IN_ORDER)


@lru_cache(maxsize=1024)
def tensor_zip(fn: Callable[[float, float], float]) -> Kernel:
    """out[i] = fn(x[i], y[i]), where x and y may be stretched to out's shape.

    `layout` holds the shape as four sizes, the strides of x and of y (the last is 1, or 0 for a
    broadcast operand), and the offsets of x and y: see `plan`. The arrays are flat. The elements of
    out are cut into `parts` of equal length, and each thread writes its own, row by row.
    """
    f = scalar(fn)

    def kernel(out: Any, x: Any, y: Any, layout: Any, parts: Any) -> None:
        second, third, length = layout[1], layout[2], layout[3]
        x_step, y_step = layout[7], layout[11]
        for part in prange(parts):
            at, end = out.size * part // parts, out.size * (part + 1) // parts
            while at < end:
                row, first = at // length, at % length
                count = min(length - first, end - at)
                upper, k = row // third, row % third
                i, j = upper // second, upper % second
                a = layout[12] + i * layout[4] + j * layout[5] + k * layout[6] + first * x_step
                b = layout[13] + i * layout[8] + j * layout[9] + k * layout[10] + first * y_step
                if x_step == 0:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[a], y[uintp(b + n)])
                elif y_step == 0:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[uintp(a + n)], y[b])
                else:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[uintp(a + n)], y[uintp(b + n)])
                at += count

    return Kernel(kernel, key_of(fn), IN_ORDER)


def plan(
    shape: Shape, x: TensorData, y: TensorData
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The arguments of `tensor_zip` after out, for operands that broadcast: flat arrays, and
    their layout.

    Dimensions that are contiguous in both operands are merged. An operand is copied if more than
    four remain, or if its last dimension is not contiguous.
    """
    layout, moved, stretched = _layout(shape, *_place(x), *_place(y))
    if moved:
        given = [operand.expand(shape) if stretched else operand for operand in (x, y)]
        return plan(shape, *[contiguous(given[i]) if i in moved else given[i] for i in (0, 1)])
    return x.buffer.reshape(-1), y.buffer.reshape(-1), layout


@lru_cache(maxsize=4096)
def in_line(size: int) -> npt.NDArray[np.int64]:
    """The layout of two contiguous arrays of one shape."""
    return np.array([1, 1, 1, size, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0], np.int64)


def _place(x: TensorData) -> tuple[Shape, Strides | None, int]:
    """The layout of x in its buffer; strides are None if x is the whole buffer, in order."""
    return (x.shape, None, 0) if x.base is None else (x.shape, x.strides, x.offset)


@lru_cache(maxsize=4096)
def _layout(
    shape: Shape,
    x_shape: Shape,
    x_strides: Strides | None,
    x_offset: int,
    y_shape: Shape,
    y_strides: Strides | None,
    y_offset: int,
) -> tuple[npt.NDArray[np.int64], tuple[int, ...], bool]:
    """The layout of two operands (strides None: contiguous); which of them to copy first, if any;
    and whether to broadcast them before."""
    steps = [
        broadcast_strides(own, contiguous_strides(own) if strides is None else strides, shape)
        for own, strides in ((x_shape, x_strides), (y_shape, y_strides))
    ]
    moved = [i for i in (0, 1) if steps[i] and (steps[i][-1] not in (0, 1) or min(steps[i]) < 0)]
    sizes, merged = merge(shape, *steps)
    stretched = len(sizes) > 4 or (len(sizes) > 0 and merged[0][-1] == merged[1][-1] == 0)
    if stretched:
        moved = [0, 1]
    if moved:
        return np.empty(0, np.int64), tuple(moved), stretched
    missing = 4 - len(sizes)
    four = [[1] * missing + sizes, *[[0] * missing + strides for strides in merged]]
    return np.array([*itertools.chain(*four), x_offset, y_offset], np.int64), (), False
