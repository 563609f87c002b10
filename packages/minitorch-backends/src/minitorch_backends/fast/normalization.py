"""Layer normalization: a row is read and written while it is in the cache.

Arrays are (rows, size); each thread owns rows. Several short loops over a row replace one, since
each of them is vectorised.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.softmax import product, total


@serial
def squares(x: Any, mean: Any) -> Any:
    """The sum of (x[k] - mean)**2."""
    result = mean - mean
    for k in range(x.size):
        result += (x[k] - mean) * (x[k] - mean)
    return result


@parallel
def layer_norm(
    out: Any, means: Any, rstds: Any, x: Any, weight: Any, bias: Any, eps: Any, parts: Any
) -> None:
    """out = (x - mean) rstd weight + bias for each row, rstd = 1 / sqrt(var + eps); weight and bias
    are empty for 1 and 0."""
    rows, size = x.shape
    share = x.dtype.type(1) / x.dtype.type(size)
    for part in prange(parts):
        for r in range(rows * part // parts, rows * (part + 1) // parts):
            row, to = x[r], out[r]
            mean = total(row) * share
            rstd = x.dtype.type(1) / math.sqrt(squares(row, mean) * share + eps)
            means[r], rstds[r] = mean, rstd
            if weight.size:
                for k in range(size):
                    to[k] = (row[k] - mean) * rstd * weight[k]
            else:
                for k in range(size):
                    to[k] = (row[k] - mean) * rstd
            if bias.size:
                for k in range(size):
                    to[k] += bias[k]


@parallel
def layer_norm_backward(
    to_x: Any, to_weight: Any, to_bias: Any, d: Any, x: Any, weight: Any, means: Any, rstds: Any,
    parts: Any,
) -> None:  # fmt: skip
    """to_x = rstd (g - mean of g - h mean of (g h)) for each row, with h = (x - mean) rstd and
    g = d weight; to_weight and to_bias (parts, size) = the sums of d h and d over a part's rows."""
    rows, size = x.shape
    share = x.dtype.type(1) / x.dtype.type(size)
    for part in prange(parts):
        h, g = np.empty(size, x.dtype), np.empty(size, x.dtype)
        by_weight, by_bias = to_weight[part], to_bias[part]
        by_weight[:] = 0
        by_bias[:] = 0
        for r in range(rows * part // parts, rows * (part + 1) // parts):
            row, arriving, to = x[r], d[r], to_x[r]
            mean, rstd = means[r], rstds[r]
            for k in range(size):
                h[k] = (row[k] - mean) * rstd
            for k in range(size):
                by_weight[k] += arriving[k] * h[k]
                by_bias[k] += arriving[k]
            if weight.size:
                for k in range(size):
                    g[k] = arriving[k] * weight[k]
            else:
                for k in range(size):
                    g[k] = arriving[k]
            level, along = total(g) * share, product(g, h) * share
            for k in range(size):
                to[k] = rstd * (g[k] - level - h[k] * along)
