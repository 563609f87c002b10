"""The training loop that apps share: epochs over batches, each followed by validation."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from minitorch_nn.functional import cross_entropy
from minitorch_nn.module import Module
from minitorch_nn.optim import Optimizer
from minitorch_nn.optim.lr_scheduler import LRScheduler
from minitorch_nn.training.diverging import TrainingDiverged, check_gradients, first_layer
from minitorch_nn.training.interruption import Interruption
from minitorch_nn.training.metrics import AUTO, Metric, accuracy, are_classes, chosen
from minitorch_nn.training.reporters import Reporter
from minitorch_nn.training.results import BatchResult, EpochResult, Evaluation, best_epoch
from minitorch_nn.training.state import (
    Progress,
    copied,
    load_state,
    random_states,
    restore,
    save_state,
    set_random_states,
)
from minitorch_nn.utils import clip_grad_norm_
from minitorch_tensor import Tensor, no_grad

#: What measures beside the loss, in every form that `fit` takes.
Measured = Metric | Callable[[Any, Any], Any] | str | None


class Batches(Protocol):
    """Training or evaluation data: each iteration over it is an epoch of (input, target).

    `input` is anything that the model accepts; `target` is a tensor whose first axis is the batch.
    For `fit` to go on exactly where it was interrupted, what is drawn in an iteration must come
    from the default generator, from an attribute `generator`, or be covered by `state_dict` and
    `load_state_dict`, as in minitorch-data's DataLoader.
    """

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        """The batches of one epoch."""

    def __len__(self) -> int:
        """The number of batches in an epoch."""


def fit(
    model: Module,
    optimizer: Optimizer,
    train: Batches,
    *,
    epochs: int,
    validation: Batches | None = None,
    loss_function: Callable[[Any, Any], Tensor] = cross_entropy,
    metric: Measured = AUTO,
    scheduler: LRScheduler | None = None,
    reporters: Sequence[Reporter] = (),
    clip_norm: float | None = None,
    keep_best: bool = False,
    patience: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_minutes: float = 5.0,
    resume: str | os.PathLike[str] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> list[EpochResult]:
    """Train a model.

    Args:
        model: maps the inputs of a batch to outputs, such as logits (N, C).
        optimizer: the optimizer of the model's parameters.
        train: training batches, iterated over once per epoch.
        epochs: number of epochs.
        validation: batches to evaluate on after each epoch.
        loss_function: the mean loss of a batch, from outputs and targets.
        metric: a Metric, or a function of outputs and targets that gives the mean of a batch, the
            higher the better; by default the accuracy where targets are class numbers, and nothing
            elsewhere; None for nothing.
        scheduler: stepped after every batch.
        reporters: each is notified of every batch and epoch.
        clip_norm: limit of the total norm of a batch's gradients.
        keep_best: restore the model of the epoch that `best_epoch` picks, instead of keeping
            that of the last.
        patience: stop after this many epochs in a row without a new best.
        checkpoint: a file that holds all that is needed to go on; it is written after every epoch,
            after `checkpoint_minutes`, and when Ctrl-C or SIGTERM asks to end, which then waits
            for the batch. The one before it stays beside it, as FILE.previous.
        checkpoint_minutes: how much time is lost at most.
        resume: the checkpoint to go on from. All else must be as it was; the results are the same
            to the last bit, on the same machine with as many threads.
        notes: plain data to keep in the checkpoint, such as the configuration.

    Returns: the result of each epoch, those before a resumption too. The model is left in
        evaluation mode.
    Raises: TrainingDiverged as soon as a loss or a gradient is not finite, and the weights stay as
        they were; CheckpointError if a checkpoint cannot be read or written; TypeError for batches
        of another form; ValueError for keep_best or patience without validation, and for data
        without batches.
    """
    if validation is None and (keep_best or patience is not None):
        raise ValueError(
            "fit: keep_best and patience compare epochs by their validation. Give validation, or "
            "leave them out."
        )
    job = _Job(model, optimizer, train, validation, loss_function, chosen(metric), scheduler)
    job.reporters, job.clip_norm, job.epochs = reporters, clip_norm, epochs
    job.checkpoint, job.every, job.notes = checkpoint, 60 * checkpoint_minutes, notes or {}
    now = job.begin(resume)
    progress = job.progress
    with contextlib.ExitStack() as stack:
        for reporter in reporters:
            stack.enter_context(reporter)
        # After the reporters: they are to hear of the signal only when it is delivered.
        job.interruption = stack.enter_context(Interruption()) if checkpoint is not None else None
        for reporter in reporters:
            reporter.fit_begins(progress.step, progress.results)
        while len(progress.results) < epochs and not _patience_ends(progress.results, patience):
            epoch = len(progress.results) + 1
            trained = job.train_epoch(epoch, now)
            now = None
            validated = None
            if validation is not None:
                validated = evaluate(
                    model,
                    job.unless_interrupted(validation),
                    loss_function=loss_function,
                    metric=job.metric,
                )
            lr = float(optimizer.param_groups[0]["lr"])
            result = EpochResult(
                epoch, epochs, trained, validated, progress.seconds, lr, progress.step
            )
            progress.results.append(result)
            progress.batch, progress.seconds, progress.tally = 0, 0.0, {}
            progress.at_epoch = None
            if keep_best and best_epoch(progress.results).epoch == epoch:
                progress.best = copied(model)
            for reporter in reporters:
                reporter.epoch_ends(result)
            job.save()
    if progress.best:
        model.load_state_dict(progress.best)
    model.eval()
    return progress.results


def _patience_ends(results: Sequence[EpochResult], patience: int | None) -> bool:
    if patience is None or not results:
        return False
    return len(results) - best_epoch(results).epoch >= patience


@dataclass
class _Job:
    """What `fit` was given, and where it is."""

    model: Module
    optimizer: Optimizer
    train: Batches
    validation: Batches | None
    loss_function: Callable[[Any, Any], Tensor]
    metric: Metric | str | None
    scheduler: LRScheduler | None

    def __post_init__(self) -> None:
        self.reporters: Sequence[Reporter] = ()
        self.clip_norm: float | None = None
        self.epochs = 0
        self.checkpoint: str | os.PathLike[str] | None = None
        self.every = math.inf
        self.notes: Mapping[str, Any] = {}
        self.interruption: Interruption | None = None
        self.progress = Progress()
        self.parts: dict[str, Any] = {"model": self.model, "optimizer": self.optimizer}
        if self.scheduler is not None:
            self.parts["scheduler"] = self.scheduler
        self.data: dict[str, Any] = {"train": self.train}
        if self.validation is not None:
            self.data["validation"] = self.validation
        self.saved = time.monotonic()

    def begin(self, resume: str | os.PathLike[str] | None) -> dict[str, Any] | None:
        """Restore a checkpoint; the random states at its moment, if it is within an epoch."""
        if resume is None:
            return None
        state = load_state(resume)
        self.progress = restore(resume, state, self.parts, self.data)
        if self.progress.at_epoch is None:
            return None
        set_random_states(self.progress.at_epoch, self.data)
        now: dict[str, Any] = state["random"]
        return now

    def save(self) -> None:
        """Write a checkpoint, if there is to be one, and then give way to a signal."""
        if self.checkpoint is not None:
            save_state(self.checkpoint, self.progress, self.parts, self.data, self.notes)
            self.saved = time.monotonic()
        if self.interruption is not None:
            self.interruption.deliver()

    def unless_interrupted(self, batches: Batches) -> Batches:
        """The batches of validation, up to a signal: the epoch is saved without its validation."""
        return _Interruptible(batches, self)

    def train_epoch(self, epoch: int, now: dict[str, Any] | None) -> Evaluation:
        """Train on each batch once, or on those that are left of an interrupted epoch.

        Args:
            epoch: its number, from 1.
            now: the random states after those batches that are done.
        """
        progress, model = self.progress, self.model
        for reporter in self.reporters:
            reporter.epoch_begins(epoch, self.epochs, len(self.train))
        model.train()
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        tally = Tally(self.metric)
        done = progress.batch
        if done:
            tally.load_state_dict(progress.tally)
        else:
            progress.at_epoch = random_states(self.data)
        elapsed, started = progress.seconds, time.perf_counter()
        number = 0
        for number, batch in enumerate(self.train, start=1):
            if number <= done:
                if number == done and now is not None:
                    set_random_states(now, self.data)  # before the next batch is drawn
                continue
            value, lr = self._step(epoch, number, batch, named, tally)
            progress.batch, progress.step = number, progress.step + 1
            told = BatchResult(epoch, number, progress.step, value, lr)
            for reporter in self.reporters:
                reporter.batch_ends(told)
            progress.seconds = elapsed + time.perf_counter() - started
            due = time.monotonic() - self.saved > self.every and self.checkpoint is not None
            if due or (self.interruption is not None and self.interruption.wanted):
                progress.tally = tally.state_dict()
                self.save()
        if not number:
            raise ValueError(
                "fit: train has no batches. Is the data set empty, or an iterator that is used up? "
                "Give a DataLoader, which begins anew in each epoch."
            )
        progress.tally = tally.state_dict()
        return tally.result()

    def _step(
        self,
        epoch: int,
        number: int,
        batch: Any,
        named: Sequence[tuple[str, Tensor]],
        tally: Tally,
    ) -> tuple[float, float]:
        """Train on a batch; its loss, and the learning rate."""
        input, target = pair(batch, "train")
        self.optimizer.zero_grad()
        output = self.model(input)
        loss = self.loss_function(output, target)
        value = tally.add(loss, output, target)
        if not math.isfinite(value):
            layer = first_layer(self.model, input)
            self._diverged(f"the loss is {value}", epoch, number, "output", layer)
        loss.backward()
        if self.clip_norm is not None:
            norm = clip_grad_norm_([p for _, p in named], self.clip_norm)
            finite = math.isfinite(float(norm.item()))
        else:
            finite = False  # not known: look at each
        if not finite:
            name = check_gradients(named)
            if name is not None or self.clip_norm is not None:
                self._diverged("a gradient is not finite", epoch, number, "gradient", name or "")
        lr = float(self.optimizer.param_groups[0]["lr"])
        self.optimizer.step()
        if self.scheduler is not None:
            self.scheduler.step()
        return value, lr

    def _diverged(self, what: str, epoch: int, number: int, kind: str, layer: str) -> None:
        step = self.progress.step + 1
        where = f", first in the {kind} of {layer}" if layer else ""
        raise TrainingDiverged(
            f"training diverged: {what} at batch {number} of epoch {epoch} (step {step}){where}. "
            "Use a lower learning rate; minitorch_tensor.detect_anomaly() names the operation.",
            epoch=epoch,
            batch=number,
            step=step,
            layer=layer,
        )


class _Interruptible:
    """Batches of validation that give way to a signal, between two of them."""

    def __init__(self, batches: Batches, job: _Job) -> None:
        self._batches = batches
        self._job = job

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        job = self._job
        before = random_states(job.data) if job.interruption is not None else None
        for batch in self._batches:
            if job.interruption is not None and job.interruption.wanted and before is not None:
                set_random_states(before, job.data)
                job.save()
            yield batch


def pair(batch: Any, name: str) -> tuple[Any, Tensor]:
    """The input and the target of a batch.

    Raises: TypeError for another form, with what it is instead.
    """
    wanted = (
        f"fit: wanted batches (input, target) with a tensor of targets from {name}, as DataLoader "
        "of minitorch-data makes them"
    )
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        kind = type(batch).__name__
        size = f" of {len(batch)}" if isinstance(batch, (tuple, list, dict)) else ""
        raise TypeError(f"{wanted}, got a {kind}{size}. Give it a collate_fn that makes pairs.")
    input, target = batch
    if not isinstance(target, Tensor):
        raise TypeError(
            f"{wanted}, got targets of type {type(target).__name__}. Convert them with "
            "minitorch_tensor.tensor()."
        )
    if type(input).__module__ == "numpy":
        raise TypeError(
            f"{wanted}, got inputs of type numpy.{type(input).__name__}. Convert them with "
            "minitorch_tensor.from_numpy()."
        )
    return input, target


@no_grad()
def evaluate(
    model: Module,
    batches: Batches,
    *,
    loss_function: Callable[[Any, Any], Tensor] = cross_entropy,
    metric: Measured = AUTO,
) -> Evaluation:
    """Mean loss and metric, which are NaN if there are no batches. Leaves the model in evaluation
    mode.

    Raises: TypeError for batches that are no pairs.
    """
    model.eval()
    tally = Tally(chosen(metric))
    for batch in batches:
        input, target = pair(batch, "the batches")
        output = model(input)
        tally.add(loss_function(output, target), output, target)
    return tally.result()


class Tally:
    """Sums loss and metric over batches of different sizes."""

    def __init__(self, metric: Metric | str | None) -> None:
        self._metric = metric
        self._loss = 0.0
        self._sum: float = 0
        self._count = 0
        self._examples = 0

    def add(self, loss: Tensor, output: Any, target: Tensor) -> float:
        """Add a batch; returns its loss."""
        value = float(loss.item())
        examples = target.shape[0] if target.ndim else 1
        if self._metric == AUTO:
            self._metric = accuracy if are_classes(output, target) else None
        if isinstance(self._metric, Metric):
            total, count = self._metric.measure(output, target)
            self._sum += total
            self._count += count
        self._loss += value * examples
        self._examples += examples
        return value

    def result(self) -> Evaluation:
        """Means over all that was added."""
        loss = self._loss / self._examples if self._examples else math.nan
        if not isinstance(self._metric, Metric):
            return Evaluation(loss, None, self._examples)
        name, higher = self._metric.name, self._metric.higher_is_better
        if self._metric.counts:
            return Evaluation(loss, int(self._sum), self._count, None, name, higher)
        score = self._sum / self._count if self._count else math.nan
        return Evaluation(loss, None, self._examples, score, name, higher)

    def state_dict(self) -> dict[str, Any]:
        """The sums."""
        return {
            "loss": self._loss,
            "sum": self._sum,
            "count": self._count,
            "examples": self._examples,
            "automatic": self._metric is accuracy,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from sums."""
        self._loss, self._sum = float(state["loss"]), state["sum"]
        self._count, self._examples = int(state["count"]), int(state["examples"])
        if self._metric == AUTO and self._examples:
            self._metric = accuracy if state["automatic"] else None
