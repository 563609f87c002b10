"""The two networks and their best training settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import minitorch_nn as nn
import minitorch_nn.functional as F
from minitorch_nn import Module
from minitorch_tensor import Tensor


class LeNet(Module):
    """LeNet-5 with rectifiers, max pooling and dropout.

    Two convolutions and three linear layers, as in LeCun et al. 1998, "Gradient-based learning
    applied to document recognition", section II.B, with today's activations.

    Shapes: images (N, 1, 28, 28) -> logits (N, 10)
    """

    def __init__(self) -> None:
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (N, 6, 14, 14)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 16, 5, 5)
        x = F.relu(self.fc1(x.flatten(1)))
        x = F.relu(self.fc2(self.dropout(x)))
        logits: Tensor = self.fc3(self.dropout(x))
        return logits


class CourseNet(Module):
    """The small network of the MiniTorch course: two convolutions, one pooling, two linear layers.

    Shapes: images (N, 1, 28, 28) -> logits (N, 10)
    """

    def __init__(self) -> None:
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(4, 8, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(8 * 7 * 7, 64)
        self.fc2 = nn.Linear(64, 10)
        self.dropout = nn.Dropout(0.25)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.avg_pool2d(x, 4).flatten(1)
        logits: Tensor = self.fc2(self.dropout(F.relu(self.fc1(x))))
        return logits


@dataclass(frozen=True)
class Recipe:
    """A network and training settings that work for it."""

    build: Callable[[], Module]
    epochs: int
    batch_size: int
    lr: float


RECIPES = {
    "lenet": Recipe(LeNet, epochs=8, batch_size=64, lr=4e-3),
    "course": Recipe(CourseNet, epochs=5, batch_size=16, lr=2e-3),
}
