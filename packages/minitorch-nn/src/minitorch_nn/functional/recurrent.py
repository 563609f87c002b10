"""Recurrent layers over sequences: one differentiable operation for all steps of a layer.

Sizes: T steps, B rows of the batch, I inputs, H hidden units, G gates (4 in an LSTM, 3 in a GRU, 1
in a plain network).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

import minitorch_tensor as mt
from minitorch_nn.functional.linear import linear
from minitorch_tensor import Tensor, grad, is_grad_enabled, promote
from minitorch_tensor.extend import (
    Context,
    Function,
    Recurrence,
    RecurrentWeights,
    check_backends,
)

#: The number of steps of each row of a batch.
Lengths: TypeAlias = "Tensor | Sequence[int] | np.ndarray[Any, Any]"

State: TypeAlias = "Sequence[Tensor]"


class RecurrentSequence(Function):
    """A recurrent layer in one direction, over a batch of sequences.

    Shapes:    x (T, B, I) or (B, T, I), weight_ih (G * H, I), weight_hh (G * H, H), both biases
               (G * H), the state's parts (B, H) -> the output (T, B, H) or (B, T, H), and the last
               state's parts (B, H)
    Gradients: by backpropagation through time. The backend computes them from what its forward
               pass stored; gradients that must be differentiable are those of `step_by_step`.
    """

    @staticmethod
    def forward(
        ctx: Context,
        recurrence: Recurrence,
        keep: bool,
        x: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias_ih: Tensor,
        bias_hh: Tensor,
        *state: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.recurrence = recurrence
        weights = (weight_ih, weight_hh, bias_ih, bias_hh)
        out, last, kept = x.backend.recurrent_sequence(
            x.tensor_data,
            [part.tensor_data for part in state],
            RecurrentWeights(*[weight.tensor_data for weight in weights]),
            recurrence,
            keep,
        )
        outputs = tuple([x.wrap(part) for part in (out, *last)])
        ctx.save_for_backward(x, *weights, *state, outputs[0], *[x.wrap(part) for part in kept])
        return outputs

    @staticmethod
    def backward(ctx: Context, d_out: Tensor, *d_state: Tensor) -> tuple[Tensor | None, ...]:
        count = 5 + len(d_state)
        inputs, (out, *kept) = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        if is_grad_enabled():
            wanted = ctx.needs_input_grad[2:]
            return None, None, *_recorded(ctx.recurrence, inputs, wanted, (d_out, *d_state))
        x, *weights = inputs[:5]
        d_x, d_first, d_weights = x.backend.recurrent_sequence_backward(
            d_out.tensor_data,
            [part.tensor_data for part in d_state],
            x.tensor_data,
            [part.tensor_data for part in inputs[5:]],
            RecurrentWeights(*[weight.tensor_data for weight in weights]),
            out.tensor_data,
            [part.tensor_data for part in kept],
            ctx.recurrence,
        )
        return None, None, *[x.wrap(part) for part in (d_x, *d_weights, *d_first)]


def _recorded(
    recurrence: Recurrence,
    inputs: Sequence[Tensor],
    wanted: Sequence[bool],
    gradients: Sequence[Tensor],
) -> list[Tensor | None]:
    """The gradients of the wanted inputs, themselves differentiable.

    They are taken for copies of the inputs, so that the gradient of one input does not flow on
    through another that was computed from it.
    """
    copies = [x.clone() for x in inputs]
    outputs = step_by_step(recurrence, *copies)
    chosen = [x for x, asked in zip(copies, wanted) if asked]
    found = iter(grad(outputs, chosen, gradients, create_graph=True, allow_unused=True))
    return [next(found) if asked else None for asked in wanted]


# -- the same, composed of other operations --------------------------------------------------------


def step_by_step(
    recurrence: Recurrence,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    *state: Tensor,
) -> tuple[Tensor, ...]:
    """`RecurrentSequence`, composed of operations that differentiate to any order."""
    cell, lengths, reverse, batch_first = recurrence
    if batch_first:
        x = x.transpose(0, 1)
    steps = x.shape[0]
    active = None
    if lengths is not None:
        within = np.arange(steps)[:, None, None] < np.asarray(lengths)[:, None]
        active = mt.from_numpy(within).to(x.backend)
        x = mt.where(active, x, 0.0)
    projected = linear(x, weight_ih, bias_ih)
    outputs: list[Tensor] = [x] * steps
    for t in range(steps)[:: -1 if reverse else 1]:
        new = _STEPS[cell](projected[t], linear(state[0], weight_hh, bias_hh), state)
        outputs[t] = new[0]
        if active is not None:
            outputs[t] = mt.where(active[t], new[0], 0.0)
            new = [mt.where(active[t], after, before) for after, before in zip(new, state)]
        state = tuple(new)
    return (mt.stack(outputs, int(batch_first)), *state)


def _lstm(x: Tensor, h: Tensor, state: State) -> list[Tensor]:
    i, f, g, o = (x + h).chunk(4, 1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return [o.sigmoid() * c.tanh(), c]


def _gru(x: Tensor, h: Tensor, state: State) -> list[Tensor]:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = x.chunk(3, 1), h.chunk(3, 1)
    n = (x_n + (x_r + h_r).sigmoid() * h_n).tanh()
    return [n + (x_z + h_z).sigmoid() * (state[0] - n)]


#: The next state from the input's part of the gates, the state's part, and the state; formulas
#: are in `minitorch_tensor.derived.cells`.
_STEPS: dict[str, Callable[[Tensor, Tensor, State], list[Tensor]]] = {
    "rnn_tanh": lambda x, h, state: [(x + h).tanh()],
    "rnn_relu": lambda x, h, state: [(x + h).relu()],
    "lstm": _lstm,
    "gru": _gru,
}


# -- arguments -------------------------------------------------------------------------------------


def recurrent_sequence(
    operation: str,
    recurrence: Recurrence,
    x: Tensor,
    state: State,
    weights: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """`RecurrentSequence` after converting its operands: the output, and the last state's parts.

    Raises: RuntimeError for operands on different backends.
    """
    operands = [x, *weights, *state]
    check_backends(operation, *operands)
    dtype = reduce(promote, [operand.dtype for operand in operands])
    operands = [operand.to(dtype) for operand in operands]
    keep = is_grad_enabled() and any(operand.requires_grad for operand in operands)
    result: tuple[Tensor, ...] = RecurrentSequence.apply(recurrence, keep, *operands)
    return result


def check_lengths(
    operation: str, lengths: Lengths | None, batch: int, steps: int
) -> tuple[int, ...] | None:
    """The number of steps of each row, or None if no row is shorter than `steps`.

    Raises: TypeError unless lengths are whole numbers; ValueError unless there is one for each
        row, from 1 to `steps`.
    """
    if lengths is None:
        return None
    array = lengths.numpy(force=True) if isinstance(lengths, Tensor) else np.asarray(lengths)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(
            f"{operation}: lengths must be whole numbers, got {array.dtype}. "
            "Give for each row the number of its steps, as a list or an int64 tensor."
        )
    if array.shape != (batch,):
        raise ValueError(
            f"{operation}: wanted one length for each of the {batch} rows of the batch, shape "
            f"({batch},), got shape {array.shape}."
        )
    found: tuple[int, ...] = tuple(array.tolist())
    if found and not 1 <= min(found) <= max(found) <= steps:
        raise ValueError(
            f"{operation}: lengths lie in [{min(found)}, {max(found)}], but must lie in "
            f"[1, {steps}]: the input has {steps} steps, and a sequence at least one. Cut longer "
            "ones to fit, and give empty ones one step of padding."
        )
    return None if all(length == steps for length in found) else found
