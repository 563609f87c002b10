"""Optimizers and learning-rate schedules."""

from minitorch_nn.optim import lr_scheduler
from minitorch_nn.optim.adam import Adam, AdamW
from minitorch_nn.optim.optimizer import Optimizer
from minitorch_nn.optim.rmsprop import RMSprop
from minitorch_nn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
