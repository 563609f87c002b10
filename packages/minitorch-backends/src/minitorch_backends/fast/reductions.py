"""`tensor_reduce`: folding one dimension by any scalar function."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from numba import njit, prange

from minitorch_backends.fast.compile import scalar


@lru_cache(maxsize=1024)
def tensor_reduce(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """out[o, i] = fn(... fn(out[o, i], x[o, 0, i]) ..., x[o, n, i]); out holds the start.

    x (outer, size, inner), out (outer, inner): each thread owns whole rows of out.
    """
    f = scalar(fn)

    def kernel(out: Any, x: Any) -> None:
        outer, size, inner = x.shape
        for o in prange(outer):
            for k in range(size):
                for i in range(inner):
                    out[o, i] = f(out[o, i], x[o, k, i])

    return njit(parallel=True, error_model="numpy", nogil=True)(kernel)
