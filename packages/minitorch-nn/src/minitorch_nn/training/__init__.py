"""Training: the loop, what it measures, who hears of it, and going on after an interruption."""

from minitorch_nn.training.bars import bar
from minitorch_nn.training.diverging import TrainingDiverged
from minitorch_nn.training.loop import Batches, evaluate, fit
from minitorch_nn.training.metrics import Metric, accuracy, binary_accuracy
from minitorch_nn.training.records import (
    CSVReporter,
    JSONLReporter,
    TensorBoardReporter,
    read_records,
)
from minitorch_nn.training.reporters import ConsoleReporter, Reporter
from minitorch_nn.training.results import BatchResult, EpochResult, Evaluation, best_epoch
from minitorch_nn.training.state import load_state, previous, versions

__all__ = [
    "BatchResult",
    "Batches",
    "CSVReporter",
    "ConsoleReporter",
    "EpochResult",
    "Evaluation",
    "JSONLReporter",
    "Metric",
    "Reporter",
    "TensorBoardReporter",
    "TrainingDiverged",
    "accuracy",
    "bar",
    "best_epoch",
    "binary_accuracy",
    "evaluate",
    "fit",
    "load_state",
    "previous",
    "read_records",
    "versions",
]
