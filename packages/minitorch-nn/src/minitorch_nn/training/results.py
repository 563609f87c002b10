"""What training and evaluation give: losses, metrics, and which epoch is the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """A model's result on a set of examples.

    Attributes:
        loss: the mean over the examples.
        correct: how many were right, or None where nothing was counted.
        total: of how many; without a count, the examples.
        score: the metric, or None without one.
        metric: its name.
        higher_is_better: whether that is so of the metric.
    """

    loss: float
    correct: int | None
    total: int
    score: float | None = None
    metric: str = ""
    higher_is_better: bool = True

    @property
    def accuracy(self) -> float:
        """The fraction that was right; NaN where nothing was counted."""
        return self.correct / self.total if self.correct is not None and self.total else math.nan

    def __str__(self) -> str:
        if self.correct is not None:
            return f"{self.accuracy:.4f} ({self.correct}/{self.total})"
        return f"{self.loss:.4f}" if self.score is None else f"{self.score:.4f}"


@dataclass(frozen=True)
class EpochResult:
    """The result of one epoch.

    Attributes:
        epoch: from 1.
        epochs: how many there are to be.
        train: measured on the batches, while the model was trained on them.
        validation: measured after the epoch, if there are examples for that.
        seconds: of training, without validation.
        lr: the learning rate at the end.
        step: how many batches there have been in all.
    """

    epoch: int
    epochs: int
    train: Evaluation
    validation: Evaluation | None
    seconds: float
    lr: float | None = None
    step: int = 0

    @property
    def examples_per_second(self) -> float:
        """Training examples per second."""
        return self.train.total / self.seconds if self.seconds else math.inf

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EpochResult:
        """What `to_dict` gave."""
        validation = data["validation"]
        return cls(
            **{
                **data,
                "train": Evaluation(**data["train"]),
                "validation": None if validation is None else Evaluation(**validation),
            }
        )


@dataclass(frozen=True)
class BatchResult:
    """The result of one batch.

    Attributes:
        epoch, batch: both from 1.
        step: how many batches there have been in all.
        loss: of this one.
        lr: the learning rate that it was trained with.
    """

    epoch: int
    batch: int
    step: int
    loss: float
    lr: float


def best_epoch(results: Sequence[EpochResult]) -> EpochResult:
    """The epoch with the best validation metric; ties go to the lowest validation loss, then to
    the earliest epoch. Without a metric the loss decides. An epoch whose loss or metric is NaN
    comes last.

    Raises: ValueError if no epoch was validated.
    """
    validated = [result for result in results if result.validation is not None]
    if not validated:
        raise ValueError("best_epoch: no epoch was validated. Give fit validation.")
    return max(validated, key=_merit)


def _merit(result: EpochResult) -> tuple[float, float]:
    assert result.validation is not None
    found = result.validation
    score = found.accuracy if found.score is None and found.correct is not None else found.score
    sign = 1 if found.higher_is_better else -1
    if math.isnan(found.loss) or (score is not None and math.isnan(score)):
        return -math.inf, -math.inf
    return 0.0 if score is None else sign * score, -found.loss
