"""Optimizers and learning-rate schedules."""

from minitorch_nn.optim import *
from minitorch_torch.missing import lacking
from minitorch_torch.optim import lr_scheduler, optimizer

__getattr__ = lacking(__name__)
