"""A network of Scalars: every weight, every product and every sum is one number in the graph.

The course builds this first. `tensor_network` has the same network in Tensors, in which each of the
loops below is one operation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_autodiff import Scalar
from minitorch_tensor import Tensor


class Linear:
    """y_i = sum over j of weight_ij x_j + bias_i.

    Args:
        in_features: length of x.
        out_features: length of y.
        rng: draws weights and biases.
        relu: true if a ReLU follows, which halves the variance. To compensate, weights are then
            uniform in [-b, b] with b = sqrt(6 / in_features) (He et al. 2015, section 2.2).
            Biases, and weights of other layers, have b = 1 / sqrt(in_features).
    """

    def __init__(
        self, in_features: int, out_features: int, rng: random.Random, relu: bool = False
    ) -> None:
        def draw(bound: float) -> Scalar:
            return Scalar(rng.uniform(-bound, bound), requires_grad=True)

        small = 1 / math.sqrt(in_features)
        large = math.sqrt(6 / in_features) if relu else small
        self.weight = [[draw(large) for _ in range(in_features)] for _ in range(out_features)]
        self.bias = [draw(small) for _ in range(out_features)]

    def __call__(self, x: Sequence[Scalar | float]) -> list[Scalar]:
        # Skip plain zeros, half of ReLU's outputs: they add nothing and need no gradient.
        used = [j for j, x_j in enumerate(x) if isinstance(x_j, Scalar) or x_j]
        out = []
        for row, bias in zip(self.weight, self.bias):
            y = bias
            for j in used:
                y = y + row[j] * x[j]
            out.append(y)
        return out

    def parameters(self) -> list[Scalar]:
        """Weights row by row, then biases."""
        return [weight for row in self.weight for weight in row] + self.bias


def relu(x: Iterable[Scalar]) -> list[Scalar | float]:
    """Each x_i if it is positive, else a plain 0 without a history, which needs no gradient."""
    return [x_i.relu() if x_i > 0 else 0.0 for x_i in x]


class ScalarNetwork:
    """Two hidden layers with ReLU, and one logit: above 0 it predicts label 1.

    Args:
        hidden: units in each hidden layer.
        seed: of the weights.
    """

    def __init__(self, hidden: int, seed: int) -> None:
        rng = random.Random(seed)
        self.layer1 = Linear(2, hidden, rng, relu=True)
        self.layer2 = Linear(hidden, hidden, rng, relu=True)
        self.layer3 = Linear(hidden, 1, rng)

    def forward(self, x: Sequence[float]) -> Scalar:
        """The logit of one point."""
        h = relu(self.layer1(x))
        h = relu(self.layer2(h))
        return self.layer3(h)[0]

    def __call__(self, points: Tensor) -> list[Scalar]:
        """The logit of each of the points (N, 2)."""
        return [self.forward(point) for point in points.tolist()]

    def parameters(self) -> list[Scalar]:
        """All weights and biases."""
        layers = (self.layer1, self.layer2, self.layer3)
        return [parameter for layer in layers for parameter in layer.parameters()]

    def state_dict(self) -> dict[str, Tensor]:
        """All weights and biases as tensors, by the names that `TensorNetwork` has for them."""
        found = {}
        for name in ("layer1", "layer2", "layer3"):
            layer = getattr(self, name)
            rows = [[weight.item() for weight in row] for row in layer.weight]
            found[f"{name}.weight"] = mt.tensor(rows, dtype=mt.float64)
            biases = [bias.item() for bias in layer.bias]
            found[f"{name}.bias"] = mt.tensor(biases, dtype=mt.float64)
        return found

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state_dict` gave."""
        values = [value for tensor in state.values() for value in tensor.flatten().tolist()]
        for parameter, value in zip(self.parameters(), values, strict=True):
            parameter.data = value

    def loss(self, logits: Sequence[Scalar], labels: Tensor) -> Scalar:
        """Binary log loss, -log of the probability given to the true label: its mean."""
        total = Scalar(0.0)
        for logit, label in zip(logits, labels.tolist()):
            # The probability of label 1 is sigmoid(x), and that of 0 is 1 - sigmoid(x), which is
            # sigmoid(-x) without the subtraction that would round it to 0.
            total = total - (logit if label else -logit).sigmoid().log()
        return total / len(logits)

    def values(self, logits: Sequence[Scalar]) -> npt.NDArray[np.float64]:
        """The logits as plain numbers."""
        return np.array([logit.item() for logit in logits])


class ScalarAdam:
    """Adam (Kingma and Ba 2015, algorithm 1), one number at a time.

    Args:
        params: the parameters.
        lr: learning rate.
        betas: decay of the running mean of the gradient, and of the running mean of its square.
        eps: added to the root of the latter.

    Attributes:
        param_groups: a single group, as in `minitorch_nn.optim`; its "lr" may be changed.
    """

    def __init__(
        self,
        params: Iterable[Scalar],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.params = list(params)
        self.param_groups: list[dict[str, Any]] = [{"lr": lr}]
        self.betas = betas
        self.eps = eps
        self.steps = 0
        self.means = [0.0] * len(self.params)
        self.squares = [0.0] * len(self.params)

    def zero_grad(self) -> None:
        """Set all gradients to None."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Update every parameter."""
        self.steps += 1
        lr = self.param_groups[0]["lr"]
        beta1, beta2 = self.betas
        for i, p in enumerate(self.params):
            gradient = 0.0 if p.grad is None else p.grad.item()  # None: only zeros came by
            self.means[i] = beta1 * self.means[i] + (1 - beta1) * gradient
            self.squares[i] = beta2 * self.squares[i] + (1 - beta2) * gradient * gradient
            # Both start at 0 and are too small at first; this makes up for it.
            mean = self.means[i] / (1 - beta1**self.steps)
            square = self.squares[i] / (1 - beta2**self.steps)
            p.data -= lr * mean / (math.sqrt(square) + self.eps)

    def state_dict(self) -> dict[str, Any]:
        """The learning rate, and what is remembered of the gradients."""
        return {
            "lr": self.param_groups[0]["lr"],
            "steps": self.steps,
            "means": list(self.means),
            "squares": list(self.squares),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.param_groups[0]["lr"] = state["lr"]
        self.steps = state["steps"]
        self.means, self.squares = list(state["means"]), list(state["squares"])
