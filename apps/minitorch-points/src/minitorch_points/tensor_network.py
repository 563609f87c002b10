"""The same network in Tensors: a layer is one matrix product, for all points of a batch."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor import Tensor


class TensorNetwork(nn.Module):
    """Two hidden layers with ReLU, and one logit: above 0 it predicts label 1.

    Args:
        hidden: units in each hidden layer.
        seed: of the weights, drawn as those of `ScalarNetwork`.

    Shapes: points (N, 2) -> logits (N)
    """

    def __init__(self, hidden: int, seed: int) -> None:
        mt.manual_seed(seed)
        self.layer1 = nn.Linear(2, hidden)
        self.layer2 = nn.Linear(hidden, hidden)
        self.layer3 = nn.Linear(hidden, 1)
        for layer in (self.layer1, self.layer2):  # the layers followed by a ReLU
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")

    def forward(self, points: Tensor) -> Tensor:
        h = F.relu(self.layer1(points))
        h = F.relu(self.layer2(h))
        logits: Tensor = self.layer3(h).squeeze(1)
        return logits

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Binary log loss, -log of the probability given to the true label: its mean."""
        return F.binary_cross_entropy_with_logits(logits, labels.float())

    def values(self, logits: Tensor) -> npt.NDArray[Any]:
        """The logits as plain numbers."""
        return logits.detach().numpy()
