"""One step of an optimizer for one parameter, written in place."""

from __future__ import annotations

import math
from typing import NamedTuple

from minitorch_autodiff import operators as ops
from minitorch_tensor.derived.creation import CreationOperations
from minitorch_tensor.tensor_data import TensorData


class SGDStep(NamedTuple):
    """The settings of one step of stochastic gradient descent, named as in PyTorch's SGD."""

    lr: float
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False


class AdamStep(NamedTuple):
    """The settings of one step of Adam, named as in PyTorch.

    Attributes:
        step: the number of this step, counted from 1.
        decoupled: apply weight decay to the parameter (AdamW) instead of adding it to the gradient.
    """

    step: int
    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float = 0.0
    decoupled: bool = False


class OptimizerOperations(CreationOperations):
    """Steps of SGD and Adam."""

    def sgd_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        velocity: TensorData | None,
        settings: SGDStep,
    ) -> None:
        """One step of stochastic gradient descent, as PyTorch's SGD does it.

        g = gradient + weight_decay * parameter; velocity = momentum * velocity +
        (1 - dampening) * g; step along g, along velocity if there is one, or along
        g + momentum * velocity for Nesterov's (Sutskever et al. 2013, section 2, rearranged).
        Writes parameter and velocity.
        """
        momentum, step = settings.momentum, gradient
        if settings.weight_decay:
            step = self._plus(step, parameter, settings.weight_decay)
        if velocity is not None:
            scaled = self._times(velocity, momentum)
            self.copy_(velocity, self._plus(scaled, step, 1.0 - settings.dampening))
            step = self._plus(step, velocity, momentum) if settings.nesterov else velocity
        self.copy_(parameter, self._plus(parameter, step, -settings.lr))

    def adam_step_(
        self,
        parameter: TensorData,
        gradient: TensorData,
        mean: TensorData,
        square: TensorData,
        settings: AdamStep,
    ) -> None:
        """One step of Adam (Kingma and Ba 2015, algorithm 1).

        mean = beta1 mean + (1 - beta1) g; square = beta2 square + (1 - beta2) g**2;
        parameter -= lr * (mean / c1) / (sqrt(square / c2) + eps), with c = 1 - beta**step.
        Weight decay is added to g or, if `decoupled`, subtracted from the parameter directly
        (AdamW: Loshchilov and Hutter 2019, algorithm 2). Writes parameter, mean and square.
        """
        step, lr, beta1, beta2, eps, weight_decay, decoupled = settings
        dtype = parameter.dtype
        if weight_decay and not decoupled:
            gradient = self._plus(gradient, parameter, weight_decay)
        self.copy_(mean, self._plus(self._times(mean, beta1), gradient, 1.0 - beta1))
        squared = self.zip(ops.mul, gradient, gradient, dtype)
        self.copy_(square, self._plus(self._times(square, beta2), squared, 1.0 - beta2))
        correction1, correction2 = 1.0 - beta1**step, 1.0 - beta2**step
        root = self._times(self.map(ops.sqrt, square, dtype), 1.0 / math.sqrt(correction2))
        denominator = self.zip(ops.add, root, self.constant(eps, dtype), dtype)
        ratio = self.zip(ops.div, mean, denominator, dtype)
        if weight_decay and decoupled:
            self.copy_(parameter, self._times(parameter, 1.0 - lr * weight_decay))
        self.copy_(parameter, self._plus(parameter, ratio, -lr / correction1))

    def _times(self, x: TensorData, factor: float) -> TensorData:
        return self.zip(ops.mul, x, self.constant(factor, x.dtype), x.dtype)

    def _plus(self, x: TensorData, y: TensorData, factor: float) -> TensorData:
        """x + factor * y."""
        return self.zip(ops.add, x, y if factor == 1.0 else self._times(y, factor), x.dtype)
