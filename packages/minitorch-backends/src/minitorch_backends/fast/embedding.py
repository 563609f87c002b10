"""Embedding: looking up rows of a table, and accumulating gradients in them."""

from __future__ import annotations

from typing import Any

from numba import prange, uintp

from minitorch_backends.fast.compile import parallel


@parallel
def embedding(out: Any, weight: Any, index: Any, threads: Any) -> None:
    """out[n] = weight[index[n]]: weight (V, D), index (N) -> out (N, D).

    Each thread owns an equal share of n.
    """
    n, size = out.shape
    flat, table = out.reshape(-1), weight.reshape(-1)
    for t in prange(threads):
        for i in range(n * t // threads, n * (t + 1) // threads):
            to, at = i * size, index[i] * size
            for j in range(size):
                flat[uintp(to + j)] = table[uintp(at + j)]


@parallel
def embedding_backward(
    out: Any, d: Any, d0: Any, outer: Any, inner: Any, index: Any, padding: Any, threads: Any
) -> None:
    """out[index[a, b]] += d[a, b] for all a, b in order, from zero; row `padding` stays zero.

    index (A, B), out (V, D); d is flat, its element (a, b, j) at d0 + a * outer + b * inner + j.
    Thread t of `threads` owns the rows of out with row % threads = t: frequent words are adjacent
    in a vocabulary, and this spreads them over the threads. The order in which a row's gradients
    are added does not depend on the number of threads.
    """
    rows, size = out.shape
    flat = out.reshape(-1)
    for t in prange(threads):
        for v in range(t, rows, threads):
            at = v * size
            for j in range(size):
                flat[uintp(at + j)] = 0
        for a in range(index.shape[0]):
            for b in range(index.shape[1]):
                v = index[a, b]
                if v % threads == t and v != padding:
                    to, at = v * size, d0 + a * outer + b * inner
                    for j in range(size):
                        flat[uintp(to + j)] += d[uintp(at + j)]
