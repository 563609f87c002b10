"""The training loop: it learns, it reports, it repeats itself, and it stops when it diverges."""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import optim, training
from minitorch_nn.training import (
    BatchResult,
    ConsoleReporter,
    EpochResult,
    Evaluation,
    Reporter,
    TrainingDiverged,
    best_epoch,
    evaluate,
    fit,
)
from minitorch_tensor import Tensor


class Points:
    """Points in the plane, in class 1 above the diagonal; in batches, the last one smaller."""

    def __init__(self, n: int = 50, batch_size: int = 16, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.uniform(-1, 1, (n, 2)).astype(np.float32)
        self.y = (self.x[:, 0] < self.x[:, 1]).astype(np.int64)
        self.batch_size = batch_size
        self.epochs = 0

    def __len__(self) -> int:
        return len(range(0, len(self.x), self.batch_size))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.epochs += 1
        for start in range(0, len(self.x), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield mt.tensor(self.x[part]), mt.tensor(self.y[part])


class Listener(Reporter):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        self.heard.append(("begins", epoch, epochs, batches))

    def batch_ends(self, result: BatchResult) -> None:
        self.heard.append(("batch", result.epoch, result.batch, result.loss))

    def epoch_ends(self, result: EpochResult) -> None:
        self.heard.append(("ends", result))

    def __enter__(self) -> Reporter:
        self.heard.append(("enter",))
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.heard.append(("exit", kind))


def classifier() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 2))


def train(epochs: int = 3, **options: Any) -> tuple[nn.Module, list[EpochResult]]:
    mt.manual_seed(1)
    model = classifier()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    return model, fit(model, optimizer, Points(), epochs=epochs, **options)


def test_a_small_problem_is_learned(backend: str) -> None:
    model, results = train(epochs=12, validation=Points(seed=1))
    assert results[-1].train.loss < 0.6 * results[0].train.loss
    assert results[-1].validation.accuracy >= 0.9
    assert evaluate(model, Points(100, seed=2)).accuracy >= 0.9
    assert not model.training


def test_a_seed_repeats_the_training_bit_by_bit() -> None:
    (one, first), (other, second) = train(), train()
    assert [r.train for r in first] == [r.train for r in second]
    for p, q in zip(one.parameters(), other.parameters()):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_both_backends_learn_the_same() -> None:
    models = []
    for name in ("simple", "numpy"):
        with mt.use_backend(name):
            models.append(train()[0])
    for p, q in zip(models[0].parameters(), models[1].parameters()):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_the_loss_is_a_mean_over_examples_not_over_batches() -> None:
    model = nn.Linear(2, 2)
    points = Points(n=10, batch_size=4)
    result = evaluate(model, points)
    logits = model(mt.tensor(points.x)).detach()
    expected = nn.functional.cross_entropy(logits, mt.tensor(points.y)).item()
    assert result.loss == pytest.approx(expected, rel=1e-5)
    correct = int((logits.numpy().argmax(1) == points.y).sum())
    assert (result.correct, result.total) == (correct, 10)
    assert result.accuracy == correct / 10


def test_evaluation_drops_nothing_tracks_nothing_and_changes_nothing() -> None:
    model = classifier().train()
    before = [p.detach().numpy().copy() for p in model.parameters()]
    seen: list[bool] = []
    model.register_forward_hook(lambda m, i, out: seen.append(out.requires_grad))
    assert evaluate(model, Points()) == evaluate(model, Points())
    assert not any(seen)
    assert not model.training
    for p, old in zip(model.parameters(), before):
        np.testing.assert_array_equal(p.detach().numpy(), old)
        assert p.grad is None


def test_a_trained_model_is_left_in_evaluation_mode() -> None:
    model, _ = train(epochs=1)
    assert not any(module.training for module in model.modules())


def test_training_mode_is_back_on_after_every_validation() -> None:
    modes: list[bool] = []

    class Watch(nn.Module):
        def __init__(self) -> None:
            self.linear = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            modes.append(self.training)
            return self.linear(x)

    model = Watch()
    data, validation = Points(4, 2), Points(3, 3)
    fit(model, optim.SGD(model.parameters()), data, epochs=2, validation=validation)
    assert modes == [True, True, False] * 2
    assert (data.epochs, validation.epochs) == (2, 2)


def test_the_reporter_hears_everything_in_order() -> None:
    listener = Listener()
    _, results = train(epochs=2, validation=Points(5), reporters=[listener])
    kinds = [entry[0] for entry in listener.heard]
    epoch = ["begins", *["batch"] * 4, "ends"]
    assert kinds == ["enter", *epoch, *epoch, "exit"]
    assert listener.heard[1] == ("begins", 1, 2, 4)
    assert [entry[1:3] for entry in listener.heard if entry[0] == "batch"][4:] == [
        (2, 1), (2, 2), (2, 3), (2, 4)
    ]  # fmt: skip
    assert [entry[1] for entry in listener.heard if entry[0] == "ends"] == results
    assert [result.epoch for result in results] == [1, 2]
    assert results[0].train.total == 50
    assert results[0].validation.total == 5
    assert listener.heard[-1] == ("exit", None)


def test_the_schedule_moves_once_a_batch() -> None:
    model = nn.Linear(2, 2)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.1 / (1 + step))
    fit(model, optimizer, Points(), epochs=3, scheduler=schedule)
    assert schedule.last_epoch == 12


def test_training_that_diverges_stops_at_once_and_says_so() -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))
    listener = Listener()
    optimizer = optim.SGD(model.parameters(), lr=1e30)
    with pytest.raises(TrainingDiverged, match=r"the loss is (inf|nan) at batch 2 of epoch 1 "):
        fit(model, optimizer, Points(), epochs=3, reporters=[listener])
    assert listener.heard[-1] == ("exit", TrainingDiverged)
    assert [entry[0] for entry in listener.heard].count("batch") == 1


def test_another_loss_can_be_minimised() -> None:
    def squares(logits: Tensor, target: Tensor) -> Tensor:
        truth = mt.tensor(np.eye(2, dtype=np.float32)[target.numpy()])
        return nn.functional.mse_loss(logits, truth)

    model = nn.Linear(2, 2)
    data = Points()
    results = fit(
        model, optim.Adam(model.parameters(), lr=0.05), data, epochs=8, loss_function=squares
    )
    assert results[-1].train.loss < 0.6 * results[0].train.loss
    assert evaluate(model, data, loss_function=squares).loss < results[0].train.loss
    assert results[0].validation is None


def test_an_evaluation_reads_as_the_last_line_of_an_app() -> None:
    assert str(Evaluation(0.03, 9903, 10000)) == "0.9903 (9903/10000)"
    assert str(Evaluation(0.0, 0, 3)) == "0.0000 (0/3)"
    assert math.isnan(Evaluation(0.0, 0, 0).accuracy)


def result(validation: Evaluation | None = None) -> EpochResult:
    return EpochResult(2, 5, Evaluation(0.25, 900, 1000), validation, seconds=0.4)


def test_the_console_gets_a_line_an_epoch() -> None:
    stream = io.StringIO()
    with ConsoleReporter("images", stream) as reporter:
        reporter.epoch_begins(2, 5, 10)
        reporter.batch_ends(BatchResult(2, 1, 11, 0.3, 0.1))
        reporter.epoch_ends(result(Evaluation(0.1, 490, 500)))
        reporter.epoch_begins(3, 5, 10)
        reporter.epoch_ends(result())
    assert stream.getvalue().splitlines() == [
        "epoch 2/5  loss 0.2500  validation 490/500 (98.00%)  2,500 images/s  0.4 s",
        "epoch 2/5  loss 0.2500  2,500 images/s  0.4 s",
    ]
    assert result().examples_per_second == 2500


def test_the_console_shows_a_bar_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train(epochs=1, reporters=[ConsoleReporter()])
    plain = capsys.readouterr()
    assert plain.err == ""
    assert re.fullmatch(r"epoch 1/1  loss \d\.\d{4}  [\d,]+ examples/s  \d+\.\d s\n", plain.out)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    train(epochs=1, reporters=[ConsoleReporter()])
    assert "epoch 1/1:" in terminal.getvalue()
    assert "/4" in terminal.getvalue()


def test_the_bar_is_gone_after_an_error() -> None:
    reporter = ConsoleReporter(stream=io.StringIO())
    with pytest.raises(KeyboardInterrupt), reporter:
        reporter.epoch_begins(1, 1, 5)
        raise KeyboardInterrupt
    assert reporter._bar is None


def test_a_line_stands_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    with ConsoleReporter() as reporter:
        reporter.epoch_begins(1, 1, 5)
        reporter.say("something")
        reporter.batch_ends(BatchResult(1, 1, 1, 0.5, 0.1))
    before, after = terminal.getvalue().split("something\n")
    assert before.endswith("\r")  # the bar was taken away, and is drawn again below
    assert "epoch 1/1:" in after


# -- which epoch is kept, and when to stop ---------------------------------------------------------


class Drawn:
    """Validation that comes out as drawn up: so many of ten right after each epoch."""

    def __init__(self, *correct: int, losses: tuple[float, ...] = ()) -> None:
        self.outcomes = [
            Evaluation(losses[i] if losses else 1.0, count, 10) for i, count in enumerate(correct)
        ]

    def evaluate(self, model: nn.Module, batches: Any, **options: Any) -> Evaluation:
        return self.outcomes.pop(0)


class Snapshots(Reporter):
    """The model's weights after each epoch."""

    def __init__(self) -> None:
        self.model: nn.Module = nn.Linear(2, 2)
        self.weights: list[np.ndarray] = []

    def epoch_ends(self, result: EpochResult) -> None:
        self.weights.append(self.model.weight.detach().numpy().copy())


def train_drawn(drawn: Drawn, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Snapshots:
    monkeypatch.setattr(training.loop, "evaluate", drawn.evaluate)
    listener = Snapshots()
    optimizer = optim.SGD(listener.model.parameters(), lr=0.1)
    epochs = len(drawn.outcomes)
    fit(listener.model, optimizer, Points(), epochs=epochs, validation=Points(),
        reporters=[listener], **options)  # fmt: skip
    return listener


@pytest.mark.parametrize(
    ("correct", "losses", "best"),
    [
        ((5, 9, 7), (), 1),
        ((9, 5, 7), (), 0),
        ((5, 6, 7), (), 2),
        ((5, 9, 9), (1.0, 0.5, 0.4), 2),
        ((5, 9, 9), (1.0, 0.4, 0.5), 1),
        ((9, 9, 9), (), 0),
    ],
)
def test_the_best_epoch_on_validation_is_kept(
    correct: tuple[int, ...], losses: tuple[float, ...], best: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = train_drawn(Drawn(*correct, losses=losses), monkeypatch, keep_best=True)
    np.testing.assert_array_equal(kept.model.weight.detach().numpy(), kept.weights[best])
    assert not kept.model.training
    left = train_drawn(Drawn(*correct, losses=losses), monkeypatch)
    np.testing.assert_array_equal(left.model.weight.detach().numpy(), left.weights[-1])


@pytest.mark.parametrize(
    ("correct", "patience", "epochs"),
    [((5, 9, 7, 8, 9), 2, 4), ((5, 9, 7, 8, 9), 1, 3), ((5, 6, 7, 8, 9), 1, 5), ((9, 5), 1, 2)],
)
def test_training_stops_when_patience_ends(
    correct: tuple[int, ...], patience: int, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(train_drawn(Drawn(*correct), monkeypatch, patience=patience).weights) == epochs


def test_epochs_are_compared_by_validation_only() -> None:
    for options in ({"keep_best": True}, {"patience": 1}):
        with pytest.raises(ValueError, match="fit: keep_best and patience compare epochs by their"):
            train(**options)
    with pytest.raises(ValueError, match="best_epoch: no epoch was validated"):
        best_epoch([result()])


def test_gradients_are_clipped_before_each_step() -> None:
    data = Points()
    steps = []
    for clip_norm in (None, 1e-3, 1e9):
        mt.manual_seed(0)
        model = nn.Linear(2, 2)
        before = model.weight.detach().numpy().copy()
        fit(model, optim.SGD(model.parameters(), lr=1.0), data, epochs=1, clip_norm=clip_norm)
        steps.append(model.weight.detach().numpy() - before)
    np.testing.assert_array_equal(steps[0], steps[2])
    assert 0 < np.linalg.norm(steps[1]) <= 4 * 1e-3  # of four batches
    assert np.linalg.norm(steps[0]) > 0.01
