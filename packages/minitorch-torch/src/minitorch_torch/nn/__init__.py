"""Layers, losses and containers."""

from minitorch_nn import *
from minitorch_torch.missing import lacking
from minitorch_torch.nn import functional, init, modules, parallel, parameter, utils
from minitorch_torch.nn.parallel import DataParallel
from minitorch_torch.nn.parameter import Buffer

__getattr__ = lacking(__name__)
