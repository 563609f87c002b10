"""Optimizer steps: one launch for a parameter, every array read and written once.

Arrays are flat, with `count` elements of one dtype; each thread strides over the grid, so that
accesses are coalesced. These kernels are limited by memory bandwidth. Settings are numbers of the
arrays' dtype. The counterpart of `fast.optimizers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from minitorch_autodiff import operators as ops
from minitorch_backends.adam import Factors
from minitorch_backends.cuda.compile import THREADS, Kernel, number, pointer, scalar, u32
from minitorch_backends.cuda.device import cuda
from minitorch_tensor.dtypes import DType, float32, float64

sqrt = scalar(ops.sqrt)


@cache
def sgd_step(dtype: DType) -> Kernel:
    """p -= lr (g + decay p)."""

    def kernel(p: Any, g: Any, count: Any, lr: Any, decay: Any) -> None:
        i = u32(cuda.grid(1))
        while i < count:
            p[i] -= lr * (g[i] + decay * p[i])
            i = u32(i + cuda.gridsize(1))

    T = number(dtype)
    return Kernel(kernel, (pointer(dtype), pointer(dtype), u32, T, T), THREADS)


@cache
def momentum_step(dtype: DType, nesterov: bool) -> Kernel:
    """v = momentum v + weight d with d = g + decay p, then p -= lr v; or p -= lr (d + momentum v)
    for Nesterov's."""

    def kernel(
        p: Any, g: Any, v: Any, count: Any, lr: Any, momentum: Any, weight: Any, decay: Any
    ) -> None:
        i = u32(cuda.grid(1))
        while i < count:
            d = g[i] + decay * p[i]
            velocity = momentum * v[i] + weight * d
            v[i] = velocity
            p[i] -= lr * (d + momentum * velocity if nesterov else velocity)
            i = u32(i + cuda.gridsize(1))

    return Kernel(kernel, (*[pointer(dtype)] * 3, u32, *[number(dtype)] * 4), THREADS)


@cache
def adam_step(dtype: DType) -> Kernel:
    """m = beta1 m + weight1 d and s = beta2 s + weight2 d**2 with d = g + decay p, then
    p = shrink p - rate m / (correction sqrt(s) + eps).

    The bias corrections of the moments are in `rate` and `correction` (Kingma and Ba 2015,
    section 2, last paragraph).
    """

    def kernel(p: Any, g: Any, m: Any, s: Any, count: Any, f: Any) -> None:
        i = u32(cuda.grid(1))
        while i < count:
            d = g[i] + f.decay * p[i]
            mean = f.beta1 * m[i] + f.weight1 * d
            square = f.beta2 * s[i] + f.weight2 * d * d
            m[i] = mean
            s[i] = square
            p[i] = f.shrink * p[i] - f.rate * mean / (f.correction * sqrt(square) + f.eps)
            i = u32(i + cuda.gridsize(1))

    factors = Factors(*[number(dtype)] * 9)
    return Kernel(kernel, (*[pointer(dtype)] * 4, u32, factors), THREADS)


def examples() -> Iterator[Kernel]:
    """Every kernel of this module, for the compile gate."""
    for dtype in (float32, float64):
        yield sgd_step(dtype)
        yield momentum_step(dtype, False)
        yield momentum_step(dtype, True)
        yield adam_step(dtype)
