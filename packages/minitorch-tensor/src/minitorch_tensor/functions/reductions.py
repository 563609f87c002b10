"""Reductions: sums, means, extremes, and functions built on them.

`dim` is one dimension, several, or None for all; negative ones count from the right. With `keepdim`
a reduced dimension stays with size 1.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import AnyDType, DType, bool_, float64, int64
from minitorch_tensor.functions.base import floating, zip_
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.joining import cat
from minitorch_tensor.functions.methods import Methods
from minitorch_tensor.functions.selection import where
from minitorch_tensor.layout import Shape, normalize_dim, normalize_dims

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Dims, Tensor


class ValuesIndices(NamedTuple):
    """The result of `max(dim)`, `min(dim)`, `sort` and `topk`."""

    values: Any
    indices: Any


class MinMax(NamedTuple):
    """The result of `aminmax`."""

    min: Any
    max: Any


def kept_shape(shape: Shape, dims: Sequence[int]) -> Shape:
    """`shape` with size 1 in the reduced dimensions."""
    return tuple([1 if d in dims else n for d, n in enumerate(shape)])


def dropped_shape(shape: Shape, dims: Sequence[int]) -> Shape:
    """`shape` without the reduced dimensions."""
    return tuple([n for d, n in enumerate(shape) if d not in dims])


def fold(
    fn: Callable[[float, float], float],
    x: Tensor,
    dims: tuple[int, ...],
    keepdim: bool,
    start: float,
    dtype: DType,
) -> Tensor:
    """Reduce `dims` of x with fn, unrecorded."""
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


class Mean(Function):
    """The mean over dims. Gradient: d / n, repeated along them."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        ctx.shape, ctx.dims = x.shape, dims
        total = fold(ops.add, x, dims, keepdim, 0, x.dtype)
        return zip_(ops.div, total, Mean.count(total, x.shape, dims))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        shape, dims = ctx.shape, ctx.dims
        share = d / Mean.count(d, shape, dims)
        return share.reshape(kept_shape(shape, dims)).expand(shape), None, None

    @staticmethod
    def count(beside: Tensor, shape: Shape, dims: tuple[int, ...]) -> Tensor:
        """The number of elements that are averaged."""
        n = float(math.prod([shape[d] for d in dims]))
        return beside._new(beside.backend.constant(n, beside.dtype))


class Amax(Function):
    """The largest over dims, NaN if any is. Gradient: d, shared equally by all that attain it."""

    operator: ClassVar[Any] = staticmethod(ops.max)

    @classmethod
    def forward(cls, ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        result = fold(cls.operator, x, dims, keepdim, cls.start(x.dtype), x.dtype)
        ctx.dims = dims
        ctx.save_for_backward(x, result)
        return result

    @classmethod
    def backward(cls, ctx: Context, d: Tensor) -> tuple[Tensor, None, None]:
        x, result = ctx.saved_tensors
        dims = ctx.dims
        kept = kept_shape(x.shape, dims)
        attained = cls.attained(x, result.detach().reshape(kept)).to(d.dtype)
        share = attained / sum(attained, dims, keepdim=True)
        return share * d.reshape(kept), None, None

    @staticmethod
    def attained(x: Tensor, result: Tensor) -> Tensor:
        """The elements that share the gradient."""
        return x == result

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


class Max(Amax):
    """The largest of all, NaN if any is. Gradient: as for Amax, but a NaN result shares it among
    all NaN."""

    @staticmethod
    def attained(x: Tensor, result: Tensor) -> Tensor:
        """The elements that share the gradient: if the result is NaN, every NaN."""
        return (x == result) | (x != x)


class Min(Amin):
    """The smallest of all, NaN if any is. Gradient: as for Amin, but a NaN result shares it among
    all NaN."""

    attained = staticmethod(Max.attained)


class Median(Max):
    """The median of all, the lower of two. Gradient: d, shared equally by all that equal it."""

    @classmethod
    def forward(cls, ctx: Context, x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
        flat = x.reshape(-1)
        result = flat.gather(0, middle(flat, 0)).reshape((1,) * x.ndim if keepdim else ())
        ctx.dims = dims
        ctx.save_for_backward(x, result)
        return result


def middle(x: Tensor, dim: int) -> Tensor:
    """The index along `dim` of the lower median, kept with size 1; of the first NaN if there is
    one."""
    n = x.shape[dim]
    order = x._new(x.backend.argsort(x._data, dim, False))  # NaN counts as largest
    numbers = sum(x == x, dim, keepdim=True)
    place = where(numbers < n, numbers, (n - 1) // 2)
    return order.gather(dim, place)


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
        # Move the reduced dimensions last and flatten them: (rest, n).
        rest = [i for i in range(x.ndim) if i not in dims]
        order = [*rest, *dims]
        flat = x.permute(order).reshape(math.prod(x.shape[i] for i in rest), -1)
        others = _products_of_others(flat).reshape([x.shape[i] for i in order])
        return others.permute(np.argsort(order).tolist()) * d.reshape(kept), None, None, None


def _products_of_others(x: Tensor) -> Tensor:
    """out[i, j] = product of x[i, k] over k other than j: those before j times those
    after j."""
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


@guarded
def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: AnyDType | None = None
) -> Tensor:
    """The sum. Integers and bool are added up in int64."""
    dims = normalize_dims(dim, input.ndim, "sum")
    if dtype is not None:
        input = input.to(dtype)
    out = input.dtype if dtype is not None or input.dtype.kind == "float" else int64
    return Sum.apply(input, dims, keepdim, out)


@guarded
def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: AnyDType | None = None
) -> Tensor:
    """The arithmetic mean; NaN over no elements.

    Raises: TypeError for integers, whose mean is a fraction.
    """
    if dtype is not None:
        input = input.to(dtype)
    check_floating("mean", input)
    dims = normalize_dims(dim, input.ndim, "mean")
    return Mean.apply(input, dims, keepdim)


def check_floating(operation: str, x: Tensor) -> None:
    """Check that x is floating point.

    Raises: TypeError if not.
    """
    if x.dtype.kind != "float":
        raise TypeError(
            f"{operation}: wanted floating point, got {x.dtype}. Convert with .float()."
        )


@guarded
def prod(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: AnyDType | None = None
) -> Tensor:
    """The product. Integers and bool are multiplied in int64."""
    dims = normalize_dims(dim, input.ndim, "prod")
    if dtype is not None:
        input = input.to(dtype)
    out = input.dtype if dtype is not None or input.dtype.kind == "float" else int64
    return Prod.apply(input, dims, keepdim, out)


@guarded
def amax(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest; ties share the gradient equally.

    Raises: ValueError over no elements.
    """
    return Amax.apply(input, _extreme_dims(input, dim, "amax"), keepdim)


@guarded
def amin(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest; ties share the gradient equally.

    Raises: ValueError over no elements.
    """
    return Amin.apply(input, _extreme_dims(input, dim, "amin"), keepdim)


@guarded
def max(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The largest of all; with `dim` (values, indices) along it; with another tensor, in place of
    `dim` or by name, `maximum`."""
    return _extreme(input, dim if other is None else other, keepdim, "max")


@guarded
def min(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Any:
    """The smallest of all; with `dim` (values, indices) along it; with another tensor, in place of
    `dim` or by name, `minimum`."""
    return _extreme(input, dim if other is None else other, keepdim, "min")


def _extreme(x: Tensor, dim: Any, keepdim: bool, name: str) -> Any:
    if dim is None:
        kind = Max if name == "max" else Min
        return kind.apply(x, _extreme_dims(x, None, name), False)
    if isinstance(dim, Variable):
        return x.maximum(dim) if name == "max" else x.minimum(dim)  # type: ignore[arg-type]
    indices = argmax(x, dim, True) if name == "max" else argmin(x, dim, True)
    return chosen(x, dim, indices if x.ndim else None, keepdim)


@guarded
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index (int64) of the largest, in the flattened tensor or along `dim`; first of equals."""
    return _arg(input, dim, keepdim, "argmax")


@guarded
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Index (int64) of the smallest, in the flattened tensor or along `dim`; first of equals."""
    return _arg(input, dim, keepdim, "argmin")


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


@guarded
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True if all elements are nonzero."""
    dims = normalize_dims(dim, input.ndim, "all")
    return fold(ops.logical_and, input.bool(), dims, keepdim, True, bool_)


@guarded
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True if any element is nonzero."""
    dims = normalize_dims(dim, input.ndim, "any")
    return fold(ops.logical_or, input.bool(), dims, keepdim, False, bool_)


@guarded
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """(min, max): the smallest and the largest of all, or along `dim`.

    Raises: as `amax`.
    """
    return MinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))


@guarded
def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: AnyDType | None = None
) -> Tensor:
    """`sum` with NaN counted as 0."""
    return sum(_without_nan(input), dim, keepdim, dtype=dtype)


@guarded
def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: AnyDType | None = None
) -> Tensor:
    """The mean of the elements that are not NaN; NaN if all are.

    Raises: TypeError for integers.
    """
    if dtype is not None:
        input = input.to(dtype)
    check_floating("nanmean", input)
    count = sum(input == input, dim, keepdim).to(input.dtype)
    return sum(_without_nan(input), dim, keepdim) / count


def _without_nan(x: Tensor) -> Tensor:
    return where(x == x, x, 0)


@guarded
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of all elements, the lower of two in the middle; with `dim` (values, indices)
    along it. NaN if any element is NaN.

    Raises: ValueError over no elements.
    """
    along = None if dim is None else normalize_dim(dim, input.ndim, "median")
    dims = _extreme_dims(input, along, "median")
    if along is None:
        return Median.apply(input, dims, keepdim)
    return chosen(input, along, middle(input, along) if dims else None, keepdim)


def chosen(x: Tensor, dim: int, indices: Tensor | None, keepdim: bool) -> ValuesIndices:
    """x at `indices` along `dim`, which `indices` keeps with size 1."""
    if indices is None:  # zero-dimensional
        return ValuesIndices(x.clone(), x._new(x.backend.full((), 0, int64)))
    values = x.gather(dim, indices)
    if not keepdim:
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return ValuesIndices(values, indices)


@guarded
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """The number of nonzero elements."""
    return sum(input != 0, dim)


@guarded
def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Tensor:
    """The variance: the sum of squared deviations, divided by the count minus `correction`. float32
    is accumulated in float64.

    Args:
        unbiased: PyTorch's older parameter: True for a correction of 1, False for 0.

    Raises: TypeError for integers.
    """
    return _variance("var", input, dim, unbiased, keepdim, correction).to(input.dtype)


def _variance(
    operation: str,
    input: Tensor,
    dim: Dims,
    unbiased: bool | None,
    keepdim: bool,
    correction: float,
) -> Tensor:
    """The variance in float64, which can hold the square of any float32."""
    check_floating(operation, input)
    if isinstance(dim, bool):  # PyTorch's earlier form, var(input, False)
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = 1 if unbiased else 0
    x = input.to(float64)
    dims = normalize_dims(dim, x.ndim, operation)
    count = math.prod(x.shape[d] for d in dims)
    deviation = x - mean(x, dims, keepdim=True)
    return sum(deviation * deviation, dims, keepdim) / builtins.max(float(count - correction), 0.0)


@guarded
def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Tensor:
    """The standard deviation: the square root of `var`, with gradient 0 where `var` is 0.

    Args: as `var`.
    Raises: TypeError for integers.
    """
    variance = _variance("std", input, dim, unbiased, keepdim, correction)
    return _power(variance, 0.5).to(input.dtype)


def _power(x: Tensor, exponent: float) -> Tensor:
    """x ** exponent for x >= 0, with gradient 0 where x is 0."""
    zero = x == 0
    return where(zero, 0.0 if exponent > 0 else math.inf, where(zero, 1.0, x) ** exponent)


@guarded
def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean. Args and errors as for `var`."""
    return _with_mean(var, input, dim, unbiased, keepdim, correction)


@guarded
def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean. Args and errors as for `var`."""
    return _with_mean(std, input, dim, unbiased, keepdim, correction)


def _with_mean(
    function: Callable[..., Tensor],
    input: Tensor,
    dim: Dims,
    unbiased: bool | None,
    keepdim: bool,
    correction: float,
) -> tuple[Tensor, Tensor]:
    spread = function(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@guarded
def norm(
    input: Tensor,
    p: float | str = 2.0,
    dim: Dims = None,
    keepdim: bool = False,
    dtype: AnyDType | None = None,
) -> Tensor:
    """The p-norm: (sum of |input|**p)**(1/p), as if input were flat along `dim`.

    Args:
        p: 2 (or "fro") for the Euclidean norm, inf and -inf for the largest and smallest
            magnitude, 0 for the number of nonzeros.
        dtype: converts input first.

    Raises: ValueError for a string other than "fro".
    """
    if isinstance(p, str) and p != "fro":
        raise ValueError(f"norm: p must be a number or 'fro', got {p!r}.")
    input = floating(input if dtype is None else input.to(dtype))
    if p == "fro" or p == 2:
        return Norm2.apply(input, normalize_dims(dim, input.ndim, "norm"), keepdim)
    exponent = float(p)
    if exponent == math.inf:
        return amax(input.abs(), dim, keepdim)
    if exponent == -math.inf:
        return amin(input.abs(), dim, keepdim)
    if exponent == 0:
        return sum((input != 0).to(input.dtype), dim, keepdim)
    if exponent == 1:
        return sum(input.abs(), dim, keepdim)
    return _power(sum(_power(input.abs(), exponent), dim, keepdim), 1.0 / exponent)


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
        shift = where(largest.isfinite(), largest, 0.0)  # avoids inf - inf
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


@guarded
def logsumexp(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))), shifted by the maximum to avoid overflow; -inf over no elements."""
    input = floating(input)
    return LogSumExp.apply(input, normalize_dims(dim, input.ndim, "logsumexp"), keepdim)


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
        return SoftmaxBackward.apply(y, d, ctx.dim), None


class SoftmaxBackward(Function):
    """y (d - sum(d y)) along dim, in one pass. Gradients: e (d - sum(d y)) - d sum(e y), and
    y (e - sum(e y)), which is the same function of y and e."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor, dim: int) -> Tensor:
        ctx.save_for_backward(y, d)
        ctx.dim = dim
        return y._new(y.backend.softmax_backward(y._data, d._data, dim))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor, None]:
        y, d = ctx.saved_tensors
        grad_y = e * (d - (d * y).sum(ctx.dim, True)) - d * (e * y).sum(ctx.dim, True)
        return grad_y, SoftmaxBackward.apply(y, e, ctx.dim), None


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
        return LogSoftmaxBackward.apply(y, d, ctx.dim), None


class LogSoftmaxBackward(Function):
    """d - exp(y) sum(d) along dim, in one pass. Gradients: -e exp(y) sum(d), e - sum(e exp(y))."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor, dim: int) -> Tensor:
        ctx.save_for_backward(y, d)
        ctx.dim = dim
        return y._new(y.backend.log_softmax_backward(y._data, d._data, dim))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor, None]:
        y, d = ctx.saved_tensors
        weighted = e * y.exp()
        grad_y = -weighted * d.sum(ctx.dim, keepdim=True)
        return grad_y, e - weighted.sum(ctx.dim, keepdim=True), None


@guarded
def softmax(input: Tensor, dim: int, dtype: AnyDType | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along `dim`: positive, adding up to 1.

    Args:
        dtype: converts input first.
    """
    x = floating(input if dtype is None else input.to(dtype))
    along = normalize_dim(dim, x.ndim, "softmax")
    return Softmax.apply(x, along) if x.ndim else x * 0 + 1


@guarded
def log_softmax(input: Tensor, dim: int, dtype: AnyDType | None = None) -> Tensor:
    """log(softmax(input)) along `dim`, computed without overflow.

    Args:
        dtype: converts input first.
    """
    x = floating(input if dtype is None else input.to(dtype))
    along = normalize_dim(dim, x.ndim, "log_softmax")
    return LogSoftmax.apply(x, along) if x.ndim else x * 0


# -- methods, and what the package exports ---------------------------------------------------------


class ReductionMethods(Methods):
    """Reductions."""

    sum = sum
    nansum = nansum
    mean = mean
    nanmean = nanmean
    prod = prod
    max = max
    min = min
    amax = amax
    amin = amin
    aminmax = aminmax
    argmax = argmax
    argmin = argmin
    median = median
    all = all
    any = any
    count_nonzero = count_nonzero
    var = var
    std = std
    norm = norm
    logsumexp = logsumexp
    softmax = softmax
    log_softmax = log_softmax


__all__ = [
    "all",
    "amax",
    "amin",
    "aminmax",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "nanmean",
    "nansum",
    "norm",
    "prod",
    "softmax",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
]
