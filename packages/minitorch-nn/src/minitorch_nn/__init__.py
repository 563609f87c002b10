"""Neural networks: modules, functions, losses, optimizers, checkpoints and one training loop.

Names, argument orders, initialisations and weight layouts are PyTorch's.
"""

from importlib.metadata import version

from minitorch_autodiff import RemovableHandle
from minitorch_nn import functional, init, optim, utils
from minitorch_nn.layers.activation import (
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from minitorch_nn.layers.container import Flatten, Identity, ModuleDict, ModuleList, Sequential
from minitorch_nn.layers.convolution import Conv1d, Conv2d
from minitorch_nn.layers.dropout import Dropout
from minitorch_nn.layers.embedding import Embedding
from minitorch_nn.layers.linear import Linear
from minitorch_nn.layers.loss import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
)
from minitorch_nn.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from minitorch_nn.layers.pooling import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    MaxPool1d,
    MaxPool2d,
)
from minitorch_nn.layers.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from minitorch_nn.model_summary import summary
from minitorch_nn.module import IncompatibleKeys, Module, Parameter

__version__ = version("minitorch-nn")

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "Identity",
    "IncompatibleKeys",
    "L1Loss",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "RNNCell",
    "ReLU",
    "RemovableHandle",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "__version__",
    "functional",
    "init",
    "optim",
    "summary",
    "utils",
]
