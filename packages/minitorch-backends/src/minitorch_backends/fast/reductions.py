"""`tensor_reduce`: reducing one dimension by any scalar function."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import prange, uintp

from minitorch_autodiff import operators
from minitorch_backends.fast.compile import Kernel, scalar
from minitorch_backends.fast.vector_math import of_rank, rank
from minitorch_backends.scalars import key_of

#: The number of lanes (accumulators) of a block, so that a lane folds only tens of elements...
LANES = 128
#: ... and the number of elements in a block. Lanes, and then blocks, are folded in pairs. So the
#: rounding error of a sum grows with the logarithm of its length, and a result does not depend on
#: the number of threads.
BLOCK = 8192


@lru_cache(maxsize=1024)
def tensor_reduce(fn: Callable[[float, float], float]) -> Kernel:
    """out[o, i] = fn(... fn(fn(start, x[o, 0, i]), x[o, 1, i]) ..., x[o, size - 1, i]).

    x (outer, size, inner) and out (outer, inner) are flat; fn is associative and commutative up to
    rounding, and `start` its identity. The middle dimension is cut into blocks, of which each of
    `parts` threads owns some, and the results of blocks are folded in pairs.

    A block is folded in lanes: neighbours in memory go to different lanes, and a lane advances by
    multiples of `inner`, so that all lanes are computed at once (SIMD); at the end they are folded
    in halves.
    """
    f = scalar(fn)
    is_sum = fn is operators.add
    is_max, is_extreme = fn is operators.max, fn in (operators.max, operators.min)

    def kernel(out: Any, x: Any, start: Any, size: Any, inner: Any, parts: Any) -> None:
        outer = out.size // inner
        rows = max(64, BLOCK // inner)
        blocks = max(1, (size + rows - 1) // rows)
        tasks = outer * blocks
        folded = out if blocks == 1 else np.empty(tasks * inner, out.dtype)
        for part in prange(parts):
            lanes = np.empty(max(LANES, inner), out.dtype)
            for task in range(tasks * part // parts, tasks * (part + 1) // parts):
                o, b = task // blocks, task % blocks
                first = b * rows
                count = min(rows, size - first)
                at = (o * size + first) * inner
                end = at + count * inner
                if is_sum and inner == 1:  # the compiler vectorises a plain sum better
                    total = start
                    for i in range(at, end):
                        total += x[uintp(i)]
                    folded[task] = total
                    continue
                if is_extreme and inner == 1:  # without a NaN branch in the loop
                    sign = out.dtype.type(1 if is_max else -1)
                    top = rank(sign * start)
                    for i in range(at, end):
                        top = max(top, rank(sign * x[uintp(i)]))
                    folded[task] = sign * of_rank(top, start)
                    continue
                groups = 1
                while 2 * groups * inner <= LANES and 2 * groups <= count:
                    groups *= 2
                width = groups * inner
                for l in range(width):  # noqa: E741
                    lanes[uintp(l)] = start
                while width == LANES and at + LANES <= end:
                    for l in range(LANES):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                    at += LANES
                while at + width <= end:
                    for l in range(width):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                    at += width
                for l in range(end - at):  # noqa: E741
                    lanes[uintp(l)] = f(lanes[uintp(l)], x[uintp(at + l)])
                if groups == LANES:  # with constant lengths for the compiler
                    groups = LANES // 16
                    for l in range(LANES // 2):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(LANES // 2 + l)])
                    for l in range(LANES // 4):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(LANES // 4 + l)])
                    for l in range(LANES // 8):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(LANES // 8 + l)])
                    for l in range(LANES // 16):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(LANES // 16 + l)])
                while groups > 1:
                    groups //= 2
                    half = groups * inner
                    for l in range(half):  # noqa: E741
                        lanes[uintp(l)] = f(lanes[uintp(l)], lanes[uintp(half + l)])
                for i in range(inner):
                    folded[uintp(task * inner + i)] = lanes[uintp(i)]
        if blocks > 1:
            for o in range(outer):
                at, left = o * blocks * inner, blocks
                while left > 1:
                    half = (left + 1) // 2
                    for i in range((left - half) * inner):
                        folded[uintp(at + i)] = f(
                            folded[uintp(at + i)], folded[uintp(at + half * inner + i)]
                        )
                    left = half
                for i in range(inner):
                    out[uintp(o * inner + i)] = folded[uintp(at + i)]

    return Kernel(kernel, key_of(fn))
