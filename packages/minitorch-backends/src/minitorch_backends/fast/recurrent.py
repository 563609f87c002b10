"""Recurrent sequences: all steps of a layer in one compiled loop.

The rows of a batch are dealt out to *blocks*, one for each thread, and a thread takes its rows
through all steps: rows do not depend on each other, so threads never wait for one another. In a
block rows are sorted by length, longest first, so unfinished rows form a prefix, and a step touches
only that.

What belongs to one row in one step is kept in *packed* order: block by block, in a block step by
step, in a step row by row. `starts[k, s]` is where step s of block k begins, and `time` and `row`
say where in a (T, B, *) array a packed position lies. Steps are counted from where a row begins to
be read, its end if that is in reverse, so that the kernels know no direction.

The input's part of the gates does not depend on the steps before. It is computed for some steps
at a time: enough for a good matrix product, few enough to stay in the cache. So are all gradients
of weights, on the way back. The state's part takes a small product in every step, gate by gate: a
product of less than a million multiplications OpenBLAS computes without rearranging the weight
first, which would take as long again.

Between the products, gates become states in several short loops over a row: a loop that reads and
writes many arrays is not vectorised.

A row of `gates` (and of their gradients) holds, H numbers each: an LSTM's i, f, g, o; a GRU's r, z,
n and the state's part of n; a plain network's only gate. Formulas are in
`minitorch_tensor.derived.cells`. All arrays are C-contiguous; those with strides are flat, with the
position of their first element and the distance between steps and between rows of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import uintp

from minitorch_backends.fast import memory, thresholds
from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, gemm
from minitorch_backends.fast.compile import serial
from minitorch_backends.fast.vector_math import sigmoid, tanh
from minitorch_tensor.derived import Recurrence, RecurrentWeights
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData, as_array, from_array

TANH, RELU, LSTM, GRU = range(4)

#: For each cell its number, its gates, and the parts of a row of `gates`.
CELLS = {
    "rnn_tanh": (TANH, 1, 1),
    "rnn_relu": (RELU, 1, 1),
    "lstm": (LSTM, 4, 4),
    "gru": (GRU, 3, 4),
}

#: How many packed rows are projected at a time, if a step has not more.
CHUNK = 256


class Plan(NamedTuple):
    """Which thread does what.

    order (blocks, R): the row of the batch for each row of each block, -1 where a block has fewer.
    starts (blocks, S + 1), time and row (N): see above; S is the largest number of steps.
    """

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]


@lru_cache(maxsize=8)
def plan(
    steps: int, batch: int, lengths: tuple[int, ...] | None, reverse: bool, blocks: int
) -> Plan:
    """Deal out the rows of a batch."""
    length = np.full(batch, steps) if lengths is None else np.array(lengths, np.int64)
    longest = int(length.max())
    by_length = np.argsort(-length, kind="stable")
    order = np.full((blocks, -(-batch // blocks)), -1)
    starts = np.zeros((blocks, longest + 1), np.int64)
    times, rows, total = [], [], 0
    for k in range(blocks):
        mine = by_length[k::blocks]
        order[k, : len(mine)] = mine
        active = np.arange(longest)[:, None] < length[mine]
        starts[k] = total + np.concatenate([[0], active.sum(1).cumsum()])
        total = int(starts[k, -1])
        step, place = np.nonzero(active)
        rows.append(mine[place])
        times.append(length[rows[-1]] - 1 - step if reverse else step)
    return Plan(order, starts, np.concatenate(times), np.concatenate(rows))


# -- forward ---------------------------------------------------------------------------------------


@serial
def gather(to: Any, x: Any, x0: Any, xt: Any, xb: Any, time: Any, row: Any, p: int, m: int) -> None:
    """to[i] = x[time[p + i], row[p + i]] for i < m."""
    size = to.shape[1]
    flat = to.reshape(-1)
    for i in range(m):
        at, here = x0 + time[p + i] * xt + row[p + i] * xb, i * size
        for j in range(size):
            flat[uintp(here + j)] = x[uintp(at + j)]


@serial
def lstm_step(gates: Any, a: int, bias: Any, h: Any, c: Any, b: int, size: int) -> None:
    """One row's gates at a, activated; its state at b in h and c, moved on."""
    for j in range(2 * size):
        gates[uintp(a + j)] = sigmoid(gates[uintp(a + j)] + bias[uintp(j)])
    for j in range(2 * size, 3 * size):
        gates[uintp(a + j)] = tanh(gates[uintp(a + j)] + bias[uintp(j)])
    for j in range(3 * size, 4 * size):
        gates[uintp(a + j)] = sigmoid(gates[uintp(a + j)] + bias[uintp(j)])
    i, f, g, o = a, a + size, a + 2 * size, a + 3 * size
    for j in range(size):
        c[uintp(b + j)] = (
            gates[uintp(f + j)] * c[uintp(b + j)] + gates[uintp(i + j)] * gates[uintp(g + j)]
        )
    for j in range(size):
        h[uintp(b + j)] = gates[uintp(o + j)] * tanh(c[uintp(b + j)])


@serial
def gru_step(gates: Any, a: int, bias: Any, h: Any, b: int, size: int) -> None:
    """One row's gates at a, activated; its state at b in h, moved on."""
    for j in range(2 * size):
        gates[uintp(a + j)] = sigmoid(gates[uintp(a + j)] + bias[uintp(j)])
    r, z, n, hn = a, a + size, a + 2 * size, a + 3 * size
    for j in range(size):
        gates[uintp(hn + j)] += bias[uintp(3 * size + j)]
    for j in range(size):
        from_x = gates[uintp(n + j)] + bias[uintp(2 * size + j)]
        gates[uintp(n + j)] = tanh(from_x + gates[uintp(r + j)] * gates[uintp(hn + j)])
    for j in range(size):
        new = gates[uintp(n + j)]
        h[uintp(b + j)] = new + gates[uintp(z + j)] * (h[uintp(b + j)] - new)


@serial
def plain_step(cell: int, gates: Any, a: int, bias: Any, h: Any, b: int, size: int) -> None:
    """One row's state at b in h, from its gate at a."""
    if cell == TANH:
        for j in range(size):
            h[uintp(b + j)] = tanh(gates[uintp(a + j)] + bias[uintp(j)])
    else:
        zero = gates.dtype.type(0)
        for j in range(size):
            value = gates[uintp(a + j)] + bias[uintp(j)]
            h[uintp(b + j)] = value if value > zero or value != value else zero


@serial
def forward(
    cell: int, keep: bool, out: Any, o0: int, ot: int, ob: int,
    h: Any, c: Any, gates: Any, cells: Any, inputs: Any,
    x: Any, x0: int, xt: int, xb: int, weight_ih: Any, weight_hh: Any, bias: Any,
    starts: Any, time: Any, row: Any,
) -> None:  # fmt: skip
    """All steps of one block: out (T, B, H) at its packed positions, and its last state in h and c
    (R, H), which hold the first; c counts for an LSTM only.

    If `keep`, gates (N, parts * H) receives all gates and cells (N, H) an LSTM's c; otherwise gates
    (CHUNK + R, parts * H) is room to work in. So is inputs (CHUNK + R, I). starts (S + 1) are the
    block's. weight_ih (G * H, I), weight_hh (H, G * H): transposed; bias (parts * H) as in a row of
    gates.
    """
    size = h.shape[1]
    count, features = weight_ih.shape[0] // size, weight_ih.shape[1]
    width = gates.shape[1]
    w_ih, w_hh = weight_ih.reshape(-1), weight_hh.reshape(-1)
    hs, cs, xs = h.reshape(-1), c.reshape(-1), inputs.reshape(-1)
    all_gates, all_cells = gates.reshape(-1), cells.reshape(-1)
    longest = starts.size - 1
    first = 0
    while first < longest and starts[first] < starts[longest]:
        end = first + 1  # of the steps that are projected together
        while end < longest and starts[end] - starts[first] < CHUNK:
            end += 1
        p, m = starts[first], starts[end] - starts[first]
        base = 0 if keep else p  # all gates are kept, or only those of these steps
        gather(inputs, x, x0, xt, xb, time, row, p, m)
        gemm(
            all_gates, (p - base) * width, width, 0.0,
            xs, 0, features, PLAIN, w_ih, 0, features, TRANSPOSED, m, count * size, features,
        )  # fmt: skip
        for s in range(first, end):
            start = starts[s]
            n = starts[s + 1] - start
            at = (start - base) * width
            for g in range(count):
                # In a GRU the two parts of n stay apart.
                apart = cell == GRU and g == 2
                gemm(
                    all_gates, at + (g + apart) * size, width, 0.0 if apart else 1.0,
                    hs, 0, size, PLAIN,
                    w_hh, g * size, count * size, PLAIN, n, size, size,
                )  # fmt: skip
            for i in range(n):
                a, b = at + i * width, i * size
                if cell == LSTM:
                    lstm_step(all_gates, a, bias, hs, cs, b, size)
                    if keep:
                        to = (start + i) * size
                        for j in range(size):
                            all_cells[uintp(to + j)] = cs[uintp(b + j)]
                elif cell == GRU:
                    gru_step(all_gates, a, bias, hs, b, size)
                else:
                    plain_step(cell, all_gates, a, bias, hs, b, size)
                to = o0 + time[start + i] * ot + row[start + i] * ob
                for j in range(size):
                    out[uintp(to + j)] = hs[uintp(b + j)]
        first = end


# -- backward --------------------------------------------------------------------------------------


@serial
def lstm_back(
    d: Any, e: int, d_h: Any, d_c: Any, b: int, gates: Any, a: int,
    c: Any, at: int, before: Any, at_before: int, room: Any, size: int,
) -> None:  # fmt: skip
    """One row's gradients of the gates, at e in d, and of the previous c, at b in d_c."""
    one = d.dtype.type(1)
    i, f, g, o = a, a + size, a + 2 * size, a + 3 * size
    for j in range(size):
        room[uintp(j)] = tanh(c[uintp(at + j)])
    for j in range(size):
        y = gates[uintp(o + j)]
        d[uintp(e + 3 * size + j)] = d_h[uintp(b + j)] * room[uintp(j)] * y * (one - y)
    for j in range(size):
        t = room[uintp(j)]
        d_c[uintp(b + j)] += d_h[uintp(b + j)] * gates[uintp(o + j)] * (one - t * t)
    for j in range(size):
        y = gates[uintp(i + j)]
        d[uintp(e + j)] = d_c[uintp(b + j)] * gates[uintp(g + j)] * y * (one - y)
    for j in range(size):
        y = gates[uintp(f + j)]
        d[uintp(e + size + j)] = d_c[uintp(b + j)] * before[uintp(at_before + j)] * y * (one - y)
    for j in range(size):
        y = gates[uintp(g + j)]
        d[uintp(e + 2 * size + j)] = d_c[uintp(b + j)] * gates[uintp(i + j)] * (one - y * y)
    for j in range(size):
        d_c[uintp(b + j)] *= gates[uintp(f + j)]


@serial
def gru_back(
    d: Any, e: int, d_h: Any, b: int, gates: Any, a: int, before: Any, at: int, size: int
) -> None:
    """One row's gradients of the gates, at e in d; of d_h at b remains what goes directly to the
    previous state, which is at `at` in before."""
    one = d.dtype.type(1)
    r, z, n, hn = a, a + size, a + 2 * size, a + 3 * size
    for j in range(size):
        y, new = gates[uintp(z + j)], gates[uintp(n + j)]
        d[uintp(e + size + j)] = d_h[uintp(b + j)] * (before[uintp(at + j)] - new) * y * (one - y)
    for j in range(size):
        y, new = gates[uintp(z + j)], gates[uintp(n + j)]
        d[uintp(e + 2 * size + j)] = d_h[uintp(b + j)] * (one - y) * (one - new * new)
    for j in range(size):
        y, to_n = gates[uintp(r + j)], d[uintp(e + 2 * size + j)]
        d[uintp(e + j)] = to_n * gates[uintp(hn + j)] * y * (one - y)
        d[uintp(e + 3 * size + j)] = to_n * y
    for j in range(size):
        d_h[uintp(b + j)] *= gates[uintp(z + j)]


@serial
def plain_back(cell: int, d: Any, e: int, d_h: Any, b: int, out: Any, at: int, size: int) -> None:
    """One row's gradient of the gate, at e in d, from the output at `at`."""
    zero, one = d.dtype.type(0), d.dtype.type(1)
    if cell == TANH:
        for j in range(size):
            y = out[uintp(at + j)]
            d[uintp(e + j)] = d_h[uintp(b + j)] * (one - y * y)
    else:
        for j in range(size):
            d[uintp(e + j)] = d_h[uintp(b + j)] if out[uintp(at + j)] > zero else zero


@serial
def backward(
    cell: int, d_x: Any, dx0: int, dxt: int, dxb: int,
    d_ih: Any, d_hh: Any, d_bias: Any, d_h: Any, d_c: Any,
    d_out: Any, do0: int, dot: int, dob: int, gates: Any, cells: Any,
    out: Any, o0: int, ot: int, ob: int, h: Any, c: Any, x: Any, x0: int, xt: int, xb: int,
    weight_ih: Any, weight_hh: Any, starts: Any, time: Any, row: Any,
    d_gates: Any, inputs: Any, before: Any, room: Any,
) -> None:  # fmt: skip
    """All steps of one block, from the last to the first: the gradients of `forward`'s arguments.

    d_x (T, B, I) is written at the block's packed positions. d_ih (G * H, I), d_hh (G * H, H) and
    d_bias (parts * H) hold zeros, to which the block adds. d_h and d_c (R, H) hold the gradients of
    the last state and receive those of the first, h and c. weight_hh (G * H, H): not transposed.
    Room to work in: d_gates (CHUNK + R, parts * H), inputs (CHUNK + R, I), before (CHUNK + R, H)
    and room (H).
    """
    size = h.shape[1]
    count, features = weight_ih.shape[0] // size, weight_ih.shape[1]
    width = d_gates.shape[1]
    w_ih, w_hh = weight_ih.reshape(-1), weight_hh.reshape(-1)
    d_hs, d_cs, d = d_h.reshape(-1), d_c.reshape(-1), d_gates.reshape(-1)
    all_gates, all_cells, cs = gates.reshape(-1), cells.reshape(-1), c.reshape(-1)
    xs, flat_before = inputs.reshape(-1), before.reshape(-1)
    last = starts.size - 1
    while last > 0 and starts[last - 1] == starts[last]:
        last -= 1
    while last > 0:
        first = last - 1
        while first > 0 and starts[last] - starts[first] < CHUNK:
            first -= 1
        p, m = starts[first], starts[last] - starts[first]
        for s in range(first, last):  # the states that these steps came from
            start = starts[s]
            for i in range(starts[s + 1] - start):
                to = (start - p + i) * size
                if s == 0:
                    for j in range(size):
                        flat_before[uintp(to + j)] = h[uintp(i), uintp(j)]
                else:
                    q = starts[s - 1] + i
                    at = o0 + time[q] * ot + row[q] * ob
                    for j in range(size):
                        flat_before[uintp(to + j)] = out[uintp(at + j)]
        for s in range(last - 1, first - 1, -1):
            start = starts[s]
            n = starts[s + 1] - start
            at = (start - p) * width
            for i in range(n):
                q, b, e = start + i, i * size, at + i * width
                to_out = do0 + time[q] * dot + row[q] * dob
                for j in range(size):
                    d_hs[uintp(b + j)] += d_out[uintp(to_out + j)]
                if cell == LSTM:
                    if s == 0:
                        lstm_back(
                            d, e, d_hs, d_cs, b, all_gates, q * width, all_cells, q * size,
                            cs, b, room, size,
                        )  # fmt: skip
                    else:
                        lstm_back(
                            d, e, d_hs, d_cs, b, all_gates, q * width, all_cells, q * size,
                            all_cells, (starts[s - 1] + i) * size, room, size,
                        )  # fmt: skip
                elif cell == GRU:
                    gru_back(d, e, d_hs, b, all_gates, q * width, flat_before, (q - p) * size, size)
                else:
                    y = o0 + time[q] * ot + row[q] * ob
                    plain_back(cell, d, e, d_hs, b, out, y, size)
            for g in range(count):
                part = g + 1 if cell == GRU and g == 2 else g
                gemm(
                    d_hs, 0, size, 0.0 if g == 0 and cell != GRU else 1.0,
                    d, at + part * size, width, PLAIN,
                    w_hh, g * size * size, size, PLAIN, n, size, size,
                )  # fmt: skip
        # What all these steps together send to the input and the weights.
        gather(inputs, x, x0, xt, xb, time, row, p, m)
        gemm(
            d_ih.reshape(-1), 0, features, 1.0,
            d, 0, width, TRANSPOSED, xs, 0, features, PLAIN, count * size, features, m,
        )  # fmt: skip
        same = 2 * size if cell == GRU else count * size  # gates that x and h share
        gemm(
            d_hh.reshape(-1), 0, size, 1.0,
            d, 0, width, TRANSPOSED, flat_before, 0, size, PLAIN, same, size, m,
        )  # fmt: skip
        if cell == GRU:
            gemm(
                d_hh.reshape(-1), same * size, size, 1.0,
                d, 3 * size, width, TRANSPOSED, flat_before, 0, size, PLAIN, size, size, m,
            )  # fmt: skip
        for i in range(m):
            for j in range(width):
                d_bias[uintp(j)] += d[uintp(i * width + j)]
        gemm(
            xs, 0, features, 0.0,
            d, 0, width, PLAIN, w_ih, 0, features, PLAIN, m, features, count * size,
        )  # fmt: skip
        for i in range(m):
            to = dx0 + time[p + i] * dxt + row[p + i] * dxb
            for j in range(features):
                d_x[uintp(to + j)] = xs[uintp(i * features + j)]
        last = first


# -- from tensor data to kernels -------------------------------------------------------------------


def sequence(
    x: TensorData,
    state: Sequence[TensorData],
    weights: RecurrentWeights,
    recurrence: Recurrence,
    keep: bool,
    threads: int,
) -> tuple[TensorData, list[TensorData], list[TensorData]]:
    """`recurrent_sequence` of the interface, for a batch that is not empty."""
    cell, _, parts = CELLS[recurrence.cell]
    steps, batch, features = recurrence.time_first(x).shape
    dtype, number = x.dtype, x.dtype.numpy
    weight_ih, weight_hh, bias_ih, bias_hh = (_rows(weight) for weight in weights)
    size = weight_hh.shape[1]
    blocks = _blocks(steps, weights, batch, threads)
    planned = plan(steps, batch, recurrence.lengths, recurrence.reverse, blocks)
    rows = planned.order.shape[1]
    bias = bias_ih + bias_hh
    if cell == GRU:
        bias = np.concatenate([bias[: 2 * size], bias_ih[2 * size :], bias_hh[2 * size :]])
    h, c = _dealt(state, planned, cell)
    out = from_array(memory.empty((*x.shape[:2], size), number))
    room, total = CHUNK + rows, planned.row.size
    stored = keep and cell not in (TANH, RELU)
    shape = (total, parts * size) if stored else (blocks, room, parts * size)
    gates = memory.empty(shape, number)
    cells = memory.empty((total if stored and cell == LSTM else 0, size), number)
    inputs = np.empty((blocks, room, features), number)
    read, written = _strided(x, recurrence), _strided(out, recurrence)
    weight_hh_t = np.ascontiguousarray(weight_hh.T)
    _share(
        blocks,
        threads,
        lambda k: forward(
            cell, stored, *written, h[k], c[k], gates if stored else gates[k], cells, inputs[k],
            *read, weight_ih, weight_hh_t, bias, planned.starts[k], planned.time, planned.row,
        ),
    )  # fmt: skip
    _clear_padding(out, recurrence)
    last = _collected([h, c][: len(state)], planned, dtype, batch)
    # Packed positions depend on the number of blocks, which may be another one on the way back.
    kept = [gates, cells, np.array([blocks])] if stored else []
    return out, last, [from_array(array) for array in kept]


def sequence_backward(
    d_out: TensorData,
    d_state: Sequence[TensorData],
    x: TensorData,
    state: Sequence[TensorData],
    weights: RecurrentWeights,
    out: TensorData,
    saved: Sequence[TensorData],
    recurrence: Recurrence,
    threads: int,
) -> tuple[TensorData, list[TensorData], RecurrentWeights]:
    """`recurrent_sequence_backward` of the interface, for a batch that is not empty."""
    cell, count, parts = CELLS[recurrence.cell]
    steps, batch, features = recurrence.time_first(x).shape
    dtype, number = x.dtype, x.dtype.numpy
    weight_ih, weight_hh = (_rows(weight) for weight in weights[:2])
    size = weight_hh.shape[1]
    blocks = int(saved[2].buffer[0]) if saved else _blocks(steps, weights, batch, threads)
    planned = plan(steps, batch, recurrence.lengths, recurrence.reverse, blocks)
    rows = planned.order.shape[1]
    h, c = _dealt(state, planned, cell)
    d_h, d_c = _dealt(d_state, planned, cell)
    nothing = np.empty((0, size), number)
    gates, cells = [part.buffer for part in saved[:2]] if saved else [nothing, nothing]
    room = CHUNK + rows
    d_x = from_array(memory.empty(x.shape, number))
    d_ih = np.zeros((blocks, count * size, features), number)
    d_hh = np.zeros((blocks, count * size, size), number)
    d_bias = np.zeros((blocks, parts * size), number)
    d_gates = np.empty((blocks, room, parts * size), number)
    inputs = np.empty((blocks, room, features), number)
    before = np.empty((blocks, room, size), number)
    row = np.empty((blocks, size), number)
    read, read_d, read_out, written = (
        _strided(array, recurrence) for array in (x, d_out, out, d_x)
    )
    _share(
        blocks,
        threads,
        lambda k: backward(
            cell, *written, d_ih[k], d_hh[k], d_bias[k], d_h[k], d_c[k], *read_d,
            gates, cells, *read_out, h[k], c[k], *read, weight_ih, weight_hh,
            planned.starts[k], planned.time, planned.row, d_gates[k], inputs[k], before[k], row[k],
        ),
    )  # fmt: skip
    _clear_padding(d_x, recurrence)
    bias = d_bias.sum(0)
    shared = 2 * size if cell == GRU else count * size
    bias_hh = np.concatenate([bias[:shared], bias[count * size :]])
    sums = [d_ih.sum(0), d_hh.sum(0), bias[: count * size].copy(), bias_hh]
    first = _collected([d_h, d_c][: len(state)], planned, dtype, batch)
    return d_x, first, RecurrentWeights(*[from_array(array) for array in sums])


def _blocks(steps: int, weights: RecurrentWeights, batch: int, threads: int) -> int:
    """The number of blocks for a batch: one for each thread, if there is work for them."""
    work = steps * batch * (weights.weight_ih.size + weights.weight_hh.size)
    return min(threads, batch) if work >= thresholds.SEQUENCE else 1


def _share(blocks: int, threads: int, compute: Callable[[int], None]) -> None:
    """compute(k) for every block k, on so many threads.

    These are Python's threads and not numba's: kernels let go of Python's lock, a block takes
    milliseconds, and to compile loops of this size for numba's threads takes three times as long.
    Only one thread is usable in a process that was forked, so it never asks the pool that was
    copied with it and has no threads any more.
    """

    def some(first: int) -> None:
        for k in range(first, blocks, threads):
            compute(k)

    others = [_pool().submit(some, first) for first in range(1, min(threads, blocks))]
    try:
        some(0)
    finally:
        wait(others)
    for other in others:
        other.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="minitorch-recurrent")


def _clear_padding(x: TensorData, recurrence: Recurrence) -> None:
    """Zeros in x beyond each row's length, where the kernels write nothing."""
    if recurrence.lengths is not None:
        array = as_array(recurrence.time_first(x))
        for row, length in enumerate(recurrence.lengths):
            array[length:, row] = 0


def _rows(x: TensorData) -> npt.NDArray[Any]:
    return np.ascontiguousarray(as_array(x)).reshape(x.shape)


def _strided(x: TensorData, recurrence: Recurrence) -> tuple[npt.NDArray[Any], int, int, int]:
    """x as a flat array, its first position, and its strides over T and B."""
    if x.shape[2] > 1 and x.strides[2] != 1:
        x = from_array(_rows(x))
    return x.buffer.reshape(-1), x.offset, *recurrence.time_first(x).strides[:2]


def _dealt(
    state: Sequence[TensorData], planned: Plan, cell: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The parts of a state (B, H) by blocks, (blocks, R, H); an empty second if it has one."""
    parts = [as_array(part)[planned.order] for part in state]
    return parts[0], parts[1] if cell == LSTM else np.empty((len(parts[0]), 0, 0), parts[0].dtype)


def _collected(
    parts: list[npt.NDArray[Any]], planned: Plan, dtype: DType, batch: int
) -> list[TensorData]:
    """The inverse of `_dealt`."""
    used = planned.order >= 0
    collected = []
    for part in parts:
        whole = np.empty((batch, part.shape[2]), dtype.numpy)
        whole[planned.order[used]] = part[used]
        collected.append(from_array(whole))
    return collected
