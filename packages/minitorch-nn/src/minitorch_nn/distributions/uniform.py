"""The uniform distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_nn.distributions.distribution import Distribution, check, parameters
from minitorch_tensor import Tensor


class Uniform(Distribution):
    """1 / (high - low) in [low, high), 0 elsewhere.

    Args:
        low, high: the ends, low below high.

    Raises: ValueError for ends in the wrong order.
    """

    has_rsample = True

    def __init__(self, low: Tensor | float, high: Tensor | float) -> None:
        self.low, self.high = parameters("Uniform", low=low, high=high)
        check("Uniform", "low", self.low, self.low < self.high, "below high")
        super().__init__(self.low.shape)

    @property
    def mean(self) -> Tensor:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = (*sample_shape, *self.batch_shape)
        unit = mt.rand(shape, dtype=self.low.dtype, device=self.low.backend)
        return self.low + unit * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        inside = self.low.le(value).logical_and(self.high.gt(value))
        return mt.where(inside, -(self.high - self.low).log(), -math.inf)

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()
