"""Helpers of training: clipping of gradients, padded sequences."""

from minitorch_nn.utils import *
from minitorch_torch.missing import lacking
from minitorch_torch.nn.utils import clip_grad, rnn

__getattr__ = lacking(__name__)
