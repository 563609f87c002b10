"""Matrix products: BLAS on every core, each thread computing its own part of the result."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numba import prange

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_tensor.tensor_data import TensorData


class Matrices(NamedTuple):
    """A batch of matrices as BLAS takes them: no copy where rows or columns are dense."""

    flat: Any
    offset: int
    batch_stride: int
    ld: int
    transposed: int


def as_matrices(x: TensorData) -> Matrices | None:
    """(..., M, N) as a batch of matrices in x's own memory, or None where that takes a copy."""
    if x.base is None:
        return contiguous_matrices(x)
    rows, columns = x.shape[-2:]
    flat = x if x.ndim == 3 else x.reshape((math.prod(x.shape[:-2]), rows, columns))
    if flat is None:
        return None
    step, row, column = flat.strides
    buffer = x.buffer.reshape(-1)
    if (column == 1 or columns == 1) and (row >= columns or rows == 1):
        return Matrices(buffer, x.offset, step, max(row, columns), PLAIN)
    if (row == 1 or rows == 1) and (column >= rows or columns == 1):
        return Matrices(buffer, x.offset, step, max(column, rows), TRANSPOSED)
    return None


def contiguous_matrices(x: TensorData) -> Matrices:
    """A contiguous (..., M, N) as a batch of matrices."""
    rows, columns = x.shape[-2:]
    return Matrices(x.buffer.reshape(-1), 0, rows * columns, columns, PLAIN)


@serial
def matmul_part(
    out: Any, x: Any, x0: Any, ldx: Any, tx: Any, y: Any, y0: Any, ldy: Any, ty: Any,
    o0: Any, i: Any, j: Any, m: Any, n: Any, k: Any, ldo: Any,
) -> None:  # fmt: skip
    """Rows i to i + m and columns j to j + n of out = x @ y, for one matrix of the batch."""
    a = x0 + (i * ldx if tx == PLAIN else i)
    b = y0 + (j if ty == PLAIN else j * ldy)
    gemm(out, o0 + i * ldo + j, ldo, 0.0, x, a, ldx, tx, y, b, ldy, ty, m, n, k)


@parallel
def matmul(
    out: Any, x: Any, x0: Any, xs: Any, ldx: Any, tx: Any,
    y: Any, y0: Any, ys: Any, ldy: Any, ty: Any,
    batch: Any, m: Any, n: Any, k: Any, threads: Any,
) -> None:  # fmt: skip
    """out[b] (m, n) = x[b] (m, k) @ y[b] (k, n), the work cut into equal parts.

    A large batch is cut by its matrices, a small one by rows or columns of the results,
    whichever are more: each thread owns the parts that it writes.
    """
    cuts = 1 if batch >= 2 * threads else threads
    for part in prange(batch * cuts):
        which, cut = part // cuts, part % cuts
        i, j, rows, columns = 0, 0, m, n
        if m >= n:
            i = m * cut // cuts
            rows = m * (cut + 1) // cuts - i
        else:
            j = n * cut // cuts
            columns = n * (cut + 1) // cuts - j
        if rows > 0 and columns > 0:
            matmul_part(
                out, x, x0 + which * xs, ldx, tx, y, y0 + which * ys, ldy, ty,
                which * m * n, i, j, rows, columns, k, n,
            )  # fmt: skip
