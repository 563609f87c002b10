"""Every function of tensors with sample inputs, and the same function of numpy arrays.

One table serves every test that runs over all functions: that each agrees with numpy on every
backend, dtype and layout, that its gradients agree with differences, and, where PyTorch is at
hand, that it agrees with PyTorch's function of the same name. Each module holds the rows of one
family, that of its name in `functions`.
"""

from minitorch_tensor.testing.operations import (
    arithmetic,
    arranging,
    comparison,
    copying,
    einsum,
    exponentials,
    indexing,
    joining,
    linalg,
    reductions,
    selection,
    sorting,
    views,
)
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import FLOATS, INTEGERS, NUMBERS, Draw, Sample, sample

__all__ = [
    "FLOATS",
    "INTEGERS",
    "NUMBERS",
    "OPERATIONS",
    "Draw",
    "Operation",
    "Sample",
    "operation",
    "sample",
]

OPERATIONS: list[Operation] = [
    *arithmetic.ROWS,
    *exponentials.ROWS,
    *copying.ROWS,
    *comparison.ROWS,
    *selection.ROWS,
    *reductions.ROWS,
    *sorting.ROWS,
    *views.ROWS,
    *joining.ROWS,
    *arranging.ROWS,
    *indexing.ROWS,
    *linalg.ROWS,
    *einsum.ROWS,
]
