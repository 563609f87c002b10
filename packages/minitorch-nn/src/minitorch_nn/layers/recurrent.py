"""Recurrent layers over whole sequences, and their cells for single steps."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.dropout import check_probability
from minitorch_nn.functional.recurrent import Lengths, check_lengths, recurrent_sequence
from minitorch_nn.module import Module, Parameter
from minitorch_nn.utils.rnn import PackedSequence, pad_packed_sequence, repacked
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place, Recurrence

#: Names of a direction's parameters, in PyTorch's order.
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class _Recurrent(Module):
    """Sizes, parameters and checks that layers and cells share."""

    #: Number of gates, and number of tensors in the state.
    gates: ClassVar[int]
    parts: ClassVar[int] = 1

    #: The name of the step in `minitorch_tensor.derived.cells`.
    cell: str

    input_size: int
    hidden_size: int
    bias: bool

    def _sizes(self, input_size: int, hidden_size: int, bias: bool) -> None:
        if input_size < 1 or hidden_size < 1:
            raise ValueError(
                f"{type(self).__name__}: input_size and hidden_size must be at least 1, got "
                f"{input_size} and {hidden_size}."
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias

    def _add_parameters(self, inputs: int, suffix: str = "", **made: Any) -> None:
        rows = self.gates * self.hidden_size
        shapes: list[tuple[int, ...]] = [(rows, inputs), (rows, self.hidden_size), (rows,), (rows,)]
        for name, shape in zip(WEIGHTS if self.bias else WEIGHTS[:2], shapes):
            setattr(self, name + suffix, Parameter(mt.empty(shape, **made)))

    def _weights(self, suffix: str = "") -> list[Tensor]:
        """A direction's parameters, with zeros where it has no bias."""
        if self.bias:
            return [getattr(self, name + suffix) for name in WEIGHTS]
        weights: list[Tensor] = [getattr(self, name + suffix) for name in WEIGHTS[:2]]
        zeros = mt.zeros(weights[0].shape[0], dtype=weights[0].dtype, device=weights[0].backend)
        return [*weights, zeros, zeros]

    def reset_parameters(self) -> None:
        """Initialise the parameters again."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _check_input(self, input: Tensor, dims: tuple[int, int], layout: str) -> None:
        """Check an input's type, number of dimensions and last size.

        Raises: TypeError, ValueError.
        """
        name = type(self).__name__
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}: wanted a tensor, got {type(input).__name__}.")
        if not input.is_floating_point():
            raise TypeError(
                f"{name}: wanted a floating-point input, got {input.dtype}. Numbers of words go "
                "through an Embedding first; others convert with .float()."
            )
        if input.ndim not in dims or input.shape[-1] != self.input_size:
            raise ValueError(
                f"{name}: wanted an input of shape {layout} with I = input_size = "
                f"{self.input_size}, got {input.shape}."
            )

    def _check_state(self, name: str, part: Any, shape: tuple[int, ...], layout: str) -> None:
        """Raise TypeError unless part is a floating-point tensor, ValueError for another shape."""
        layer = type(self).__name__
        if not isinstance(part, Tensor) or not part.is_floating_point():
            got = part.dtype if isinstance(part, Tensor) else type(part).__name__
            raise TypeError(f"{layer}: {name} must be a floating-point tensor, got {got}.")
        if part.shape != shape:
            raise ValueError(
                f"{layer}: {name} must have shape {layout} = {shape}, got {part.shape}."
            )

    def _parts(self, hx: Any) -> list[Any]:
        """hx as a list: a tensor, or for an LSTM a pair of them.

        Raises: TypeError for an LSTM without a pair.
        """
        if self.parts == 1:
            return [hx]
        if not isinstance(hx, (tuple, list)) or len(hx) != self.parts:
            got = f"{len(hx)} of them" if isinstance(hx, (tuple, list)) else type(hx).__name__
            raise TypeError(f"{type(self).__name__}: the state is a pair (h_0, c_0), got {got}.")
        return list(hx)

    def _state(self, hx: Any, shape: tuple[int, ...], layout: str, input: Tensor) -> list[Tensor]:
        """The parts of hx, checked, or zeros for None."""
        if hx is None:
            zeros = mt.zeros(shape, dtype=input.dtype, device=input.backend)
            return [zeros] * self.parts
        parts = self._parts(hx)
        names = ("hx",) if self.parts == 1 else ("h_0", "c_0")
        for name, part in zip(names, parts):
            self._check_state(name, part, shape, layout)
        return parts


class _Layers(_Recurrent):
    """Stacked recurrent layers, in one or both directions."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        name = type(self).__name__
        self._sizes(input_size, hidden_size, bias)
        if num_layers < 1:
            raise ValueError(f"{name}: num_layers must be at least 1, got {num_layers}.")
        check_probability(f"{name}: dropout", dropout)
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} acts between layers, and there is only one. "
                "Use num_layers=2 or more, or a Dropout of its own.",
                stacklevel=3,
            )
        self.num_layers = num_layers
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        for layer, suffixes in enumerate(self._suffixes()):
            inputs = input_size if layer == 0 else hidden_size * len(suffixes)
            for suffix in suffixes:
                self._add_parameters(inputs, suffix, device=device, dtype=dtype)
        self.reset_parameters()

    def _suffixes(self) -> list[tuple[str, ...]]:
        """For each layer, the suffix of each direction's parameter names."""
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [tuple([f"_l{k}{end}" for end in ends]) for k in range(self.num_layers)]

    def forward(
        self, input: Tensor | PackedSequence, hx: Any = None, *, lengths: Lengths | None = None
    ) -> Any:
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise ValueError(
                    f"{type(self).__name__}: a PackedSequence has its lengths; give no others."
                )
            padded, own = pad_packed_sequence(input, self.batch_first)
            out, end = self.forward(padded, hx, lengths=own)
            return repacked(out, input, self.batch_first), end
        layout = "(B, T, I) or (T, I)" if self.batch_first else "(T, B, I) or (T, I)"
        self._check_input(input, (2, 3), layout)
        name = type(self).__name__
        single = input.ndim == 2
        x = input.unsqueeze(1) if single else input
        first = self.batch_first and not single
        batch, steps = x.shape[:2] if first else x.shape[1::-1]
        if not steps:
            raise ValueError(
                f"{name}: wanted sequences of at least one step, got an input of {input.shape}."
            )
        if single and isinstance(lengths, int):
            lengths = [lengths]
        found = check_lengths(name, lengths, batch, steps)
        directions = 2 if self.bidirectional else 1
        rows = directions * self.num_layers
        shape = (rows, self.hidden_size) if single else (rows, batch, self.hidden_size)
        sizes = "(D * num_layers, H)" if single else "(D * num_layers, B, H)"
        state = self._state(hx, shape, sizes, input)
        if single:
            state = [part.unsqueeze(1) for part in state]
        last: list[tuple[Tensor, ...]] = []
        for layer, suffixes in enumerate(self._suffixes()):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for direction, suffix in enumerate(suffixes):
                start = [part[len(last)] for part in state]
                recurrence = Recurrence(self.cell, found, direction == 1, first)
                weights = self._weights(suffix)
                out, *end = recurrent_sequence(name, recurrence, x, start, weights)
                outputs.append(out)
                last.append(tuple(end))
            x = outputs[0] if directions == 1 else mt.cat(outputs, 2)
        ends = [mt.stack(parts) for parts in zip(*last)]
        if single:
            x, ends = x.squeeze(1), [part.squeeze(1) for part in ends]
        return x, ends[0] if self.parts == 1 else tuple(ends)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


class RNN(_Layers):
    """Plain recurrent layers: h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu of it.

    Args:
        input_size: I, the size of a step's input.
        hidden_size: H, the size of a step's output.
        num_layers: number of stacked layers; each reads the outputs of the one below.
        nonlinearity: "tanh" or "relu".
        bias: true to add b_ih and b_hh.
        batch_first: true if input and output are (B, T, *), not (T, B, *); it does not apply to
            states.
        dropout: probability of dropping an element between layers, in training.
        bidirectional: true if every layer reads its input in both directions; then D = 2, else 1.

    Attributes:
        weight_ih_l0: (H, I), uniform in [-b, b] with b = 1 / sqrt(H); in layers above, whose names
            end in _l1 and so on, (H, D * H). The backward direction's names end in _reverse.
        weight_hh_l0: (H, H), likewise.
        bias_ih_l0, bias_hh_l0: (H), likewise.

    Called as `layer(input, hx=None, *, lengths=None)`:
        input: a batch, a single sequence (T, I), or a PackedSequence of `utils.rnn`, for which the
            outputs are one, too.
        hx: the initial state; zeros if omitted.
        lengths: the length of each row of a batch padded to T, in any order: a list, array or
            tensor of whole numbers. The result for each row is as if it ran alone: outputs beyond
            its length are 0, the last state is the one after its own last step, and the backward
            direction starts there.

    Shapes: input (T, B, I) and hx (D * num_layers, B, H) -> the outputs of the last layer
        (T, B, D * H), forward and backward side by side, and the last state, shaped as hx
    Raises: ValueError if sizes, hx or lengths do not match; TypeError unless input and hx are
        floating point.
    Source: Elman 1990; Schuster and Paliwal 1997 for both directions.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self.nonlinearity = nonlinearity
        self.cell = _plain_cell("RNN", nonlinearity)
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            device,
            dtype,
        )

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTM(_Layers):
    """Long short-term memory: i, f, g, o = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh, then
    c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g) and h_t = sigmoid(o) tanh(c_t).

    Args: as `RNN`, without nonlinearity.

    Attributes: as `RNN`, each stacking the rows of the four gates i, f, g, o:
        weight_ih_l0 (4 * H, I), weight_hh_l0 (4 * H, H), biases (4 * H).

    Called as `RNN`; hx and the last state are pairs (h, c).

    Shapes: as `RNN`
    Raises: as `RNN`
    Source: Hochreiter and Schmidhuber 1997; the forget gate is Gers et al. 2000. PyTorch's
        projection (proj_size) is left out.
    """

    gates = 4
    parts = 2
    cell = "lstm"


class GRU(_Layers):
    """Gated recurrent units: r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z),
    n = tanh(x_n + r h_n) and h_t = (1 - z) n + z h_(t-1), with x = W_ih x_t + b_ih and
    h = W_hh h_(t-1) + b_hh.

    Args: as `RNN`, without nonlinearity.

    Attributes: as `RNN`, each stacking the rows of the three gates r, z, n:
        weight_ih_l0 (3 * H, I), weight_hh_l0 (3 * H, H), biases (3 * H).

    Called as `RNN`.

    Shapes: as `RNN`
    Raises: as `RNN`
    Source: Cho et al. 2014, except that, as in PyTorch, r scales h_n after its product with the
        weight, and not h_(t-1) before it.
    """

    gates = 3
    cell = "gru"


class _Cell(_Recurrent):
    """A single step."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self._sizes(input_size, hidden_size, bias)
        self._add_parameters(input_size, device=device, dtype=dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        self._check_input(input, (1, 2), "(B, I) or (I)")
        shape = (*input.shape[:-1], self.hidden_size)
        state = self._state(hx, shape, "(H)" if input.ndim == 1 else "(B, H)", input)
        x = input.unsqueeze(0)
        if input.ndim == 1:
            x, state = x.unsqueeze(0), [part.unsqueeze(0) for part in state]
        name, weights = type(self).__name__, self._weights()
        _, *last = recurrent_sequence(name, Recurrence(self.cell), x, state, weights)
        if input.ndim == 1:
            last = [part.squeeze(0) for part in last]
        return last[0] if self.parts == 1 else tuple(last)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        return text if self.bias else f"{text}, bias={self.bias}"


class RNNCell(_Cell):
    """One step of `RNN`: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it.

    Args: as `RNN`.

    Attributes: weight_ih, weight_hh, bias_ih, bias_hh: as the layer's, without _l0.

    Shapes: input (B, I) and hx (B, H), zeros if left out -> (B, H); or without B
    Raises: as `RNN`
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self.nonlinearity = nonlinearity
        self.cell = _plain_cell("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, device, dtype)

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTMCell(_Cell):
    """One step of `LSTM`.

    Args: as `LSTM`.

    Attributes: weight_ih, weight_hh, bias_ih, bias_hh: as the layer's, without _l0.

    Shapes: input (B, I) and hx, a pair of (B, H), zeros if omitted -> a pair of (B, H), the new
        h and c; or without B
    Raises: as `RNN`
    """

    gates = 4
    parts = 2
    cell = "lstm"


class GRUCell(_Cell):
    """One step of `GRU`.

    Args: as `GRU`.

    Attributes: weight_ih, weight_hh, bias_ih, bias_hh: as the layer's, without _l0.

    Shapes: input (B, I) and hx (B, H), zeros if left out -> (B, H); or without B
    Raises: as `RNN`
    """

    gates = 3
    cell = "gru"


def _plain_cell(layer: str, nonlinearity: str) -> str:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{layer}: nonlinearity must be tanh or relu, got {nonlinearity!r}.")
    return f"rnn_{nonlinearity}"


__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]
