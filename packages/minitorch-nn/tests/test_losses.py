"""Losses: their formulas, derivatives, extremes and errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close

LOGITS = st.lists(st.floats(-30, 30), min_size=12, max_size=12).map(
    lambda values: np.array(values).reshape(4, 3)
)
CLASSES = st.lists(st.integers(0, 2), min_size=4, max_size=4).map(np.array)


@pytest.mark.parametrize("backend", ["simple", "numpy"])
@given(logits=LOGITS, classes=CLASSES)
def test_cross_entropy_is_minus_the_log_of_the_true_class(
    backend: str, logits: np.ndarray, classes: np.ndarray
) -> None:
    e = np.exp(logits - logits.max(1, keepdims=True))
    expected = -np.log(e / e.sum(1, keepdims=True))[np.arange(4), classes]
    with mt.use_backend(backend):
        x, y = mt.tensor(logits), mt.tensor(classes)
        assert_close(F.cross_entropy(x, y, reduction="none"), expected, rtol=1e-9, atol=1e-12)
        assert_close(F.cross_entropy(x, y), expected.mean(), rtol=1e-9, atol=1e-12)
        assert_close(F.cross_entropy(x, y, reduction="sum"), expected.sum(), rtol=1e-9, atol=1e-12)
        assert_close(F.nll_loss(F.log_softmax(x, 1), y), expected.mean(), rtol=1e-9, atol=1e-12)


@given(logits=LOGITS, classes=CLASSES)
def test_the_gradient_of_cross_entropy_is_softmax_minus_truth(
    logits: np.ndarray, classes: np.ndarray
) -> None:
    x = mt.tensor(logits, requires_grad=True)
    F.cross_entropy(x, mt.tensor(classes), reduction="sum").backward()
    assert_close(x.grad, F.softmax(x.detach(), 1) - mt.tensor(np.eye(3)[classes]))


@given(logits=LOGITS, classes=CLASSES, smoothing=st.floats(0, 1))
def test_smoothed_labels_are_probabilities(
    logits: np.ndarray, classes: np.ndarray, smoothing: float
) -> None:
    x = mt.tensor(logits)
    spread = np.eye(3)[classes] * (1 - smoothing) + smoothing / 3
    assert_close(
        F.cross_entropy(x, mt.tensor(classes), label_smoothing=smoothing),
        F.cross_entropy(x, mt.tensor(spread)),
    )


@given(logits=LOGITS, classes=CLASSES, ignore=st.integers(0, 2))
def test_ignored_examples_might_as_well_not_be_there(
    logits: np.ndarray, classes: np.ndarray, ignore: int
) -> None:
    kept = classes != ignore
    x = mt.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(x, mt.tensor(classes), ignore_index=ignore)
    if not kept.any():
        assert math.isnan(loss.item())  # the mean over nothing, as in PyTorch
        return
    assert_close(loss, F.cross_entropy(mt.tensor(logits[kept]), mt.tensor(classes[kept])))
    loss.backward()
    assert not x.grad.numpy()[~kept].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_of_huge_logits_is_finite_and_its_gradient_right(
    dtype: str, backend: str
) -> None:
    logits = mt.tensor([[1e4, 0.0], [0.0, 1e4]], dtype=dtype, requires_grad=True)
    loss = F.cross_entropy(logits, mt.tensor([0, 0]), reduction="none")
    assert_close(loss, mt.tensor([0.0, 1e4], dtype=dtype))
    loss.sum().backward()
    assert_close(logits.grad, mt.tensor([[0.0, 0.0], [-1.0, 1.0]], dtype=dtype))


def test_cross_entropy_differentiates_twice(check_derivatives: Any) -> None:
    logits = np.random.default_rng(0).standard_normal((3, 4))
    classes, weight = mt.tensor([0, 3, 1]), mt.tensor([1.0, 2.0, 0.5, 3.0], dtype="float64")
    check_derivatives(lambda x: F.cross_entropy(x, classes), logits)
    check_derivatives(
        lambda x: F.cross_entropy(x, classes, weight, ignore_index=3, label_smoothing=0.2), logits
    )
    probabilities = np.full((3, 4), 0.25)
    check_derivatives(lambda x, t: F.cross_entropy(x, t, weight), logits, probabilities)


def test_the_other_losses_differentiate_twice(check_derivatives: Any) -> None:
    x, t = [[0.0, -1.5], [2.0, 0.4]], [[0.3, 0.9], [0.0, 1.0]]
    check_derivatives(F.mse_loss, x, t)
    check_derivatives(F.binary_cross_entropy_with_logits, x, t)
    check_derivatives(lambda x, t: F.l1_loss(x, t, reduction="none"), x, t)


@given(
    x=st.lists(st.floats(-30, 30), min_size=3, max_size=3),
    t=st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
def test_binary_cross_entropy_is_cross_entropy_of_two_classes(
    x: list[float], t: list[float]
) -> None:
    logits = mt.tensor(x, dtype="float64")
    truth = mt.tensor(t, dtype="float64")
    two = mt.stack([logits, mt.zeros_like(logits)], 1)
    assert_close(
        F.binary_cross_entropy_with_logits(logits, truth),
        F.cross_entropy(two, mt.stack([truth, 1.0 - truth], 1)),
    )


def test_reductions_agree() -> None:
    x, t = mt.randn(3, 4), mt.rand(3, 4)
    for loss in (F.mse_loss, F.l1_loss, F.binary_cross_entropy_with_logits):
        each = loss(x, t, reduction="none")
        for i, j in np.ndindex(3, 4):
            assert_close(each[i, j], loss(x[i, j], t[i, j], reduction="none"))
        assert_close(loss(x, t), each.mean())
        assert_close(loss(x, t, reduction="sum"), each.sum())


def test_modules_hold_the_settings_of_their_functions() -> None:
    logits, classes = mt.randn(5, 3), mt.tensor([0, 2, 1, -1, 2])
    weight = mt.tensor([1.0, 2.0, 3.0])
    loss = nn.CrossEntropyLoss(weight, ignore_index=-1, label_smoothing=0.1)
    expected = F.cross_entropy(logits, classes, weight, ignore_index=-1, label_smoothing=0.1)
    assert_close(loss(logits, classes), expected)
    assert [name for name, _ in loss.named_buffers()] == ["weight"]
    kept = nn.NLLLoss(ignore_index=-1, reduction="sum")
    assert_close(
        kept(logits, classes), F.nll_loss(logits, classes, ignore_index=-1, reduction="sum")
    )
    x, t = mt.randn(2, 3), mt.rand(2, 3)
    assert_close(nn.MSELoss()(x, t), F.mse_loss(x, t))
    assert_close(nn.L1Loss(reduction="sum")(x, t), F.l1_loss(x, t, reduction="sum"))
    assert_close(
        nn.BCEWithLogitsLoss(pos_weight=weight)(x, t),
        F.binary_cross_entropy_with_logits(x, t, pos_weight=weight),
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: F.cross_entropy(mt.zeros(3), mt.tensor([0])),
            ValueError,
            r"cross_entropy: wanted logits \(N, C, \*\) and target \(N, \*\), got \(3,\)",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0])),
            ValueError,
            r"cross_entropy: wanted input .* got \(2, 3\) and \(1,\)",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0, 3])),
            IndexError,
            r"cross_entropy: indices lie in \[0, 3\], but must lie in \[0, 2\]",
        ),
        (
            lambda: F.nll_loss(mt.zeros(2, 3), mt.tensor([-1, 0])),
            IndexError,
            r"nll_loss: indices lie in \[-1, 0\]",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0.0, 1.0])),
            TypeError,
            "cross_entropy: indices must be integers, got float32",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0, 1]), reduction="avg"),
            ValueError,
            "cross_entropy: reduction must be mean, sum or none, got 'avg'",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0, 1]), mt.ones(2)),
            ValueError,
            r"cross_entropy: wanted one weight for each of 3 classes, got shape \(2,\)",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0, 1]), label_smoothing=1.1),
            ValueError,
            r"cross_entropy: label_smoothing must be in \[0, 1\], got 1.1",
        ),
        (
            lambda: F.cross_entropy(mt.zeros(2, 3), mt.tensor([0, 1], device="simple")),
            RuntimeError,
            "cross_entropy: operands are on different backends",
        ),
        (
            lambda: F.mse_loss(mt.zeros(2, 3), mt.zeros(2)),
            ValueError,
            r"mse_loss: wanted operands of one shape, got input \(2, 3\), target \(2,\)",
        ),
        (
            lambda: F.l1_loss(mt.zeros(2), mt.zeros(2), reduction=""),
            ValueError,
            "l1_loss: reduction must be mean, sum or none, got ''",
        ),
    ],
)
def test_mistakes_are_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# -- probabilities, distributions and margins ------------------------------------------------------


def test_the_binary_cross_entropy_of_certainties_is_finite(backend: str) -> None:
    x = mt.tensor([0.0, 1.0, 0.0, 1.0], dtype="float64", requires_grad=True)
    losses = F.binary_cross_entropy(x, mt.tensor([0.0, 1.0, 1.0, 0.0]), reduction="none")
    assert_close(losses, [0.0, 0.0, 100.0, 100.0], check_dtype=False)
    losses.sum().backward()
    assert_close(x.grad, [0.0, 0.0, -1e12, 1e12])


@given(logits=LOGITS)
def test_binary_cross_entropy_of_probabilities_is_that_of_their_logits(logits: np.ndarray) -> None:
    x, target = mt.tensor(logits), mt.tensor(np.linspace(0, 1, 12).reshape(4, 3))
    assert_close(
        F.binary_cross_entropy(x.sigmoid(), target),
        F.binary_cross_entropy_with_logits(x, target),
        rtol=1e-3,
        atol=1e-3,
    )


@given(logits=LOGITS)
def test_the_divergence_of_a_distribution_from_itself_is_0(logits: np.ndarray) -> None:
    x = mt.tensor(logits)
    q, p = F.log_softmax(x, 1), F.softmax(x, 1)
    zero = mt.zeros((), dtype="float64")
    assert_close(F.kl_div(q, p, reduction="batchmean"), zero, rtol=0.0, atol=1e-9)
    assert_close(F.kl_div(q, q, reduction="batchmean", log_target=True), zero, rtol=0.0, atol=1e-9)
    other = F.log_softmax(mt.tensor(logits[::-1].copy()), 1)
    assert F.kl_div(other, p, reduction="sum").item() >= -1e-9


@pytest.mark.parametrize(
    ("words", "reduction"),
    [
        ({"size_average": False}, "sum"),
        ({"size_average": True}, "mean"),
        ({"reduce": False}, "none"),
        ({"size_average": False, "reduce": True}, "sum"),
        ({"size_average": True, "reduce": False}, "none"),
    ],
)
def test_former_words_for_a_reduction_mean_it_and_warn(
    words: dict[str, bool], reduction: str
) -> None:
    x, target = mt.randn(3), mt.zeros(3)
    with pytest.warns(UserWarning, match=f"deprecated, use reduction='{reduction}'"):
        assert_close(F.l1_loss(x, target, **words), F.l1_loss(x, target, reduction=reduction))
    with pytest.warns(UserWarning, match=f"deprecated, use reduction='{reduction}'"):
        assert nn.L1Loss(**words).reduction == reduction


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: F.binary_cross_entropy(x * 0 + 2, x),
            "wanted probabilities, all elements of input in .0, 1.. For logits use",
        ),
        (lambda x: F.gaussian_nll_loss(x, x, -x.exp()), "var has negative entries"),
        (
            lambda x: F.gaussian_nll_loss(x, x, mt.ones(3)),
            r"var \(3,\) fits neither the elements of input \(2, 3\)",
        ),
        (lambda x: F.huber_loss(x, x, delta=0.0), "delta must be above 0, got 0.0"),
        (lambda x: F.smooth_l1_loss(x, x, beta=-1.0), "beta must be at least 0, got -1.0"),
        (lambda x: F.kl_div(x, x[0]), r"kl_div: wanted operands of one shape, got input \(2, 3\)"),
        (
            lambda x: F.kl_div(x, x, reduction="all"),
            "reduction must be mean, sum or none, got 'all'",
        ),
        (
            lambda x: F.triplet_margin_loss(x, x, x[0]),
            r"as many dimensions for all, got anchor \(2, 3\)",
        ),
        (lambda x: F.triplet_margin_loss(x, x, x, margin=0.0), "margin must be above 0"),
        (
            lambda x: F.cosine_embedding_loss(x, x, mt.ones(3)),
            r"wanted inputs \(N, D\) and target \(N\), or without N",
        ),
        (lambda x: F.multi_margin_loss(x, mt.tensor([0, 1]), p=3), "wanted p of 1 or 2"),
        (lambda x: F.margin_ranking_loss(x, x, x[0]), "as many dimensions for all, got input1"),
    ],
)
def test_losses_name_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(mt.zeros(2, 3))
