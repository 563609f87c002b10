"""Learning-rate schedules. Call `step()` after each step of the optimizer.

Every schedule but `ReduceLROnPlateau` computes the learning rate from the number of steps taken, so
it can be resumed, or combined with others (`SequentialLR`, `ChainedScheduler`).
"""

from typing import TYPE_CHECKING

from minitorch_autodiff.hints import lacking
from minitorch_nn.optim.lr_scheduler.base import LRScheduler
from minitorch_nn.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from minitorch_nn.optim.lr_scheduler.cycles import (
    CosineAnnealingWarmRestarts,
    CyclicLR,
    OneCycleLR,
)
from minitorch_nn.optim.lr_scheduler.decays import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from minitorch_nn.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
