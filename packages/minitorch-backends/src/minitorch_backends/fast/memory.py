"""A pool that reuses the memory of large results.

A fresh array of 64 MB costs 6 ms before anything is written to it: the system maps and clears its
pages one by one. Writing the sum of two such arrays takes 6 ms as well; in a training step, which
allocates and frees arrays of a megabyte, it is a third of the time. So the memory of freed large
arrays is kept for a while and given to the next array that it fits.

Free blocks are found by reference counts: every array and view into a block holds a reference to
it, so a block that only the pool refers to is free.

Unused memory is bounded by `LIMIT`, and a block that the last `PATIENCE` allocations did not use
goes back to the system.
"""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_backends.fast.thresholds import KEPT_MEMORY

#: Bytes that free blocks may hold together.
LIMIT = 1 << 27

#: The number of large allocations after which an unused free block goes back to the system.
PATIENCE = 256


class Pool:
    """Blocks of memory, each used by at most one array and its views at a time."""

    def __init__(self) -> None:
        #: By size: blocks, and for each the number of the allocation that used it last.
        self._shelves: dict[int, tuple[list[npt.NDArray[Any]], list[int]]] = {}
        self._count = 0
        self._lock = threading.Lock()
        self._alone = _references_when_free()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
        """An array with arbitrary content, in a free block if one fits."""
        size = math.prod(shape) * dtype.itemsize
        if size < KEPT_MEMORY:
            return np.empty(shape, dtype)
        step = 1 << (size.bit_length() - 4)  # wastes at most an eighth
        room = -(-size // step) * step
        with self._lock:
            self._count += 1
            blocks, used = self._shelves.setdefault(room, ([], []))
            for place in range(len(blocks)):
                if sys.getrefcount(blocks[place]) <= self._alone:
                    used[place] = self._count
                    return np.ndarray(shape, dtype, blocks[place])
            self._retire()
            blocks.append(np.empty(room, np.uint8))
            used.append(self._count)
            return np.ndarray(shape, dtype, blocks[-1])

    def clear(self) -> None:
        """Return all free blocks to the system."""
        with self._lock:
            self._drop(self._free())

    def free_bytes(self) -> int:
        """The bytes in free blocks."""
        with self._lock:
            return sum(room for _, room, _ in self._free())

    def _free(self) -> list[tuple[int, int, int]]:
        """The free blocks as (last use, size, place), the longest unused first."""
        return sorted(
            (used[place], room, place)
            for room, (blocks, used) in self._shelves.items()
            for place in range(len(blocks))
            if sys.getrefcount(blocks[place]) <= self._alone
        )

    def _retire(self) -> None:
        """Return free blocks that were unused for long, and those beyond the limit."""
        free = self._free()
        total = sum(room for _, room, _ in free)
        dropped = []
        for block in free:
            last, room, _ = block
            if last < self._count - PATIENCE or total > LIMIT:
                dropped.append(block)
                total -= room
        self._drop(dropped)

    def _drop(self, free: list[tuple[int, int, int]]) -> None:
        for _, room, place in sorted(free, key=lambda block: -block[2]):  # the last places first
            for column in self._shelves[room]:
                del column[place]


def _references_when_free() -> int:
    """The `getrefcount` of a block that only a list refers to; the call itself adds one."""
    blocks = [np.empty(1, np.uint8)]
    return sys.getrefcount(blocks[0])


pool = Pool()
empty = pool.empty
