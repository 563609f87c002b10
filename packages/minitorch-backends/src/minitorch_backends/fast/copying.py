"""Row-major copies of strided arrays, tile by tile.

Reading a transposed matrix row by row loads a cache line for each number, and the line is evicted
before its other numbers are needed. So tiles of 16 by 16 are read along the dimension in which
elements are adjacent, and written along the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange, uintp

from minitorch_backends.fast import memory, thresholds
from minitorch_backends.fast.compile import ordered
from minitorch_backends.fast.threads import usable_threads
from minitorch_backends.layouts import merge
from minitorch_tensor.layout import Shape, Strides, contiguous_strides
from minitorch_tensor.tensor_data import TensorData, as_array

#: Rows and columns of a tile: the number of float32 in a cache line.
TILE = 16


def contiguous(x: TensorData) -> TensorData:
    """A copy of x in row-major order."""
    out = memory.empty(x.shape, x.dtype.numpy)
    layout = _layout(x.shape, x.strides, x.offset) if x.size >= thresholds.TILED else None
    if layout is None:
        np.copyto(out, as_array(x))
    else:
        run = transpose.over(out.size, thresholds.ARITHMETIC)
        run(out.reshape(-1), x.buffer.reshape(-1), layout, usable_threads())
    return TensorData(out, x.dtype, x.shape)


def row_major(x: TensorData) -> npt.NDArray[Any]:
    """The elements as a C-contiguous array of x's shape, copied only if necessary."""
    if x.base is None:
        array: npt.NDArray[Any] = x.buffer
        return array
    return as_array(x if x.is_contiguous() else contiguous(x))


@ordered
def transpose(out: Any, x: Any, layout: Any, parts: Any) -> None:
    """out[i] = x[i] for every index i, where x's dimension of stride 1 is not the last.

    That dimension has `rows` elements, the last one `columns`. `layout` holds these two; the
    stride of columns in x and of rows in out; the offset of x; and three more dimensions: their
    sizes, their strides in x and in out. The arrays are flat. Each thread owns bands of rows of
    out.
    """
    rows, columns, x_step, out_step, start = layout[0], layout[1], layout[2], layout[3], layout[4]
    bands = (rows + TILE - 1) // TILE
    tasks = layout[5] * layout[6] * layout[7] * bands
    for part in prange(parts):
        tile = np.empty(TILE * TILE, out.dtype)
        for task in range(tasks * part // parts, tasks * (part + 1) // parts):
            rest, top = task // bands, task % bands * TILE
            rest, k = rest // layout[7], rest % layout[7]
            i, j = rest // layout[6], rest % layout[6]
            a = start + i * layout[8] + j * layout[9] + k * layout[10] + top
            b = i * layout[11] + j * layout[12] + k * layout[13] + top * out_step
            height = min(TILE, rows - top)
            for left in range(0, columns, TILE):
                width = min(TILE, columns - left)
                if height == width == TILE:  # constants let the compiler unroll
                    for c in range(TILE):
                        at = a + (left + c) * x_step
                        for r in range(TILE):
                            tile[uintp(c * TILE + r)] = x[uintp(at + r)]
                    for r in range(TILE):
                        to = b + r * out_step + left
                        for c in range(TILE):
                            out[uintp(to + c)] = tile[uintp(c * TILE + r)]
                else:
                    for r in range(height):
                        to = b + r * out_step + left
                        for c in range(width):
                            out[uintp(to + c)] = x[uintp(a + r + (left + c) * x_step)]


@lru_cache(maxsize=4096)
def _layout(shape: Shape, strides: Strides, offset: int) -> npt.NDArray[np.int64] | None:
    """The layout for `transpose`; None if x needs no transposition or has too many dimensions."""
    sizes, (x_steps,) = merge(shape, strides)
    out_steps = contiguous_strides(tuple(sizes))
    if not sizes or x_steps[-1] in (0, 1) or min(x_steps) < 0 or 1 not in x_steps or len(sizes) > 5:
        return None
    row = x_steps.index(1)
    others = [i for i in range(len(sizes) - 1) if i != row]
    missing = 3 - len(others)
    head = [sizes[row], sizes[-1], x_steps[-1], out_steps[row], offset]
    if min(head[:2]) < TILE // 2:
        return None
    rest = [[1] * missing + [sizes[i] for i in others]]
    rest += [[0] * missing + [steps[i] for i in others] for steps in (x_steps, out_steps)]
    return np.array(head + rest[0] + rest[1] + rest[2], np.int64)
