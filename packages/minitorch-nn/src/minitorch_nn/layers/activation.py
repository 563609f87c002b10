"""Activations: elementwise functions as modules."""

from __future__ import annotations

from minitorch_tensor import Tensor

from minitorch_nn import functional as F
from minitorch_nn.module import Module


class ReLU(Module):
    """max(x, 0). Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input)


class Sigmoid(Module):
    """1 / (1 + e**-x). Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    """tanh(x). Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class _AlongDim(Module):
    def __init__(self, dim: int) -> None:
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """exp(x) / sum(exp(x)) along `dim`. Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class LogSoftmax(_AlongDim):
    """log(softmax(x)) along `dim`. Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)
