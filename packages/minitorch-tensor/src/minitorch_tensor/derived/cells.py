"""One step of each recurrent layer, forward and backward.

Sizes: B rows of the batch, H hidden units, G gates (4 in an LSTM, 3 in a GRU, 1 in a plain
network). A weight holds its gates one after the other, in PyTorch's order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.elementwise import ElementwiseOperations
from minitorch_tensor.dtypes import DType
from minitorch_tensor.tensor_data import TensorData

#: One step's gradients: of the gates' input part, of their state part, and of the previous state,
#: excluding the path through the gates.
StepGradients: TypeAlias = "tuple[TensorData, TensorData, list[TensorData | None]]"


class Arithmetic:
    """Short names for a backend's operations on data of one dtype."""

    def __init__(self, backend: ElementwiseOperations, dtype: DType) -> None:
        self.backend = backend
        self.dtype = dtype

    def unary(self, fn: Callable[[float], float], x: TensorData) -> TensorData:
        """fn of every element."""
        return self.backend.map(fn, x, self.dtype)

    def binary(
        self, fn: Callable[[float, float], float], x: TensorData, y: TensorData
    ) -> TensorData:
        """fn of every pair of elements."""
        return self.backend.zip(fn, x, y, self.dtype)

    def add(self, x: TensorData, y: TensorData) -> TensorData:
        """x + y."""
        return self.binary(ops.add, x, y)

    def sub(self, x: TensorData, y: TensorData) -> TensorData:
        """x - y."""
        return self.binary(ops.sub, x, y)

    def mul(self, x: TensorData, y: TensorData) -> TensorData:
        """x * y."""
        return self.binary(ops.mul, x, y)

    def affine(self, x: TensorData, weight: TensorData, bias: TensorData) -> TensorData:
        """x @ weight^T + bias."""
        return self.add(self.backend.matmul(x, weight.transpose()), bias)

    def sum_rows(self, x: TensorData) -> TensorData:
        """(N, M) -> (M)."""
        return self.backend.reduce(ops.add, x, 0, 0.0, self.dtype).owned(x.shape[1:])

    def joined(self, parts: Sequence[TensorData]) -> TensorData:
        """(B, H), side by side: (B, len(parts) * H)."""
        batch, hidden = parts[0].shape
        out = self.backend.empty((batch, len(parts) * hidden), self.dtype)
        for i, part in enumerate(parts):
            self.backend.copy_(out.slice(1, i * hidden, hidden), part)
        return out


class Cell(ABC):
    """One step of a recurrent layer.

    Attributes:
        gates: G.
        states: the number of values that a step passes to the next; the first is its output.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    @abstractmethod
    def step(
        self, do: Arithmetic, x: TensorData, h: TensorData, state: list[TensorData]
    ) -> tuple[list[TensorData], list[TensorData]]:
        """The next state, and the values that `back` needs.

        x and h are the contributions (B, G * H) of the input and of the previous output to the
        gates; the state's parts are (B, H).
        """

    @abstractmethod
    def back(
        self,
        do: Arithmetic,
        d: list[TensorData],
        state: list[TensorData],
        kept: list[TensorData],
    ) -> StepGradients:
        """The gradients, computed from those of the next state; `state` is the previous state."""


class Plain(Cell):
    """h' = f(x + h), with f = tanh or relu (Elman 1990)."""

    gates = 1

    def __init__(
        self, function: Callable[[float], float], derivative: Callable[[float, float], float]
    ) -> None:
        self.function = function
        self.derivative = derivative  # from f's value

    def step(
        self, do: Arithmetic, x: TensorData, h: TensorData, state: list[TensorData]
    ) -> tuple[list[TensorData], list[TensorData]]:
        y = do.unary(self.function, do.add(x, h))
        return [y], [y]

    def back(
        self,
        do: Arithmetic,
        d: list[TensorData],
        state: list[TensorData],
        kept: list[TensorData],
    ) -> StepGradients:
        to_gate = do.binary(self.derivative, kept[0], d[0])
        return to_gate, to_gate, [None]


class LSTM(Cell):
    """c' = sigmoid(f) c + sigmoid(i) tanh(g) and h' = sigmoid(o) tanh(c'), with the gates
    i, f, g, o = x + h (Hochreiter and Schmidhuber 1997; the forget gate is Gers et al. 2000)."""

    gates = 4
    states = 2

    def step(
        self, do: Arithmetic, x: TensorData, h: TensorData, state: list[TensorData]
    ) -> tuple[list[TensorData], list[TensorData]]:
        i, f, g, o = _gates(do.add(x, h), 4)
        i, f, o = (do.unary(ops.sigmoid, gate) for gate in (i, f, o))
        g = do.unary(ops.tanh, g)
        c = do.add(do.mul(f, state[1]), do.mul(i, g))
        tanh_c = do.unary(ops.tanh, c)
        return [do.mul(o, tanh_c), c], [i, f, g, o, tanh_c]

    def back(
        self,
        do: Arithmetic,
        d: list[TensorData],
        state: list[TensorData],
        kept: list[TensorData],
    ) -> StepGradients:
        (d_h, d_c), (i, f, g, o, tanh_c) = d, kept
        d_c = do.add(d_c, do.binary(ops.tanh_back, tanh_c, do.mul(d_h, o)))
        to_gates = do.joined(
            [
                do.binary(ops.sigmoid_back, i, do.mul(d_c, g)),
                do.binary(ops.sigmoid_back, f, do.mul(d_c, state[1])),
                do.binary(ops.tanh_back, g, do.mul(d_c, i)),
                do.binary(ops.sigmoid_back, o, do.mul(d_h, tanh_c)),
            ]
        )
        return to_gates, to_gates, [None, do.mul(d_c, f)]


class GRU(Cell):
    """h' = (1 - z) n + z h with r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z) and
    n = tanh(x_n + r h_n): PyTorch's form of Cho et al. 2014, in which r scales h_n after its
    product with the weight and not h before it."""

    gates = 3

    def step(
        self, do: Arithmetic, x: TensorData, h: TensorData, state: list[TensorData]
    ) -> tuple[list[TensorData], list[TensorData]]:
        (x_r, x_z, x_n), (h_r, h_z, h_n) = _gates(x, 3), _gates(h, 3)
        r = do.unary(ops.sigmoid, do.add(x_r, h_r))
        z = do.unary(ops.sigmoid, do.add(x_z, h_z))
        n = do.unary(ops.tanh, do.add(x_n, do.mul(r, h_n)))
        return [do.add(n, do.mul(z, do.sub(state[0], n)))], [r, z, n, h_n]

    def back(
        self,
        do: Arithmetic,
        d: list[TensorData],
        state: list[TensorData],
        kept: list[TensorData],
    ) -> StepGradients:
        (d_h,), (r, z, n, h_n) = d, kept
        direct = do.mul(d_h, z)
        to_n = do.binary(ops.tanh_back, n, do.sub(d_h, direct))
        to_r = do.binary(ops.sigmoid_back, r, do.mul(to_n, h_n))
        to_z = do.binary(ops.sigmoid_back, z, do.mul(d_h, do.sub(state[0], n)))
        to_x = do.joined([to_r, to_z, to_n])
        to_h = do.joined([to_r, to_z, do.mul(to_n, r)])
        return to_x, to_h, [direct]


#: The cells by name.
CELLS: dict[str, Cell] = {
    "rnn_tanh": Plain(ops.tanh, ops.tanh_back),
    "rnn_relu": Plain(ops.relu, ops.relu_back),
    "lstm": LSTM(),
    "gru": GRU(),
}


def _gates(x: TensorData, count: int) -> list[Any]:
    """Split (B, count * H) into `count` views (B, H)."""
    hidden = x.shape[1] // count
    return [x.slice(1, i * hidden, hidden) for i in range(count)]
