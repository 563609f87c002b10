"""Optimizer steps: every array is read and written once. Arrays are flat, of one length and dtype;
each thread owns a part of them.

The scalars of a step come in one small array, `factors`, of the same dtype, so that a kernel
computes in it: numba takes longer to unpack nine arguments than to update a small parameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from minitorch_backends import adam
from minitorch_backends.fast.compile import parallel
from minitorch_tensor.derived import AdamStep, SGDStep
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData


@parallel
def sgd_step(p: Any, g: Any, factors: Any) -> None:
    """p -= lr (g + decay p)."""
    lr, decay = factors[0], factors[3]
    for i in prange(p.size):
        p[i] -= lr * (g[i] + decay * p[i])


@parallel
def momentum_step(p: Any, g: Any, v: Any, factors: Any, nesterov: Any) -> None:
    """v = momentum v + weight (g + decay p), then p -= lr v; or p -= lr (g + decay p +
    momentum v) for Nesterov's."""
    lr, momentum, weight, decay = factors[0], factors[1], factors[2], factors[3]
    for i in prange(p.size):
        step = g[i] + decay * p[i]
        v[i] = momentum * v[i] + weight * step
        p[i] -= lr * (step + momentum * v[i] if nesterov else v[i])


@parallel
def adam_step(p: Any, g: Any, m: Any, s: Any, factors: Any) -> None:
    """m = beta1 m + weight1 d and s = beta2 s + weight2 d**2 with d = g + decay p, then
    p = shrink p - rate m / (correction sqrt(s) + eps).

    The bias corrections of the moments are in `rate` and `correction` (Kingma and Ba 2015,
    section 2, last paragraph).
    """
    rate, beta1, weight1, beta2, weight2 = (
        factors[0], factors[1], factors[2], factors[3], factors[4],
    )  # fmt: skip
    correction, eps, decay, shrink = factors[5], factors[6], factors[7], factors[8]
    for i in prange(p.size):
        d = g[i] + decay * p[i]
        m[i] = beta1 * m[i] + weight1 * d
        s[i] = beta2 * s[i] + weight2 * d * d
        p[i] = shrink * p[i] - rate * m[i] / (correction * math.sqrt(s[i]) + eps)


# -- from settings to kernels ----------------------------------------------------------------------


@lru_cache(maxsize=16)
def sgd_factors(dtype: DType, settings: SGDStep) -> npt.NDArray[Any]:
    """lr, momentum, weight and decay; cached, since all parameters of a step share them."""
    lr, momentum, dampening, weight_decay, _ = settings
    return np.array([lr, momentum, 1.0 - dampening, weight_decay], dtype.numpy)


@lru_cache(maxsize=16)
def adam_factors(dtype: DType, settings: AdamStep) -> npt.NDArray[Any]:
    """`adam.factors`, cached likewise."""
    return np.array(adam.factors(settings), dtype.numpy)


def all_own(written: Sequence[TensorData]) -> bool:
    """True if kernels can write directly into these buffers."""
    return all(x.base is None for x in written)
