"""The extension `linalg`: products, norms, and decompositions of matrices (..., M, N).

Products and norms of elements have gradients. Decompositions, and what follows from them, are
computed by numpy's LAPACK on the host and have none: they refuse a tensor that requires one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minitorch_autodiff.hints import lacking
from minitorch_tensor.dtypes import DType
from minitorch_tensor.functions import arranging, joining, linalg, reductions, views
from minitorch_tensor.functions.base import alike, check_backends, promoted
from minitorch_tensor.layout import normalize_dim
from minitorch_tensor.tensor import Tensor

# -- products --------------------------------------------------------------------------------------


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product; see `minitorch_tensor.matmul`."""
    return linalg.matmul(x1, x2)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The last two axes swapped: a view.

    Raises: ValueError for fewer than two axes.
    """
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose: wanted matrices (..., M, N), got shape {x.shape}.")
    return x.mT


def tensordot(
    x1: Tensor, x2: Tensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2
) -> Tensor:
    """Products summed over axes of both; see `minitorch_tensor.tensordot`."""
    return linalg.tensordot(x1, x2, axes)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The inner products of vectors along an axis, the others broadcast.

    Raises: ValueError if the sizes along the axis differ.
    """
    x1, x2 = alike("vecdot", *_same_size("vecdot", x1, x2, axis))
    total = reductions.sum(x1 * x2, axis)
    return total.to(x1.dtype)


def _same_size(name: str, x1: Tensor, x2: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    sizes = [x.shape[normalize_dim(axis, x.ndim, name)] for x in (x1, x2)]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"{name}: sizes along axis {axis} must be equal, got {x1.shape} and {x2.shape}."
        )
    return x1, x2


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The vector products along an axis of size 3, the others broadcast.

    Raises: ValueError for another size.
    """
    x1, x2 = _same_size("cross", x1, x2, axis)
    if x1.shape[axis] != 3:
        raise ValueError(f"cross: axis {axis} must have size 3, got {x1.shape}.")
    a, b = views.broadcast_tensors(*alike("cross", x1, x2))
    (a0, a1, a2), (b0, b1, b2) = joining.unbind(a, axis), joining.unbind(b, axis)
    parts = [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
    return joining.stack(parts, normalize_dim(axis, a.ndim, "cross"))


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """out[i, j] = x1[i] x2[j]."""
    return linalg.outer(x1, x2)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The n-th power of square matrices; for a negative n, that of the inverse."""
    return linalg.matrix_power(x, n) if n >= 0 else linalg.matrix_power(inv(x), -n)


# -- diagonals and norms ---------------------------------------------------------------------------


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """The diagonals of matrices: a view."""
    return arranging.diagonal(x, offset, -2, -1)


def trace(x: Tensor, /, *, offset: int = 0, dtype: DType | None = None) -> Tensor:
    """The sums of the diagonals of matrices."""
    return reductions.sum(diagonal(x, offset=offset), -1, dtype=dtype)


def vector_norm(
    x: Tensor,
    /,
    *,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    ord: float = 2,
) -> Tensor:
    """The norm of order `ord` along axes, as if they were one; of all elements for None."""
    if axis == ():
        return reductions.norm(x.unsqueeze(-1), ord, -1).reshape(x.shape)
    return reductions.norm(x, ord, axis, keepdims)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: float | str | None = "fro") -> Tensor:
    """The norm of matrices.

    Args:
        ord: "fro" (or None) for the root of the sum of squares; 1 and -1 for the largest and the
            least sum of a column's magnitudes, inf and -inf for those of rows; 2, -2 and "nuc" for
            the largest, the least and the sum of singular values, without gradient.

    Raises: ValueError for another ord.
    """
    if ord in ("fro", None):
        return reductions.norm(x, 2, (-2, -1), keepdims)
    if ord in (1, -1, math.inf, -math.inf):
        magnitudes = reductions.sum(x.abs(), -2 if ord in (1, -1) else -1, keepdim=True)
        extreme = reductions.amax if float(ord) > 0 else reductions.amin
        return extreme(magnitudes, (-2, -1), keepdims)
    if ord not in (2, -2, "nuc"):
        raise ValueError(
            f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}."
        )
    values = svdvals(x)
    reduce = {2: reductions.amax, -2: reductions.amin, "nuc": reductions.sum}[ord]
    result = reduce(values, -1)
    return result.reshape((*x.shape[:-2], 1, 1)) if keepdims else result


# -- decompositions --------------------------------------------------------------------------------


class Eigh(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QR(NamedTuple):
    """The result of `qr`."""

    Q: Tensor
    R: Tensor


class SlogDet(NamedTuple):
    """The result of `slogdet`."""

    sign: Tensor
    logabsdet: Tensor


class SVD(NamedTuple):
    """The result of `svd`."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def _on_host(name: str, function: Callable[..., Any], *tensors: Tensor, **options: Any) -> Any:
    """function of numpy arrays, as a function of tensors; a tuple if it gives several arrays."""
    check_backends(name, *tensors)
    for x in tensors:
        if x.dtype.kind != "float":
            raise TypeError(f"{name}: wanted floating point, got {x.dtype}. Convert with .float().")
        if x.requires_grad:
            raise RuntimeError(f"{name}: it has no gradient. Use detach() first.")
    x = tensors[0]
    result = function(*[t.numpy() for t in tensors], **options)

    def from_host(array: Any) -> Tensor:
        return x._new(x.backend.from_numpy(np.ascontiguousarray(array).reshape(array.shape)))

    if isinstance(result, tuple):
        return tuple([from_host(array) for array in result])
    return from_host(np.asarray(result))


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The lower triangle L of x = L L^T, or the upper one of x = U^T U."""
    lower: Tensor = _on_host("cholesky", np.linalg.cholesky, x)
    return lower.mT if upper else lower


def det(x: Tensor, /) -> Tensor:
    """The determinants of square matrices."""
    result: Tensor = _on_host("det", np.linalg.det, x)
    return result


def eigh(x: Tensor, /) -> Eigh:
    """Eigenvalues in ascending order and eigenvectors (columns) of symmetric matrices."""
    return Eigh(*_on_host("eigh", np.linalg.eigh, x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """The eigenvalues of symmetric matrices in ascending order."""
    result: Tensor = _on_host("eigvalsh", np.linalg.eigvalsh, x)
    return result


def inv(x: Tensor, /) -> Tensor:
    """The inverses of square matrices."""
    result: Tensor = _on_host("inv", np.linalg.inv, x)
    return result


def matrix_rank(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The number of singular values above rtol times the largest; by default rtol is the larger of
    M and N times the dtype's `eps`."""
    values = svdvals(x)
    largest = reductions.amax(values, -1, keepdim=True) if values.shape[-1] else values
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(x.dtype.numpy).eps)
    share = rtol.unsqueeze(-1) if isinstance(rtol, Tensor) else rtol
    return reductions.sum(values > largest * share, -1)


def pinv(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The Moore-Penrose inverses; singular values up to rtol (see `matrix_rank`) count as 0."""
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(x.dtype.numpy).eps)
    share = rtol.numpy() if isinstance(rtol, Tensor) else rtol
    result: Tensor = _on_host("pinv", np.linalg.pinv, x, rcond=share)
    return result


def qr(x: Tensor, /, *, mode: str = "reduced") -> QR:
    """x = Q R, Q with orthonormal columns and R an upper triangle.

    Args:
        mode: "complete" for square Q.

    Raises: ValueError for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}.")
    return QR(*_on_host("qr", np.linalg.qr, x, mode=mode))


def slogdet(x: Tensor, /) -> SlogDet:
    """The signs and the logarithms of the magnitudes of the determinants of square matrices."""
    return SlogDet(*_on_host("slogdet", np.linalg.slogdet, x))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The solution y of x1 y = x2, for square x1 and a vector or matrices x2."""
    column = x2.ndim == 1
    x1, x2 = promoted(x1, x2.unsqueeze(-1) if column else x2)
    result: Tensor = _on_host("solve", np.linalg.solve, x1, x2)
    return result.squeeze(-1) if column else result


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVD:
    """x = U diag(S) Vh, S in descending order, U and Vh orthogonal."""
    return SVD(*_on_host("svd", np.linalg.svd, x, full_matrices=full_matrices))


def svdvals(x: Tensor, /) -> Tensor:
    """The singular values of matrices in descending order."""
    result: Tensor = _on_host("svdvals", np.linalg.svd, x, compute_uv=False)
    return result


__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]

if not TYPE_CHECKING:  # type checkers know every name
    __getattr__ = lacking(__name__)
