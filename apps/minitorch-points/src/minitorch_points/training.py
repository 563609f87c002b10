"""One training loop for both engines; it needs only that both have `backward`."""

from __future__ import annotations

import contextlib
import io
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import no_grad
from minitorch_data import DataLoader
from minitorch_datasets import PointSet
from minitorch_nn import optim
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import (
    BatchResult,
    EpochResult,
    Evaluation,
    Reporter,
    TrainingDiverged,
    load_state,
    previous,
)
from minitorch_points.data import to_batches
from minitorch_points.scalar_network import ScalarAdam, ScalarNetwork
from minitorch_points.tensor_network import TensorNetwork
from minitorch_tensor import Tensor
from minitorch_tensor.files import write_file
from minitorch_tensor.serialization import save

#: Decay of Adam's running means. The second is less than the usual 0.999, which averages over a
#: thousand steps, as many as all of training.
BETAS = (0.9, 0.99)

#: The version of a checkpoint's layout.
FORMAT = 1

#: Points per batch in evaluation, where the size affects only memory.
EVALUATION_BATCH = 1000


class Network(Protocol):
    """The interface of a network in the loop. `Any` is the type of logits."""

    def __call__(self, points: Tensor) -> Any:
        """A logit for each of the points (N, 2)."""

    def loss(self, logits: Any, labels: Tensor) -> Any:
        """One value, with `item` and `backward`: the mean loss."""

    def values(self, logits: Any) -> npt.NDArray[Any]:
        """The logits as plain numbers (N)."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """All weights and biases."""

    def load_state_dict(self, state: Any) -> Any:
        """Take over what `state_dict` gave."""


class Optimizer(Protocol):
    """The interface of an optimizer in the loop."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None:
        """Set all gradients to None."""

    def step(self) -> None:
        """Update every parameter."""

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes over."""

    def load_state_dict(self, state: Any) -> None:
        """Take over what `state_dict` gave."""


@dataclass(frozen=True)
class Engine:
    """A way to compute a network: with Scalars or with Tensors.

    Attributes:
        build: makes a network and its optimizer from the number of hidden units, a seed, and a
            learning rate.
        resolution: points along a side of the square at which the boundary is computed, as many
            as take a few seconds at most.
    """

    build: Callable[[int, int, float], tuple[Network, Optimizer]]
    resolution: int


def _with_scalars(hidden: int, seed: int, lr: float) -> tuple[Network, Optimizer]:
    network = ScalarNetwork(hidden, seed)
    return network, ScalarAdam(network.parameters(), lr, BETAS)


def _with_tensors(hidden: int, seed: int, lr: float) -> tuple[Network, Optimizer]:
    network = TensorNetwork(hidden, seed)
    return network, optim.Adam(network.parameters(), lr, BETAS)


ENGINES = {
    "scalar": Engine(_with_scalars, resolution=65),
    "tensor": Engine(_with_tensors, resolution=257),
}


def fit(
    network: Network,
    optimizer: Optimizer,
    batches: DataLoader[tuple[Tensor, Tensor]],
    *,
    epochs: int,
    reporters: Sequence[Reporter] = (),
    checkpoint: Path | None = None,
    checkpoint_minutes: float = 1 / 60,
    resume: Path | None = None,
    notes: Mapping[str, Any] | None = None,
) -> list[EpochResult]:
    """Train a network, with a learning rate that falls linearly from the optimizer's to 0.

    Args:
        network: the network to train.
        optimizer: the optimizer of its parameters.
        batches: training batches (inputs, labels), iterated over once per epoch.
        epochs: the number of epochs.
        reporters: each is notified of every batch and epoch.
        checkpoint: a file that holds all that is needed to go on, written after the last epoch and
            after others, if so much time has passed.
        checkpoint_minutes: how much.
        resume: the checkpoint to go on from; all else must be as it was.
        notes: plain data to keep in the checkpoint.

    Returns: the result of each epoch, measured on the batches while training.
    Raises: TrainingDiverged as soon as a loss is not finite; CheckpointError for a checkpoint of
        something else.
    """
    rates = list(_falling(optimizer.param_groups[0]["lr"], epochs * len(batches)))
    results: list[EpochResult] = []
    if resume is not None:
        results = _restore(resume, network, optimizer, batches)
    steps = results[-1].step if results else 0
    saved = time.monotonic()
    with contextlib.ExitStack() as stack:
        for reporter in reporters:
            stack.enter_context(reporter)
            reporter.fit_begins(steps, results)
        for epoch in range(len(results) + 1, epochs + 1):
            for reporter in reporters:
                reporter.epoch_begins(epoch, epochs, len(batches))
            started = time.perf_counter()
            tally = _Tally(network)
            for number, (inputs, labels) in enumerate(batches, start=1):
                optimizer.param_groups[0]["lr"] = lr = rates[steps]
                optimizer.zero_grad()
                logits = network(inputs)
                loss = network.loss(logits, labels)
                value = tally.add(loss, logits, labels)
                loss.backward()
                optimizer.step()
                steps += 1
                for reporter in reporters:
                    reporter.batch_ends(BatchResult(epoch, number, steps, value, lr))
            seconds = time.perf_counter() - started
            results.append(EpochResult(epoch, epochs, tally.result(), None, seconds, lr, steps))
            for reporter in reporters:
                reporter.epoch_ends(results[-1])
            due = time.monotonic() - saved > 60 * checkpoint_minutes or epoch == epochs
            if checkpoint is not None and due:
                _save(checkpoint, network, optimizer, batches, results, notes or {})
                saved = time.monotonic()
    return results


def _save(
    path: Path,
    network: Network,
    optimizer: Optimizer,
    batches: DataLoader[tuple[Tensor, Tensor]],
    results: Sequence[EpochResult],
    notes: Mapping[str, Any],
) -> None:
    """Write a checkpoint; the one that was there becomes the previous one."""
    content = io.BytesIO()
    state = {
        "format": FORMAT,
        "network": dict(network.state_dict()),
        "optimizer": optimizer.state_dict(),
        "batches": batches.state_dict(),
        "results": [result.to_dict() for result in results],
        "notes": dict(notes),
    }
    save(state, content)
    if path.exists():
        path.replace(previous(path))
    write_file(path, content.getvalue())


def _restore(
    path: Path,
    network: Network,
    optimizer: Optimizer,
    batches: DataLoader[tuple[Tensor, Tensor]],
) -> list[EpochResult]:
    """Put all in the state of a checkpoint; the results until then."""
    state = load_state(path)
    try:
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        batches.load_state_dict(state["batches"])
        return [EpochResult.from_dict(result) for result in state["results"]]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        told = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"{path} does not fit what is to be trained: {told or type(error).__name__}. Begin "
            "another run."
        ) from None


def evaluate(network: Network, points: PointSet) -> Evaluation:
    """Mean loss, and number of points classified correctly.

    Raises: TrainingDiverged if the loss is not finite.
    """
    tally = _Tally(network)
    with no_grad():
        for inputs, labels in to_batches(points, EVALUATION_BATCH):
            logits = network(inputs)
            tally.add(network.loss(logits, labels), logits, labels)
    return tally.result()


def _falling(lr: float, steps: int) -> Iterator[float]:
    for step in range(steps):
        yield lr * (1 - step / steps)


class _Tally:
    """Sums loss and correct answers over batches of different sizes."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.loss = 0.0
        self.correct = 0
        self.total = 0

    def add(self, loss: Any, logits: Any, labels: Tensor) -> float:
        value = float(loss.item())
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"training diverged: the loss is {value}. Use a lower learning rate."
            )
        self.loss += value * len(labels)
        self.correct += int(np.sum((self.network.values(logits) > 0) == labels.numpy()))
        self.total += len(labels)
        return value

    def result(self) -> Evaluation:
        return Evaluation(self.loss / self.total, self.correct, self.total)


class ConsoleReporter(Reporter):
    """One progress bar on stderr for all of training (on a terminal), and a line on stdout after
    many epochs: a single epoch is too short for its own bar or line.

    Args:
        lines: the approximate number of lines to print.
    """

    def __init__(self, lines: int = 10) -> None:
        self.lines = lines
        self._bar: Any = None

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=epochs * batches,
                unit="batch",
                leave=False,
                disable=None,  # silent unless stderr is a terminal
                file=sys.stderr,
            )

    def batch_ends(self, result: BatchResult) -> None:
        self._bar.update()

    def epoch_ends(self, result: EpochResult) -> None:
        every = math.ceil(result.epochs / self.lines)
        if result.epoch % every == 0 or result.epoch in (1, result.epochs):
            train = result.train
            self._bar.write(
                f"epoch {result.epoch:>{len(str(result.epochs))}}/{result.epochs}  "
                f"loss {train.loss:.4f}  correct {train.correct}/{train.total}",
                file=sys.stdout,
            )
            sys.stdout.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
