"""`tensor_map` and `tensor_zip`: any scalar function, compiled into a loop over all elements."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from numba import njit, prange

from minitorch_backends.fast.compile import scalar


@lru_cache(maxsize=1024)
def tensor_map(fn: Callable[[float], float]) -> Callable[..., None]:
    """out[i] = fn(x[i]), for flat arrays of one length; each thread writes its own part of out."""
    f = scalar(fn)

    def kernel(out: Any, x: Any) -> None:
        for i in prange(out.size):
            out[i] = f(x[i])

    return njit(parallel=True, error_model="numpy", nogil=True)(kernel)


@lru_cache(maxsize=1024)
def tensor_zip(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """out[i] = fn(x[i], y[i]), for flat arrays of one length; each thread writes its own part."""
    f = scalar(fn)

    def kernel(out: Any, x: Any, y: Any) -> None:
        for i in prange(out.size):
            out[i] = f(x[i], y[i])

    return njit(parallel=True, error_model="numpy", nogil=True)(kernel)
