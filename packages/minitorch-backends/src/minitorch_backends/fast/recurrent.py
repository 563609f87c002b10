"""Recurrent sequences: all steps of a layer in one compiled loop.

The rows of a batch are divided into *blocks*, one for each thread, and a thread takes its rows
through all steps: rows are independent, so threads never wait for one another. In a block rows are
sorted by length, longest first, so unfinished rows form a prefix, and a step touches only that.

Values per row and step are stored in *packed* order: by block, then by step, then by row.
`starts[k, s]` is where step s of block k begins, and `time` and `row` map a packed position to its
position in a (T, B, *) array. Steps count from the first step that is read, which is a row's end in
reverse, so kernels do not depend on the direction.

The input's part of the gates does not depend on earlier steps. It is computed for several steps at
a time: enough for an efficient matrix product, few enough to stay in the cache. The backward pass
does the same for all gradients of weights. The state's part takes a small product in every step,
gate by gate: OpenBLAS computes a product of less than a million multiplications without packing the
weight first, which would double the time.

The loops over a block's steps are in `unrolled`, one step of a row in `cells`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_backends.fast import memory, thresholds
from minitorch_backends.fast.cells import CELLS, GRU, LSTM, RELU, TANH
from minitorch_backends.fast.copying import row_major
from minitorch_backends.fast.unrolled import CHUNK, backward, forward
from minitorch_tensor.derived import Recurrence, RecurrentWeights
from minitorch_tensor.tensor_data import TensorData, as_array, from_array


class Plan(NamedTuple):
    """The division of a batch among threads.

    order (blocks, R): the row of the batch for each row of each block, -1 if a block has fewer.
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
    """Divide the rows of a batch into blocks."""
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
    layer = _layer(x, weights, recurrence)
    cell, size, _, features, width = layer
    blocks = _blocks(x, state[0].shape[0], weights, threads)
    planned = _planned(x, recurrence, blocks)
    number, room, total = x.dtype.numpy, CHUNK + planned.order.shape[1], planned.row.size
    weight_ih, weight_hh, bias_ih, bias_hh = (row_major(weight) for weight in weights)
    bias = bias_ih + bias_hh
    if cell == GRU:
        bias = np.concatenate([bias[: 2 * size], bias_ih[2 * size :], bias_hh[2 * size :]])
    given = weight_ih.reshape(-1), weight_hh.T.reshape(-1), bias
    h, c = _dealt(state, planned, cell)
    out = from_array(memory.empty((*x.shape[:2], size), number))
    stored = keep and cell not in (TANH, RELU)
    gates = memory.empty((total * width,) if stored else (blocks, room * width), number)
    cells = memory.empty((total * size if stored and cell == LSTM else 0,), number)
    inputs = np.empty((blocks, room * features), number)
    read, written = _strided(x, recurrence), _strided(out, recurrence)
    _share(
        blocks,
        threads,
        lambda k: forward(
            layer, stored, written, (h[k], c[k]), (gates if stored else gates[k], cells), inputs[k],
            read, given, (planned.starts[k], planned.time, planned.row),
        ),
    )  # fmt: skip
    _clear_padding(out, recurrence)
    last = _collected([h, c][: len(state)], planned, state[0])
    # Packed positions depend on the number of blocks, which may differ in the backward pass.
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
    layer = _layer(x, weights, recurrence)
    cell, size, count, features, width = layer
    batch = state[0].shape[0]
    blocks = int(saved[2].buffer[0]) if saved else _blocks(x, batch, weights, threads)
    planned = _planned(x, recurrence, blocks)
    number, room = x.dtype.numpy, CHUNK + planned.order.shape[1]
    given = tuple([row_major(weight).reshape(-1) for weight in weights[:2]])
    h, c = _dealt(state, planned, cell)
    d_h, d_c = _dealt(d_state, planned, cell)
    kept = tuple([part.buffer for part in saved[:2]]) or (np.empty(0, number),) * 2
    d_x = from_array(memory.empty(x.shape, number))
    sizes = count * size * features, count * size * size, width
    d_ih, d_hh, d_bias = (np.zeros((blocks, n), number) for n in sizes)
    sizes = room * width, room * features, room * size
    d_gates, inputs, before = (np.empty((blocks, n), number) for n in sizes)
    line = np.empty((blocks, size), number)
    read, read_d, read_out, written = (
        _strided(array, recurrence) for array in (x, d_out, out, d_x)
    )
    _share(
        blocks,
        threads,
        lambda k: backward(
            layer, written, (d_ih[k], d_hh[k], d_bias[k]), (d_h[k], d_c[k]), read_d, kept,
            read_out, (h[k], c[k]), read, given,
            (planned.starts[k], planned.time, planned.row),
            (d_gates[k], inputs[k], before[k], line[k]),
        ),
    )  # fmt: skip
    _clear_padding(d_x, recurrence)
    bias = d_bias.sum(0)
    shared = 2 * size if cell == GRU else count * size
    d_weights = (
        d_ih.sum(0).reshape(count * size, features),
        d_hh.sum(0).reshape(count * size, size),
        bias[: count * size].copy(),
        np.concatenate([bias[:shared], bias[count * size :]]),
    )
    first = _collected([d_h, d_c][: len(state)], planned, state[0])
    return d_x, first, RecurrentWeights(*[from_array(array) for array in d_weights])


def _layer(
    x: TensorData, weights: RecurrentWeights, recurrence: Recurrence
) -> tuple[int, int, int, int, int]:
    """The fields of a `Layer`, as a plain tuple for kernels."""
    cell, gates, parts = CELLS[recurrence.cell]
    hidden = weights.weight_hh.shape[1]
    return cell, hidden, gates, x.shape[2], parts * hidden


def _planned(x: TensorData, recurrence: Recurrence, blocks: int) -> Plan:
    steps, batch, _ = recurrence.time_first(x).shape
    return plan(steps, batch, recurrence.lengths, recurrence.reverse, blocks)


def _blocks(x: TensorData, batch: int, weights: RecurrentWeights, threads: int) -> int:
    """The number of blocks for a batch: one for each thread, if there is enough work."""
    work = x.shape[0] * x.shape[1] * (weights.weight_ih.size + weights.weight_hh.size)
    return min(threads, batch) if work >= thresholds.SEQUENCE else 1


def _share(blocks: int, threads: int, compute: Callable[[int], None]) -> None:
    """Call compute(k) for every block k, on this number of threads.

    These are Python threads, not numba's: kernels release the GIL, a block takes milliseconds, and
    compiling loops of this size for numba's threads takes three times as long. A forked process may
    use only one thread, so it never uses its copy of the pool, whose threads did not survive the
    fork.
    """
    if blocks == 1:
        compute(0)
        return

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
    """Zero x beyond each row's length, where the kernels write nothing."""
    if recurrence.lengths is not None:
        array = as_array(recurrence.time_first(x))
        for row, length in enumerate(recurrence.lengths):
            array[length:, row] = 0


def _strided(x: TensorData, recurrence: Recurrence) -> tuple[npt.NDArray[Any], int, int, int]:
    """x as a flat array, its offset, and its strides over T and B."""
    if x.shape[2] > 1 and x.strides[2] != 1:
        x = from_array(row_major(x))
    return x.buffer.reshape(-1), x.offset, *recurrence.time_first(x).strides[:2]


def _dealt(
    state: Sequence[TensorData], planned: Plan, cell: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The parts of a state (B, H) by blocks, (blocks, R * H); an empty second if it has one."""
    blocks = len(planned.order)
    parts = [as_array(part)[planned.order].reshape(blocks, -1) for part in state]
    return parts[0], parts[1] if cell == LSTM else np.empty((blocks, 0), parts[0].dtype)


def _collected(parts: list[npt.NDArray[Any]], planned: Plan, like: TensorData) -> list[TensorData]:
    """The inverse of `_dealt`."""
    used = planned.order >= 0
    rows = planned.order[used]
    collected = []
    for part in parts:
        whole = np.empty(like.shape, part.dtype)
        whole[rows] = part.reshape(*used.shape, -1)[used]
        collected.append(from_array(whole))
    return collected
