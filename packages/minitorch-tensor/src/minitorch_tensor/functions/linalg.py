"""Matrix products."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.base import check_backends, promoted
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.functions.views import listed
from minitorch_tensor.layout import broadcast_shapes, normalize_dim

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Number, Tensor


class MatMul(Function):
    """out = a @ b.

    Shapes:    a (..., M, K), b (..., K, N) -> out (..., M, N); leading sizes broadcast
    Gradients: grad_a = grad_output @ b^T, grad_b = a^T @ grad_output
    """

    reads = (1,), (0,)

    @staticmethod
    def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        x, y = a._data, b._data
        if x.shape[:-2] != y.shape[:-2]:
            batch = broadcast_shapes(x.shape[:-2], y.shape[:-2], "matmul")
            x, y = x.expand((*batch, *x.shape[-2:])), y.expand((*batch, *y.shape[-2:]))
        return a._new(a.backend.matmul(x, y))

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, b = ctx.saved_tensors
        to_a, to_b = ctx.edges
        return (
            MatMul.apply(grad_output, b.transpose(-1, -2)) if to_a else None,
            MatMul.apply(a.transpose(-1, -2), grad_output) if to_b else None,
        )


@guarded
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product, by PyTorch's rules.

    Shapes: (K) @ (K) -> (); (M, K) @ (K) -> (M); (K) @ (K, N) -> (N); matrices multiply, and
    leading dimensions of either broadcast.

    Raises: ValueError if the inner sizes differ, or an operand has no dimension.
    """
    check_backends("matmul", input, other)
    if input.dtype is not other.dtype:
        input, other = promoted(input, other)
    if input.dtype is bool_:
        raise TypeError("matmul: bool tensors do not multiply. Convert with .int() or .float().")
    if input.ndim == 0 or other.ndim == 0:
        raise ValueError(
            f"matmul: input {input.shape} and other {other.shape} must have a dimension each; "
            "use * with a number."
        )
    left = input.unsqueeze(0) if input.ndim == 1 else input
    right = other.unsqueeze(1) if other.ndim == 1 else other
    if left.shape[-1] != right.shape[-2]:
        hint = ""
        if input.ndim > 1 and other.ndim > 1 and input.shape[-1] == other.shape[-1]:
            hint = " Transpose one?"
        raise ValueError(
            f"matmul: input {input.shape} and other {other.shape} do not chain: last size of input "
            f"is {left.shape[-1]}, {'only' if other.ndim == 1 else 'second-to-last'} of other is "
            f"{right.shape[-2]}.{hint}"
        )
    out: Tensor = MatMul.apply(left, right)
    if input.ndim == 1:
        out = out.squeeze(-2)
    return out.squeeze(-1) if other.ndim == 1 else out


@guarded
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (M, K) @ (K, N) -> (M, N)."""
    if input.ndim != 2 or mat2.ndim != 2:
        raise ValueError(
            f"mm: wanted two matrices, got {input.shape} and {mat2.shape}. Use matmul."
        )
    return matmul(input, mat2)


@guarded
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices: (B, M, K) @ (B, K, N) -> (B, M, N)."""
    if input.ndim != 3 or mat2.ndim != 3 or input.shape[0] != mat2.shape[0]:
        raise ValueError(
            f"bmm: wanted two equal batches of matrices, got {input.shape} and {mat2.shape}. "
            "Use matmul."
        )
    return matmul(input, mat2)


@guarded
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors of one size."""
    if input.ndim != 1 or input.shape != tensor.shape:
        raise ValueError(
            f"dot: wanted two vectors of one size, got {input.shape} and {tensor.shape}."
        )
    return matmul(input, tensor)


@guarded
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """out[i, j] = input[i] * vec2[j]."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ValueError(f"outer: wanted two vectors, got {input.shape} and {vec2.shape}.")
    return input.unsqueeze(1) * vec2


@guarded
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector: (M, N) @ (N) -> (M)."""
    if input.ndim != 2 or vec.ndim != 1:
        raise ValueError(
            f"mv: wanted a matrix and a vector, got {input.shape} and {vec.shape}. Use matmul."
        )
    return matmul(input, vec)


@guarded
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Products summed over the last dimension of both: (..., K), (***, K) -> (..., ***); with a
    zero-dimensional operand, the product.

    Raises: ValueError if the last sizes differ.
    """
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"inner: the last sizes must be equal, got input {input.shape} and other {other.shape}."
        )
    return tensordot(input, other, ([-1], [-1]))


@guarded
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products summed over dimensions of both; the rest of a's dimensions come first, then b's.

    Args:
        dims: the number of dimensions, the last of a and the first of b; or two lists of dimensions
            to pair.

    Raises: ValueError if the lists differ in length, or the paired sizes differ.
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ValueError(
                f"tensordot: dims {dims} must lie in [0, {min(a.ndim, b.ndim)}] for shapes "
                f"{a.shape} and {b.shape}."
            )
        dims = (range(a.ndim - dims, a.ndim), range(dims))
    of_a = [normalize_dim(d, a.ndim, "tensordot") for d in listed(dims[0])]
    of_b = [normalize_dim(d, b.ndim, "tensordot") for d in listed(dims[1])]
    sizes = [a.shape[d] for d in of_a]
    if sizes != [b.shape[d] for d in of_b]:
        raise ValueError(
            f"tensordot: dims {of_a} of a {a.shape} and {of_b} of b {b.shape} must name as many "
            "dimensions, of equal sizes."
        )
    rest_a = [d for d in range(a.ndim) if d not in of_a]
    rest_b = [d for d in range(b.ndim) if d not in of_b]
    rows, columns = [a.shape[d] for d in rest_a], [b.shape[d] for d in rest_b]
    summed = math.prod(sizes)
    left = a.permute([*rest_a, *of_a]).reshape(math.prod(rows), summed)
    right = b.permute([*of_b, *rest_b]).reshape(summed, math.prod(columns))
    return matmul(left, right).reshape([*rows, *columns])


@guarded
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2), for matrices mat1 and mat2."""
    return _plus_product("addmm", input, mm(mat1, mat2), beta, alpha)


@guarded
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """beta * input + alpha * (mat @ vec), for a matrix and a vector."""
    return _plus_product("addmv", input, mv(mat, vec), beta, alpha)


@guarded
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for batches of matrices."""
    return _plus_product("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def _plus_product(
    operation: str, input: Tensor, product: Tensor, beta: Number, alpha: Number
) -> Tensor:
    if broadcast_shapes(input.shape, product.shape, operation) != product.shape:
        raise ValueError(
            f"{operation}: input {input.shape} does not broadcast to the product {product.shape}."
        )
    scaled = product if alpha == 1 else product * alpha
    if beta == 0:  # then input is ignored, even NaN
        return scaled
    return (input if beta == 1 else input * beta) + scaled


@guarded
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of input replaced by itself times other."""
    n = max(input.ndim, other.ndim)
    left = (1,) * (n - input.ndim) + input.shape
    right = (1,) * (n - other.ndim) + other.shape
    product = input.reshape([k for m in left for k in (m, 1)]) * other.reshape(
        [k for m in right for k in (1, m)]
    )
    return product.reshape([a * b for a, b in zip(left, right)])


@guarded
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The n-th power of square matrices (..., M, M); the identity for n = 0.

    Raises: ValueError for other shapes, or a negative n.
    """
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise ValueError(f"matrix_power: wanted square matrices (..., M, M), got {input.shape}.")
    if n < 0:
        raise ValueError(f"matrix_power: n must not be negative, got {n}.")
    if n == 0:
        one = input._new(input.backend.from_numpy(np.eye(input.shape[-1], dtype=input.dtype.numpy)))
        return one.expand(input.shape).clone()
    if n == 1:
        return input.clone()
    half = matrix_power(input, n // 2) if n > 3 else input
    square = matmul(half, half)
    return matmul(square, input) if n % 2 else square


@guarded
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm of the difference of every pair of rows: (..., P, M), (..., R, M) -> (..., P, R).

    Raises: ValueError for other shapes.
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ValueError(
            f"cdist: wanted x1 (..., P, M) and x2 (..., R, M), got {x1.shape} and {x2.shape}."
        )
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)


# -- other names -----------------------------------------------------------------------------------

vdot = dot
ger = outer


# -- methods, and what the package exports ---------------------------------------------------------


class LinalgMethods(Methods):
    """Products."""

    matmul = matmul
    mm = mm
    bmm = bmm
    mv = mv
    dot = vdot = dot
    inner = inner
    outer = ger = outer
    addmm = addmm
    addmm_ = in_place(addmm)
    addmv = addmv
    baddbmm = baddbmm
    kron = kron
    matrix_power = matrix_power

    __matmul__ = matmul


__all__ = [
    "addmm",
    "addmv",
    "baddbmm",
    "bmm",
    "cdist",
    "dot",
    "ger",
    "inner",
    "kron",
    "matmul",
    "matrix_power",
    "mm",
    "mv",
    "outer",
    "tensordot",
    "vdot",
]
