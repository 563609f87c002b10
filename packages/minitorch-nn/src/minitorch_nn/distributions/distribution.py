"""The base of all distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad


class Distribution:
    """A distribution, or a batch of independent ones.

    Args:
        batch_shape: of the parameters, broadcast.

    Attributes:
        batch_shape: likewise.
        event_shape: of one draw from one distribution: () here, single numbers.
    """

    #: True if a sample is a differentiable function of the parameters.
    has_rsample = False

    event_shape: tuple[int, ...] = ()

    def __init__(self, batch_shape: Sequence[int]) -> None:
        self.batch_shape = tuple(batch_shape)

    @property
    def mean(self) -> Tensor:
        """The expected value, of the batch shape."""
        raise NotImplementedError(f"{type(self).__name__} has no mean.")

    @property
    def variance(self) -> Tensor:
        """The variance, of the batch shape."""
        raise NotImplementedError(f"{type(self).__name__} has no variance.")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation, of the batch shape."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw from the default generator, without a gradient.

        Returns: (*sample_shape, *batch_shape)
        """
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw so that gradients of the parameters pass (Kingma and Welling 2014, section 2.4).

        Returns: (*sample_shape, *batch_shape)
        Raises: NotImplementedError for a distribution of whole numbers.
        """
        raise NotImplementedError(
            f"rsample: a draw from {type(self).__name__} is not a differentiable function of its "
            "parameters. Use sample(), and log_prob() for a gradient of the expectation."
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability, or of its density, at a value that broadcasts with the
        batch shape."""
        raise NotImplementedError(f"{type(self).__name__} must define log_prob.")

    def entropy(self) -> Tensor:
        """The entropy in nats, of the batch shape."""
        raise NotImplementedError(f"{type(self).__name__} must define entropy.")

    def __repr__(self) -> str:
        parameters = ", ".join(
            f"{name}: {_shown(value)}"
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        )
        return f"{type(self).__name__}({parameters})"


def parameters(operation: str, **given: Any) -> list[Tensor]:
    """Numbers and tensors as tensors that are broadcast with each other.

    Raises: TypeError for anything else.
    """
    values = []
    for name, value in given.items():
        if not isinstance(value, (int, float, Tensor)):
            raise TypeError(
                f"{operation}: {name} must be a number or a tensor, got {type(value).__name__}."
            )
        values.append(value if isinstance(value, Tensor) else mt.tensor(float(value)))
    return list(mt.broadcast_tensors(*values))


def check(operation: str, name: str, value: Tensor, valid: Tensor, wanted: str) -> None:
    """Raise ValueError unless every element is valid; NaN is not."""
    if not bool(valid.all()):
        got = value.item() if value.numel() == 1 else value.detach()
        raise ValueError(f"{operation}: {name} must be {wanted}, got {got}.")


def _shown(value: Tensor) -> str:
    return f"tensor of shape {tuple(value.shape)}" if value.ndim else f"{value.item()}"
