"""Layers as functions, without parameters of their own: `import minitorch_nn.functional as F`."""

from minitorch_nn.functional.activation import gelu, leaky_relu, silu, softplus
from minitorch_nn.functional.convolution import conv1d, conv2d
from minitorch_nn.functional.dropout import dropout
from minitorch_nn.functional.embedding import embedding
from minitorch_nn.functional.linear import linear
from minitorch_nn.functional.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mse_loss,
    nll_loss,
)
from minitorch_nn.functional.normalization import batch_norm, layer_norm
from minitorch_nn.functional.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from minitorch_tensor import log_softmax, relu, sigmoid, softmax, tanh

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "embedding",
    "gelu",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
