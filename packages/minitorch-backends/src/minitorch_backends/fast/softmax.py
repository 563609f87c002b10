"""Softmax and log-softmax along the middle of (outer, size, inner), one pass over memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_backends.fast.compile import serial


@serial
def softmax(out: Any, x: Any) -> None:
    """out[o, k, i] = exp(x[o, k, i] - m) / sum over k of exp(x[o, k, i] - m), m the maximum."""
    outer, size, inner = x.shape
    for o in range(outer):
        for i in range(inner):
            m = _largest(x, o, i)
            total = x.dtype.type(0)
            for k in range(size):
                e = math.exp(x[o, k, i] - m)
                out[o, k, i] = e
                total += e
            for k in range(size):
                out[o, k, i] /= total


@serial
def log_softmax(out: Any, x: Any) -> None:
    """out[o, k, i] = x[o, k, i] - m - log(sum over k of exp(x[o, k, i] - m)), m the maximum."""
    outer, size, inner = x.shape
    for o in range(outer):
        for i in range(inner):
            m = _largest(x, o, i)
            total = x.dtype.type(0)
            for k in range(size):
                total += math.exp(x[o, k, i] - m)
            shift = math.log(total)
            for k in range(size):
                out[o, k, i] = x[o, k, i] - m - shift


@serial
def _largest(x: Any, o: int, i: int) -> Any:
    """The largest of x[o, :, i]; NaN if any is."""
    m = x.dtype.type(-np.inf)
    for k in range(x.shape[1]):
        value = x[o, k, i]
        if value > m or value != value:
            m = value
            if m != m:
                break
    return m
