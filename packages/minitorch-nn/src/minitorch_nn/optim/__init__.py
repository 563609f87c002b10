"""Optimizers and learning-rate schedules."""

from typing import TYPE_CHECKING

from minitorch_autodiff.hints import lacking
from minitorch_nn.optim import lr_scheduler
from minitorch_nn.optim.adam import Adam, AdamW
from minitorch_nn.optim.adam_variants import NAdam, RAdam
from minitorch_nn.optim.adaptive import Adadelta, Adagrad, Adamax
from minitorch_nn.optim.lbfgs import LBFGS
from minitorch_nn.optim.optimizer import Optimizer
from minitorch_nn.optim.rmsprop import RMSprop
from minitorch_nn.optim.sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "lr_scheduler",
]

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
