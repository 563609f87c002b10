"""Every operand and setting is checked, not the first alone: each call has one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_nn.optim import SGD, Adam, AdamW, RMSprop, lr_scheduler


def x(*shape: int, dtype: str = "float32") -> mt.Tensor:
    return mt.ones(*shape, dtype=dtype)


def classes(*values: int) -> mt.Tensor:
    return mt.tensor(list(values), dtype="int64")


def leaf() -> nn.Parameter:
    return nn.Parameter(mt.zeros(2))


def sgd(*rates: float) -> SGD:
    return SGD([{"params": [leaf()], "lr": lr} for lr in rates or (0.1,)])


Row = tuple[Callable[[], Any], type[Exception], str]

FUNCTIONS: dict[str, Row] = {
    "linear, three dimensions": (
        lambda: F.linear(x(2, 3), x(4, 3, 3)),
        ValueError,
        r"linear: input \(2, 3\) does not fit weight \(4, 3, 3\)",
    ),
    "linear, one dimension": (lambda: F.linear(x(2, 3), x(3)), ValueError, "does not fit weight"),
    "linear of a number": (lambda: F.linear(x(), x(4, 1)), ValueError, "does not fit weight"),
    "linear, the bias": (lambda: F.linear(x(2, 3), x(4, 3), x(3)), ValueError, "wanted a bias"),
    "linear, the bias's rank": (
        lambda: F.linear(x(2, 3), x(4, 3), x(4, 1)),
        ValueError,
        "wanted a bias",
    ),
    "conv2d, the weight's rank": (
        lambda: F.conv2d(x(1, 2, 3, 3), x(2, 2, 2)),
        ValueError,
        "conv2d",
    ),
    "conv2d, the weight's channels": (
        lambda: F.conv2d(x(1, 2, 3, 3), x(2, 3, 2, 2)),
        ValueError,
        "conv2d",
    ),
    "conv2d, the bias": (
        lambda: F.conv2d(x(1, 2, 3, 3), x(2, 2, 2, 2), x(3)),
        ValueError,
        "bias",
    ),
    "conv2d, groups of the outputs": (
        lambda: F.conv2d(x(1, 2, 3, 3), x(3, 1, 2, 2), groups=2),
        ValueError,
        "groups",
    ),
    "conv2d, no groups": (
        lambda: F.conv2d(x(1, 2, 3, 3), x(2, 2, 2, 2), groups=0),
        ValueError,
        "groups",
    ),
    "conv2d, the second stride": (
        lambda: F.conv2d(x(1, 1, 3, 3), x(1, 1, 2, 2), stride=(1, 0)),
        ValueError,
        "stride",
    ),
    "conv2d, the second padding": (
        lambda: F.conv2d(x(1, 1, 3, 3), x(1, 1, 2, 2), padding=(0, -1)),
        ValueError,
        "padding",
    ),
    "conv2d, the second dilation": (
        lambda: F.conv2d(x(1, 1, 3, 3), x(1, 1, 2, 2), dilation=(1, 0)),
        ValueError,
        "dilation",
    ),
    "conv2d, a window too wide": (
        lambda: F.conv2d(x(1, 1, 3, 3), x(1, 1, 2, 4)),
        ValueError,
        "conv2d",
    ),
    "conv1d, the weight's rank": (
        lambda: F.conv1d(x(1, 2, 3), x(2, 2, 1, 2)),
        ValueError,
        "conv1d",
    ),
    "max_pool2d, the second padding": (
        lambda: F.max_pool2d(x(1, 1, 4, 4), 2, padding=(1, 2)),
        ValueError,
        "padding",
    ),
    "avg_pool2d, whole numbers": (
        lambda: F.avg_pool2d(x(1, 1, 4, 4, dtype="int64"), 2),
        TypeError,
        "avg_pool2d",
    ),
    "adaptive_avg_pool2d, no width": (
        lambda: F.adaptive_avg_pool2d(x(1, 1, 2, 0), 1),
        ValueError,
        "H and W of at least 1",
    ),
    "adaptive_max_pool2d, no height": (
        lambda: F.adaptive_max_pool2d(x(1, 1, 0, 2), 1),
        ValueError,
        "H and W of at least 1",
    ),
    "adaptive_avg_pool2d, the second size": (
        lambda: F.adaptive_avg_pool2d(x(1, 1, 2, 2), (1, 0)),
        ValueError,
        "output_size",
    ),
    "embedding, the weight": (
        lambda: F.embedding(classes(0), x(2, 3, 4)),
        ValueError,
        "wanted a weight",
    ),
    "embedding, a later index": (
        lambda: F.embedding(classes(0, 1, 2), x(2, 3)),
        IndexError,
        "lie in",
    ),
    "embedding, a negative padding_idx": (
        lambda: F.embedding(classes(0), x(2, 3), -3),
        ValueError,
        "padding_idx",
    ),
    "embedding, a padding_idx beyond": (
        lambda: F.embedding(classes(0), x(2, 3), 2),
        ValueError,
        "padding_idx",
    ),
    "batch_norm, the running mean": (
        lambda: F.batch_norm(x(2, 3), x(2), x(3)),
        ValueError,
        "running_mean must",
    ),
    "batch_norm, the running variance": (
        lambda: F.batch_norm(x(2, 3), x(3), x(2)),
        ValueError,
        "running_var must",
    ),
    "batch_norm, the weight": (
        lambda: F.batch_norm(x(2, 3), x(3), x(3), x(2)),
        ValueError,
        "weight must",
    ),
    "batch_norm, the bias": (
        lambda: F.batch_norm(x(2, 3), x(3), x(3), x(3), x(2)),
        ValueError,
        "bias must",
    ),
    "batch_norm, no running variance": (
        lambda: F.batch_norm(x(2, 3), x(3), None),
        ValueError,
        "needs running_mean and running_var",
    ),
    "layer_norm, no shape": (lambda: F.layer_norm(x(2, 3), ()), ValueError, "normalized_shape"),
    "layer_norm, the first size": (
        lambda: F.layer_norm(x(2, 3, 4), (2, 4)),
        ValueError,
        "normalized_shape",
    ),
    "layer_norm, the weight": (
        lambda: F.layer_norm(x(2, 3), (3,), x(2)),
        ValueError,
        "weight must",
    ),
    "layer_norm, the bias": (
        lambda: F.layer_norm(x(2, 3), (3,), x(3), x(1)),
        ValueError,
        "bias must",
    ),
    "cross_entropy, a later class": (
        lambda: F.cross_entropy(x(2, 3), classes(0, 3)),
        (ValueError, IndexError),
        "3",
    ),
    "cross_entropy, a negative class": (
        lambda: F.cross_entropy(x(2, 3), classes(0, -1)),
        (ValueError, IndexError),
        "-1",
    ),
    "cross_entropy, the target's size": (
        lambda: F.cross_entropy(x(2, 3), classes(0)),
        ValueError,
        "cross_entropy",
    ),
    "cross_entropy, a later size": (
        lambda: F.cross_entropy(x(2, 3, 4), mt.zeros(2, 3, dtype="int64")),
        ValueError,
        "cross_entropy",
    ),
    "cross_entropy, the weight": (
        lambda: F.cross_entropy(x(2, 3), classes(0, 1), x(2)),
        ValueError,
        "weight",
    ),
    "cross_entropy, the smoothing": (
        lambda: F.cross_entropy(x(2, 3), classes(0, 1), label_smoothing=1.1),
        ValueError,
        "label_smoothing",
    ),
    "cross_entropy, the reduction": (
        lambda: F.cross_entropy(x(2, 3), classes(0, 1), reduction="avg"),
        ValueError,
        "reduction",
    ),
    "nll_loss, the weight": (
        lambda: F.nll_loss(x(2, 3), classes(0, 1), x(4)),
        ValueError,
        "weight",
    ),
    "mse_loss, the target": (lambda: F.mse_loss(x(2), x(2, 1)), ValueError, "mse_loss"),
    "l1_loss, the reduction": (
        lambda: F.l1_loss(x(2), x(2), reduction=""),
        ValueError,
        "reduction",
    ),
    "dropout, p above 1": (lambda: F.dropout(x(2), 1.1), ValueError, "probability"),
    "dropout, p below 0": (lambda: F.dropout(x(2), -0.1), ValueError, "probability"),
}

LAYERS: dict[str, Row] = {
    "Conv2d, groups of the outputs": (
        lambda: nn.Conv2d(2, 3, 2, groups=2),
        ValueError,
        "divisible by groups",
    ),
    "Conv2d, groups of the inputs": (
        lambda: nn.Conv2d(3, 2, 2, groups=2),
        ValueError,
        "divisible by groups",
    ),
    "Conv2d, no groups": (lambda: nn.Conv2d(2, 2, 2, groups=0), ValueError, "groups 0"),
    "Conv2d, no outputs": (lambda: nn.Conv2d(2, 0, 2), ValueError, "at least 1, got 2 and 0"),
    "Conv1d, the dilation": (lambda: nn.Conv1d(2, 2, 2, dilation=0), ValueError, "dilation"),
    "GRU, the hidden size": (lambda: nn.GRU(2, 0), ValueError, "at least 1, got 2 and 0"),
    "LSTM, the state": (lambda: nn.LSTM(2, 2)(x(3, 2, 2), x(1, 2, 2)), TypeError, "pair"),
    "LSTM, three parts": (
        lambda: nn.LSTM(2, 2)(x(3, 2, 2), (x(1, 2, 2),) * 3),
        TypeError,
        "got 3 of them",
    ),
    "LSTM, the cell's dtype": (
        lambda: nn.LSTM(2, 2)(x(3, 2, 2), (x(1, 2, 2), x(1, 2, 2, dtype="int64"))),
        TypeError,
        "c_0 must be a floating-point tensor, got int64",
    ),
    "GRU, one length for a batch": (
        lambda: nn.GRU(2, 2)(x(3, 2, 2), lengths=3),
        ValueError,
        "wanted one length for each",
    ),
    "BatchNorm1d, the rank": (lambda: nn.BatchNorm1d(2)(x(2, 2, 2, 2)), ValueError, "BatchNorm1d"),
    "BatchNorm2d, the channels": (
        lambda: nn.BatchNorm2d(2)(x(2, 3, 2, 2)),
        ValueError,
        "C = 2",
    ),
}

OPTIMIZERS: dict[str, Row] = {
    "SGD, Nesterov's with dampening": (
        lambda: SGD([leaf()], 0.1, 0.9, dampening=0.1, nesterov=True),
        ValueError,
        "dampening of 0",
    ),
    "SGD, a later parameter": (lambda: SGD([leaf(), "w"]), TypeError, "got str"),
    "SGD, a later group": (lambda: SGD([{"params": [leaf()]}, [leaf()]]), TypeError, "got list"),
    "SGD, a group without parameters": (
        lambda: SGD([{"params": [leaf()]}, {"lr": 0.1}]),
        TypeError,
        "a group must be a dict with 'params'",
    ),
    "SGD, a word for a group": (
        lambda: sgd().add_param_group("params"),  # type: ignore[arg-type]
        TypeError,
        "got str",
    ),
    "SGD, a later group's settings": (
        lambda: SGD([{"params": [leaf()]}, {"params": [leaf()], "momentum": -1.0}]),
        ValueError,
        "momentum",
    ),
    "Adam, three betas": (lambda: Adam([leaf()], betas=(0.9, 0.9, 0.9)), ValueError, "two in"),  # type: ignore[arg-type]
    "Adam, one beta": (lambda: Adam([leaf()], betas=(0.9,)), ValueError, "two in"),  # type: ignore[arg-type]
    "Adam, the first beta": (lambda: Adam([leaf()], betas=(-0.1, 0.9)), ValueError, "two in"),
    "AdamW, the second beta": (lambda: AdamW([leaf()], betas=(0.9, 1.0)), ValueError, "two in"),
    "RMSprop, alpha": (lambda: RMSprop([leaf()], alpha=-0.1), ValueError, "alpha"),
    "RMSprop, the momentum": (lambda: RMSprop([leaf()], momentum=-0.1), ValueError, "momentum"),
    "LinearLR, above 1": (lambda: lr_scheduler.LinearLR(sgd(), 1.1), ValueError, "start_factor"),
    "LinearLR, the end": (
        lambda: lr_scheduler.LinearLR(sgd(), 1.0, 1.1),
        ValueError,
        "end_factor",
    ),
    "LinearLR, the end below 0": (
        lambda: lr_scheduler.LinearLR(sgd(), 1.0, -0.1),
        ValueError,
        "end_factor",
    ),
    "LinearLR, no steps": (
        lambda: lr_scheduler.LinearLR(sgd(), 0.5, 1.0, 0),
        ValueError,
        "total_iters",
    ),
    "LambdaLR, a function too few": (
        lambda: lr_scheduler.LambdaLR(sgd(0.1, 0.2), [lambda t: 1.0]),
        ValueError,
        "one function for each of 2 groups, got 1",
    ),
    "SequentialLR, equal milestones": (
        lambda: (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o)] * 3, [2, 2]))(
            sgd()
        ),
        ValueError,
        "rising milestones",
    ),
    "OneCycleLR, pct_start below 0": (
        lambda: lr_scheduler.OneCycleLR(sgd(), 1.0, 5, pct_start=-0.1),
        ValueError,
        "pct_start",
    ),
}

ROWS = FUNCTIONS | LAYERS | OPTIMIZERS


@pytest.mark.parametrize("name", ROWS)
def test_what_is_wrong_behind_the_first_check_is_found(name: str) -> None:
    call, error, message = ROWS[name]
    with pytest.raises(error, match=message):
        call()


def test_the_least_settings_that_are_allowed_are_allowed() -> None:
    for make in (
        lambda: lr_scheduler.LinearLR(sgd(), 1.0, 0.0, 1),
        lambda: lr_scheduler.StepLR(sgd(), 1),
        lambda: lr_scheduler.CosineAnnealingLR(sgd(), 1),
        lambda: lr_scheduler.OneCycleLR(sgd(), 1.0, 1, pct_start=0.0),
        lambda: lr_scheduler.OneCycleLR(sgd(), 1.0, 1, pct_start=1.0),
        lambda: Adam([leaf()], lr=0.0, betas=(0.0, 0.0), eps=0.0),
        lambda: RMSprop([leaf()], alpha=0.0),
        lambda: nn.GRU(1, 1, 1, dropout=0.0),
        lambda: nn.Conv2d(1, 1, 1, stride=1, padding=0, dilation=1, groups=1),
        lambda: F.embedding(classes(0), x(2, 3), -2),
        lambda: F.embedding(classes(0), x(2, 3), 1),
        lambda: F.cross_entropy(x(2, 3), classes(0, 2), label_smoothing=1.0),
    ):
        make()


# -- modules give their functions every setting ----------------------------------------------------

WEIGHT = mt.tensor([0.5, 2.0, 1.0], device="numpy")
LOGITS = mt.tensor([[0.3, -1.0, 2.0], [1.0, 0.5, -0.5], [0.0, 0.1, 0.2]], device="numpy")
TRUTH = mt.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 0.0], [0.2, 0.3, 0.9]], device="numpy")
TARGET = mt.tensor([2, 1, 0], device="numpy")

LOSSES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "CrossEntropyLoss": (
        "cross_entropy",
        {"weight": WEIGHT, "ignore_index": 1, "label_smoothing": 0.3},
        TARGET,
    ),
    "NLLLoss": ("nll_loss", {"weight": WEIGHT, "ignore_index": 1}, TARGET),
    "BCEWithLogitsLoss": (
        "binary_cross_entropy_with_logits",
        {"weight": WEIGHT, "pos_weight": WEIGHT},
        TRUTH,
    ),
    "MSELoss": ("mse_loss", {}, TRUTH),
    "L1Loss": ("l1_loss", {}, TRUTH),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_gives_its_function_each_of_its_settings(name: str, reduction: str) -> None:
    function, settings, target = LOSSES[name]
    for chosen in ({}, *[{key: value} for key, value in settings.items()], settings):
        options = {**chosen, "reduction": reduction}
        loss = getattr(nn, name)(**options)(LOGITS, target)
        assert loss.tolist() == getattr(F, function)(LOGITS, target, **options).tolist()
        if chosen:
            plain = getattr(F, function)(LOGITS, target, reduction=reduction)
            assert loss.tolist() != plain.tolist()


def test_a_single_sequence_takes_its_length_as_a_number() -> None:
    model, sequence = nn.GRU(2, 3), mt.randn(4, 2)
    for got, expected in zip(model(sequence, lengths=2), model(sequence, lengths=[2])):
        assert got.tolist() == expected.tolist()


def test_a_norm_that_is_not_finite_is_no_error_where_nobody_asked() -> None:
    p = leaf()
    p.grad = mt.tensor([float("inf"), 1.0])
    assert nn.utils.clip_grad_norm_([p], 1.0).item() == float("inf")


# -- results own their memory ----------------------------------------------------------------------


@pytest.mark.parametrize("layer", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("single", [False, True], ids=["batch", "single"])
def test_the_outputs_of_a_recurrent_layer_share_no_memory(layer: Any, single: bool) -> None:
    model = layer(2, 2)
    sequence = mt.randn(1, 2) if single else mt.randn(1, 3, 2)
    shape = (1, 2) if single else (1, 3, 2)
    state = [mt.randn(*shape) for _ in range(2 if layer is nn.LSTM else 1)]
    out, last = model(sequence, tuple(state) if len(state) == 2 else state[0])
    found = [out, *(last if isinstance(last, tuple) else (last,)), sequence, *state]
    memory = [value.detach().numpy() for value in found]
    for i, one in enumerate(memory):
        for other in memory[:i]:
            assert not np.shares_memory(one, other)
