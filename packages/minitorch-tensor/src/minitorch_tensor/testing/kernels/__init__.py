"""The operations that only a backend has, with sample inputs and their meaning written as loops.

Each module holds one family, that of its name in `derived`: the loops, then `ROWS`.
"""

from minitorch_tensor.testing.kernels import (
    attention,
    convolution,
    copying,
    core,
    creation,
    embedding,
    indexing,
    normalization,
    optimizers,
    pooling,
    recurrent,
    softmax,
    windows,
)
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.kernels.windows import WINDOWS

__all__ = ["KERNELS", "WINDOWS", "Kernel", "kernel"]

KERNELS: list[Kernel] = [
    *core.ROWS,
    *creation.ROWS,
    *copying.ROWS,
    *indexing.ROWS,
    *softmax.ROWS,
    *convolution.ROWS,
    *pooling.ROWS,
    *windows.ROWS,
    *embedding.ROWS,
    *recurrent.ROWS,
    *attention.ROWS,
    *normalization.ROWS,
    *optimizers.ROWS,
]
