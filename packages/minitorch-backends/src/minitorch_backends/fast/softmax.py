"""Softmax, log-softmax and cross entropy; each line is read and written while it is in the cache.

Along the last dimension the arrays are (rows, size), otherwise (outer, size, inner), where the
elements of a line are `inner` apart; there, rows of `inner` elements are computed at once. Several
short loops over a line replace one: each of them is vectorised. Sums may be reordered, but
`x - m - shift` is evaluated from left to right: the other order loses digits if m is large. Each
thread owns lines of out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch_backends.fast import vector_math
from minitorch_backends.fast.compile import ordered, serial, serial_ordered
from minitorch_backends.fast.vector_math import of_rank, rank
from minitorch_tensor.layout import Shape


def around(shape: Shape, dim: int) -> tuple[int, int, int]:
    """The number of elements before, along and after a dimension."""
    return math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :])


@serial
def largest(row: Any) -> Any:
    """The largest of a row; NaN if any element is, which makes every result NaN."""
    low = row.dtype.type(-np.inf)
    top = rank(low)
    for k in range(row.size):
        ranked = rank(row[k])
        top = ranked if ranked > top else top
    return of_rank(top, low)


@serial
def exponentials(out: Any, x: Any, m: Any) -> Any:
    """out[k] = exp(x[k] - m); returns their sum."""
    total = x.dtype.type(0)
    for k in range(x.size):
        e = vector_math.exp(x[k] - m)
        out[k] = e
        total += e
    return total


@serial
def sum_of_exponentials(x: Any, m: Any) -> Any:
    """The sum of exp(x[k] - m)."""
    total = x.dtype.type(0)
    for k in range(x.size):
        total += vector_math.exp(x[k] - m)
    return total


@serial
def product(x: Any, y: Any) -> Any:
    """The sum of x[k] y[k]."""
    total = x.dtype.type(0)
    for k in range(x.size):
        total += x[k] * y[k]
    return total


@serial
def total(x: Any) -> Any:
    """The sum of x[k]."""
    result = x.dtype.type(0)
    for k in range(x.size):
        result += x[k]
    return result


@ordered
def softmax_rows(out: Any, x: Any, parts: Any) -> None:
    """out[r, k] = exp(x[r, k] - m) / sum over k of exp(x[r, k] - m), m the largest of row r."""
    rows, size = x.shape
    for part in prange(parts):
        for r in range(rows * part // parts, rows * (part + 1) // parts):
            sum_of = exponentials(out[r], x[r], largest(x[r]))
            share = x.dtype.type(1) / sum_of
            for k in range(size):
                out[r, k] *= share


@serial_ordered
def log_softmax(out: Any, x: Any) -> None:
    """out[k] = x[k] - m - log(sum over k of exp(x[k] - m)), m the largest of x."""
    m = largest(x)
    shift = vector_math.log(sum_of_exponentials(x, m))
    for k in range(x.size):
        out[k] = x[k] - m - shift


@ordered
def log_softmax_rows(out: Any, x: Any, parts: Any) -> None:
    """out[r, k] = x[r, k] - m - log(sum over k of exp(x[r, k] - m)), m the largest of row r."""
    rows = x.shape[0]
    for part in prange(parts):
        for r in range(rows * part // parts, rows * (part + 1) // parts):
            log_softmax(out[r], x[r])


@serial
def shifted_sums(x: Any, tops: Any, totals: Any) -> None:
    """tops[i] = the largest of x[:, i], NaN if any is; totals[i] = sum of exp(x[k, i] - tops[i])
    over k."""
    size, inner = x.shape
    tops[:] = -np.inf
    totals[:] = 0
    for k in range(size):
        for i in range(inner):
            value = x[k, i]
            tops[i] = value if (value > tops[i]) | (value != value) else tops[i]
    for k in range(size):
        for i in range(inner):
            totals[i] += vector_math.exp(x[k, i] - tops[i])


@ordered
def softmax_columns(out: Any, x: Any, parts: Any) -> None:
    """out[o, k, i] = exp(x[o, k, i] - m) / sum over k of exp(x[o, k, i] - m), m the largest."""
    outer, size, inner = x.shape
    for part in prange(parts):
        tops, totals = np.empty(inner, x.dtype), np.empty(inner, x.dtype)
        for o in range(outer * part // parts, outer * (part + 1) // parts):
            shifted_sums(x[o], tops, totals)
            for k in range(size):
                for i in range(inner):
                    out[o, k, i] = vector_math.exp(x[o, k, i] - tops[i]) / totals[i]


@ordered
def log_softmax_columns(out: Any, x: Any, parts: Any) -> None:
    """out[o, k, i] = x[o, k, i] - m - log(sum over k of exp(x[o, k, i] - m)), m the largest."""
    outer, size, inner = x.shape
    for part in prange(parts):
        tops, totals = np.empty(inner, x.dtype), np.empty(inner, x.dtype)
        for o in range(outer * part // parts, outer * (part + 1) // parts):
            shifted_sums(x[o], tops, totals)
            for i in range(inner):
                totals[i] = vector_math.log(totals[i])
            for k in range(size):
                for i in range(inner):
                    out[o, k, i] = x[o, k, i] - tops[i] - totals[i]


@ordered
def softmax_rows_backward(out: Any, y: Any, d: Any) -> None:
    """out[r, k] = y[r, k] (d[r, k] - sum over k of d[r, k] y[r, k]), y being the softmax."""
    rows, size = y.shape
    for r in prange(rows):
        mean = product(d[r], y[r])
        for k in range(size):
            out[r, k] = y[r, k] * (d[r, k] - mean)


@ordered
def log_softmax_rows_backward(out: Any, y: Any, d: Any) -> None:
    """out[r, k] = d[r, k] - exp(y[r, k]) sum over k of d[r, k], y being the log-softmax."""
    rows, size = y.shape
    for r in prange(rows):
        sum_of = total(d[r])
        for k in range(size):
            out[r, k] = d[r, k] - vector_math.exp(y[r, k]) * sum_of


@ordered
def cross_entropy(losses: Any, y: Any, x: Any, target: Any, parts: Any) -> None:
    """y = the log-softmax of the rows of x, and losses[r] = -y[r, target[r]]."""
    rows = x.shape[0]
    for part in prange(parts):
        for r in range(rows * part // parts, rows * (part + 1) // parts):
            log_softmax(y[r], x[r])
            losses[r] = -y[r, target[r]]


@ordered
def cross_entropy_backward(out: Any, y: Any, target: Any, d: Any) -> None:
    """out[r, k] = d[r] (exp(y[r, k]) - (1 if k is target[r] else 0)), y being the log-softmax."""
    rows, size = y.shape
    for r in prange(rows):
        for k in range(size):
            out[r, k] = d[r] * vector_math.exp(y[r, k])
        out[r, target[r]] -= d[r]
