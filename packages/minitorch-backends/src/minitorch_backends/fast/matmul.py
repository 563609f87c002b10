"""Matrix products: BLAS on every core, each thread computing its own part of the result."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numba import prange

from minitorch_backends.fast.blas import PLAIN, TRANSPOSED, Matrix, gemm
from minitorch_backends.fast.compile import parallel, serial
from minitorch_backends.fast.copying import contiguous
from minitorch_tensor.tensor_data import TensorData


class Matrices(NamedTuple):
    """A batch of matrices in a layout for BLAS; no copy if rows or columns are dense."""

    flat: Any
    offset: int
    batch_stride: int
    ld: int
    transposed: int


def as_matrices(x: TensorData) -> Matrices:
    """(..., M, N) as a batch of matrices, copied unless BLAS supports their layout."""
    rows, columns = x.shape[-2:]
    if x.base is not None:
        flat = x if x.ndim == 3 else x.reshape((math.prod(x.shape[:-2]), rows, columns))
        if flat is not None:
            step, row, column = flat.strides
            buffer = x.buffer.reshape(-1)
            if (column == 1 or columns == 1) and (row >= columns or rows == 1):
                return Matrices(buffer, x.offset, step, max(row, columns), PLAIN)
            if (row == 1 or rows == 1) and (column >= rows or columns == 1):
                return Matrices(buffer, x.offset, step, max(column, rows), TRANSPOSED)
        x = contiguous(x)
    return Matrices(x.buffer.reshape(-1), 0, rows * columns, columns, PLAIN)


@serial
def matmul_part(out: Any, o: int, ldo: int, x: Any, y: Any, m: int, n: int, k: int) -> None:
    """out (m, n) = x (m, k) @ y (k, n); out begins at o and its row stride is ldo."""
    gemm(Matrix(out, o, ldo, PLAIN), 0.0, x, y, m, n, k)


@parallel
def matmul(
    out: Any, left: Any, right: Any, batch: Any, m: Any, n: Any, k: Any, threads: Any
) -> None:
    """out[b] (m, n) = x[b] (m, k) @ y[b] (k, n), the work cut into equal parts; x and y are plain
    tuples of the fields of `Matrices`.

    A large batch is cut by its matrices, a small one by rows or columns of the results,
    whichever are more: each thread owns the parts that it writes.
    """
    x, x0, xs, ldx, tx = left
    y, y0, ys, ldy, ty = right
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
            a = x0 + which * xs + (i * ldx if tx == PLAIN else i)
            b = y0 + which * ys + (j if ty == PLAIN else j * ldy)
            matmul_part(
                out, which * m * n + i * n + j, n,
                Matrix(x, a, ldx, tx), Matrix(y, b, ldy, ty), rows, columns, k,
            )  # fmt: skip
