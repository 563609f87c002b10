"""Neural networks: modules, functions, losses, optimizers, checkpoints and one training loop.

Names, argument orders, initialisations and weight layouts are PyTorch's.
"""

from importlib.metadata import version

from minitorch_autodiff import RemovableHandle
from minitorch_nn import functional, init, layers, optim, utils
from minitorch_nn.layers.activation import *
from minitorch_nn.layers.container import *
from minitorch_nn.layers.convolution import *
from minitorch_nn.layers.dropout import *
from minitorch_nn.layers.embedding import *
from minitorch_nn.layers.linear import *
from minitorch_nn.layers.loss import *
from minitorch_nn.layers.normalization import *
from minitorch_nn.layers.pooling import *
from minitorch_nn.layers.recurrent import *
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
__all__ += layers.container.__all__
__all__ += layers.convolution.__all__
__all__ += layers.dropout.__all__
__all__ += layers.embedding.__all__
__all__ += layers.linear.__all__
__all__ += layers.loss.__all__
__all__ += layers.normalization.__all__
__all__ += layers.pooling.__all__
__all__ += layers.recurrent.__all__
