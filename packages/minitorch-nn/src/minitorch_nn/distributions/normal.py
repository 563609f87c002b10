"""The normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_nn.distributions.distribution import Distribution, check, parameters
from minitorch_tensor import Tensor


class Normal(Distribution):
    """exp(-(x - loc)^2 / (2 scale^2)) / (scale sqrt(2 pi)).

    Args:
        loc: the mean.
        scale: the standard deviation, above 0.

    Raises: ValueError for a scale out of range.
    """

    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float) -> None:
        self.loc, self.scale = parameters("Normal", loc=loc, scale=scale)
        check("Normal", "scale", self.scale, self.scale > 0, "above 0")
        super().__init__(self.loc.shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self.scale.square()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = (*sample_shape, *self.batch_shape)
        unit = mt.randn(shape, dtype=self.loc.dtype, device=self.loc.backend)
        return self.loc + unit * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        distance = (value - self.loc) / self.scale
        return -0.5 * distance.square() - self.scale.log() - 0.5 * math.log(2.0 * math.pi)

    def entropy(self) -> Tensor:
        return 0.5 + 0.5 * math.log(2.0 * math.pi) + self.scale.log()
