"""`tensor_map` and `tensor_zip`: any scalar function, compiled into a loop over all elements."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange, uintp

from minitorch_backends.fast.compile import IN_ORDER, Kernel, scalar
from minitorch_backends.scalars import key_of
from minitorch_tensor.layout import Shape, broadcast_strides
from minitorch_tensor.tensor_data import TensorData, as_array


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

    The shape is given as four sizes, and for x and y the distance between neighbours along each
    of them; along the last that is 1, or 0 for an operand that is repeated. The arrays are flat.
    The elements of out are cut into `parts` of equal length, of which each thread writes its own,
    row by row.
    """
    f = scalar(fn)

    def kernel(
        out: Any, x: Any, y: Any, shape: Any, x_strides: Any, y_strides: Any, parts: Any
    ) -> None:
        _, second, third, length = shape
        for part in prange(parts):
            at, end = out.size * part // parts, out.size * (part + 1) // parts
            while at < end:
                row, first = at // length, at % length
                count = min(length - first, end - at)
                upper, k = row // third, row % third
                i, j = upper // second, upper % second
                a = i * x_strides[0] + j * x_strides[1] + k * x_strides[2] + first * x_strides[3]
                b = i * y_strides[0] + j * y_strides[1] + k * y_strides[2] + first * y_strides[3]
                if x_strides[3] == 0:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[a], y[uintp(b + n)])
                elif y_strides[3] == 0:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[uintp(a + n)], y[b])
                else:
                    for n in range(count):
                        out[uintp(at + n)] = f(x[uintp(a + n)], y[uintp(b + n)])
                at += count

    return Kernel(kernel, key_of(fn), IN_ORDER)


#: Strides of an operand that fills the result in order, and of one number for all of it.
_IN_ORDER, _SAME = (0, 0, 0, 1), (0, 0, 0, 0)


def plan(shape: Shape, x: TensorData, y: TensorData) -> tuple[Any, ...]:
    """What `tensor_zip` takes besides out, for operands that broadcast to a shape: flat arrays, the
    shape as four sizes, and strides.

    Dimensions along which both operands go on as they were are merged. An operand is copied where
    that leaves more than four, or where its neighbours in the last are not neighbours in memory.
    """
    size = math.prod(shape)
    if x.base is None is y.base:
        if x.shape == y.shape:
            return x.buffer.reshape(-1), y.buffer.reshape(-1), (1, 1, 1, size), _IN_ORDER, _IN_ORDER
        if not y.shape and x.shape:
            return x.buffer.reshape(-1), y.buffer.reshape(-1), (1, 1, 1, size), _IN_ORDER, _SAME
        if not x.shape and y.shape:
            return x.buffer.reshape(-1), y.buffer.reshape(-1), (1, 1, 1, size), _SAME, _IN_ORDER
    operands = [x, y]
    steps = [_steps(operand, shape) for operand in operands]
    for place, operand in enumerate(operands):
        if steps[place] and (steps[place][-1] not in (0, 1) or min(steps[place]) < 0):
            operands[place] = _copied(operand)
            steps[place] = _steps(operands[place], shape)
    sizes, merged = _merged(shape, *steps)
    if len(sizes) > 4 or merged[0][-1] == merged[1][-1] == 0:
        operands = [_copied(operand.expand(shape)) for operand in operands]
        sizes, merged = [size], [[1], [1]]
    missing = 4 - len(sizes)
    flat = [operand.buffer.reshape(-1)[operand.offset :] for operand in operands]
    four = [(*[0] * missing, *strides) for strides in merged]
    return *flat, (*[1] * missing, *sizes), *four


def _steps(x: TensorData, shape: Shape) -> tuple[int, ...]:
    """The strides of x stretched to a shape."""
    return broadcast_strides(x.shape, x.strides, shape)


def _copied(x: TensorData) -> TensorData:
    array: npt.NDArray[Any] = np.ascontiguousarray(as_array(x)).reshape(x.shape)
    return TensorData(array, x.dtype, x.shape)


def _merged(
    shape: Shape, left: tuple[int, ...], right: tuple[int, ...]
) -> tuple[list[int], list[list[int]]]:
    """The fewest dimensions that describe the same elements in the same order."""
    sizes: list[int] = []
    steps: list[list[int]] = [[], []]
    for size, *strides in zip(reversed(shape), reversed(left), reversed(right)):
        if size == 1:
            continue
        if sizes and all(s == own[0] * sizes[0] for s, own in zip(strides, steps)):
            sizes[0] *= size
            continue
        sizes.insert(0, size)
        for own, s in zip(steps, strides):
            own.insert(0, s)
    return (sizes, steps) if sizes else ([1], [[1], [1]])
