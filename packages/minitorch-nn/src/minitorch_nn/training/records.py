"""Reporters that write files: each batch and epoch as a line of JSON, the epochs as a table, and
event files for TensorBoard."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from minitorch_nn.training.reporters import Reporter
from minitorch_nn.training.results import BatchResult, EpochResult
from minitorch_tensor.files import write_file


def read_records(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The records of a file of JSON lines that `JSONLReporter` wrote; a last line that a killed
    process left unfinished is passed over.

    Raises: ValueError, in one line, for another damaged line; OSError if it cannot be read.
    """
    records = []
    lines = Path(path).read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise ValueError(f"{os.fspath(path)}: line {number} is no record. Remove it.")
        records.append(record)
    return records


class JSONLReporter(Reporter):
    """A line of JSON for each batch (epoch, batch, step, loss, lr), and for each epoch (epoch,
    step, train_loss, validation_loss and metrics, seconds).

    Where training goes on from a checkpoint, what the file has of later batches goes.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: IO[str] | None = None

    def fit_begins(self, step: int, results: Sequence[EpochResult]) -> None:
        kept: list[dict[str, Any]] = []
        if step and self.path.exists():
            done = len(results)
            for record in read_records(self.path):
                of_epoch = "train_loss" in record
                if record["epoch"] <= done if of_epoch else record["step"] <= step:
                    kept.append(record)
        write_file(self.path, "".join(_line(record) for record in kept).encode())
        self._file = self.path.open("a", buffering=1, encoding="utf-8", newline="\n")

    def batch_ends(self, result: BatchResult) -> None:
        self._write(
            {
                "epoch": result.epoch,
                "batch": result.batch,
                "step": result.step,
                "loss": result.loss,
                "lr": result.lr,
            }
        )

    def epoch_ends(self, result: EpochResult) -> None:
        self._write(as_record(result))

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(_line(record))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(record: dict[str, Any]) -> str:
    """JSON, which has no NaN: such a number is null."""
    plain = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in record.items()
    }
    return json.dumps(plain, allow_nan=False) + "\n"


def as_record(result: EpochResult) -> dict[str, Any]:
    """An epoch as one flat record."""
    record: dict[str, Any] = {"epoch": result.epoch, "step": result.step, "lr": result.lr}
    for name, part in (("train", result.train), ("validation", result.validation)):
        if part is None:
            continue
        record[f"{name}_loss"] = part.loss
        if part.correct is not None:
            record[f"{name}_accuracy"] = part.accuracy
        elif part.score is not None:
            record[f"{name}_{part.metric}"] = part.score
    record["seconds"] = round(result.seconds, 3)
    return record


class CSVReporter(Reporter):
    """A table with a row for each epoch, for spreadsheets; it is whole at every moment.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._results: list[EpochResult] = []

    def fit_begins(self, step: int, results: Sequence[EpochResult]) -> None:
        self._results = list(results)

    def epoch_ends(self, result: EpochResult) -> None:
        self._results.append(result)
        rows = [as_record(each) for each in self._results]
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
        table.writeheader()
        table.writerows(rows)
        write_file(self.path, text.getvalue().encode())


class TensorBoardReporter(Reporter):
    """Event files for TensorBoard: loss and learning rate of batches, losses and metrics of epochs.

    Args:
        folder: where they are written.

    Raises: ImportError that names the extra, where tensorboardX is missing.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ModuleNotFoundError as error:
            if error.name != "tensorboardX":
                raise
            raise ImportError(
                "TensorBoardReporter: needs tensorboardX, which is not installed: "
                "pip install 'minitorch-nn[tensorboard]'."
            ) from None
        self._make = SummaryWriter
        self.folder = os.fspath(folder)
        self._writer: Any = None

    def fit_begins(self, step: int, results: Sequence[EpochResult]) -> None:
        # purge_step: TensorBoard drops what it had of later steps
        self._writer = self._make(self.folder, purge_step=step + 1 if step else None)

    def batch_ends(self, result: BatchResult) -> None:
        self._writer.add_scalar("batch/loss", result.loss, result.step)
        self._writer.add_scalar("batch/lr", result.lr, result.step)

    def epoch_ends(self, result: EpochResult) -> None:
        for name, value in as_record(result).items():
            kind, _, what = name.partition("_")
            if what and value is not None:
                self._writer.add_scalar(f"{what}/{kind}", value, result.step)
        self._writer.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()
