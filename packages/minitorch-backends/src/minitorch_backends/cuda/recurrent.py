"""Recurrent sequences: all steps of a layer in one launch.

As in `fast.recurrent`, the rows of a batch are independent, so each worker takes some rows through
all steps without waiting for others. There a worker is a CPU thread, here a *thread block*, whose
threads synchronise twice per step. Launching a product and a gate kernel for every step would cost
more than their work, for layers of the sizes in the apps: 400 steps of 64 rows would take 800
launches.
Work that does not depend on the previous step is one large matrix product for all steps, before the
sequence (the input's part of the gates) or after it (the gradients of the input and the weights).

In a step each thread computes columns of the gates from the previous state, which the block keeps
in shared memory; then it computes elements of the new state from the gates. The backward pass does
the same from the last step to the first. Weights are read again in every step, from the L2 cache
that all blocks share; a block may have several rows (`rows`), which share each weight that is read.

Sequences are (T, B, *) or (B, T, *), contiguous; element (t, b) of any of them is row
t * stride_t + b * stride_b. H is the hidden size and G the number of gates. A row of `kept` holds,
H numbers each: an LSTM's i, f, g, o; a GRU's r, z, n and the state's part of n. Formulas are in
`minitorch_tensor.derived.cells`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minitorch_autodiff import operators as ops
from minitorch_backends.cuda.compile import (
    THREADS,
    WIDE,
    Kernel,
    blocks,
    number,
    pointer,
    scalar,
    u32,
)
from minitorch_backends.cuda.device import cuda, sized
from minitorch_tensor.derived import Recurrence, RecurrentWeights
from minitorch_tensor.dtypes import DType, float32, float64, int32
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_backends.cuda.backend import CudaBackend

TANH, RELU, LSTM, GRU = range(4)

#: For each cell: its number, its gates, and the values stored per unit.
CELLS = {
    "rnn_tanh": (TANH, 1, 1),
    "rnn_relu": (RELU, 1, 1),
    "lstm": (LSTM, 4, 4),
    "gru": (GRU, 3, 4),
}

#: Threads of a block, at most.
MOST_THREADS = sized(512, 4)

#: Bytes of shared memory that a block has by default.
SHARED_BYTES = 48 << 10

#: Blocks that keep every processor of a large GPU busy; larger batches have several rows per block.
BLOCKS = 264


class State(NamedTuple):
    """The parts of a state, (B, H) each, or the types of them; c counts for an LSTM only."""

    h: Any
    c: Any


class Kept(NamedTuple):
    """What the way back needs, or the types of it: gates (sequence of 4 * H), and an LSTM's c
    (sequence of H)."""

    gates: Any
    cells: Any


class Weights(NamedTuple):
    """weight_hh transposed, (H, G * H), and both biases (G * H); or the types of them."""

    hh: Any
    bias_ih: Any
    bias_hh: Any


class Layout(NamedTuple):
    """B and T, and the distances between steps and between rows of the batch, in rows of a
    sequence; or the types of them."""

    batch: Any
    steps: Any
    stride_t: Any
    stride_b: Any


#: The types of lengths (B) and of a `Layout`.
LENGTHS, LAYOUT = pointer(int32), Layout(u32, u32, u32, u32)

sigmoid: Any = scalar(ops.sigmoid)
tanh: Any = scalar(ops.tanh)


def rows_of_a_block(cell: str, hidden: int, batch: int, itemsize: int) -> int:
    """The number of rows of the batch for a block; 0 if shared memory cannot hold one."""
    _, _, parts = CELLS[cell]
    room = SHARED_BYTES // ((2 + 2 * parts) * hidden * itemsize)
    rows = 1
    while 2 * rows <= min(room, 4) and batch > rows * BLOCKS:
        rows *= 2
    return min(rows, room)


def threads_of_a_block(cell: str, hidden: int) -> int:
    """The number of threads in a block: one for each column of the gates, in whole warps of 32."""
    gates = CELLS[cell][1]
    return min(MOST_THREADS, -(-gates * hidden // 32) * 32)


def weights_together(hidden: int) -> int:
    """The number of weights that a thread loads before it uses the first: enough to hide the
    latency of the cache."""
    return next(n for n in (16, 8, 4, 2, 1) if hidden % n == 0)


@cache
def forward(name: str, dtype: DType, hidden: int, rows: int, reverse: bool, keep: bool) -> Kernel:
    """All steps of all rows: the outputs, 0 beyond a row's length, and the last state.

    projected (sequence of G * H) is the input's part of the gates; `last` and `initial` are
    `State`; lengths int32 (B). If `keep`, `memory`, which is `Kept`, receives an LSTM's or GRU's
    gates and an LSTM's c.
    """
    T = number(dtype)
    size = hidden
    cell, gates, parts = CELLS[name]
    all_units, all_parts = rows * size, rows * parts * size
    together = weights_together(size)

    def kernel(
        out: Any, last: Any, memory: Any, projected: Any, initial: Any, weights: Any,
        lengths: Any, layout: Any,
    ) -> None:  # fmt: skip
        (last_h, last_c), (h0, c0), (kept, cells) = last, initial, memory
        weight, bias_ih, bias_hh = weights
        batch, steps, stride_t, stride_b = layout
        h = cuda.shared.array(all_units, T)
        c = cuda.shared.array(all_units, T)
        given = cuda.shared.array(all_parts, T)
        sums = cuda.local.array(rows, T)
        w = cuda.local.array(together, T)
        thread, threads = u32(cuda.threadIdx.x), u32(cuda.blockDim.x)
        block = u32(cuda.blockIdx.x * rows)
        longest = u32(0)
        for r in range(rows):
            if u32(block + r) < batch:
                longest = max(longest, u32(lengths[u32(block + r)]))
        e = thread
        while e < u32(all_units):
            b = u32(block + u32(e // u32(size)))
            if b < batch:
                h[e] = h0[u32(block * size + e)]
                if cell == LSTM:
                    c[e] = c0[u32(block * size + e)]
            else:
                h[e] = T(0)
            e = u32(e + threads)
        cuda.syncthreads()

        s = u32(0)
        while s < longest:
            q = thread
            while q < u32(gates * size):
                for r in range(rows):
                    sums[r] = T(0)
                k = u32(0)
                while k < u32(size):
                    for i in range(together):
                        w[i] = weight[u32((k + i) * (gates * size) + q)]
                    for i in range(together):
                        for r in range(rows):
                            sums[r] += h[u32(r * size + k + i)] * w[i]
                    k = u32(k + together)
                for r in range(rows):
                    b = u32(block + r)
                    if b < batch and s < u32(lengths[b]):
                        t = u32(lengths[b] - s - 1) if reverse else s
                        row = u32(t * stride_t + b * stride_b)
                        from_x = projected[u32(row * (gates * size) + q)] + bias_ih[q]
                        from_h = sums[r] + bias_hh[q]
                        at = u32(r * (parts * size) + q)
                        if cell == GRU and q >= u32(2 * size):
                            given[at] = from_x
                            given[u32(at + size)] = from_h
                        else:
                            given[at] = from_x + from_h
                q = u32(q + threads)
            cuda.syncthreads()

            e = thread
            while e < u32(all_units):
                r = u32(e // u32(size))
                j = u32(e - r * size)
                b = u32(block + r)
                if b < batch and s < u32(lengths[b]):
                    t = u32(lengths[b] - s - 1) if reverse else s
                    row = u32(t * stride_t + b * stride_b)
                    at = u32(r * (parts * size) + j)
                    to = u32(row * (4 * size) + j)
                    if cell == LSTM:
                        i, f = sigmoid(given[at]), sigmoid(given[u32(at + size)])
                        g, o = tanh(given[u32(at + 2 * size)]), sigmoid(given[u32(at + 3 * size)])
                        new_c = f * c[e] + i * g
                        new = o * tanh(new_c)
                        c[e] = new_c
                        if keep:
                            kept[to], kept[u32(to + size)] = i, f
                            kept[u32(to + 2 * size)], kept[u32(to + 3 * size)] = g, o
                            cells[u32(row * size + j)] = new_c
                    elif cell == GRU:
                        reset, z = sigmoid(given[at]), sigmoid(given[u32(at + size)])
                        n_h = given[u32(at + 3 * size)]
                        n = tanh(given[u32(at + 2 * size)] + reset * n_h)
                        new = n + z * (h[e] - n)
                        if keep:
                            kept[to], kept[u32(to + size)] = reset, z
                            kept[u32(to + 2 * size)], kept[u32(to + 3 * size)] = n, n_h
                    elif cell == TANH:
                        new = tanh(given[at])
                    else:
                        new = T(0) if given[at] <= T(0) else given[at]
                    h[e] = new
                    out[u32(row * size + j)] = new
                e = u32(e + threads)
            cuda.syncthreads()
            s = u32(s + 1)

        e = thread
        while e < u32(all_units):
            r = u32(e // u32(size))
            j = u32(e - r * size)
            b = u32(block + r)
            if b < batch:
                last_h[u32(b * size + j)] = h[e]
                if cell == LSTM:
                    last_c[u32(b * size + j)] = c[e]
                t = u32(lengths[b])
                while t < steps:
                    out[u32((t * stride_t + b * stride_b) * size + j)] = T(0)
                    t = u32(t + 1)
            e = u32(e + threads)

    P = pointer(dtype)
    arguments = (P, State(P, P), Kept(P, P), P, State(P, P), Weights(P, P, P), LENGTHS, LAYOUT)
    return Kernel(kernel, arguments, threads_of_a_block(name, hidden))


@cache
def backward(name: str, dtype: DType, hidden: int, rows: int, reverse: bool) -> Kernel:
    """All steps of the backward pass: the gradients of the gates and of the first state.

    to_x and to_h (sequences of G * H) receive the gradients of the gates' parts from the input and
    from the state, which are the same array except for a GRU; `before` (sequence of H) receives the
    states before each step. All three are 0 beyond a row's length. d_out (sequence of H) and the
    `State` d_last are the incoming gradients; d_first is the gradient of the first state. weight
    (G * H, H) is weight_hh; the rest are arguments and results of `forward`.
    """
    T = number(dtype)
    size = hidden
    cell, gates, _ = CELLS[name]
    all_units, all_gates = rows * size, rows * gates * size
    together = weights_together(size)

    def kernel(
        to_x: Any, to_h: Any, before: Any, d_first: Any, d_out: Any, d_last: Any, memory: Any,
        out: Any, initial: Any, weight: Any, lengths: Any, layout: Any,
    ) -> None:  # fmt: skip
        (first_h, first_c), (d_h, d_c), (kept, cells), (h0, c0) = d_first, d_last, memory, initial
        batch, steps, stride_t, stride_b = layout
        zero, one = T(0), T(1)
        dh = cuda.shared.array(all_units, T)
        dc = cuda.shared.array(all_units, T)
        d = cuda.shared.array(all_gates, T)
        shares = cuda.shared.array(all_gates, T)
        sums = cuda.local.array(rows, T)
        w = cuda.local.array(together, T)
        thread, threads = u32(cuda.threadIdx.x), u32(cuda.blockDim.x)
        block = u32(cuda.blockIdx.x * rows)
        longest = u32(0)
        for r in range(rows):
            if u32(block + r) < batch:
                longest = max(longest, u32(lengths[u32(block + r)]))
        e = thread
        while e < u32(all_units):
            if u32(block + u32(e // u32(size))) < batch:
                dh[e] = d_h[u32(block * size + e)]
                if cell == LSTM:
                    dc[e] = d_c[u32(block * size + e)]
            e = u32(e + threads)

        s = longest
        while s > u32(0):
            s = u32(s - 1)
            e = thread
            while e < u32(all_units):
                r = u32(e // u32(size))
                j = u32(e - r * size)
                b = u32(block + r)
                at = u32(r * (gates * size) + j)
                if b < batch and s < u32(lengths[b]):
                    t = u32(lengths[b] - s - 1) if reverse else s
                    row = u32(t * stride_t + b * stride_b)
                    earlier = u32(row + stride_t) if reverse else u32(row - stride_t)
                    h = out[u32(earlier * size + j)] if s > u32(0) else h0[u32(b * size + j)]
                    before[u32(row * size + j)] = h
                    arriving = dh[e] + d_out[u32(row * size + j)]
                    if s + 1 < u32(lengths[b]):
                        for g in range(gates):
                            arriving += shares[u32(at + g * size)]
                    place = u32(row * (4 * size) + j)
                    to = u32(row * (gates * size) + j)
                    if cell == LSTM:
                        i, f = kept[place], kept[u32(place + size)]
                        g, o = kept[u32(place + 2 * size)], kept[u32(place + 3 * size)]
                        c = cells[u32(earlier * size + j)] if s > u32(0) else c0[u32(b * size + j)]
                        t_c = tanh(cells[u32(row * size + j)])
                        d_cell = dc[e] + arriving * o * (one - t_c * t_c)
                        d_i, d_f = d_cell * g * i * (one - i), d_cell * c * f * (one - f)
                        d_g = d_cell * i * (one - g * g)
                        d_o = arriving * t_c * o * (one - o)
                        d[at], d[u32(at + size)] = d_i, d_f
                        d[u32(at + 2 * size)], d[u32(at + 3 * size)] = d_g, d_o
                        to_x[to], to_x[u32(to + size)] = d_i, d_f
                        to_x[u32(to + 2 * size)], to_x[u32(to + 3 * size)] = d_g, d_o
                        dc[e] = d_cell * f
                        dh[e] = zero
                    elif cell == GRU:
                        reset, z = kept[place], kept[u32(place + size)]
                        n, n_h = kept[u32(place + 2 * size)], kept[u32(place + 3 * size)]
                        direct = arriving * z
                        d_n = (arriving - direct) * (one - n * n)
                        d_r = d_n * n_h * reset * (one - reset)
                        d_z = arriving * (h - n) * z * (one - z)
                        d[at], d[u32(at + size)] = d_r, d_z
                        d[u32(at + 2 * size)] = d_n * reset
                        to_x[to], to_x[u32(to + size)], to_x[u32(to + 2 * size)] = d_r, d_z, d_n
                        to_h[to], to_h[u32(to + size)] = d_r, d_z
                        to_h[u32(to + 2 * size)] = d_n * reset
                        dh[e] = direct
                    else:
                        y = out[u32(row * size + j)]
                        if cell == TANH:
                            d_y = arriving * (one - y * y)
                        else:
                            d_y = arriving if y > zero else zero
                        d[at] = d_y
                        to_x[to] = d_y
                        dh[e] = zero
                else:
                    for g in range(gates):
                        d[u32(at + g * size)] = zero
                e = u32(e + threads)
            cuda.syncthreads()

            q = thread  # a gate g and a unit k: what the gate's part of d comes to there
            while q < u32(gates * size):
                first = u32(u32(q // u32(size)) * size)
                k = u32(q - first)
                for r in range(rows):
                    sums[r] = zero
                j = u32(0)
                while j < u32(size):
                    for i in range(together):
                        w[i] = weight[u32((first + j + i) * size + k)]
                    for i in range(together):
                        for r in range(rows):
                            sums[r] += d[u32(r * (gates * size) + first + j + i)] * w[i]
                    j = u32(j + together)
                for r in range(rows):
                    shares[u32(r * (gates * size) + q)] = sums[r]
                q = u32(q + threads)
            cuda.syncthreads()

        e = thread
        while e < u32(all_units):
            r = u32(e // u32(size))
            j = u32(e - r * size)
            b = u32(block + r)
            if b < batch:
                total = dh[e]
                for g in range(gates):
                    total += shares[u32(r * (gates * size) + g * size + j)]
                first_h[u32(b * size + j)] = total
                if cell == LSTM:
                    first_c[u32(b * size + j)] = dc[e]
                t = u32(lengths[b])
                while t < steps:
                    row = u32(t * stride_t + b * stride_b)
                    before[u32(row * size + j)] = zero
                    for g in range(gates):
                        to_x[u32((row * gates + g) * size + j)] = zero
                        if cell == GRU:
                            to_h[u32((row * gates + g) * size + j)] = zero
                    t = u32(t + 1)
            e = u32(e + threads)

    P = pointer(dtype)
    state = State(P, P)
    arguments = (P, P, P, state, P, state, Kept(P, P), P, state, P, LENGTHS, LAYOUT)
    return Kernel(kernel, arguments, threads_of_a_block(name, hidden))


@cache
def within_lengths(dtype: DType) -> Kernel:
    """out = x, a sequence of `size`, but 0 beyond each row's length. Each thread strides over the
    `count` elements."""
    T = number(dtype)

    def kernel(out: Any, x: Any, lengths: Any, count: Any, size: Any, layout: Any) -> None:
        batch, steps, stride_t, stride_b = layout
        i = u32(cuda.grid(1))
        while i < count:
            row = u32(i // size)
            t = u32(u32(row // stride_t) % steps)
            b = u32(u32(row // stride_b) % batch)
            out[i] = x[i] if t < u32(lengths[b]) else T(0)
            i = u32(i + cuda.gridsize(1))

    P = pointer(dtype)
    return Kernel(kernel, (P, P, LENGTHS, u32, u32, LAYOUT), THREADS)


# -- launching -------------------------------------------------------------------------------------


class Layer:
    """The description of a layer for its forward and backward kernels.

    Attributes:
        cell, gates, hidden: the number of the cell; G and H.
        rows: rows of the batch per block.
        grid: the number of blocks.
        lengths: the length of each row, on the device.
        layout: the last arguments of kernels: batch, steps, and the strides of T and B in rows.
    """

    def __init__(
        self,
        backend: CudaBackend,
        x: TensorData,
        hidden: int,
        recurrence: Recurrence,
    ) -> None:
        self.cell, self.gates, _ = CELLS[recurrence.cell]
        self.hidden = hidden
        steps, batch, _ = recurrence.time_first(x).shape
        self.rows = rows_of_a_block(recurrence.cell, hidden, batch, x.dtype.itemsize)
        self.grid = -(-batch // self.rows)
        self.lengths = _on_device(backend, recurrence.lengths or (steps,) * batch)
        self.layout = Layout(batch, steps, *((1, steps) if recurrence.batch_first else (batch, 1)))


@lru_cache(maxsize=64)
def _on_device(backend: CudaBackend, lengths: tuple[int, ...]) -> TensorData:
    """Lengths as int32, cached for the backward pass and for other layers of the same batch."""
    return backend.from_numpy(np.array(lengths, np.int32))


def fits(name: str, x: TensorData, weight_hh: TensorData) -> bool:
    """True if a block can hold a row of the layer and its positions fit 32 bits."""
    hidden = weight_hh.shape[1]
    small = 4 * hidden * math.prod(x.shape[:2]) < WIDE
    return small and rows_of_a_block(name, hidden, 1, x.dtype.itemsize) > 0


def sequence(
    backend: CudaBackend,
    x: TensorData,
    state: Sequence[TensorData],
    weights: RecurrentWeights,
    recurrence: Recurrence,
    keep: bool,
) -> tuple[TensorData, list[TensorData], list[TensorData]]:
    """`recurrent_sequence` of the interface, for a batch that is not empty and a layer that fits;
    all data contiguous."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    dtype, size, rows = x.dtype, weight_hh.shape[1], math.prod(x.shape[:2])
    layer = Layer(backend, x, size, recurrence)
    flat = backend.reshape(x, (rows, x.shape[2]))
    projected = backend.matmul(flat, weight_ih.transpose())
    out = backend.empty((*x.shape[:2], size), dtype)
    last = [backend.empty(part.shape, dtype) for part in state]
    stored = keep and layer.cell in (LSTM, GRU)
    kept = backend.empty((rows if stored else 0, 4 * size), dtype)
    cells = backend.empty((rows if stored and layer.cell == LSTM else 0, size), dtype)
    run = forward(recurrence.cell, dtype, size, layer.rows, recurrence.reverse, stored)
    run(
        layer.grid, out, State(last[0], last[-1]), Kept(kept, cells), projected,
        State(state[0], state[-1]),
        Weights(backend.contiguous(weight_hh.transpose()), bias_ih, bias_hh),
        layer.lengths, layer.layout,
    )  # fmt: skip
    return out, last, [kept, cells] if stored else []


def sequence_backward(
    backend: CudaBackend,
    d_out: TensorData,
    d_state: Sequence[TensorData],
    x: TensorData,
    state: Sequence[TensorData],
    weights: RecurrentWeights,
    out: TensorData,
    saved: Sequence[TensorData],
    recurrence: Recurrence,
) -> tuple[TensorData, list[TensorData], RecurrentWeights]:
    """`recurrent_sequence_backward` of the interface, under the conditions of `sequence`."""
    weight_ih, weight_hh = weights[:2]
    dtype, size, rows = x.dtype, weight_hh.shape[1], math.prod(x.shape[:2])
    layer = Layer(backend, x, size, recurrence)
    width = layer.gates * size
    to_x = backend.empty((rows, width), dtype)
    to_h = backend.empty((rows, width), dtype) if layer.cell == GRU else to_x
    before = backend.empty((rows, size), dtype)
    first = [backend.empty(part.shape, dtype) for part in state]
    kept, cells = saved if saved else (out, out)
    run = backward(recurrence.cell, dtype, size, layer.rows, recurrence.reverse)
    run(
        layer.grid, to_x, to_h, before, State(first[0], first[-1]), d_out,
        State(d_state[0], d_state[-1]), Kept(kept, cells), out, State(state[0], state[-1]),
        weight_hh, layer.lengths, layer.layout,
    )  # fmt: skip
    # The padding is multiplied by 0, which gives 0 only if the padding is finite.
    if recurrence.lengths is not None:
        x = _without_padding(backend, x, layer)
    d_bias_ih = backend.reduce(ops.add, to_x, 0, 0.0, dtype).owned((width,))
    if layer.cell == GRU:
        d_bias_hh = backend.reduce(ops.add, to_h, 0, 0.0, dtype).owned((width,))
    else:
        d_bias_hh = backend.contiguous(d_bias_ih)
    flat = backend.reshape(x, (rows, x.shape[2]))
    d_weight_ih = backend.matmul(to_x.transpose(), flat)
    d_weight_hh = backend.matmul(to_h.transpose(), before)
    d_x = backend.matmul(to_x, weight_ih).owned(x.shape)
    return d_x, first, RecurrentWeights(d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh)


def _without_padding(backend: CudaBackend, x: TensorData, layer: Layer) -> TensorData:
    """A copy of x that holds 0 beyond each row's length."""
    out = backend.empty(x.shape, x.dtype)
    run = within_lengths(x.dtype)
    run(blocks(out.size), out, x, layer.lengths, out.size, x.shape[2], layer.layout)
    return out


def examples() -> Iterator[Kernel]:
    """Kernels of this module for a hidden size used by the apps, for the compile gate."""
    for name in CELLS:
        yield forward(name, float32, 128, rows=1, reverse=False, keep=True)
        yield backward(name, float32, 128, rows=1, reverse=False)
    for name in ("lstm", "gru"):
        yield forward(name, float32, 128, rows=4, reverse=True, keep=True)
        yield backward(name, float32, 128, rows=4, reverse=True)
        yield forward(name, float64, 128, rows=1, reverse=False, keep=False)
        yield backward(name, float64, 128, rows=1, reverse=False)
    for dtype in (float32, float64):
        yield within_lengths(dtype)
