"""Recurrent layers over whole sequences, step by step; `cells` defines a step.

Sizes: T steps, B rows of the batch, I inputs, H hidden units, G gates (4 in an LSTM, 3 in a GRU, 1
in a plain network).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minitorch_tensor.derived.cells import CELLS, Arithmetic
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.tensor_data import TensorData


class Recurrence(NamedTuple):
    """The settings of a recurrent layer's run over a batch of sequences, in one direction.

    Attributes:
        cell: "rnn_tanh", "rnn_relu", "lstm" or "gru".
        lengths: the number of steps of each row, from 1 to T; None for T throughout.
        reverse: run from each row's last step to its first.
        batch_first: x and the outputs are (B, T, *) instead of (T, B, *).
    """

    cell: str
    lengths: tuple[int, ...] | None = None
    reverse: bool = False
    batch_first: bool = False

    def time_first(self, x: TensorData) -> TensorData:
        """x as (T, B, *), a view."""
        return x.permute(1, 0, 2) if self.batch_first else x


class RecurrentWeights(NamedTuple):
    """The weights of a recurrent layer, with the G gates in PyTorch's order; or their gradients.

    Attributes:
        weight_ih: from the input, (G * H, I).
        weight_hh: from the state, (G * H, H).
        bias_ih, bias_hh: their biases, (G * H).
    """

    weight_ih: TensorData
    weight_hh: TensorData
    bias_ih: TensorData
    bias_hh: TensorData


class RecurrentOperations(ElementwiseOperations):
    """All steps of a recurrent layer in one operation, and its gradients."""

    def recurrent_sequence(
        self,
        x: TensorData,
        state: Sequence[TensorData],
        weights: RecurrentWeights,
        recurrence: Recurrence,
        keep: bool = True,
    ) -> tuple[TensorData, list[TensorData], list[TensorData]]:
        """A recurrent layer, in one direction, over a batch of sequences.

        In every step t the gates are x[t] @ weight_ih^T + bias_ih and h @ weight_hh^T + bias_hh,
        with h the output of the previous step; `cells.CELLS` computes the next state from them.

        Args:
            x: (T, B, I), or (B, T, I). Elements beyond a row's length are ignored, even NaN.
            state: the initial state: h (B, H), and for an LSTM c (B, H).
            keep: return what `recurrent_sequence_backward` needs.

        Returns: the outputs (T, B, H) or (B, T, H), 0 beyond a row's length; the state after each
            row's last step, each part (B, H); and, if `keep`, private data for
            `recurrent_sequence_backward`.
        """
        return _forward(self, x, state, weights, recurrence, keep)

    def recurrent_sequence_backward(
        self,
        d_out: TensorData,
        d_state: Sequence[TensorData],
        x: TensorData,
        state: Sequence[TensorData],
        weights: RecurrentWeights,
        out: TensorData,
        saved: Sequence[TensorData],
        recurrence: Recurrence,
    ) -> tuple[TensorData, list[TensorData], RecurrentWeights]:
        """The gradients of x, of the state's parts and of the weights, from those of
        `recurrent_sequence`'s output and final state.

        x, state, weights and recurrence are its arguments, out and saved its results.
        """
        return _backward(self, d_out, d_state, x, weights, saved, recurrence)


def _forward(
    backend: ElementwiseOperations,
    x: TensorData,
    state: Sequence[TensorData],
    weights: RecurrentWeights,
    recurrence: Recurrence,
    keep: bool,
) -> tuple[TensorData, list[TensorData], list[TensorData]]:
    """See `RecurrentOperations.recurrent_sequence`."""
    cell, do = CELLS[recurrence.cell], Arithmetic(backend, x.dtype)
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    x = recurrence.time_first(x)
    steps, batch, features = x.shape
    hidden = weight_hh.shape[1]
    active = _active(backend, steps, recurrence.lengths)
    zero = backend.constant(0.0, x.dtype)
    if active is not None:
        x = backend.where(active, x, zero)
    rows = backend.reshape(x, (steps * batch, features))
    projected = do.affine(rows, weight_ih, bias_ih).owned((steps, batch, cell.gates * hidden))
    shape = (batch, steps, hidden) if recurrence.batch_first else (steps, batch, hidden)
    out = backend.empty(shape, x.dtype)
    outputs = recurrence.time_first(out)
    now = [backend.contiguous(part) for part in state]
    saved: list[TensorData] = []
    for t in range(steps)[:: -1 if recurrence.reverse else 1]:
        from_h = do.affine(now[0], weight_hh, bias_hh)
        new, kept = cell.step(do, _at(projected, t), from_h, now)
        if keep:
            saved += [*now, *kept]
        output = new[0]
        if active is not None:
            here = _at(active, t)
            output = backend.where(here, output, zero)
            new = [backend.where(here, after, before) for after, before in zip(new, now)]
        backend.copy_(_at(outputs, t), output)
        now = new
    return out, now, saved


def _backward(
    backend: ElementwiseOperations,
    d_out: TensorData,
    d_state: Sequence[TensorData],
    x: TensorData,
    weights: RecurrentWeights,
    saved: Sequence[TensorData],
    recurrence: Recurrence,
) -> tuple[TensorData, list[TensorData], RecurrentWeights]:
    """See `RecurrentOperations.recurrent_sequence_backward`."""
    x, d_out = recurrence.time_first(x), recurrence.time_first(d_out)
    cell, do = CELLS[recurrence.cell], Arithmetic(backend, x.dtype)
    weight_ih, weight_hh, *_ = weights
    steps, batch, features = x.shape
    hidden = weight_hh.shape[1]
    active = _active(backend, steps, recurrence.lengths)
    zero = backend.constant(0.0, x.dtype)
    if active is not None:
        x = backend.where(active, x, zero)
    to_x, to_h = (backend.empty((steps, batch, cell.gates * hidden), x.dtype) for _ in range(2))
    previous = backend.empty((steps, batch, hidden), x.dtype)
    d = [backend.contiguous(part) for part in d_state]
    each = len(saved) // steps if steps else 0
    order = range(steps)[:: -1 if recurrence.reverse else 1]
    for number in reversed(range(steps)):
        t = order[number]
        of_step = list(saved[number * each : (number + 1) * each])
        state, kept = of_step[: cell.states], of_step[cell.states :]
        arriving = [do.add(d[0], _at(d_out, t)), *d[1:]]
        if active is not None:
            here = _at(active, t)
            arriving = [backend.where(here, part, zero) for part in arriving]
        from_x, from_h, direct = cell.back(do, arriving, state, kept)
        new = backend.matmul(from_h, weight_hh)
        first, *others = direct
        before = [new if first is None else do.add(new, first)]
        before += [part for part in others if part is not None]
        if active is not None:
            before = [backend.where(here, part, old) for part, old in zip(before, d)]
        d = before
        for whole, part in ((to_x, from_x), (to_h, from_h), (previous, state[0])):
            backend.copy_(_at(whole, t), part)
    flat = [part.owned((steps * batch, part.shape[2])) for part in (to_x, to_h, previous)]
    rows = backend.reshape(x, (steps * batch, features))
    d_x = backend.matmul(flat[0], weight_ih).owned(x.shape)
    if recurrence.batch_first:
        d_x = backend.contiguous(d_x.permute(1, 0, 2))
    d_weights = RecurrentWeights(
        backend.matmul(flat[0].transpose(), rows),
        backend.matmul(flat[1].transpose(), flat[2]),
        do.sum_rows(flat[0]),
        do.sum_rows(flat[1]),
    )
    return d_x, d, d_weights


def _active(
    backend: ElementwiseOperations, steps: int, lengths: Sequence[int] | None
) -> TensorData | None:
    """A mask of the rows within their length at each step: bool (T, B, 1), or None for all."""
    if lengths is None or all(n >= steps for n in lengths):
        return None
    return backend.from_numpy(np.arange(steps)[:, None, None] < np.asarray(lengths)[:, None])


def _at(x: TensorData, t: int) -> TensorData:
    """x[t], a view."""
    return x.as_strided(x.shape[1:], x.strides[1:], x.offset + t * x.strides[0])
