"""Losses of classes: negative log-likelihood and cross entropy.

`reduction` is "mean", "sum", or "none" for one loss per element. `size_average` and `reduce` are
PyTorch's former words for it.
"""

from __future__ import annotations

from minitorch_nn.functional.reducing import reduced, settled
from minitorch_tensor import Tensor, log_softmax, softmax, where
from minitorch_tensor.extend import Context, Function, check_backends, check_range


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood: -weight[target[i]] * input[i, target[i]].

    Args:
        input: log-probabilities.
        target: class indices in [0, C), or ignore_index.
        weight: of each class; None for 1. The mean divides by the sum of the targets' weights.
        ignore_index: targets with this value are ignored.
        reduction: "mean", "sum" or "none".

    Shapes: input (N, C, *), target (N, *), weight (C) -> (), or (N, *) for "none"; or without N,
        input (C) and target ()
    Raises: ValueError if shapes do not match or reduction is unknown; TypeError for targets
        that are not integers, IndexError for a class out of range.
    """
    reduction = settled("nll_loss", reduction, size_average, reduce)
    if input.ndim == 1 and target.ndim == 0:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
        losses = _class_loss("nll_loss", input, target, weight, ignore_index, reduction, 0.0)
        return losses.reshape(())
    return _class_loss("nll_loss", input, target, weight, ignore_index, reduction, 0.0)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross entropy of softmax(input) and the true classes, computed from logits.

    Args:
        input: logits.
        target: class indices in [0, C), or ignore_index; or the probability of every class.
        weight: of each class; None for 1. The mean divides by the sum of the targets' weights, or,
            where targets are probabilities, by their number.
        ignore_index: targets with this value are ignored.
        reduction: "mean", "sum" or "none".
        label_smoothing: share of the target spread evenly over all classes (Szegedy et
            al. 2016, section 7).

    Shapes: input (N, C, *), target (N, *), or (N, C, *) for probabilities, weight (C)
        -> (), or (N, *) for "none"; or without N, input (C) and target () or (C)
    Raises: ValueError if shapes do not match or a setting is out of range; TypeError for classes
        that are not integers, IndexError for a class out of range.
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(
            f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}."
        )
    reduction = settled("cross_entropy", reduction, size_average, reduce)
    if input.ndim == 1 and target.shape in ((), input.shape):
        losses = cross_entropy(
            input.unsqueeze(0),
            target.unsqueeze(0),
            weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )
        return losses.reshape(())
    if input.ndim < 2:
        raise ValueError(
            f"cross_entropy: wanted logits (N, C, *) and target (N, *), got {input.shape} and "
            f"{target.shape}."
        )
    of_classes = not (target.is_floating_point() and target.shape == input.shape)
    if of_classes and input.ndim == 2 and not label_smoothing and input.is_floating_point():
        return _class_loss(
            "cross_entropy", input, target, weight, ignore_index, reduction, 0.0, of_logits=True
        )
    log_probabilities = log_softmax(input, 1)
    if not of_classes:
        return _probability_loss(log_probabilities, target, weight, reduction, label_smoothing)
    return _class_loss(
        "cross_entropy", log_probabilities, target, weight, ignore_index, reduction, label_smoothing
    )


class CrossEntropy(Function):
    """-log(softmax(x))[i, target[i]] of each row i, or their mean. Gradient: d[i] (softmax(x)
    - e)[i], with e 1 at target[i] and 0 elsewhere; for the mean, d[i] = d / N.

    Shapes: x (N, C), target (N) -> (N), or () for the mean
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, target: Tensor, mean: bool) -> Tensor:
        losses, log_probabilities = x.backend.cross_entropy(x.tensor_data, target.tensor_data)
        ctx.save_for_backward(x, target, x.wrap(log_probabilities))
        ctx.mean = mean
        out = x.wrap(losses)
        return out.mean() if mean else out

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        x, target, log_probabilities = ctx.saved_tensors
        if ctx.mean:
            d = d.expand(target.shape) / target.numel()
        return CrossEntropyBackward.apply(x, target, d, log_probabilities), None, None


class CrossEntropyBackward(Function):
    """d[i] (softmax(x) - e)[i], as above. Given an incoming gradient e, the gradient of x is that
    of softmax for e d, and the gradient of d sums e (softmax(x) - e) over the classes."""

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, target: Tensor, d: Tensor, log_probabilities: Tensor
    ) -> Tensor:
        ctx.save_for_backward(x, target, d)
        y = log_probabilities.tensor_data
        return x.wrap(x.backend.cross_entropy_backward(y, target.tensor_data, d.tensor_data))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, Tensor, None]:
        x, target, d = ctx.saved_tensors
        y = softmax(x, 1)
        mean = (e * y).sum(1, keepdim=True)
        grad_d = mean - e.gather(1, target.unsqueeze(1))
        return y * (e - mean) * d.unsqueeze(1), None, grad_d.squeeze(1), None


def _class_loss(
    operation: str,
    scores: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    of_logits: bool = False,
) -> Tensor:
    """The loss of log-probabilities, or without label_smoothing also of logits (N, C)."""
    shape = scores.shape
    if len(shape) < 2 or target.shape != (shape[0], *shape[2:]):
        raise ValueError(
            f"{operation}: wanted input (N, C, *) and target (N, *), got {shape} and "
            f"{target.shape}."
        )
    _check_weight(operation, weight, shape[1])
    check_backends(operation, scores, target)
    classes = range(shape[1])
    within = target.dtype.kind == "int" and target.backend.within(
        target.tensor_data, 0, len(classes)
    )
    ignoring = False
    if not within or ignore_index in classes:
        ignoring = bool((target.numpy() == ignore_index).any())
        if ignoring:
            ignored = target == ignore_index
            target = where(ignored, 0, target)
        check_range(operation, target, len(classes))
    if of_logits:
        at_once = reduction == "mean" and weight is None and not ignoring
        losses: Tensor = CrossEntropy.apply(scores, target.long(), at_once)
        if at_once:
            return losses
    else:
        losses = -scores.gather(1, target.unsqueeze(1)).squeeze(1)
    share = None  # of each element in the mean; None for 1
    if weight is not None:
        share = weight.index_select(0, target.reshape(-1)).reshape(target.shape)
        losses = losses * share
    if label_smoothing:
        spread = -_weighted(scores, weight).sum(1) * (label_smoothing / shape[1])
        losses = losses * (1.0 - label_smoothing) + spread
    if ignoring:
        losses = where(ignored, 0.0, losses)
        share = where(ignored, 0.0, 1.0 if share is None else share)
    if reduction == "mean" and share is not None:
        return losses.sum() / share.sum()
    return reduced(losses, reduction)


def _probability_loss(
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    classes = log_probabilities.shape[1]
    _check_weight("cross_entropy", weight, classes)
    if label_smoothing:
        target = target * (1.0 - label_smoothing) + label_smoothing / classes
    losses = -(_weighted(log_probabilities, weight) * target).sum(1)
    return reduced(losses, reduction)


def _weighted(log_probabilities: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return log_probabilities
    return log_probabilities * weight.reshape(1, -1, *[1] * (log_probabilities.ndim - 2))


def _check_weight(operation: str, weight: Tensor | None, classes: int) -> None:
    if weight is not None and weight.shape != (classes,):
        raise ValueError(
            f"{operation}: wanted one weight for each of {classes} classes, got shape "
            f"{weight.shape}."
        )


__all__ = ["cross_entropy", "nll_loss"]
