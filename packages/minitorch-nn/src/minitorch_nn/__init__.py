"""Neural networks: modules, functions, losses, optimizers, checkpoints and one training loop.

Names, argument orders, initialisations and weight layouts are PyTorch's.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from minitorch_autodiff import RemovableHandle
from minitorch_autodiff.hints import lacking
from minitorch_nn import functional, init, layers, optim, utils
from minitorch_nn.layers.activation import *
from minitorch_nn.layers.attention import *
from minitorch_nn.layers.container import *
from minitorch_nn.layers.convolution import *
from minitorch_nn.layers.distance import *
from minitorch_nn.layers.dropout import *
from minitorch_nn.layers.embedding import *
from minitorch_nn.layers.linear import *
from minitorch_nn.layers.loss import *
from minitorch_nn.layers.normalization import *
from minitorch_nn.layers.padding import *
from minitorch_nn.layers.pooling import *
from minitorch_nn.layers.recurrent import *
from minitorch_nn.layers.resizing import *
from minitorch_nn.layers.shuffling import *
from minitorch_nn.layers.transformer import *
from minitorch_nn.model_summary import summary
from minitorch_nn.module import IncompatibleKeys, Module, Parameter

__version__ = version("minitorch-nn")

__all__ = [
    "IncompatibleKeys",
    "Module",
    "Parameter",
    "RemovableHandle",
    "__version__",
    "functional",
    "init",
    "optim",
    "summary",
    "utils",
]
__all__ += layers.activation.__all__
__all__ += layers.attention.__all__
__all__ += layers.container.__all__
__all__ += layers.convolution.__all__
__all__ += layers.distance.__all__
__all__ += layers.dropout.__all__
__all__ += layers.embedding.__all__
__all__ += layers.linear.__all__
__all__ += layers.loss.__all__
__all__ += layers.normalization.__all__
__all__ += layers.padding.__all__
__all__ += layers.pooling.__all__
__all__ += layers.recurrent.__all__
__all__ += layers.resizing.__all__
__all__ += layers.shuffling.__all__
__all__ += layers.transformer.__all__

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
