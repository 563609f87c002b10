"""`tensor_reduce`: folding one dimension by any scalar function."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import prange, uintp

from minitorch_autodiff import operators
from minitorch_backends.fast.compile import Kernel, scalar
from minitorch_backends.scalars import key_of

#: Elements that are folded one after another are some tens: they are dealt out to so many lanes...
LANES = 128

#: ... a block of so many elements at a time, and lanes and blocks are folded in pairs. So rounding
#: errors of a sum grow with the logarithm of its length, and a result does not depend on the
#: number of threads.
BLOCK = 8192


def block_size(inner: int) -> int:
    """How many rows of `inner` elements make a block."""
    return max(64, BLOCK // max(inner, 1))


@lru_cache(maxsize=1024)
def tensor_reduce(fn: Callable[[float, float], float]) -> Kernel:
    """out[o, b, i] = fn(... fn(fn(start, x[o, k, i]), x[o, k + 1, i]) ...) over block b of k.

    x (outer, size, inner) is flat, out (outer, blocks, inner), each block `rows` long but perhaps
    the last; fn is associative and commutative up to rounding, and `start` its identity. The
    caller folds the blocks in turn. Each thread owns blocks.

    A block is folded in lanes: neighbours in memory go to different lanes, each a multiple of
    `inner` apart from where it began, so that all lanes are worked on at once, and are folded in
    halves at the end.
    """
    f = scalar(fn)
    is_sum = fn is operators.add

    def kernel(out: Any, x: Any, start: Any, size: Any, rows: Any, parts: Any) -> None:
        outer, blocks, inner = out.shape
        tasks = outer * blocks
        for part in prange(parts):
            lanes = np.empty(max(LANES, inner), out.dtype)
            for task in range(tasks * part // parts, tasks * (part + 1) // parts):
                o, b = task // blocks, task % blocks
                first = b * rows
                count = min(rows, size - first)
                groups = 1
                while 2 * groups * inner <= LANES and 8 * groups <= count:
                    groups *= 2
                width = groups * inner
                for l in range(width):  # noqa: E741 - a lane
                    lanes[uintp(l)] = start
                at = (o * size + first) * inner
                end = at + count * inner
                if is_sum and inner == 1:  # known to the compiler, which deals it out better
                    total = start
                    for i in range(at, end):
                        total += x[uintp(i)]
                    out[o, b, 0] = total
                    continue
                while width == LANES and at + LANES <= end:
                    for l in range(LANES):  # noqa: E741 - a number that the compiler knows
                        lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                    at += LANES
                while width == LANES // 4 and at + LANES // 4 <= end:
                    for l in range(LANES // 4):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                    at += LANES // 4
                while at + width <= end:
                    for l in range(width):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                    at += width
                for l in range(end - at):  # noqa: E741
                    lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                while groups > 1:
                    groups //= 2
                    half = groups * inner
                    for l in range(half):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(half + l)])
                for i in range(inner):
                    out[o, b, i] = lanes[i]

    return Kernel(kernel, key_of(fn))
