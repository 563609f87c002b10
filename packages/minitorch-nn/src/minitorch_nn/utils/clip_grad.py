"""Clipping gradients between `backward` and the optimizer's step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad


@no_grad()
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that their total norm is at most max_norm.

    Args:
        parameters: those without a gradient are skipped. An exhausted generator causes a
            warning.
        max_norm: the limit, at least 0.
        norm_type: p of the p-norm; math.inf for the largest magnitude.
        error_if_nonfinite: true to raise if the norm is infinite or NaN; otherwise the gradients
            are scaled by it nevertheless, as in PyTorch.
        foreach: accepted for PyTorch's sake, without effect.

    Returns: the norm before clipping, ().
    Raises: RuntimeError for a norm that is not finite, if error_if_nonfinite; ValueError for a
        negative max_norm. On an error the gradients are unchanged.
    Source: Pascanu et al. 2013, section 3.2.
    """
    if not max_norm >= 0.0:
        raise ValueError(f"clip_grad_norm_: max_norm must be at least 0, got {max_norm}.")
    gradients = _gradients("clip_grad_norm_", parameters)
    if not gradients:
        return mt.tensor(0.0)
    first = gradients[0]
    norms = [gradient.norm(norm_type).to(first) for gradient in gradients]
    total = mt.stack(norms).norm(norm_type)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"clip_grad_norm_: the norm of the gradients is {total.item()}, which cannot be "
            "scaled down. Look for the first NaN with detect_anomaly()."
        )
    factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.to(gradient))
    return total


@no_grad()
def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Clamp every element of every gradient to [-clip_value, clip_value].

    Args:
        foreach: accepted for PyTorch's sake, without effect.

    Raises: ValueError for a negative clip_value.
    """
    if not 0.0 <= clip_value <= math.inf:
        raise ValueError(f"clip_grad_value_: clip_value must be at least 0, got {clip_value}.")
    for gradient in _gradients("clip_grad_value_", parameters):
        gradient.copy_(gradient.clamp(-clip_value, clip_value))


def _gradients(operation: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not given and isinstance(parameters, Iterator):
        warnings.warn(
            f"{operation}: the iterator of parameters is empty, so nothing is clipped. It may have "
            "been used up before; pass model.parameters() anew, or a list.",
            stacklevel=4,
        )
    return [p.grad for p in given if p.grad is not None]
