"""Metrics: what is counted beside the loss, over batches of different sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minitorch_tensor import Tensor, stack

#: The default of `metric`: accuracy where targets are classes, nothing elsewhere.
AUTO = "auto"


@dataclass(frozen=True)
class Metric:
    """A number beside the loss.

    Attributes:
        name: as reports call it.
        measure: from a batch's outputs and targets, a sum over what was measured, and how many
            those were. The metric is the sum of all sums by the number of all.
        higher_is_better: which epoch is the best.
        counts: true if the sums are whole numbers of things, to be shown as 9/10.
    """

    name: str
    measure: Callable[[Any, Any], tuple[float, int]]
    higher_is_better: bool = True
    counts: bool = False


def _classified(output: Tensor, target: Tensor) -> tuple[float, int]:
    if not are_classes(output, target):
        raise ValueError(
            f"accuracy: outputs {_kind(output)} and targets {_kind(target)} are not classes: it "
            "wants logits (N, C, ...) and whole numbers (N, ...). Choose another metric, or None."
        )
    counted = target >= 0  # negative ones, like -100, are those that losses ignore
    right = (output.detach().argmax(1) == target) & counted
    hits, all_counted = stack([right.sum(), counted.sum()]).tolist()  # read back in one go
    return int(hits), int(all_counted)


def _signs(output: Tensor, target: Tensor) -> tuple[float, int]:
    if output.shape != target.shape:
        raise ValueError(
            f"binary_accuracy: outputs {_kind(output)} for targets {_kind(target)}, wanted one "
            "shape. Reshape one of them."
        )
    right = (output.detach() > 0) == (target > 0.5)
    return int(right.sum().item()), target.numel()


#: The share of targets, class numbers (N, ...), that are the greatest of their logits (N, C, ...).
accuracy = Metric("accuracy", _classified, counts=True)

#: The share of logits that are above 0 where the target is 1, and below where it is 0.
binary_accuracy = Metric("accuracy", _signs, counts=True)


def are_classes(output: object, target: object) -> bool:
    """True for logits (N, C, ...) and class numbers (N, ...)."""
    return (
        isinstance(output, Tensor)
        and isinstance(target, Tensor)
        and target.dtype.kind not in ("float", "bool")
        and output.dtype.kind == "float"
        and output.ndim == target.ndim + 1 >= 2
        and (output.shape[0], *output.shape[2:]) == tuple(target.shape)
    )


def chosen(metric: Metric | Callable[..., Any] | str | None) -> Metric | str | None:
    """A metric as it was given, or made of a function of outputs and targets.

    Raises: TypeError for anything else.
    """
    if metric is None or metric == AUTO or isinstance(metric, Metric):
        return metric
    if not callable(metric):
        raise TypeError(
            f"fit: metric must be a Metric, a function of outputs and targets, 'auto' or None, got "
            f"{metric!r:.60}."
        )
    function = metric

    def measure(output: Any, target: Any) -> tuple[float, int]:
        count = len(target)
        return float(function(output, target)) * count, count

    return Metric(getattr(metric, "__name__", type(metric).__name__), measure)


def _kind(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{tuple(value.shape)} of {value.dtype.name}"
    return f"of type {type(value).__name__}"
