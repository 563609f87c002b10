"""Order along a dimension: sums of all that came before, sorting, the largest few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_tensor.dtypes import DType, int64
from minitorch_tensor.functions.reductions import ValuesIndices
from minitorch_tensor.layout import normalize_dim

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


class Cumsum(Function):
    """y[i] = x[0] + ... + x[i] along dim. Gradient: d[i] + ... + d[n]."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int) -> Tensor:
        ctx.dim = dim
        return x._new(x.backend.cumsum(x._data, dim))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        dim = ctx.dim
        return cumsum(d.flip(dim), dim).flip(dim), None


def cumsum(x: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Running sums along `dim`: out[i] = x[0] + ... + x[i]. Integers are added up in int64."""
    x = x.to(dtype or (x.dtype if x.dtype.kind == "float" else int64))
    dim = normalize_dim(dim, x.ndim, "cumsum")
    return Cumsum.apply(x, dim) if x.ndim else x.clone()


def argsort(x: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Tensor:
    """The indices (int64) that sort x along `dim`. Equals keep their order; NaN counts as largest.

    Args:
        stable: taken for PyTorch's sake; the order is stable either way.
    """
    along = normalize_dim(dim, x.ndim, "argsort")
    if not x.ndim:
        return x._new(x.backend.full((), 0, int64))
    return x._new(x.backend.argsort(x._data, along, descending))


def sort(
    x: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> ValuesIndices:
    """(values, indices): x in order along `dim`, and where each came from. See `argsort`."""
    indices = argsort(x, dim, descending, stable=stable)
    return ValuesIndices(x.gather(dim, indices), indices)


def topk(
    x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """(values, indices) of the k largest along `dim`, or smallest, in order.

    Args:
        sorted: taken for PyTorch's sake; the result is sorted either way.

    Raises: ValueError if there are not k.
    """
    along = normalize_dim(dim, x.ndim, "topk")
    available = x.shape[along] if x.ndim else 1
    if not 0 <= k <= available:
        raise ValueError(
            f"topk: k={k} must lie in [0, {available}], the size of dimension {along} of {x.shape}."
        )
    indices = argsort(x, dim, descending=largest)
    if x.ndim:
        indices = indices.narrow(along, 0, k)
    return ValuesIndices(x.gather(dim, indices), indices)
