"""Losses of classification."""

from __future__ import annotations

from minitorch_tensor import Tensor, log_softmax


def nll_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Negative log-likelihood: -input[i, target[i]].

    Args:
        input: log-probabilities.
        target: class indices in [0, C).
        reduction: "mean", "sum", or "none" for one loss an example.

    Shapes: input (N, C), target (N) -> (), or (N) for "none"
    Raises: ValueError if shapes do not fit or reduction is another word; IndexError for a class
        out of range.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"nll_loss: reduction must be mean, sum or none, got {reduction!r}.")
    if input.ndim != 2 or target.shape != input.shape[:1]:
        raise ValueError(
            f"nll_loss: wanted input (N, C) and target (N), got {input.shape} and {target.shape}."
        )
    losses = -input.gather(1, target.unsqueeze(1)).squeeze(1)
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Cross entropy of softmax(input) and the true classes, computed from logits.

    Args:
        input: logits.
        target: class indices in [0, C).
        reduction: "mean", "sum", or "none" for one loss an example.

    Shapes: input (N, C), target (N) -> (), or (N) for "none"
    Raises: as `nll_loss`.
    """
    if input.ndim != 2:
        raise ValueError(
            f"cross_entropy: wanted logits (N, C) and target (N), got {input.shape} and "
            f"{target.shape}."
        )
    return nll_loss(log_softmax(input, 1), target, reduction)
