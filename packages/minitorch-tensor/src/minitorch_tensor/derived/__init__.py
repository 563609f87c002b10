"""Every operation that follows from the required core of a backend, a file for each family.

These defaults define what each operation means in terms of `map`, `zip`, `reduce`, `matmul`,
`copy_` and transfer to the host. A backend overrides the ones it can do faster; the results must
agree with these.

Sizes are named as in PyTorch: N batch, C channels, H and W height and width, O output channels,
KH and KW kernel, OH and OW output.
"""

from __future__ import annotations

from minitorch_tensor.derived.attention import Attention, AttentionOperations
from minitorch_tensor.derived.convolution import Convolution, ConvolutionOperations
from minitorch_tensor.derived.embedding import EmbeddingOperations
from minitorch_tensor.derived.normalization import NormalizationOperations
from minitorch_tensor.derived.optimizers import AdamStep, OptimizerOperations, SGDStep
from minitorch_tensor.derived.pooling import PoolingOperations
from minitorch_tensor.derived.recurrent import Recurrence, RecurrentOperations, RecurrentWeights
from minitorch_tensor.derived.softmax import SoftmaxOperations
from minitorch_tensor.derived.windows import Window

__all__ = [
    "AdamStep",
    "Attention",
    "Convolution",
    "DerivedOperations",
    "Recurrence",
    "RecurrentWeights",
    "SGDStep",
    "Window",
]


class DerivedOperations(
    SoftmaxOperations,
    ConvolutionOperations,
    PoolingOperations,
    EmbeddingOperations,
    RecurrentOperations,
    AttentionOperations,
    NormalizationOperations,
    OptimizerOperations,
):
    """The part of `Backend` that follows from its core. See `backend` for the rules.

    Each family's class inherits the families that it uses, so creation, copying, elementwise
    operations, reductions and indexing are inherited through these.
    """
