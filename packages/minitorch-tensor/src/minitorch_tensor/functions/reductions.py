"""Functions that fold dimensions: sums, means, extremes, and what is built on them.

`dim` is one dimension, several, or None for all; negative ones count from the right. With
`keepdim` a folded dimension stays with size 1.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import DType, bool_, int64
from minitorch_tensor.functions.base import floating
from minitorch_tensor.functions.selection import where
from minitorch_tensor.layout import Shape, normalize_dim, normalize_dims

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Dims, Tensor


class ValuesIndices(NamedTuple):
    """What `max(dim)`, `min(dim)`, `sort` and `topk` return."""

    values: Any
    indices: Any


def kept_shape(shape: Shape, dims: Sequence[int]) -> Shape:
    """`shape` with size 1 in the folded dimensions."""
    return tuple([1 if d in dims else n for d, n in enumerate(shape)])


def dropped_shape(shape: Shape, dims: Sequence[int]) -> Shape:
    """`shape` without the folded dimensions."""
    return tuple([n for d, n in enumerate(shape) if d not in dims])


def fold(
    fn: Callable[[float, float], float],
    x: Tensor,
    dims: tuple[int, ...],
    keepdim: bool,
    start: float,
    dtype: DType,
) -> Tensor:
    """Fold `dims` of x by fn, unrecorded."""
    data = x.backend.reduce_dims(fn, x._data, dims, start, dtype)
    return x._new(data if keepdim else data.owned(dropped_shape(x.shape, dims)))


class Sum(Function):
    """The sum over dims. Gradient: d, repeated along them."""

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool, dtype: DType
    ) -> Tensor:
        ctx.shape, ctx.dims = x.shape, dims
        return fold(ops.add, x, dims, keepdim, 0, dtype)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, None]:
        shape, dims = ctx.shape, ctx.dims
        return d.reshape(kept_shape(shape, dims)).expand(shape), None, None, None


class Amax(Function):
    """The largest over dims, NaN if any is. Gradient: d, shared equally by all that attain it."""

    operator: ClassVar[Any] = staticmethod(ops.max)

    @classmethod
    def forward(cls, ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        result = fold(cls.operator, x, dims, keepdim, cls.start(x.dtype), x.dtype)
        ctx.dims = dims
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        x, result = ctx.saved_tensors
        dims = ctx.dims
        kept = kept_shape(x.shape, dims)
        attained = (x == result.detach().reshape(kept)).to(d.dtype)
        share = attained / sum(attained, dims, keepdim=True)
        return share * d.reshape(kept), None, None

    @staticmethod
    def start(dtype: DType) -> float:
        """The identity: the lowest value of the dtype."""
        return _lowest(dtype)


class Amin(Amax):
    """The smallest over dims, NaN if any is. Gradient: d, shared equally by all that attain it."""

    operator = staticmethod(ops.min)

    @staticmethod
    def start(dtype: DType) -> float:
        """The identity: the highest value of the dtype."""
        return _highest(dtype)


class Prod(Function):
    """The product over dims. Gradient: d times the product of the others, exact at zeros."""

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool, dtype: DType
    ) -> Tensor:
        result = fold(ops.mul, x, dims, keepdim, 1, dtype)
        ctx.save_for_backward(x, result)
        ctx.dims = dims
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None, None]:
        x, result = ctx.saved_tensors
        dims = ctx.dims
        kept = kept_shape(x.shape, dims)
        if not (x == 0).any():
            return d.reshape(kept) * (result.reshape(kept) / x), None, None, None
        # The folded dimensions last and flat: (rest, n).
        rest = [i for i in range(x.ndim) if i not in dims]
        order = [*rest, *dims]
        flat = x.permute(order).reshape(math.prod(x.shape[i] for i in rest), -1)
        others = _products_of_others(flat).reshape([x.shape[i] for i in order])
        return others.permute(np.argsort(order).tolist()) * d.reshape(kept), None, None, None


def _products_of_others(x: Tensor) -> Tensor:
    """out[i, j] = product of x[i, k] over k other than j: those before times those after."""
    from minitorch_tensor.functions.joining import cat

    n = x.shape[1]
    one = x[:, :1] * 0 + 1
    before, after = [one], [one]
    for j in range(n - 1):
        before.append(before[-1] * x[:, j : j + 1])
        after.append(after[-1] * x[:, n - 1 - j : n - j])
    return cat(before, 1) * cat(after[::-1], 1)


def _lowest(dtype: DType) -> float:
    if dtype.kind == "float":
        return -math.inf
    return False if dtype is bool_ else int(np.iinfo(dtype.numpy).min)


def _highest(dtype: DType) -> float:
    if dtype.kind == "float":
        return math.inf
    return True if dtype is bool_ else int(np.iinfo(dtype.numpy).max)


def sum(
    x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The sum. Integers and bool are added up in int64."""
    dims = normalize_dims(dim, x.ndim, "sum")
    if dtype is not None:
        x = x.to(dtype)
    out = x.dtype if x.dtype.kind == "float" else dtype or int64
    return Sum.apply(x, dims, keepdim, out)  # type: ignore[no-any-return]


def mean(
    x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The arithmetic mean; NaN over nothing.

    Raises: TypeError for integers, whose mean is not one.
    """
    if dtype is not None:
        x = x.to(dtype)
    _check_floating("mean", x)
    dims = normalize_dims(dim, x.ndim, "mean")
    count = math.prod(x.shape[d] for d in dims)
    return sum(x, dims, keepdim) / float(count)


def _check_floating(operation: str, x: Tensor) -> None:
    if x.dtype.kind != "float":
        raise TypeError(
            f"{operation}: wanted floating point, got {x.dtype}. Convert with .float()."
        )


def prod(
    x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """The product. Integers and bool are multiplied in int64."""
    dims = normalize_dims(dim, x.ndim, "prod")
    if dtype is not None:
        x = x.to(dtype)
    out = x.dtype if x.dtype.kind == "float" else dtype or int64
    return Prod.apply(x, dims, keepdim, out)  # type: ignore[no-any-return]


def amax(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest; elements that attain it together share the gradient.

    Raises: ValueError over nothing, which has no largest.
    """
    return Amax.apply(x, _extreme_dims(x, dim, "amax"), keepdim)  # type: ignore[no-any-return]


def amin(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest; elements that attain it together share the gradient.

    Raises: ValueError over nothing, which has no smallest.
    """
    return Amin.apply(x, _extreme_dims(x, dim, "amin"), keepdim)  # type: ignore[no-any-return]


def max(x: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest of all; with `dim` (values, indices) along it; with a tensor, `maximum`."""
    return _extreme(x, dim, keepdim, "max")


def min(x: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest of all; with `dim` (values, indices) along it; with a tensor, `minimum`."""
    return _extreme(x, dim, keepdim, "min")


def _extreme(x: Tensor, dim: Any, keepdim: bool, name: str) -> Any:
    if dim is None:
        return amax(x) if name == "max" else amin(x)
    if isinstance(dim, Variable):
        return x.maximum(dim) if name == "max" else x.minimum(dim)  # type: ignore[arg-type]
    indices = argmax(x, dim, True) if name == "max" else argmin(x, dim, True)
    values = x.gather(dim, indices)
    if not keepdim and x.ndim:
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return ValuesIndices(values, indices)


def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index (int64) of the largest, in the flattened tensor or along `dim`; first of equals."""
    return _arg(x, dim, keepdim, "argmax")


def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index (int64) of the smallest, in the flattened tensor or along `dim`; first of equals."""
    return _arg(x, dim, keepdim, "argmin")


def _arg(x: Tensor, dim: int | None, keepdim: bool, name: str) -> Tensor:
    _extreme_dims(x, dim, name)
    shape = x.shape
    if dim is None or x.ndim == 0:
        x = x.reshape(-1)
    along = 0 if dim is None else normalize_dim(dim, len(shape), name)
    data = getattr(x.backend, name)(x._data, along)
    if dim is None or not shape:
        return x._new(data.owned((1,) * len(shape) if keepdim else ()))
    return x._new(data if keepdim else data.owned(dropped_shape(shape, (along,))))


def _extreme_dims(x: Tensor, dim: Dims, name: str) -> tuple[int, ...]:
    dims = normalize_dims(dim, x.ndim, name)
    if builtins.any(x.shape[d] == 0 for d in dims):
        raise ValueError(
            f"{name}: a tensor of shape {x.shape} has nothing to choose from along {dims}; "
            "check numel() first, or name a dimension that is not empty."
        )
    return dims


def all(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all are nonzero."""
    dims = normalize_dims(dim, x.ndim, "all")
    return fold(ops.logical_and, x.bool(), dims, keepdim, True, bool_)


def any(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any is nonzero."""
    dims = normalize_dims(dim, x.ndim, "any")
    return fold(ops.logical_or, x.bool(), dims, keepdim, False, bool_)


def count_nonzero(x: Tensor, dim: Dims = None) -> Tensor:
    """How many are nonzero."""
    return sum(x != 0, dim)


def var(
    x: Tensor,
    dim: Dims = None,
    *,
    correction: float = 1,
    keepdim: bool = False,
    unbiased: bool | None = None,
) -> Tensor:
    """The variance: squared deviations added up, over the count less `correction`.

    Args:
        unbiased: PyTorch's earlier word: True for a correction of 1, False for 0.

    Raises: TypeError for integers.
    """
    _check_floating("var", x)
    if isinstance(dim, bool):  # PyTorch's earlier form, var(x, False)
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = 1 if unbiased else 0
    dims = normalize_dims(dim, x.ndim, "var")
    count = math.prod(x.shape[d] for d in dims)
    deviation = x - mean(x, dims, keepdim=True)
    return sum(deviation * deviation, dims, keepdim) / builtins.max(float(count - correction), 0.0)


def std(
    x: Tensor,
    dim: Dims = None,
    *,
    correction: float = 1,
    keepdim: bool = False,
    unbiased: bool | None = None,
) -> Tensor:
    """The standard deviation: the square root of `var`, with gradient 0 where that is 0.

    Args: as `var`.
    Raises: TypeError for integers.
    """
    _check_floating("std", x)
    variance = var(x, dim, correction=correction, keepdim=keepdim, unbiased=unbiased)
    return _root(variance, 0.5)


def _root(x: Tensor, exponent: float) -> Tensor:
    """x ** exponent for x >= 0 and an exponent in (0, 1), with gradient 0 where x is 0."""
    zero = x == 0
    return where(zero, 0.0, where(zero, 1.0, x) ** exponent)


def norm(x: Tensor, p: float | str = 2.0, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The p-norm: (sum of |x|**p)**(1/p), as if x were flat along `dim`.

    Args:
        p: 2 (or "fro") for the Euclidean norm, inf and -inf for the largest and smallest
            magnitude, 0 for the number of nonzeros.

    Raises: ValueError for another word than "fro".
    """
    if isinstance(p, str) and p != "fro":
        raise ValueError(f"norm: p must be a number or 'fro', got {p!r}.")
    x = floating(x)
    if p == "fro" or p == 2:
        return Norm2.apply(x, normalize_dims(dim, x.ndim, "norm"), keepdim)  # type: ignore[no-any-return]
    exponent = float(p)
    if exponent == math.inf:
        return amax(x.abs(), dim, keepdim)
    if exponent == -math.inf:
        return amin(x.abs(), dim, keepdim)
    if exponent == 0:
        return sum((x != 0).to(x.dtype), dim, keepdim)
    if exponent == 1:
        return sum(x.abs(), dim, keepdim)
    return _root(sum(x.abs() ** exponent, dim, keepdim), 1.0 / exponent)


class Norm2(Function):
    """The Euclidean norm over dims. Gradient: d x / norm, and 0 at the origin, as in PyTorch."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        result = fold(ops.add, x.square(), dims, keepdim, 0.0, x.dtype).sqrt()
        ctx.dims = dims
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        x, result = ctx.saved_tensors
        kept = kept_shape(x.shape, ctx.dims)
        length = result.reshape(kept)
        zero = length == 0
        unit = x / where(zero, 1.0, length)
        return where(zero, 0.0, unit) * d.reshape(kept), None, None


class LogSumExp(Function):
    """y = log(sum(exp(x))) over dims. Gradient: d exp(x - y), and 0 where y is -inf."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        largest = fold(ops.max, x, dims, True, -math.inf, x.dtype)
        shift = where(largest.isfinite(), largest, 0.0)  # so that inf - inf does not arise
        result = fold(ops.add, (x - shift).exp(), dims, True, 0.0, x.dtype).log() + shift
        if not keepdim:
            result = result.reshape(dropped_shape(x.shape, dims))
        ctx.dims = dims
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        x, result = ctx.saved_tensors
        kept = kept_shape(x.shape, ctx.dims)
        y = result.reshape(kept)
        weight = (x - where(y == -math.inf, 0.0, y)).exp()
        return weight * d.reshape(kept), None, None


def logsumexp(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))), shifted by the maximum so that it cannot overflow; -inf over nothing."""
    x = floating(x)
    return LogSumExp.apply(x, normalize_dims(dim, x.ndim, "logsumexp"), keepdim)  # type: ignore[no-any-return]


class Softmax(Function):
    """y = exp(x) / sum(exp(x)) along dim. Gradient: y (d - sum(d y))."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int) -> Tensor:
        y = x._new(x.backend.softmax(x._data, dim))
        ctx.save_for_backward(y)
        ctx.dim = dim
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        weighted = d * y
        return weighted - y * weighted.sum(ctx.dim, keepdim=True), None


class LogSoftmax(Function):
    """y = x - log(sum(exp(x))) along dim. Gradient: d - exp(y) sum(d)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int) -> Tensor:
        y = x._new(x.backend.log_softmax(x._data, dim))
        ctx.save_for_backward(y)
        ctx.dim = dim
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        return d - y.exp() * d.sum(ctx.dim, keepdim=True), None


def softmax(x: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`: positive, adding up to 1."""
    x = floating(x)
    return Softmax.apply(x, normalize_dim(dim, x.ndim, "softmax")) if x.ndim else x * 0 + 1


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """log(softmax(x)) along `dim`, without the overflow of computing it so."""
    x = floating(x)
    return LogSoftmax.apply(x, normalize_dim(dim, x.ndim, "log_softmax")) if x.ndim else x * 0
