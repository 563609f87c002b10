"""Attention, block by block: the scores of all queries and keys are never in memory at once.

A block of queries meets one block of keys after the other. The softmax is kept up to date: when a
larger score appears, the sum of exponentials and the output so far are scaled down ("online
softmax", Milakov and Gimelshein 2018, algorithm 3; Dao et al. 2022, "FlashAttention", algorithm 1).
The backward pass computes the weights again, from the logarithms of the sums (Dao 2023,
"FlashAttention-2", algorithm 2).

Sizes: N examples, H heads of queries, G heads of keys and values, L queries, S keys, E and V
elements of each. Tensors are flat; `places` holds a row for each: its offset, and its strides over
examples, heads and rows, whose elements are adjacent. BLAS reads and writes them in place, whatever
the order of their dimensions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from minitorch_backends.fast import memory, thresholds, vector_math
from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, Matrix, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.copying import contiguous
from minitorch_backends.fast.softmax import largest
from minitorch_backends.fast.threads import usable_threads
from minitorch_tensor.derived import Attention
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.silence import silently
from minitorch_tensor.tensor_data import TensorData, as_array

#: Queries and keys of a block. OpenBLAS multiplies matrices of this size without packing them.
QUERIES, KEYS = 64, 128


@serial
def score(
    scores: Any, q: Any, k: Any, mask: Any, places: Any, at: Any, rows: Any, columns: Any,
    size: Any, scale: Any,
) -> None:  # fmt: skip
    """scores[r, c] = scale q[i + r] . k[j + c] + mask[i + r, j + c]; `at` is (n, h, g, i, j)."""
    n, h, g, i, j = at
    from_q = places[0, 0] + n * places[0, 1] + h * places[0, 2] + i * places[0, 3]
    from_k = places[1, 0] + n * places[1, 1] + g * places[1, 2] + j * places[1, 3]
    gemm(
        Matrix(scores, 0, columns, PLAIN), 0.0, Matrix(q, from_q, places[0, 3], PLAIN),
        Matrix(k, from_k, places[1, 3], TRANSPOSED), rows, columns, size,
    )  # fmt: skip
    for r in range(rows):
        row = scores[r * columns : (r + 1) * columns]
        for c in range(columns):
            row[c] *= scale
        if mask.size:
            first = n * places[3, 0] + h * places[3, 1] + (i + r) * places[3, 2] + j * places[3, 3]
            if places[3, 3] == 1:
                for c in range(columns):
                    row[c] += mask[first + c]
            else:
                for c in range(columns):
                    row[c] += mask[first + c * places[3, 3]]
            for c in range(columns):  # a hidden key may hold NaN
                hidden = mask[first + c * places[3, 3]] == -np.inf
                row[c] = -np.inf if hidden else row[c]


@serial
def visible(columns: Any, ahead: Any, causal: Any) -> Any:
    """How many of a block's keys a query sees, if `ahead` is the place of the query among them. The
    others are left out: exponentials of -inf take several times as long, as they underflow."""
    return max(0, min(columns, ahead + 1)) if causal else columns


@parallel
def forward(
    out: Any, sums: Any, q: Any, k: Any, v: Any, mask: Any, places: Any, sizes: Any, scale: Any,
    causal: Any, parts: Any,
) -> None:  # fmt: skip
    """out and sums of `attention`; sums is contiguous. Each thread owns blocks of queries."""
    examples, heads, groups, length, count, size, width = sizes
    blocks = (length + QUERIES - 1) // QUERIES
    tasks = examples * heads * blocks
    zero = scale - scale
    for part in prange(parts):
        scores = np.empty(QUERIES * KEYS, out.dtype)
        total, top = np.empty(QUERIES, out.dtype), np.empty(QUERIES, out.dtype)
        held = np.empty(QUERIES * width, out.dtype)
        for task in range(tasks * part // parts, tasks * (part + 1) // parts):
            n, h, i = task // blocks // heads, task // blocks % heads, task % blocks * QUERIES
            g = h * groups // heads
            rows = min(QUERIES, length - i)
            end = min(count, i + rows) if causal else count
            total[:] = 0
            top[:] = -np.inf
            for j in range(0, end, KEYS):
                columns = min(KEYS, end - j)
                score(scores, q, k, mask, places, (n, h, g, i, j), rows, columns, size, scale)
                for r in range(rows):
                    some = visible(columns, i + r - j, causal)
                    row = scores[r * columns : r * columns + some]
                    scores[r * columns + some : (r + 1) * columns] = 0
                    high = largest(row)
                    high = top[r] if top[r] > high else high
                    if high == -np.inf:
                        row[:] = 0
                        continue
                    added = zero
                    for c in range(some):
                        e = vector_math.exp(row[c] - high)
                        row[c] = e
                        added += e
                    if j > 0 and high != top[r]:
                        factor = math.exp(top[r] - high)
                        total[r] *= factor
                        for c in range(width):
                            held[r * width + c] *= factor
                    total[r] += added
                    top[r] = high
                from_v = places[2, 0] + n * places[2, 1] + g * places[2, 2] + j * places[2, 3]
                gemm(
                    Matrix(held, 0, width, PLAIN), 0.0 if j == 0 else 1.0,
                    Matrix(scores, 0, columns, PLAIN), Matrix(v, from_v, places[2, 3], PLAIN),
                    rows, width, columns,
                )  # fmt: skip
            to = places[4, 0] + n * places[4, 1] + h * places[4, 2] + i * places[4, 3]
            first = (n * heads + h) * length + i
            for r in range(rows):
                seen = total[r] != 0  # NaN is seen
                share = 1 / total[r] if seen else zero
                sums[first + r] = top[r] + math.log(total[r]) if seen else -np.inf
                for c in range(width):
                    value = held[r * width + c] * share if seen else zero
                    out[to + r * places[4, 3] + c] = value


@parallel
def backward(
    to_q: Any, to_k: Any, to_v: Any, d: Any, q: Any, k: Any, v: Any, mask: Any, out: Any,
    sums: Any, places: Any, sizes: Any, scale: Any, causal: Any, parts: Any,
) -> None:  # fmt: skip
    """The results of `attention_backward`; to_k and to_v are zero at first. Each thread owns heads
    of keys and values, and so of the queries that share them."""
    examples, heads, groups, length, count, size, width = sizes
    shared = heads // groups
    tasks = examples * groups
    for part in prange(parts):
        scores = np.empty(QUERIES * KEYS, out.dtype)
        moved = np.empty(QUERIES * KEYS, out.dtype)
        mean = np.empty(QUERIES, out.dtype)
        for task in range(tasks * part // parts, tasks * (part + 1) // parts):
            n, g = task // groups, task % groups
            for other in range(shared):
                h = g * shared + other
                for i in range(0, length, QUERIES):
                    rows = min(QUERIES, length - i)
                    end = min(count, i + rows) if causal else count
                    from_q = places[0, 0] + n * places[0, 1] + h * places[0, 2] + i * places[0, 3]
                    from_o = places[4, 0] + n * places[4, 1] + h * places[4, 2] + i * places[4, 3]
                    from_d = places[5, 0] + n * places[5, 1] + h * places[5, 2] + i * places[5, 3]
                    at_q = places[6, 0] + n * places[6, 1] + h * places[6, 2] + i * places[6, 3]
                    of_sum = (n * heads + h) * length + i
                    for r in range(rows):
                        a, b = from_d + r * places[5, 3], from_o + r * places[4, 3]
                        inner = scale - scale
                        for c in range(width):
                            inner += d[a + c] * out[b + c]
                        mean[r] = inner
                    for j in range(0, end, KEYS):
                        columns = min(KEYS, end - j)
                        score(scores, q, k, mask, places, (n, h, g, i, j), rows, columns, size,
                              scale)  # fmt: skip
                        from_k = (
                            places[1, 0] + n * places[1, 1] + g * places[1, 2] + j * places[1, 3]
                        )
                        from_v = (
                            places[2, 0] + n * places[2, 1] + g * places[2, 2] + j * places[2, 3]
                        )
                        at_k = places[7, 0] + n * places[7, 1] + g * places[7, 2] + j * places[7, 3]
                        at_v = places[8, 0] + n * places[8, 1] + g * places[8, 2] + j * places[8, 3]
                        of_d = Matrix(d, from_d, places[5, 3], PLAIN)
                        gemm(
                            Matrix(moved, 0, columns, PLAIN), 0.0, of_d,
                            Matrix(v, from_v, places[2, 3], TRANSPOSED), rows, columns, width,
                        )  # fmt: skip
                        for r in range(rows):
                            some = visible(columns, i + r - j, causal)
                            row = scores[r * columns : r * columns + some]
                            change = moved[r * columns : r * columns + some]
                            scores[r * columns + some : (r + 1) * columns] = 0
                            moved[r * columns + some : (r + 1) * columns] = 0
                            level, of_row = sums[of_sum + r], mean[r]
                            if level == -np.inf:
                                row[:] = 0
                                change[:] = 0
                                continue
                            for c in range(some):
                                row[c] = vector_math.exp(row[c] - level)
                            for c in range(some):
                                change[c] = row[c] * (change[c] - of_row) * scale
                        gemm(
                            Matrix(to_v, at_v, places[8, 3], PLAIN), 1.0,
                            Matrix(scores, 0, columns, TRANSPOSED), of_d, columns, width, rows,
                        )  # fmt: skip
                        gemm(
                            Matrix(to_k, at_k, places[7, 3], PLAIN), 1.0,
                            Matrix(moved, 0, columns, TRANSPOSED),
                            Matrix(q, from_q, places[0, 3], PLAIN), columns, size, rows,
                        )  # fmt: skip
                        gemm(
                            Matrix(to_q, at_q, places[6, 3], PLAIN), 0.0 if j == 0 else 1.0,
                            Matrix(moved, 0, columns, PLAIN),
                            Matrix(k, from_k, places[1, 3], PLAIN), rows, size, columns,
                        )  # fmt: skip


# -- from tensor data to kernels -------------------------------------------------------------------


def attend(
    q: TensorData, k: TensorData, v: TensorData, mask: TensorData | None, attention: Attention
) -> tuple[TensorData, TensorData] | None:
    """`attention` of the interface, for sizes above 0; None where hidden keys or values may hold
    NaN or infinity, whose product with a weight of 0 is NaN."""
    sizes = _sizes(q, k, v)
    q, k, v = _rows(q), _rows(k), _rows(v)
    out = _like(q, (*q.shape[:3], v.shape[3]))
    sums = memory.empty(q.shape[:3], q.dtype.numpy)
    added, steps = _added(mask, q)
    places = np.array([_place(q), _place(k), _place(v), steps, _place(out)], np.int64)
    run = forward.over(_work(sizes), thresholds.PRODUCT)
    run(
        out.buffer.reshape(-1), sums.reshape(-1), q.buffer.reshape(-1), k.buffer.reshape(-1),
        v.buffer.reshape(-1), added, places, sizes, q.dtype.numpy.type(attention.scale),
        attention.causal, usable_threads(),
    )  # fmt: skip
    if (mask is not None or attention.causal) and _has_nan(out):
        return None
    return out, TensorData(sums, q.dtype, sums.shape)


def attend_backward(
    d: TensorData,
    q: TensorData,
    k: TensorData,
    v: TensorData,
    mask: TensorData | None,
    out: TensorData,
    sums: TensorData,
    attention: Attention,
) -> tuple[TensorData, TensorData, TensorData] | None:
    """`attention_backward` of the interface, for sizes above 0; None as in `attend`."""
    sizes = _sizes(q, k, v)
    d, q, k, v, out = (_rows(x) for x in (d, q, k, v, out))
    to_q, to_k, to_v = (_like(x, x.shape) for x in (q, k, v))
    to_k.buffer.fill(0)
    to_v.buffer.fill(0)
    added, steps = _added(mask, q)
    tensors = [q, k, v], [out, d, to_q, to_k, to_v]
    places = [[_place(x) for x in some] for some in tensors]
    levels = sums.buffer if sums.base is None else contiguous(sums).buffer
    run = backward.over(_work(sizes), thresholds.PRODUCT)
    run(
        to_q.buffer.reshape(-1), to_k.buffer.reshape(-1), to_v.buffer.reshape(-1),
        d.buffer.reshape(-1), q.buffer.reshape(-1), k.buffer.reshape(-1), v.buffer.reshape(-1),
        added, out.buffer.reshape(-1), levels.reshape(-1),
        np.array([*places[0], steps, *places[1]], np.int64), sizes,
        q.dtype.numpy.type(attention.scale), attention.causal, usable_threads(),
    )  # fmt: skip
    if (mask is not None or attention.causal) and any(_has_nan(x) for x in (to_q, to_k, to_v)):
        return None
    return to_q, to_k, to_v


def _sizes(q: TensorData, k: TensorData, v: TensorData) -> tuple[int, ...]:
    return (*q.shape[:2], k.shape[1], q.shape[2], *k.shape[2:], v.shape[3])


def _work(sizes: tuple[int, ...]) -> int:
    examples, heads, _, length, count, size, width = sizes
    return examples * heads * length * count * (size + width)


def _rows(x: TensorData) -> TensorData:
    """x, copied unless its rows can be read by BLAS."""
    step, apart = x.strides[3], x.strides[2]
    if (step == 1 or x.shape[3] == 1) and (apart >= x.shape[3] or x.shape[2] == 1):
        return x
    return contiguous(x)


def _like(x: TensorData, shape: tuple[int, ...]) -> TensorData:
    """New memory, in the order of x's dimensions: heads within rows, or rows within heads."""
    n, heads, count, size = shape
    if x.strides[1] < x.strides[2]:
        inner = memory.empty((n, count, heads, size), x.dtype.numpy)
        return TensorData(inner, x.dtype, inner.shape).permute(0, 2, 1, 3)
    return TensorData(memory.empty(shape, x.dtype.numpy), x.dtype, shape)


def _place(x: TensorData) -> tuple[int, ...]:
    """Its row of `places`; BLAS wants even a single row apart from the next."""
    n, head, row, _ = x.strides
    return x.offset, n, head, max(row, x.shape[3])


def _added(mask: TensorData | None, like: TensorData) -> tuple[npt.NDArray[Any], tuple[int, ...]]:
    """The numbers to add to scores, from the first on, and their strides; empty for no mask."""
    if mask is None:
        return np.empty(0, like.dtype.numpy), (0, 0, 0, 0)
    sizes = [1 if step == 0 else size for size, step in zip(mask.shape, mask.strides)]
    own = as_array(mask.as_strided(tuple(sizes), mask.strides, mask.offset))
    if mask.dtype is bool_:
        own = np.where(own, like.dtype.numpy.type(0), like.dtype.numpy.type(-math.inf))
    numbers = np.ascontiguousarray(own)
    steps = [
        0 if size == 1 else step // numbers.itemsize for size, step in zip(sizes, numbers.strides)
    ]
    return numbers.reshape(-1), tuple(steps)


def _has_nan(x: TensorData) -> bool:
    """NaN anywhere: a maximum is NaN if any element is."""
    return bool(np.isnan(silently().run(np.max, x.buffer)))
