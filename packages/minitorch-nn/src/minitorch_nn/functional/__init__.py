"""Layers as functions, without parameters of their own: `import minitorch_nn.functional as F`."""

from typing import TYPE_CHECKING

from minitorch_autodiff.hints import lacking
from minitorch_nn.functional import (
    activation,
    attention,
    convolution,
    distances,
    elementwise_losses,
    folding,
    losses,
    margin_losses,
    normalization,
    pooling,
    resizing,
    shuffling,
)

# Where a module and its function share a name, the module is imported under another one.
from minitorch_nn.functional import dropout as dropouts
from minitorch_nn.functional import embedding as embeddings
from minitorch_nn.functional import linear as affine
from minitorch_nn.functional.activation import *
from minitorch_nn.functional.attention import *
from minitorch_nn.functional.convolution import *
from minitorch_nn.functional.distances import *
from minitorch_nn.functional.dropout import *
from minitorch_nn.functional.elementwise_losses import *
from minitorch_nn.functional.embedding import *
from minitorch_nn.functional.folding import *
from minitorch_nn.functional.linear import *
from minitorch_nn.functional.losses import *
from minitorch_nn.functional.margin_losses import *
from minitorch_nn.functional.normalization import *
from minitorch_nn.functional.pooling import *
from minitorch_nn.functional.resizing import *
from minitorch_nn.functional.shuffling import *
from minitorch_tensor import one_hot, pad, sigmoid, tanh

__all__ = ["one_hot", "pad", "sigmoid", "tanh"]
__all__ += activation.__all__
__all__ += attention.__all__
__all__ += convolution.__all__
__all__ += distances.__all__
__all__ += dropouts.__all__
__all__ += elementwise_losses.__all__
__all__ += embeddings.__all__
__all__ += folding.__all__
__all__ += affine.__all__
__all__ += losses.__all__
__all__ += margin_losses.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
__all__ += resizing.__all__
__all__ += shuffling.__all__

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
