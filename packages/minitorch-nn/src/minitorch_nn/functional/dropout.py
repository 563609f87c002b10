"""Dropout. `inplace` is accepted as in PyTorch, and saves no memory: the result is a new tensor."""

from __future__ import annotations

import math
import warnings

from minitorch_tensor import Generator, Tensor, rand


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """In training, zero each element with probability p and scale the rest by 1 / (1 - p).

    Args:
        input: any shape, floating point.
        p: probability in [0, 1].
        training: if false, return the input unchanged.
        generator: source of random numbers; the default generator if omitted.

    Returns: same shape as input.
    Raises: ValueError if p is outside [0, 1].
    Source: Srivastava et al. 2014, section 4, whose p is the probability of keeping.
    """
    return _dropped("dropout", input, input.shape, p, training, generator)


def dropout1d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout` of whole channels: each is kept or zeroed in every example on its own.

    Args: as `dropout`.
    Shapes: input (N, C, L) or (C, L), unchanged
    Raises: ValueError if p is outside [0, 1], or for other shapes.
    Source: Tompson et al. 2015, section 3.3 (spatial dropout).
    """
    if input.ndim not in (2, 3):
        raise ValueError(f"dropout1d: wanted an input (N, C, L) or (C, L), got {input.shape}.")
    kept = (*input.shape[:-1], 1)
    return _dropped("dropout1d", input, kept, p, training, generator)


def dropout2d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout` of whole channels: each is kept or zeroed in every example on its own.

    As PyTorch does, it takes an input of three dimensions for (N, C, L), and warns.

    Args: as `dropout`.
    Shapes: input (N, C, H, W), unchanged
    Raises: ValueError if p is outside [0, 1], or for fewer than two dimensions.
    Source: Tompson et al. 2015, section 3.3 (spatial dropout).
    """
    if input.ndim != 4:
        warnings.warn(
            f"dropout2d: wanted an input (N, C, H, W), got {input.shape}, which is taken for "
            "(N, C, *). Use dropout1d for (N, C, L), and unsqueeze(0) for a single image.",
            stacklevel=2,
        )
    return _dropped("dropout2d", input, _channels("dropout2d", input), p, training, generator)


def dropout3d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout` of whole channels: each is kept or zeroed in every example on its own.

    Args: as `dropout`.
    Shapes: input (N, C, D, H, W) or (C, D, H, W), unchanged
    Raises: ValueError if p is outside [0, 1], or for other shapes.
    """
    if input.ndim not in (4, 5):
        raise ValueError(
            f"dropout3d: wanted an input (N, C, D, H, W) or (C, D, H, W), got {input.shape}."
        )
    kept = (*input.shape[:-3], 1, 1, 1)
    return _dropped("dropout3d", input, kept, p, training, generator)


#: What alpha dropout drops to: the least value of selu.
LEAST_SELU = -1.7580993408473766


def alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Dropout after `selu`: elements drop to its least value, and all are scaled and moved so that
    mean 0 and variance 1 are kept.

    Args: as `dropout`.
    Raises: ValueError if p is outside [0, 1].
    Source: Klambauer et al. 2017, section 3 ("new dropout technique").
    """
    check_probability("alpha_dropout", p)
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return input * 0.0
    scale = 1.0 / math.sqrt((LEAST_SELU * LEAST_SELU * p + 1.0) * (1.0 - p))
    kept = _kept(input, input.shape, p, generator)
    return input * (kept * scale) + (kept - 1.0 + p) * (LEAST_SELU * -scale)


def _dropped(
    operation: str,
    input: Tensor,
    shape: tuple[int, ...],
    p: float,
    training: bool,
    generator: Generator | None,
) -> Tensor:
    """The input with what a tensor of `shape`, which broadcasts, keeps of it."""
    check_probability(operation, p)
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return input * 0.0
    return input * (_kept(input, shape, p, generator) * (1.0 / (1.0 - p)))


def _kept(input: Tensor, shape: tuple[int, ...], p: float, generator: Generator | None) -> Tensor:
    """1 with probability 1 - p, else 0."""
    # Always draw in float32, so that a seed drops the same elements in every dtype.
    kept = rand(*shape, generator=generator, device=input.backend) >= p
    return kept.to(input.dtype)


def _channels(operation: str, input: Tensor) -> tuple[int, ...]:
    if input.ndim < 2:
        raise ValueError(f"{operation}: wanted an input (N, C, *), got {input.shape}.")
    return (*input.shape[:2], *[1] * (input.ndim - 2))


def check_probability(operation: str, p: float) -> None:
    """Raise ValueError if p is outside [0, 1]."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{operation}: p must be a probability in [0, 1], got {p}.")


__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d"]
