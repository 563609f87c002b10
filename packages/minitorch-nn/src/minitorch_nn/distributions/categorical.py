"""The categorical distribution."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import minitorch_tensor as mt
from minitorch_nn.distributions.distribution import Distribution, check
from minitorch_tensor import Tensor


class Categorical(Distribution):
    """Class k of K with probability p_k.

    Args:
        probs: (*, K), not negative, with a sum above 0 by which they are divided; or
        logits: (*, K), logarithms of probabilities up to a common summand.

    Attributes:
        probs: the probabilities, which sum to 1.
        logits: their logarithms.

    Raises: ValueError for probabilities out of range or without a dimension, or unless one of the
        two is given.
    """

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None) -> None:
        given = probs if logits is None else logits
        if given is None or (probs is not None and logits is not None):
            raise ValueError("Categorical: give either probs or logits.")
        if given.ndim < 1:
            raise ValueError("Categorical: wanted (*, K) with a dimension of classes, got ().")
        if logits is None:
            valid = given.ge(0).all(-1).logical_and(given.sum(-1).gt(0))
            check("Categorical", "probs", given, valid, "at least 0, and not all 0")
            self.probs = given / given.sum(-1, keepdim=True)
            least = mt.finfo(self.probs.dtype).eps
            self.logits = self.probs.clamp(least, 1 - least).log()
        else:
            self.logits = given - given.logsumexp(-1, keepdim=True)
            self.probs = self.logits.softmax(-1)
        super().__init__(self.probs.shape[:-1])

    @property
    def param_shape(self) -> tuple[int, ...]:
        """(*, K)"""
        return tuple(self.probs.shape)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        rows = self.probs.detach().reshape(-1, self.probs.shape[-1])
        drawn = mt.multinomial(rows, prod(sample_shape), replacement=True)
        return drawn.t().reshape((*sample_shape, *self.batch_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        classes = value.long().unsqueeze(-1)
        shape = mt.broadcast_tensors(classes[..., 0], self.logits[..., 0])[0].shape
        logits = self.logits.expand(*shape, self.logits.shape[-1])
        return logits.gather(-1, classes.expand(*shape, 1)).squeeze(-1)

    def entropy(self) -> Tensor:
        least = mt.finfo(self.logits.dtype).min
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)
