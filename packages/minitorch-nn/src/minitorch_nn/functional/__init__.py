"""Layers as functions, without parameters of their own: `import minitorch_nn.functional as F`."""

from minitorch_tensor import log_softmax, relu, sigmoid, softmax, tanh

from minitorch_nn.functional.convolution import conv2d
from minitorch_nn.functional.dropout import dropout
from minitorch_nn.functional.linear import linear
from minitorch_nn.functional.losses import cross_entropy, nll_loss
from minitorch_nn.functional.pooling import avg_pool2d, max_pool2d

__all__ = [
    "avg_pool2d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "linear",
    "log_softmax",
    "max_pool2d",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
