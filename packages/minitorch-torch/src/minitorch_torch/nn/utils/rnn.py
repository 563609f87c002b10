"""Sequences of different lengths."""

from minitorch_nn.utils.rnn import *
from minitorch_torch.missing import lacking

__getattr__ = lacking(__name__)
