"""The Bernoulli distribution."""

from __future__ import annotations

from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn.distributions.distribution import Distribution, check, parameters
from minitorch_tensor import Tensor


class Bernoulli(Distribution):
    """1 with probability p, else 0.

    Args:
        probs: p, from 0 to 1; or
        logits: log(p / (1 - p)), any number.

    Attributes: probs, logits: one is computed from the other.

    Raises: ValueError for probabilities out of range, or unless one of the two is given.
    """

    def __init__(
        self, probs: Tensor | float | None = None, logits: Tensor | float | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Bernoulli: give either probs or logits.")
        if logits is None:
            (self.probs,) = parameters("Bernoulli", probs=probs)
            valid = self.probs.ge(0).logical_and(self.probs.le(1))
            check("Bernoulli", "probs", self.probs, valid, "from 0 to 1")
            least = mt.finfo(self.probs.dtype).eps
            self.logits = self.probs.clamp(least, 1 - least).logit()
        else:
            (self.logits,) = parameters("Bernoulli", logits=logits)
            self.probs = self.logits.sigmoid()
        super().__init__(self.probs.shape)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = (*sample_shape, *self.batch_shape)
        return mt.bernoulli(self.probs.detach().expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = mt.broadcast_tensors(self.logits, value.to(self.logits.dtype))
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
