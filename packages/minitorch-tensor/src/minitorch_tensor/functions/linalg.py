"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.base import check_backends, promoted
from minitorch_tensor.layout import broadcast_shapes

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


class MatMul(Function):
    """out = a @ b.

    Shapes:    a (..., M, K), b (..., K, N) -> out (..., M, N); leading sizes broadcast
    Gradients: grad_a = grad_output @ b^T, grad_b = a^T @ grad_output
    """

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


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The matrix product, by PyTorch's rules.

    Shapes: (K) @ (K) -> (); (M, K) @ (K) -> (M); (K) @ (K, N) -> (N); matrices multiply, and
    leading dimensions of either broadcast.

    Raises: ValueError if the inner sizes differ, or an operand has no dimension.
    """
    check_backends("matmul", a, b)
    if a.dtype is not b.dtype:
        a, b = promoted(a, b)
    if a.dtype is bool_:
        raise TypeError("matmul: bool tensors do not multiply. Convert with .int() or .float().")
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(
            f"matmul: a {a.shape} and b {b.shape} must have a dimension each; use * with a number."
        )
    left = a.unsqueeze(0) if a.ndim == 1 else a
    right = b.unsqueeze(1) if b.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        hint = ""
        if a.ndim > 1 and b.ndim > 1 and a.shape[-1] == b.shape[-1]:
            hint = " Transpose one?"
        raise ValueError(
            f"matmul: a {a.shape} and b {b.shape} do not chain: last size of a is "
            f"{left.shape[-1]}, {'only' if b.ndim == 1 else 'second-to-last'} of b is "
            f"{right.shape[-2]}.{hint}"
        )
    out: Tensor = MatMul.apply(left, right)
    if a.ndim == 1:
        out = out.squeeze(-2)
    return out.squeeze(-1) if b.ndim == 1 else out


def mm(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices: (M, K) @ (K, N) -> (M, N)."""
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"mm: wanted two matrices, got {a.shape} and {b.shape}. Use matmul.")
    return matmul(a, b)


def bmm(a: Tensor, b: Tensor) -> Tensor:
    """The products of two batches of matrices: (B, M, K) @ (B, K, N) -> (B, M, N)."""
    if a.ndim != 3 or b.ndim != 3 or a.shape[0] != b.shape[0]:
        raise ValueError(
            f"bmm: wanted two equal batches of matrices, got {a.shape} and {b.shape}. Use matmul."
        )
    return matmul(a, b)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of two vectors of one size."""
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"dot: wanted two vectors of one size, got {a.shape} and {b.shape}.")
    return matmul(a, b)


def outer(a: Tensor, b: Tensor) -> Tensor:
    """out[i, j] = a[i] * b[j]."""
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer: wanted two vectors, got {a.shape} and {b.shape}.")
    return a.unsqueeze(1) * b
