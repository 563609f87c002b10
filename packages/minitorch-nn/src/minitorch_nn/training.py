"""A training loop for apps to share: epochs over batches, each followed by validation."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TextIO

from minitorch_nn.functional import cross_entropy
from minitorch_nn.module import Module
from minitorch_nn.optim import Optimizer
from minitorch_nn.optim.lr_scheduler import LRScheduler
from minitorch_nn.utils import clip_grad_norm_
from minitorch_tensor import Tensor, no_grad


class TrainingDiverged(RuntimeError):
    """The loss became infinite or NaN."""


class Batches(Protocol):
    """Training or evaluation data: each iteration over it is an epoch of (input, target).

    `input` is anything that the model accepts; `target` holds class indices (N).
    """

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        """The batches of one epoch."""

    def __len__(self) -> int:
        """The number of batches in an epoch."""


@dataclass(frozen=True)
class Evaluation:
    """A model's result on a set of examples: the mean loss, and the number classified correctly."""

    loss: float
    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """The fraction classified correctly."""
        return self.correct / self.total if self.total else math.nan

    def __str__(self) -> str:
        return f"{self.accuracy:.4f} ({self.correct}/{self.total})"


@dataclass(frozen=True)
class EpochResult:
    """The result of one epoch. Epochs count from 1; seconds are of training, without
    validation."""

    epoch: int
    epochs: int
    train: Evaluation
    validation: Evaluation | None
    seconds: float

    @property
    def examples_per_second(self) -> float:
        """Training examples per second."""
        return self.train.total / self.seconds if self.seconds else math.inf


class Reporter:
    """Receives the progress of training. The base class prints nothing."""

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        """An epoch of `batches` begins."""

    def batch_ends(self, epoch: int, batch: int, loss: float) -> None:
        """The model was trained on a batch; batches count from 1."""

    def epoch_ends(self, result: EpochResult) -> None:
        """An epoch ended, validation included."""

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Training ended, perhaps by an exception."""


class ConsoleReporter(Reporter):
    """A progress bar on stderr while an epoch runs (on a terminal), a line on stdout after it.

    Args:
        unit: the word for examples, in the plural.
        stream: the stream to print lines to.
    """

    def __init__(self, unit: str = "examples", stream: TextIO | None = None) -> None:
        self.unit = unit
        self.stream = stream or sys.stdout
        self._bar: Any = None

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=batches,
            desc=f"epoch {epoch}/{epochs}",
            unit="batch",
            leave=False,
            disable=None,  # silent unless stderr is a terminal
            file=sys.stderr,
        )

    def batch_ends(self, epoch: int, batch: int, loss: float) -> None:
        self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
        self._bar.update()

    def say(self, line: str) -> None:
        """Print a line, above the progress bar if there is one."""
        from tqdm import tqdm

        tqdm.write(line, file=self.stream)
        self.stream.flush()

    def epoch_ends(self, result: EpochResult) -> None:
        self._close()
        self.say(self.summary(result))

    def summary(self, result: EpochResult) -> str:
        """The line printed after an epoch."""
        line = f"epoch {result.epoch}/{result.epochs}  loss {result.train.loss:.4f}"
        if result.validation is not None:
            correct, total = result.validation.correct, result.validation.total
            line += f"  validation {correct}/{total} ({result.validation.accuracy:.2%})"
        line += f"  {result.examples_per_second:,.0f} {self.unit}/s  {result.seconds:.1f} s"
        return line

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def fit(
    model: Module,
    optimizer: Optimizer,
    train: Batches,
    *,
    epochs: int,
    validation: Batches | None = None,
    loss_function: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    scheduler: LRScheduler | None = None,
    reporter: Reporter | None = None,
    clip_norm: float | None = None,
    keep_best: bool = False,
    patience: int | None = None,
) -> list[EpochResult]:
    """Train a classifier.

    Args:
        model: maps the inputs of a batch to logits (N, C).
        optimizer: the optimizer of the model's parameters.
        train: training batches, iterated over once per epoch.
        epochs: number of epochs.
        validation: batches to evaluate on after each epoch.
        loss_function: the mean loss of a batch, from logits and targets.
        scheduler: stepped after every batch.
        reporter: notified of every batch and epoch.
        clip_norm: limit of the total norm of a batch's gradients.
        keep_best: restore the model of the epoch that `best_epoch` picks, instead of keeping
            that of the last.
        patience: stop after this many epochs in a row without a new best.

    Returns: the result of each epoch. The model is left in evaluation mode.
    Raises: TrainingDiverged as soon as a loss is not finite; ValueError for keep_best or patience
        without validation.
    """
    if validation is None and (keep_best or patience is not None):
        raise ValueError(
            "fit: keep_best and patience compare epochs by their validation. Give validation, or "
            "leave them out."
        )
    results: list[EpochResult] = []
    best: dict[str, Tensor] = {}
    with reporter or Reporter() as reporter:
        for epoch in range(1, epochs + 1):
            reporter.epoch_begins(epoch, epochs, len(train))
            started = time.perf_counter()
            trained = _train_epoch(
                model, optimizer, train, loss_function, scheduler, reporter, epoch, clip_norm
            )
            seconds = time.perf_counter() - started
            validated = None
            if validation is not None:
                validated = evaluate(model, validation, loss_function=loss_function)
            results.append(EpochResult(epoch, epochs, trained, validated, seconds))
            reporter.epoch_ends(results[-1])
            if validated is None:
                continue
            leader = best_epoch(results).epoch
            if keep_best and leader == epoch:
                best = {name: value.clone() for name, value in model.state_dict().items()}
            if patience is not None and epoch - leader >= patience:
                break
    if best:
        model.load_state_dict(best)
    model.eval()
    return results


def best_epoch(results: Sequence[EpochResult]) -> EpochResult:
    """The epoch with the highest validation accuracy; ties go to the lowest validation loss, then
    to the earliest epoch.

    Raises: ValueError if no epoch was validated.
    """
    validated = [result for result in results if result.validation is not None]
    if not validated:
        raise ValueError("best_epoch: no epoch was validated. Give fit validation.")
    return max(validated, key=_merit)


def _merit(result: EpochResult) -> tuple[float, float]:
    assert result.validation is not None
    return result.validation.accuracy, -result.validation.loss


def _train_epoch(
    model: Module,
    optimizer: Optimizer,
    train: Batches,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    scheduler: LRScheduler | None,
    reporter: Reporter,
    epoch: int,
    clip_norm: float | None,
) -> Evaluation:
    model.train()
    parameters = list(model.parameters())
    tally = _Tally()
    for number, (input, target) in enumerate(train, start=1):
        optimizer.zero_grad()
        logits = model(input)
        loss = loss_function(logits, target)
        value = tally.add(loss, logits, target)
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"training diverged: the loss is {value} at batch {number} of epoch {epoch}. "
                "Use a lower learning rate."
            )
        loss.backward()
        if clip_norm is not None:
            clip_grad_norm_(parameters, clip_norm)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        reporter.batch_ends(epoch, number, value)
    return tally.result()


@no_grad()
def evaluate(
    model: Module,
    batches: Batches,
    *,
    loss_function: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
) -> Evaluation:
    """Mean loss and number of correct classifications. Leaves the model in evaluation mode."""
    model.eval()
    tally = _Tally()
    for input, target in batches:
        logits = model(input)
        tally.add(loss_function(logits, target), logits, target)
    return tally.result()


class _Tally:
    """Sums loss and correct answers over batches of different sizes."""

    def __init__(self) -> None:
        self.loss = 0.0
        self.correct = 0
        self.total = 0

    def add(self, loss: Tensor, logits: Tensor, target: Tensor) -> float:
        value = float(loss.item())
        count = target.shape[0]
        self.loss += value * count
        self.correct += int((logits.detach().argmax(1) == target).sum().item())
        self.total += count
        return value

    def result(self) -> Evaluation:
        return Evaluation(
            self.loss / self.total if self.total else math.nan, self.correct, self.total
        )
