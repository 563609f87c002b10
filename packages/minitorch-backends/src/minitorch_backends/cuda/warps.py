"""Cooperation of the threads of a block: exchanging numbers, and folding one from each thread.

A *warp* is 32 threads that run in step and read each other's registers ("shuffle"). Every thread of
the block must take part, so kernels call these functions outside of branches on the thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from minitorch_backends.cuda.compile import device_function
from minitorch_backends.cuda.device import SIMULATED, cuda, sized

#: Threads of a warp.
WARP = sized(32, 2)

#: Every thread of a warp takes part.
_ALL = 0xFFFFFFFF


def _simulated_shuffle(value: Any, distance: int) -> Any:
    """`shuffle_xor` through a dict that the threads of a block share."""
    thread: Any = threading.current_thread()
    board = vars(thread._manager).setdefault("board", {})  # noqa: SLF001 - one for each block
    board[thread.thread_id] = value
    thread.syncthreads()
    value = board[thread.thread_id ^ distance]
    thread.syncthreads()
    return value


def _shuffle_xor(value: Any, distance: Any) -> Any:
    return cuda.shfl_xor_sync(_ALL, value, distance)


#: The value, a float or a wide integer, of the thread in the warp whose index is this thread's
#: xor `distance`.
shuffle_xor = _simulated_shuffle if SIMULATED else device_function(_shuffle_xor)


def warp_fold(f: Callable[[Any, Any], Any], T: Any, lanes: int = WARP) -> Callable[[Any], Any]:
    """A device function: its argument folded over the threads of each warp; each gets the result.

    Args:
        f: the scalar function (see `scalar`), associative and commutative.
        T: the type of the values.
        lanes: the number of neighbouring threads that fold together, a power of two; by default a
            warp.
    """

    def fold(value: Any) -> Any:
        distance = lanes // 2
        while distance > 0:
            value = T(f(value, shuffle_xor(value, distance)))
            distance //= 2
        return value

    return device_function(fold)


def block_fold(f: Callable[[Any, Any], Any], T: Any, threads: int) -> Callable[[Any], Any]:
    """A device function: its argument folded over all threads of a block; each gets the result.

    Args:
        f, T: as for `warp_fold`.
        threads: of the block: WARP times a power of two, at most WARP**2.
    """
    warps = threads // WARP
    assert threads == WARP * warps and warps & (warps - 1) == 0 and warps <= WARP
    in_warp, over_warps = warp_fold(f, T), warp_fold(f, T, warps)

    def fold(value: Any) -> Any:
        totals = cuda.shared.array(warps, T)
        value = in_warp(value)
        warp, lane = cuda.threadIdx.x // WARP, cuda.threadIdx.x % WARP
        cuda.syncthreads()  # no thread still reads the totals of an earlier fold
        if lane == 0:
            totals[warp] = value
        cuda.syncthreads()
        return over_warps(totals[lane % warps])  # each warp folds all totals

    return device_function(fold)
