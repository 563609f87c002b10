"""Losses of predictions and targets of one shape, element by element.

`reduction` is "mean", "sum", or "none" for one loss per element. `size_average` and `reduce` are
PyTorch's former words for it.
"""

from __future__ import annotations

import math

from minitorch_nn.functional.activation import logsigmoid, softplus
from minitorch_nn.functional.distances import raised
from minitorch_nn.functional.reducing import check_same_shape, reduced, settled
from minitorch_tensor import Tensor, full_like, where, xlogy
from minitorch_tensor.extend import Context, Function, promoted


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared error (input - target)**2.

    Args:
        weight: of each element. The mean divides by the sum of the weights.

    Shapes: all of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    reduction = settled("mse_loss", reduction, size_average, reduce)
    check_same_shape("mse_loss", input=input, target=target)
    return _weighted("mse_loss", (input - target).square(), weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute error |input - target|; its gradient is 0 where they are equal.

    Args:
        weight: of each element. The mean divides by the sum of the weights.

    Shapes: all of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    reduction = settled("l1_loss", reduction, size_average, reduce)
    check_same_shape("l1_loss", input=input, target=target)
    return _weighted("l1_loss", (input - target).abs(), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """With z = |input - target|: z**2 / (2 beta) where z < beta, else z - beta / 2 (Girshick 2015,
    equation 3, for beta 1).

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ, beta is negative or reduction is another word.
    """
    reduction = settled("smooth_l1_loss", reduction, size_average, reduce)
    check_same_shape("smooth_l1_loss", input=input, target=target)
    if not beta >= 0.0:
        raise ValueError(f"smooth_l1_loss: beta must be at least 0, got {beta}.")
    error = input - target
    size = error.abs()
    if beta == 0.0:
        return reduced(size, reduction)
    return reduced(where(size < beta, error.square() * (0.5 / beta), size - 0.5 * beta), reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """With z = |input - target|: z**2 / 2 where z <= delta, else delta (z - delta / 2) (Huber 1964,
    section 2).

    Args:
        weight: of each element. The mean divides by the number of elements, as in PyTorch.

    Shapes: all of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ, delta is not positive or reduction is another word.
    """
    reduction = settled("huber_loss", reduction, None, None)
    check_same_shape("huber_loss", input=input, target=target)
    if not delta > 0.0:
        raise ValueError(f"huber_loss: delta must be above 0, got {delta}.")
    error = input - target
    size = error.abs()
    losses = where(size <= delta, error.square() * 0.5, (size - 0.5 * delta) * delta)
    if weight is not None:
        check_same_shape("huber_loss", input=input, weight=weight)
        losses = losses * weight
    return reduced(losses, reduction)


class BinaryCrossEntropy(Function):
    """-(t max(log(x), -100) + (1 - t) max(log(1 - x), -100)).

    Gradients: d (x - t) / max(x (1 - x), 1e-12), and d times the difference of the logarithms. They
    are finite at x = 0 and 1, where those of the logarithms are not.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(x, t)
        yes, no = _logarithms(x)
        return (t - 1.0) * no - t * yes

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, t = ctx.saved_tensors
        to_x, to_t = ctx.edges
        grad_x = grad_t = None
        if to_x:
            grad_x = d * (x - t) / (x * (1.0 - x)).clamp(min=1e-12)
        if to_t:
            yes, no = _logarithms(x)
            grad_t = d * (no - yes)
        return grad_x, grad_t


def _logarithms(x: Tensor) -> tuple[Tensor, Tensor]:
    """log(x) and log(1 - x), each at least -100."""
    return x.log().clamp(min=-100.0), (-x).log1p().clamp(min=-100.0)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(t log(x) + (1 - t) log(1 - x)) of probabilities x, with logarithms of at least -100.

    Prefer `binary_cross_entropy_with_logits` to this after a sigmoid: it is exact for any logit.

    Args:
        input: probabilities in [0, 1].
        target: probabilities in [0, 1] of the positive class.
        weight: factor of each loss; broadcast.

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ, input is outside [0, 1] or reduction is another word.
    """
    reduction = settled("binary_cross_entropy", reduction, size_average, reduce)
    check_same_shape("binary_cross_entropy", input=input, target=target)
    if not bool(((input >= 0.0) & (input <= 1.0)).all()):
        raise ValueError(
            "binary_cross_entropy: wanted probabilities, all elements of input in [0, 1]. For "
            "logits use binary_cross_entropy_with_logits."
        )
    losses: Tensor = BinaryCrossEntropy.apply(*promoted(input, target))
    return reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """-(t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x))), computed from logits x without overflow.

    Args:
        input: logits.
        target: probabilities in [0, 1] of the positive class.
        weight: factor of each loss; broadcast.
        reduction: "mean", "sum" or "none".
        pos_weight: factor of the positive term; broadcast.

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    operation = "binary_cross_entropy_with_logits"
    reduction = settled(operation, reduction, size_average, reduce)
    check_same_shape(operation, input=input, target=target)
    # log(sigmoid(x)) = -softplus(-x), and log(1 - sigmoid(x)) = -x - softplus(-x)
    if pos_weight is None:
        losses = (1.0 - target) * input + -logsigmoid(input)
    else:
        positive = 1.0 + (pos_weight - 1.0) * target
        losses = (1.0 - target) * input + positive * -logsigmoid(input)
    return reduced(losses if weight is None else losses * weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence of q = exp(input) from target p: p (log(p) - input).

    Args:
        input: log-probabilities.
        target: probabilities, or with `log_target` their logarithms.
        reduction: "batchmean" for the divergence of distributions, the sum divided by the size of
            the batch; "mean" divides by the number of elements; or "sum" or "none".

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    Source: Kullback and Leibler 1951, equation 2.4.
    """
    check_same_shape("kl_div", input=input, target=target)
    of_batch = reduction == "batchmean" and size_average is None and reduce is None
    if not of_batch:
        reduction = settled("kl_div", reduction, size_average, reduce)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = xlogy(target, target) - target * input
    if of_batch and input.ndim:
        return losses.sum() / input.shape[0]
    return reduced(losses, "mean" if of_batch else reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of counts: rate - target log(rate), rate = exp(input).

    Args:
        input: logarithm of the expected count, or without `log_input` that count.
        target: counts.
        full: true to add log(target!), where target > 1, by Stirling's approximation.
        eps: added to a rate of `log_input=False` in the logarithm.

    Shapes: input and target that broadcast -> (), or their shape for "none"
    Raises: ValueError for another reduction.
    """
    reduction = settled("poisson_nll_loss", reduction, size_average, reduce)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        several = target > 1
        count = where(several, target, 1.0)
        stirling = count * count.log() - count + 0.5 * (2.0 * math.pi * count).log()
        losses = losses + where(several, stirling, 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of normal targets: (log(var) + (input - target)**2 / var) / 2.

    Args:
        input: the expected values.
        var: the variances, at least 0; one for each element, for each row, or a number.
        full: true to add the constant log(2 pi) / 2.
        eps: variances below count as this; their gradient is unaffected.

    Shapes: input and target (*, D), var (*, D), (*), or (*, D) with a 1 for one
        size, or a number -> (), or (*, D) for "none"
    Raises: ValueError if shapes do not match, a variance is negative or reduction is another word.
    Source: Nix and Weigend 1994, equation 5.
    """
    reduction = settled("gaussian_nll_loss", reduction, None, None)
    if not isinstance(var, Tensor):
        var = full_like(input, var)
    if var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or [
            own for size, own in zip(input.shape, var.shape) if own != size
        ] != [1]:
            raise ValueError(
                f"gaussian_nll_loss: var {var.shape} fits neither the elements of "
                f"input {input.shape} nor these with one dimension of size 1 or without the last."
            )
    if bool((var < 0).any()):
        raise ValueError("gaussian_nll_loss: var has negative entries; variances are at least 0.")
    var = raised(var, eps)
    losses = 0.5 * (var.log() + (input - target).square() / var)
    return reduced(losses + 0.5 * math.log(2.0 * math.pi) if full else losses, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target input)), for targets of 1 and -1.

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    reduction = settled("soft_margin_loss", reduction, size_average, reduce)
    check_same_shape("soft_margin_loss", input=input, target=target)
    return reduced(softplus(-input * target, threshold=math.inf), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over C labels of their binary cross entropies, from logits.

    Args:
        target: for each label 1 or 0.
        weight: factor of each label; broadcast.

    Shapes: input and target (N, C) or (C) -> (), or (N) or () for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    reduction = settled("multilabel_soft_margin_loss", reduction, size_average, reduce)
    check_same_shape("multilabel_soft_margin_loss", input=input, target=target)
    losses = -(target * logsigmoid(input) + (1.0 - target) * logsigmoid(-input))
    return reduced((losses if weight is None else losses * weight).mean(-1), reduction)


def _weighted(operation: str, losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Losses times their weights, reduced; the mean is the weighted one."""
    if weight is None:
        return reduced(losses, reduction)
    check_same_shape(operation, input=losses, weight=weight)
    if reduction == "mean":
        return (losses * weight).sum() / weight.sum()
    return reduced(losses * weight, reduction)


__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
]
