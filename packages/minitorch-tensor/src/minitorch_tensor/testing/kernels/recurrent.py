"""Recurrent layers over whole sequences."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minitorch_tensor.backend import Backend
from minitorch_tensor.derived import Recurrence, RecurrentWeights
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample

#: For each cell its gates and the parts of its state.
_RECURRENT = {"rnn_tanh": (1, 1), "rnn_relu": (1, 1), "lstm": (4, 2), "gru": (3, 1)}


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _next(cell: str, x: Array, h: Array, state: list[Array]) -> list[Array]:
    """The state of one row after a step, from the gates (G, H) as the input and the state make
    them."""
    if cell == "lstm":
        i, f, g, o = x + h
        c = _sigmoid(f) * state[1] + _sigmoid(i) * np.tanh(g)
        return [_sigmoid(o) * np.tanh(c), c]
    if cell == "gru":
        r, z = _sigmoid(x[0] + h[0]), _sigmoid(x[1] + h[1])
        return [(1 - z) * np.tanh(x[2] + r * h[2]) + z * state[0]]
    (y,) = x + h
    return [np.tanh(y) if cell == "rnn_tanh" else np.where(y.real > 0, y, 0)]


def _recurrent(
    x: Array, state: list[Array], weights: list[Array], recurrence: Recurrence
) -> list[Array]:
    """Every row by itself, as a sequence of its own length."""
    cell, lengths, reverse, batch_first = recurrence
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    if batch_first:
        x = x.swapaxes(0, 1)
    steps, batch, _ = x.shape
    hidden = weight_hh.shape[1]
    gates = (_RECURRENT[cell][0], hidden)
    out = np.zeros((steps, batch, hidden), x.dtype)
    last = [part.copy() for part in state]
    for b in range(batch):
        now = [part[b] for part in state]
        length = steps if lengths is None else lengths[b]
        for t in range(length)[:: -1 if reverse else 1]:
            from_x = (weight_ih @ x[t, b] + bias_ih).reshape(gates)
            from_h = (weight_hh @ now[0] + bias_hh).reshape(gates)
            now = _next(cell, from_x, from_h, now)
            out[t, b] = now[0]
        for part, value in zip(last, now):
            part[b] = value
    return [out.swapaxes(0, 1) if batch_first else out, *last]


def _recurrent_backward(
    d_out: Array,
    d_state: list[Array],
    x: Array,
    state: list[Array],
    weights: list[Array],
    recurrence: Recurrence,
) -> list[Array]:
    """By complex steps: the derivative of f is the imaginary part of f(x + ih) / h, exact for a
    small h because nothing is subtracted (Squire and Trapp 1998)."""
    step = 1e-30
    inputs = [a.astype(np.complex128) for a in (x, *state, *weights)]
    directions = [a.astype(np.float64) for a in (d_out, *d_state)]
    gradients = [np.zeros(a.shape) for a in inputs]
    parts = 1 + len(state)
    for a, gradient in zip(inputs, gradients):
        for place in np.ndindex(*a.shape):
            a[place] += 1j * step
            results = _recurrent(inputs[0], inputs[1:parts], inputs[parts:], recurrence)
            a[place] -= 1j * step
            moved = [(r.imag * d).sum() for r, d in zip(results, directions)]
            gradient[place] = sum(moved) / step
    return [gradient.astype(x.dtype) for gradient in gradients]


def _run_recurrent(
    backend: Backend, x: Any, state: list[Any], weights: list[Any], recurrence: Recurrence
) -> list[Any]:
    given = x, state, RecurrentWeights(*weights), recurrence
    out, last, _ = backend.recurrent_sequence(*given)
    unkept, last_unkept, _ = backend.recurrent_sequence(*given, keep=False)
    for kept, other in zip([out, *last], [unkept, *last_unkept]):
        np.testing.assert_array_equal(
            backend.to_numpy(kept), backend.to_numpy(other), "without what backward needs"
        )
    return [out, *last]


def _run_recurrent_backward(
    backend: Backend,
    d_out: Any,
    d_state: list[Any],
    x: Any,
    state: list[Any],
    weights: list[Any],
    recurrence: Recurrence,
) -> list[Any]:
    given = x, state, RecurrentWeights(*weights)
    out, _, saved = backend.recurrent_sequence(*given, recurrence)
    d_x, d_first, d_weights = backend.recurrent_sequence_backward(
        d_out, d_state, *given, out, saved, recurrence
    )
    return [d_x, *d_first, *d_weights]


def _sequences(draw: Draw, cell: str, backward: bool) -> list[Sample]:
    """Both directions and layouts; rows of one length and of different ones, whose padding is
    NaN."""
    gates, parts = _RECURRENT[cell]
    samples = []
    for steps, batch, lengths, reverse, batch_first in [
        (4, 2, None, False, False),
        (3, 2, None, True, True),
        (4, 3, (2, 4, 1), False, True),
        (4, 3, (3, 1, 3), True, False),
        (1, 1, None, False, False),
    ]:
        features, hidden = 3, 2
        x = draw(steps, batch, features)
        for b, length in enumerate(lengths or ()):
            x[length:, b] = np.nan
        weights = [
            draw(gates * hidden, features, low=-1, high=1),
            draw(gates * hidden, hidden, low=-1, high=1),
            draw(gates * hidden, low=-1, high=1),
            draw(gates * hidden, low=-1, high=1),
        ]
        d_out = draw(steps, batch, hidden)
        if batch_first:
            x, d_out = x.swapaxes(0, 1).copy(), d_out.swapaxes(0, 1).copy()
        d_state, state = ([draw(batch, hidden) for _ in range(parts)] for _ in range(2))
        recurrence = Recurrence(cell, lengths, reverse, batch_first)
        given = [x, state, weights, recurrence]
        samples.append(sample(*([d_out, d_state] if backward else []), *given))
    return samples


ROWS: tuple[Kernel, ...] = (
    *[
        kernel(
            f"recurrent_sequence.{cell}",
            _recurrent,
            partial(_sequences, cell=cell, backward=False),
            call=_run_recurrent,
        )
        for cell in _RECURRENT
    ],
    *[
        kernel(
            f"recurrent_sequence_backward.{cell}",
            _recurrent_backward,
            partial(_sequences, cell=cell, backward=True),
            call=_run_recurrent_backward,
        )
        for cell in _RECURRENT
    ],
)
