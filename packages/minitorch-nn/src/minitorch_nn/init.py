"""How parameters start. Each function fills a tensor in place and returns it.

`fan_in` and `fan_out` are how many inputs an output sees and how many outputs an input reaches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_tensor import Generator, Tensor, no_grad, rand, randn


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel).

    Raises: ValueError for fewer than two dimensions.
    """
    if len(shape) < 2:
        raise ValueError(f"init: fans need a weight of 2 dimensions or more, got {tuple(shape)}.")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


@no_grad()
def uniform_(x: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b)."""
    drawn = rand(*x.shape, generator=generator, dtype=x.dtype, backend=x.backend)
    return x.copy_(drawn * (b - a) + a)


@no_grad()
def normal_(
    x: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normal."""
    drawn = randn(*x.shape, generator=generator, dtype=x.dtype, backend=x.backend)
    return x.copy_(drawn * std + mean)


def kaiming_uniform_(x: Tensor, a: float = 0.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [-b, b], b = sqrt(6 / ((1 + a**2) fan_in)): keeps the variance of activations
    through leaky rectifiers of slope a (He et al. 2015, section 2.2)."""
    bound = math.sqrt(6.0 / ((1.0 + a * a) * fans(x.shape)[0]))
    return uniform_(x, -bound, bound, generator)


def xavier_uniform_(x: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [-b, b], b = gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010,
    equation 16)."""
    bound = gain * math.sqrt(6.0 / sum(fans(x.shape)))
    return uniform_(x, -bound, bound, generator)


def default_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's default for Linear and convolutions: all uniform in [-b, b], b = 1 / sqrt(fan_in).

    For the weight that is `kaiming_uniform_` with a = sqrt(5).
    """
    kaiming_uniform_(weight, math.sqrt(5.0))
    if bias is not None:
        bound = 1.0 / math.sqrt(fans(weight.shape)[0])
        uniform_(bias, -bound, bound)
