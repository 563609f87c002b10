"""Layers as functions, without parameters of their own: `import minitorch_nn.functional as F`."""

from minitorch_nn.functional import (
    activation,
    convolution,
    losses,
    normalization,
    pooling,
)

# Where a module and its function share a name, the module is imported under another one.
from minitorch_nn.functional import dropout as dropouts
from minitorch_nn.functional import embedding as embeddings
from minitorch_nn.functional import linear as affine
from minitorch_nn.functional.activation import *
from minitorch_nn.functional.convolution import *
from minitorch_nn.functional.dropout import *
from minitorch_nn.functional.embedding import *
from minitorch_nn.functional.linear import *
from minitorch_nn.functional.losses import *
from minitorch_nn.functional.normalization import *
from minitorch_nn.functional.pooling import *
from minitorch_tensor import log_softmax, relu, sigmoid, softmax, tanh

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]
__all__ += activation.__all__
__all__ += convolution.__all__
__all__ += dropouts.__all__
__all__ += embeddings.__all__
__all__ += affine.__all__
__all__ += losses.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
