"""How losses of single elements become one number, in PyTorch's present and former words."""

from __future__ import annotations

import warnings

from minitorch_tensor import Tensor


def settled(operation: str, reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction, "mean", "sum" or "none", which `size_average` and `reduce` override.

    Both are PyTorch's former arguments: false means "sum" and "none". As there, giving one warns.

    Raises: ValueError for another word.
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"{operation}: size_average and reduce are deprecated, use reduction={reduction!r}.",
            stacklevel=3,
        )
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{operation}: reduction must be mean, sum or none, got {reduction!r}.")
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of losses, or for "none" these themselves."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def check_same_shape(operation: str, **operands: Tensor) -> None:
    """Raise ValueError unless all operands have one shape."""
    if len({operand.shape for operand in operands.values()}) > 1:
        given = ", ".join(f"{name} {operand.shape}" for name, operand in operands.items())
        raise ValueError(
            f"{operation}: wanted operands of one shape, got {given}. Broadcasting them would hide "
            "a mistake; reshape or expand one."
        )
