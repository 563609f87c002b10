"""Neural networks: modules, functions, losses, optimizers, checkpoints and one training loop.

Names, argument orders, initialisations and weight layouts are PyTorch's.
"""

from importlib.metadata import version

from minitorch_nn import functional, init, optim
from minitorch_nn.layers.activation import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from minitorch_nn.layers.container import Flatten, Sequential
from minitorch_nn.layers.convolution import Conv2d
from minitorch_nn.layers.dropout import Dropout
from minitorch_nn.layers.linear import Linear
from minitorch_nn.layers.loss import CrossEntropyLoss, NLLLoss
from minitorch_nn.layers.pooling import AvgPool2d, MaxPool2d
from minitorch_nn.module import IncompatibleKeys, Module, Parameter

__version__ = version("minitorch-nn")

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "IncompatibleKeys",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "Module",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "functional",
    "init",
    "optim",
]
