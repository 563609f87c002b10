"""All steps of one block of a recurrent layer, forward and backward; `recurrent` defines blocks.

Arrays are flat and are passed in plain tuples, because numba takes microseconds to unpack a named
tuple from Python. The classes below name the fields.

Sizes: T steps, B rows of the batch, I inputs, H hidden units, G gates; a block has R rows and S
steps; N packed positions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import uintp

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, Matrix, gemm
from minitorch_backends.fast.cells import (
    GRU,
    LSTM,
    Row,
    gru_back,
    gru_step,
    lstm_back,
    lstm_step,
    plain_back,
    plain_step,
)
from minitorch_backends.fast.compile import serial

#: The number of packed rows projected at a time, unless a single step has more.
CHUNK = 256


# -- arguments of kernels --------------------------------------------------------------------------


class Layer(NamedTuple):
    """A layer: the number of its cell, and H, G, I, and the length of a row of gates."""

    cell: int
    hidden: int
    gates: int
    features: int
    width: int


class Strided(NamedTuple):
    """A (T, B, *) array whose last dimension is contiguous: the flat array, its offset, and the
    strides of T and B."""

    array: Any
    start: int
    step: int
    row: int


class Block(NamedTuple):
    """One block's part of a `Plan`: its own `starts` (S + 1), and all of `time` and `row` (N)."""

    starts: Any
    time: Any
    row: Any


class State(NamedTuple):
    """A block's state (R, H), or its gradients; only an LSTM uses c."""

    h: Any
    c: Any


class Kept(NamedTuple):
    """Values for the backward pass: all gates (N, parts * H), and an LSTM's c (N, H), packed.
    If nothing is kept, gates (CHUNK + R, parts * H) is scratch memory."""

    gates: Any
    cells: Any


class Weights(NamedTuple):
    """Weights of the input (G * H, I) and of the state; the bias (parts * H), as in a row of gates.

    In `forward` the state's weight is transposed, (H, G * H); in `backward` it is not, and the bias
    is unused. As gradients, all three start as zeros, and a block adds to them.
    """

    ih: Any
    hh: Any
    bias: Any


class Room(NamedTuple):
    """Scratch memory of the backward pass: gradients of gates (CHUNK + R, parts * H), inputs
    (CHUNK + R, I), the states before steps (CHUNK + R, H), and a row (H)."""

    d_gates: Any
    inputs: Any
    before: Any
    row: Any


@serial
def gather(to: Any, size: int, x: Any, time: Any, row: Any, p: int, m: int) -> None:
    """to[i] = x[time[p + i], row[p + i]], `size` numbers, for i < m."""
    source = x.array
    for i in range(m):
        at, here = x.start + time[p + i] * x.step + row[p + i] * x.row, i * size
        for j in range(size):
            to[uintp(here + j)] = source[uintp(at + j)]


# -- forward ---------------------------------------------------------------------------------------


@serial
def forward(
    layer: Any, keep: bool, out: Any, state: Any, kept: Any, inputs: Any,
    x: Any, weights: Any, block: Any,
) -> None:  # fmt: skip
    """All steps of one block: writes out (T, B, H), a `Strided`, at its packed positions, and
    replaces the first state in the `State` by the last.

    If `keep`, the `Kept` receives all gates and cells. inputs (CHUNK + R, I) is scratch memory.
    x (T, B, I) is a `Strided`; the others are the `Layer`, its `Weights`, and the `Block`.
    """
    to_out, from_x = Strided(*out), Strided(*x)
    cell, size, count, features, width = layer
    (h, c), (gates, cells), (w_ih, w_hh, bias), (starts, time, row) = state, kept, weights, block
    outputs = to_out.array
    longest = starts.size - 1
    first = 0
    while first < longest and starts[first] < starts[longest]:
        end = first + 1  # of the steps projected together
        while end < longest and starts[end] - starts[first] < CHUNK:
            end += 1
        p, m = starts[first], starts[end] - starts[first]
        base = 0 if keep else p  # all gates are stored, or only those of these steps
        gather(inputs, features, from_x, time, row, p, m)
        gemm(
            Matrix(gates, (p - base) * width, width, PLAIN), 0.0,
            Matrix(inputs, 0, features, PLAIN), Matrix(w_ih, 0, features, TRANSPOSED),
            m, count * size, features,
        )  # fmt: skip
        for s in range(first, end):
            start = starts[s]
            n = starts[s + 1] - start
            at = (start - base) * width
            for g in range(count):
                # A GRU keeps the two parts of n separate.
                apart = cell == GRU and g == 2
                gemm(
                    Matrix(gates, at + (g + apart) * size, width, PLAIN), 0.0 if apart else 1.0,
                    Matrix(h, 0, size, PLAIN), Matrix(w_hh, g * size, count * size, PLAIN),
                    n, size, size,
                )  # fmt: skip
            for i in range(n):
                a, b = at + i * width, i * size
                if cell == LSTM:
                    lstm_step(gates, a, bias, h, c, b, size)
                    if keep:
                        to = (start + i) * size
                        for j in range(size):
                            cells[uintp(to + j)] = c[uintp(b + j)]
                elif cell == GRU:
                    gru_step(gates, a, bias, h, b, size)
                else:
                    plain_step(cell, gates, a, bias, h, b, size)
                q = start + i
                to = to_out.start + time[q] * to_out.step + row[q] * to_out.row
                for j in range(size):
                    outputs[uintp(to + j)] = h[uintp(b + j)]
        first = end


# -- backward --------------------------------------------------------------------------------------


@serial
def backward(
    layer: Any, d_x: Any, d_weights: Any, d_state: Any, d_out: Any, kept: Any,
    out: Any, state: Any, x: Any, weights: Any, block: Any, room: Any,
) -> None:  # fmt: skip
    """All steps of one block, from the last to the first: the gradients of `forward`'s arguments.

    d_x (T, B, I), a `Strided`, is written at the block's packed positions. The block adds to
    d_weights. d_state holds the gradients of the last state and receives those of the first, which
    is `state`. d_out and out are `Strided` (T, B, H); `room` is a `Room`.
    """
    to_x, from_out, of_out, of_x = Strided(*d_x), Strided(*d_out), Strided(*out), Strided(*x)
    cell, size, count, features, width = layer
    (d_h, d_c), (h, c), (gates, cells), (starts, time, row) = d_state, state, kept, block
    (d_ih, d_hh, d_bias), (w_ih, w_hh) = d_weights, weights
    d, inputs, before, line = room
    arriving, outputs, written = from_out.array, of_out.array, to_x.array
    last = starts.size - 1
    while last > 0 and starts[last - 1] == starts[last]:
        last -= 1
    while last > 0:
        first = last - 1
        while first > 0 and starts[last] - starts[first] < CHUNK:
            first -= 1
        p, m = starts[first], starts[last] - starts[first]
        for s in range(first, last):  # the states before these steps
            start = starts[s]
            for i in range(starts[s + 1] - start):
                to = (start - p + i) * size
                if s == 0:
                    for j in range(size):
                        before[uintp(to + j)] = h[uintp(i * size + j)]
                else:
                    q = starts[s - 1] + i
                    at = of_out.start + time[q] * of_out.step + row[q] * of_out.row
                    for j in range(size):
                        before[uintp(to + j)] = outputs[uintp(at + j)]
        for s in range(last - 1, first - 1, -1):
            start = starts[s]
            n = starts[s + 1] - start
            at = (start - p) * width
            for i in range(n):
                q, b, e = start + i, i * size, at + i * width
                y = from_out.start + time[q] * from_out.step + row[q] * from_out.row
                for j in range(size):
                    d_h[uintp(b + j)] += arriving[uintp(y + j)]
                if cell == LSTM:
                    now = Row(cells, q * size)
                    earlier = Row(c, b)
                    if s > 0:
                        earlier = Row(cells, (starts[s - 1] + i) * size)
                    of_gates = Row(gates, q * width)
                    lstm_back(Row(d, e), d_h, d_c, b, of_gates, now, earlier, line, size)
                elif cell == GRU:
                    gru_back(d, e, d_h, b, gates, q * width, before, (q - p) * size, size)
                else:
                    y = of_out.start + time[q] * of_out.step + row[q] * of_out.row
                    plain_back(cell, d, e, d_h, b, outputs, y, size)
            for g in range(count):
                part = g + 1 if cell == GRU and g == 2 else g
                gemm(
                    Matrix(d_h, 0, size, PLAIN), 0.0 if g == 0 and cell != GRU else 1.0,
                    Matrix(d, at + part * size, width, PLAIN),
                    Matrix(w_hh, g * size * size, size, PLAIN), n, size, size,
                )  # fmt: skip
        # The gradients of the input and the weights from all these steps.
        gather(inputs, features, of_x, time, row, p, m)
        sent, came = Matrix(d, 0, width, TRANSPOSED), Matrix(before, 0, size, PLAIN)
        gemm(
            Matrix(d_ih, 0, features, PLAIN), 1.0,
            sent, Matrix(inputs, 0, features, PLAIN), count * size, features, m,
        )  # fmt: skip
        same = 2 * size if cell == GRU else count * size  # gates that x and h share
        gemm(Matrix(d_hh, 0, size, PLAIN), 1.0, sent, came, same, size, m)
        if cell == GRU:
            gemm(
                Matrix(d_hh, same * size, size, PLAIN), 1.0,
                Matrix(d, 3 * size, width, TRANSPOSED), came, size, size, m,
            )  # fmt: skip
        for i in range(m):
            for j in range(width):
                d_bias[uintp(j)] += d[uintp(i * width + j)]
        gemm(
            Matrix(inputs, 0, features, PLAIN), 0.0,
            Matrix(d, 0, width, PLAIN), Matrix(w_ih, 0, features, PLAIN),
            m, features, count * size,
        )  # fmt: skip
        for i in range(m):
            to = to_x.start + time[p + i] * to_x.step + row[p + i] * to_x.row
            for j in range(features):
                written[uintp(to + j)] = inputs[uintp(i * features + j)]
        last = first
