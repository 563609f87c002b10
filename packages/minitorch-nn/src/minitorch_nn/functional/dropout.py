"""Dropout."""

from __future__ import annotations

from minitorch_tensor import Generator, Tensor, rand


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None
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
    check_probability("dropout", p)
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return input * 0.0
    # Always draw in float32, so that a seed drops the same elements in every dtype.
    kept = rand(*input.shape, generator=generator, backend=input.backend) >= p
    return input * (kept.to(input.dtype) * (1.0 / (1.0 - p)))


def check_probability(operation: str, p: float) -> None:
    """Raise ValueError if p is outside [0, 1]."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{operation}: p must be a probability in [0, 1], got {p}.")


__all__ = ["dropout"]
