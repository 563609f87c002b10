"""Distances and similarities of vectors, and vectors of length 1."""

from __future__ import annotations

from minitorch_tensor import Tensor, broadcast_tensors
from minitorch_tensor.extend import promoted


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input / max(norm, eps), with the p-norm along `dim`. Any shape."""
    return input / input.norm(p, dim, True).clamp(min=eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: x1 . x2 / (max(|x1|, eps) max(|x2|, eps)).

    Shapes: x1 and x2 that broadcast -> their shape without `dim`
    """
    x1, x2 = broadcast_tensors(*promoted(x1, x2))
    one, other = (x / raised(x.norm(2.0, dim, True), eps) for x in (x1, x2))
    return (one * other).sum(dim)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension.

    Shapes: x1 and x2 (N, D) or (D), that broadcast -> (N) or (); with `keepdim` (N, 1) or (1)
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def raised(x: Tensor, least: float) -> Tensor:
    """x, but at least `least`; the gradient passes unchanged, as in PyTorch, which clamps the
    denominators of losses unrecorded."""
    value = x.detach()
    return x + (value.clamp(min=least) - value)


__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]
