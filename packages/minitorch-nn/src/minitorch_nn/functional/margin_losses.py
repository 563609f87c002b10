"""Losses that want scores or distances to differ by a margin.

`reduction` is "mean", "sum", or "none" for one loss per example. `size_average` and `reduce` are
PyTorch's former words for it.
"""

from __future__ import annotations

import minitorch_tensor as mt
from minitorch_nn.functional.distances import pairwise_distance
from minitorch_nn.functional.reducing import check_same_shape, reduced, settled
from minitorch_tensor import Tensor, where
from minitorch_tensor.extend import check_range


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(|anchor - positive| - |anchor - negative| + margin, 0), with p-norms.

    Args:
        eps: added to the differences, as in `pairwise_distance`.
        swap: true to measure the negative from the positive where that is nearer.

    Shapes: all (N, D) or (D), that broadcast -> (), or (N) or () for "none"
    Raises: ValueError if numbers of dimensions differ, the margin is not positive or reduction is
        another word.
    Source: Balntas et al. 2016, section 2.
    """
    reduction = settled("triplet_margin_loss", reduction, size_average, reduce)
    if not margin > 0.0:
        raise ValueError(f"triplet_margin_loss: margin must be above 0, got {margin}.")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ValueError(
            "triplet_margin_loss: wanted as many dimensions for all, got anchor "
            f"{anchor.shape}, positive {positive.shape} and negative {negative.shape}."
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = mt.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).relu(), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos where target is 1, max(cos - margin, 0) where it is -1; cos of the angle between
    both inputs.

    Shapes: inputs (N, D) and target (N), or inputs (D) and target () -> (), or as target for "none"
    Raises: ValueError for other shapes or another reduction.
    """
    operation = "cosine_embedding_loss"
    reduction = settled(operation, reduction, size_average, reduce)
    check_same_shape(operation, input1=input1, input2=input2)
    if input1.ndim not in (1, 2) or target.shape != input1.shape[:-1]:
        raise ValueError(
            f"{operation}: wanted inputs (N, D) and target (N), or without N, got "
            f"{input1.shape} and {target.shape}."
        )
    tiny = 1e-12  # keeps PyTorch's root and quotient from 0
    product = (input1 * input2).sum(-1)
    first, second = (x.square().sum(-1) + tiny for x in (input1, input2))
    cosine = product / (first * second).sqrt()
    losses = where(target == 1, 1.0 - cosine, 0.0) + where(
        target == -1, (cosine - margin).relu(), 0.0
    )
    return reduced(losses, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(-target (input1 - input2) + margin, 0): target is 1 where the first should rank higher,
    -1 where the second should.

    Shapes: all of one shape -> (), or that shape for "none"
    Raises: ValueError if numbers of dimensions differ or reduction is another word.
    """
    operation = "margin_ranking_loss"
    reduction = settled(operation, reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ValueError(
            f"{operation}: wanted as many dimensions for all, got input1 {input1.shape}, input2 "
            f"{input2.shape} and target {target.shape}."
        )
    return reduced((margin - target * (input1 - input2)).relu(), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """input where target is 1, max(margin - input, 0) where it is -1; input is a distance.

    Shapes: input and target of one shape -> (), or that shape for "none"
    Raises: ValueError if shapes differ or reduction is another word.
    """
    reduction = settled("hinge_embedding_loss", reduction, size_average, reduce)
    check_same_shape("hinge_embedding_loss", input=input, target=target)
    near, far = where(target != -1, input, 0.0), where(target != 1, (margin - input).relu(), 0.0)
    return reduced(near + far, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over C classes of max(margin - input[target] + input[j], 0)**p, where j is not the
    target.

    Args:
        target: class indices in [0, C).
        p: 1 or 2.
        weight: of each class; None for 1.

    Shapes: input (N, C) and target (N), or (C) and () -> (), or as target for "none"
    Raises: ValueError if shapes do not match, or p or reduction is another; IndexError for a class
        out of range.
    """
    operation = "multi_margin_loss"
    reduction = settled(operation, reduction, size_average, reduce)
    if input.ndim not in (1, 2) or target.shape != input.shape[:-1]:
        raise ValueError(
            f"{operation}: wanted input (N, C) and target (N), or without N, got {input.shape} and "
            f"{target.shape}."
        )
    classes = input.shape[-1]
    if p not in (1, 2) or (weight is not None and weight.shape != (classes,)):
        given = None if weight is None else weight.shape
        raise ValueError(
            f"{operation}: wanted p of 1 or 2 and weights of shape ({classes},), got {p} and "
            f"{given}."
        )
    check_range(operation, target, classes)
    place = target.long().unsqueeze(-1)
    excess = (margin - input.gather(-1, place) + input).relu()
    if p == 2:
        excess = excess.square()
    others = mt.one_hot(target.long(), classes) == 0
    losses = where(others, excess, 0.0).sum(-1) / classes
    if weight is not None:
        losses = losses * weight.index_select(0, target.long().reshape(-1)).reshape(target.shape)
    return reduced(losses, reduction)


__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "triplet_margin_loss",
]
