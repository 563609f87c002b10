"""Dropout layers. `inplace` is that of their functions in `functional`."""

from __future__ import annotations

from minitorch_nn import functional as F
from minitorch_nn.functional.dropout import check_probability
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        check_probability(type(self).__name__, p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zero each element with probability p and scale the rest by 1 / (1 - p).

    Args:
        p: probability in [0, 1].

    Shapes: any, unchanged.
    Raises: ValueError if p is outside [0, 1].
    Source: Srivastava et al. 2014, section 4, whose p is the probability of keeping.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """`Dropout` of whole channels: (N, C, L) or (C, L), unchanged. See `functional.dropout1d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """`Dropout` of whole channels: (N, C, H, W), unchanged. See `functional.dropout2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """`Dropout` of whole channels: (N, C, D, H, W) or (C, D, H, W), unchanged. See
    `functional.dropout3d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance after `SELU`. See `functional.alpha_dropout`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]
