"""Losses as modules."""

from __future__ import annotations

from minitorch_tensor import Tensor

from minitorch_nn import functional as F
from minitorch_nn.module import Module


class CrossEntropyLoss(Module):
    """`functional.cross_entropy`: logits (N, C) and class indices (N) -> ()."""

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(input, target, self.reduction)


class NLLLoss(Module):
    """`functional.nll_loss`: log-probabilities (N, C) and class indices (N) -> ()."""

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.reduction)
