"""Dropout layers."""

from __future__ import annotations

from minitorch_nn import functional as F
from minitorch_nn.functional.dropout import check_probability
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class Dropout(Module):
    """In training, zero each element with probability p and scale the rest by 1 / (1 - p).

    Args:
        p: probability in [0, 1].

    Shapes: any, unchanged.
    Raises: ValueError if p is outside [0, 1].
    Source: Srivastava et al. 2014, section 4, whose p is the probability of keeping.
    """

    def __init__(self, p: float = 0.5) -> None:
        check_probability("Dropout", p)
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


__all__ = ["Dropout"]
