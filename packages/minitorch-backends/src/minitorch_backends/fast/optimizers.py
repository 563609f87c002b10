"""Optimizer steps: every array is read and written once. Flat arrays of one length and dtype; each
thread owns a part of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from numba import prange

from minitorch_backends import adam
from minitorch_backends.fast.compile import parallel
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData


@parallel
def sgd_step(p: Any, g: Any, lr: Any, decay: Any) -> None:
    """p -= lr (g + decay p)."""
    for i in prange(p.size):
        p[i] -= lr * (g[i] + decay * p[i])


@parallel
def momentum_step(
    p: Any, g: Any, v: Any, lr: Any, momentum: Any, weight: Any, decay: Any, nesterov: Any
) -> None:
    """v = momentum v + weight (g + decay p), then p -= lr v; or p -= lr (g + decay p +
    momentum v) for Nesterov's."""
    for i in prange(p.size):
        step = g[i] + decay * p[i]
        v[i] = momentum * v[i] + weight * step
        p[i] -= lr * (step + momentum * v[i] if nesterov else v[i])


@parallel
def adam_step(
    p: Any,
    g: Any,
    m: Any,
    s: Any,
    rate: Any,
    beta1: Any,
    weight1: Any,
    beta2: Any,
    weight2: Any,
    correction: Any,
    eps: Any,
    decay: Any,
    shrink: Any,
) -> None:
    """m = beta1 m + weight1 d and s = beta2 s + weight2 d**2 with d = g + decay p, then
    p = shrink p - rate m / (correction sqrt(s) + eps).

    The corrections of the moments' bias are in `rate` and `correction` (Kingma and Ba 2015,
    section 2, last paragraph).
    """
    for i in prange(p.size):
        d = g[i] + decay * p[i]
        m[i] = beta1 * m[i] + weight1 * d
        s[i] = beta2 * s[i] + weight2 * d * d
        p[i] = shrink * p[i] - rate * m[i] / (correction * math.sqrt(s[i]) + eps)


def all_own(written: Sequence[TensorData]) -> bool:
    """Whether kernels can write straight into these buffers."""
    return all(x.base is None for x in written)


def typed(dtype: DType, *values: float) -> list[Any]:
    """Python numbers in the dtype of the data they meet, so that a kernel computes in it."""
    return [dtype.numpy.type(value) for value in values]


@lru_cache(maxsize=16)
def adam_scalars(dtype: DType, *settings: Any) -> tuple[Any, ...]:
    """`adam.factors` for kernels; kept, since all parameters of a step have the same."""
    return tuple(typed(dtype, *adam.factors(*settings)))
