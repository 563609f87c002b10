"""Reporters: they hear of every batch and epoch, and tell it to a person or a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, TextIO

from minitorch_nn.training.bars import bar
from minitorch_nn.training.results import BatchResult, EpochResult, Evaluation


class Reporter:
    """Receives the progress of training. The base class does nothing."""

    def fit_begins(self, step: int, results: Sequence[EpochResult]) -> None:
        """Training begins, after so many batches and with the epochs that are done already: 0 and
        none, unless it goes on where it was interrupted. What was recorded of later batches is
        done again."""

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        """An epoch of `batches` begins."""

    def batch_ends(self, result: BatchResult) -> None:
        """The model was trained on a batch."""

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
    """A progress bar on stderr while an epoch runs (on a terminal or in a notebook), a line on
    stdout after it.

    Args:
        unit: the word for examples, in the plural.
        stream: the stream to print lines to.
    """

    def __init__(self, unit: str = "examples", stream: TextIO | None = None) -> None:
        self.unit = unit
        self.stream = stream or sys.stdout
        self._bar: Any = None

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        self._bar = bar(f"epoch {epoch}/{epochs}", batches, "batch")
        self._bar.set_postfix_str("first batch", refresh=True)

    def batch_ends(self, result: BatchResult) -> None:
        self._bar.set_postfix_str(f"loss {result.loss:.4f}", refresh=False)
        self._bar.update(result.batch - self._bar.n)

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
            line += f"  validation {told(result.validation)}"
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


def told(found: Evaluation) -> str:
    """An evaluation in a few words: "57/64 (89.06%)", "loss 0.3411", or a metric by its name."""
    if found.correct is not None:
        return f"{found.correct}/{found.total} ({found.accuracy:.2%})"
    if found.score is None:
        return f"loss {found.loss:.4f}"
    return f"loss {found.loss:.4f}, {found.metric} {found.score:.4f}"
