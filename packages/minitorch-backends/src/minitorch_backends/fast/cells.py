"""One step of each recurrent cell, forward and backward, for one row of the batch.

Several short loops compute states from gates: a loop that reads and writes many arrays is not
vectorised. Arrays are flat. A row of `gates` (and of their gradients) holds, H numbers each: an
LSTM's i, f, g, o; a GRU's r, z, n and the state's part of n; a plain RNN's only gate. Formulas
are in `minitorch_tensor.derived.cells`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import uintp

from minitorch_backends.fast.compile import serial
from minitorch_backends.fast.vector_math import sigmoid, tanh

TANH, RELU, LSTM, GRU = range(4)

#: For each cell: its number, its gates, and the parts of a row of `gates`.
CELLS = {
    "rnn_tanh": (TANH, 1, 1),
    "rnn_relu": (RELU, 1, 1),
    "lstm": (LSTM, 4, 4),
    "gru": (GRU, 3, 4),
}


class Row(NamedTuple):
    """Consecutive elements of a flat array.

    Attributes:
        array: flat.
        at: the position of the first element.
    """

    array: Any
    at: int


@serial
def lstm_step(gates: Any, a: int, bias: Any, h: Any, c: Any, b: int, size: int) -> None:
    """Activate one row's gates at a, and update its state at b in h and c."""
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
    """Activate one row's gates at a, and update its state at b in h."""
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
    """Compute one row's state at b in h from its gate at a."""
    if cell == TANH:
        for j in range(size):
            h[uintp(b + j)] = tanh(gates[uintp(a + j)] + bias[uintp(j)])
    else:
        zero = gates.dtype.type(0)
        for j in range(size):
            value = gates[uintp(a + j)] + bias[uintp(j)]
            h[uintp(b + j)] = value if value > zero or value != value else zero


@serial
def lstm_back(
    d: Row, d_h: Any, d_c: Any, b: int, gates: Row, c: Row, before: Row, room: Any, size: int
) -> None:
    """One row's gradients of the gates, to d, and of the previous c, to b in d_c. `c` is the state
    of this step, `before` that of the previous one."""
    to, kept, cells, earlier = d.array, gates.array, c.array, before.array
    e, a = d.at, gates.at
    one = to.dtype.type(1)
    i, f, g, o = a, a + size, a + 2 * size, a + 3 * size
    for j in range(size):
        room[uintp(j)] = tanh(cells[uintp(c.at + j)])
    for j in range(size):
        y = kept[uintp(o + j)]
        to[uintp(e + 3 * size + j)] = d_h[uintp(b + j)] * room[uintp(j)] * y * (one - y)
    for j in range(size):
        t = room[uintp(j)]
        d_c[uintp(b + j)] += d_h[uintp(b + j)] * kept[uintp(o + j)] * (one - t * t)
    for j in range(size):
        y = kept[uintp(i + j)]
        to[uintp(e + j)] = d_c[uintp(b + j)] * kept[uintp(g + j)] * y * (one - y)
    for j in range(size):
        y = kept[uintp(f + j)]
        c_before = earlier[uintp(before.at + j)]
        to[uintp(e + size + j)] = d_c[uintp(b + j)] * c_before * y * (one - y)
    for j in range(size):
        y = kept[uintp(g + j)]
        to[uintp(e + 2 * size + j)] = d_c[uintp(b + j)] * kept[uintp(i + j)] * (one - y * y)
    for j in range(size):
        d_c[uintp(b + j)] *= kept[uintp(f + j)]


@serial
def gru_back(
    d: Any, e: int, d_h: Any, b: int, gates: Any, a: int, before: Any, at: int, size: int
) -> None:
    """One row's gradients of the gates, to e in d; d_h at b becomes the direct gradient of the
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
    """One row's gradient of the gate, to e in d, from the output at `at`."""
    zero, one = d.dtype.type(0), d.dtype.type(1)
    if cell == TANH:
        for j in range(size):
            y = out[uintp(at + j)]
            d[uintp(e + j)] = d_h[uintp(b + j)] * (one - y * y)
    else:
        for j in range(size):
            d[uintp(e + j)] = d_h[uintp(b + j)] if out[uintp(at + j)] > zero else zero
