"""Learning-rate schedules."""

from minitorch_nn.optim.lr_scheduler import *
from minitorch_nn.optim.lr_scheduler import LRScheduler as _LRScheduler
from minitorch_torch.missing import lacking

_LRScheduler = _LRScheduler

__getattr__ = lacking(__name__)
