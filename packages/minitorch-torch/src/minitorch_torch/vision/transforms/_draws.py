"""Random numbers of transforms, drawn from MiniTorch's default generator: `manual_seed` repeats
them. PyTorch's generator gives other numbers."""

from __future__ import annotations

from minitorch_tensor import default_generator


def happens(p: float) -> bool:
    """True with probability p."""
    return uniform(0.0, 1.0) < p


def uniform(low: float, high: float) -> float:
    """A number in [low, high)."""
    return float(default_generator.draw("uniform", low, high))


def integer(low: int, high: int) -> int:
    """A number of low, ..., high - 1."""
    return int(default_generator.draw("integers", low, high))


def permutation(n: int) -> list[int]:
    """0, ..., n - 1 in some order."""
    return [int(i) for i in default_generator.draw("permutation", n)]


def choice(weights: list[float]) -> int:
    """An index, each as probable as its weight says beside the others."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    return int(default_generator.draw("choice", len(shares), p=shares))
