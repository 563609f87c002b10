"""Progress of training, in the format of the project that this one re-implements."""

from __future__ import annotations

from typing import ClassVar

from minitorch_nn.training import BatchResult, ConsoleReporter, EpochResult, Evaluation


class SentimentReporter(ConsoleReporter):
    """Prints the mean loss every hundred batches, and accuracies at the end of each epoch.

    Args:
        model: the network's name.
    """

    EVERY: ClassVar[int] = 100

    def __init__(self, model: str) -> None:
        super().__init__(unit="reviews")
        self.model = model
        self._losses: list[float] = []

    def epoch_begins(self, epoch: int, epochs: int, batches: int) -> None:
        super().epoch_begins(epoch, epochs, batches)
        self._losses.clear()

    def batch_ends(self, result: BatchResult) -> None:
        super().batch_ends(result)
        self._losses.append(result.loss)
        if len(self._losses) == self.EVERY:
            self.say(f"[Batch {result.batch}] Loss: {sum(self._losses) / self.EVERY:.4f}")
            self._losses.clear()

    def summary(self, result: EpochResult) -> str:
        return (
            f"{accuracies(self.model, result)}  "
            f"({result.examples_per_second:,.0f} reviews/s, {result.seconds:.1f} s)"
        )


def accuracies(model: str, result: EpochResult, test: Evaluation | None = None) -> str:
    """`[GRU] Epoch 1: Train Acc: 0.8850, Val Acc: 0.9010`.

    The training accuracy is that of the epoch's batches during training, with dropout. The test
    accuracy, which the project's own lines had after every epoch, comes at the end only: printing
    it every epoch invites selecting on the test set.
    """
    line = f"[{model.upper()}] Epoch {result.epoch}: Train Acc: {result.train.accuracy:.4f}"
    if result.validation is not None:
        line += f", Val Acc: {result.validation.accuracy:.4f}"
    if test is not None:
        line += f", Test Acc: {test.accuracy:.4f}"
    return line
