"""What `fit` measures, what it refuses, and how it notices numbers that are none."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_nn import optim
from minitorch_nn.training import (
    BatchResult,
    ConsoleReporter,
    CSVReporter,
    EpochResult,
    Evaluation,
    JSONLReporter,
    TensorBoardReporter,
    TrainingDiverged,
    best_epoch,
    binary_accuracy,
    evaluate,
    fit,
    read_records,
)
from minitorch_tensor import Tensor


class Pairs:
    """Batches of inputs (N, 2) and given targets."""

    def __init__(self, *targets: Any) -> None:
        self.targets = targets

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[Any]:
        rng = np.random.default_rng(0)
        for target in self.targets:
            yield mt.tensor(rng.normal(size=(len(target), 2)).astype(np.float32)), target


def trained(data: Any, width: int = 1, **options: Any) -> list[EpochResult]:
    mt.manual_seed(0)
    model = nn.Linear(2, width)
    return fit(model, optim.SGD(model.parameters(), lr=0.1), data, epochs=1, **options)


def test_no_accuracy_is_told_where_targets_are_no_classes() -> None:
    targets = Pairs(mt.zeros(64, 1), mt.ones(64, 1))
    for loss in (F.mse_loss, F.binary_cross_entropy_with_logits):
        (result,) = trained(targets, validation=targets, loss_function=loss)
        assert result.validation and result.validation.correct is None
        assert result.validation.score is None and result.validation.total == 128
        line = ConsoleReporter(stream=io.StringIO()).summary(result)
        assert f"validation loss {result.validation.loss:.4f}  " in line and "%" not in line


def test_a_metric_of_ones_own_is_averaged_over_examples_and_told_by_name() -> None:
    def error(output: Tensor, target: Tensor) -> Tensor:
        return target.mean()

    targets = Pairs(mt.zeros(1, 1), mt.ones(3, 1))
    (result,) = trained(targets, validation=targets, loss_function=F.mse_loss, metric=error)
    assert result.train.score == 0.75
    assert "error 0.7500" in ConsoleReporter(stream=io.StringIO()).summary(result)


def test_binary_accuracy_compares_signs_and_refuses_other_shapes() -> None:
    model = nn.Identity()
    data = [(mt.tensor([[1.0], [-1.0], [2.0]]), mt.tensor([[1.0], [1.0], [1.0]]))]
    loss = F.binary_cross_entropy_with_logits
    found = evaluate(model, data, loss_function=loss, metric=binary_accuracy)
    assert (found.correct, found.total) == (2, 3)
    with pytest.raises(ValueError, match=r"binary_accuracy: outputs \(2, 1\) of float32 for"):
        binary_accuracy.measure(mt.zeros(2, 1), mt.zeros(2))


def test_sequences_of_classes_count_each_place_but_those_that_are_ignored() -> None:
    logits = mt.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]])  # (1, 2, 3)
    found = evaluate(nn.Identity(), [(logits, mt.tensor([[0, 1, -100]]))])
    assert (found.correct, found.total) == (2, 2)


def epoch(number: int, loss: float, **options: Any) -> EpochResult:
    part = Evaluation(loss, options.pop("correct", None), 10, **options)
    return EpochResult(number, 9, part, part, 1.0)


def test_a_nan_never_is_the_best_epoch() -> None:
    for first in (epoch(1, math.nan), epoch(1, math.nan, correct=9), epoch(1, 0.1, score=math.nan)):
        assert best_epoch([first, epoch(2, 5.0)]).epoch == 2
    assert best_epoch([epoch(1, math.nan, correct=5), epoch(2, 1.0, correct=5)]).epoch == 2
    assert best_epoch([epoch(1, 0.3), epoch(2, 0.2), epoch(3, 0.2)]).epoch == 2
    worse = [epoch(n, 0.1, score=s, higher_is_better=False) for n, s in ((1, 3.0), (2, 2.0))]
    assert best_epoch(worse).epoch == 2


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_gradient_that_is_no_number_stops_before_the_weights_change(
    clip_norm: float | None,
) -> None:
    def loss(output: Tensor, target: Tensor) -> Tensor:
        return (output * 0.0).sqrt().sum()  # 0, with a gradient of 0 * inf

    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = model[1].weight.detach().clone()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    told = r"a gradient is not finite at batch 1 of epoch 1 \(step 1\), first in the gradient of 1"
    with pytest.raises(TrainingDiverged, match=told) as caught:
        fit(model, optimizer, Pairs(mt.ones(4, 1)), epochs=1, loss_function=loss,
            clip_norm=clip_norm)  # fmt: skip
    assert (caught.value.step, caught.value.layer) == (1, "1.bias")
    np.testing.assert_array_equal(model[1].weight.detach().numpy(), before.numpy())


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (mt.zeros(2, 2), r"wanted batches \(input, target\).* got a Tensor"),
        ((mt.zeros(2, 2),), "got a tuple of 1"),
        ((mt.zeros(2, 2), np.zeros(2)), "got targets of type ndarray. Convert them"),
        ((np.zeros((2, 2)), mt.zeros(2)), r"inputs of type numpy.ndarray.*from_numpy\(\)"),
    ],
)
def test_batches_of_another_form_are_refused(batch: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        trained([batch])
    with pytest.raises(TypeError, match=message):
        evaluate(nn.Linear(2, 1), [batch])


def test_data_without_batches_are_refused() -> None:
    with pytest.raises(ValueError, match="train has no batches"):
        trained([])
    with pytest.raises(TypeError, match="metric must be"):
        trained([], metric=3)


def test_reporters_write_each_batch_and_epoch(tmp_path: Path) -> None:
    files = tmp_path / "a.jsonl", tmp_path / "a.csv"
    data = Pairs(mt.tensor([0, 1]), mt.tensor([1]))
    results = trained(
        data, 2, validation=data, reporters=[JSONLReporter(files[0]), CSVReporter(files[1])]
    )
    one, two, last = read_records(files[0])
    assert (one["step"], two["step"], two["batch"]) == (1, 2, 2)
    assert last["train_loss"] == results[0].train.loss
    assert last["validation_accuracy"] == results[0].validation.accuracy
    (row,) = csv.DictReader(io.StringIO(files[1].read_text()))
    assert float(row["train_loss"]) == results[0].train.loss
    assert row["step"] == "2"


def test_records_of_a_killed_process_are_read_up_to_where_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JSONLReporter(path) as reporter:
        reporter.fit_begins(0, [])
        for step in (1, 2, 3):
            reporter.batch_ends(BatchResult(1, step, step, math.nan, 0.1))
    with path.open("a") as file:
        file.write('{"epoch": 1, "ste')
    with JSONLReporter(path) as reporter:
        reporter.fit_begins(2, [])
    assert [record["step"] for record in read_records(path)] == [1, 2]
    assert json.loads(path.read_text().splitlines()[0])["loss"] is None
    path.write_text("what\n")
    with pytest.raises(ValueError, match="line 1 is no record"):
        read_records(path)


def test_tensorboard_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install 'minitorch-nn\[tensorboard\]'"):
        TensorBoardReporter(tmp_path)
