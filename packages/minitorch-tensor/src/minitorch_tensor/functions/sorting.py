"""Sorting and cumulative functions along a dimension, top-k, quantiles, distinct values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_tensor.dtypes import AnyDType, bool_, float64, int64
from minitorch_tensor.functions.arithmetic import lerp
from minitorch_tensor.functions.base import check_backends, floating
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.joining import cat
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.functions.reductions import (
    ValuesIndices,
    check_floating,
    chosen,
    kept_shape,
)
from minitorch_tensor.functions.selection import where
from minitorch_tensor.layout import normalize_dim

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike


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


@guarded
def cumsum(input: Tensor, dim: int, *, dtype: AnyDType | None = None) -> Tensor:
    """Running sums along `dim`: out[i] = input[0] + ... + input[i]. float32 is added up in float64,
    integers in int64."""
    x = _wide(input, dtype)
    dim = normalize_dim(dim, x.ndim, "cumsum")
    return Cumsum.apply(x, dim) if x.ndim else x.clone()


def _wide(x: Tensor, dtype: AnyDType | None) -> Tensor:
    """x in a dtype; by default one wide enough for sums of x."""
    return x.to(dtype or (x.dtype if x.dtype.kind == "float" else int64))


class Cumprod(Function):
    """y[i] = x[0] ... x[i] along dim. Gradient: y[k - 1] times the sum over i >= k of
    d[i] x[k + 1] ... x[i], which involves no division and so is exact at zeros."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int) -> Tensor:
        y = x._new(x.backend.cumprod(x._data, dim))
        ctx.dim = dim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        dim = ctx.dim
        # Partial products may overflow even if the final product is finite.
        x, y, d = (t.to(float64) for t in (*ctx.saved_tensors, d))
        return _shifted(y, dim, 1.0) * _from_the_end(d, x, dim), None


class Logcumsumexp(Function):
    """y[i] = log(e**x[0] + ... + e**x[i]) along dim. Gradient: e**(x[k] - y[k]) times the sum over
    i >= k of d[i] e**(y[k] - y[i]), whose exponents are not positive."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, dim: int) -> Tensor:
        y = x._new(x.backend.logcumsumexp(x._data, dim))
        ctx.dim = dim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        x, y = ctx.saved_tensors
        dim = ctx.dim
        empty = y == -math.inf
        level = where(empty, 0.0, y)
        before = _shifted(where(empty, 0.0, y), dim, 0.0)
        ratio = where(_shifted(empty, dim, True), 0.0, (before - level).exp())
        return (x - level).exp() * _from_the_end(d, ratio, dim), None


class Recurrence(Function):
    """y[i] = x[i] + a[i] y[i - 1] along dim, y[-1] being 0. Gradients: u for x, where
    u[i] = d[i] + a[i + 1] u[i + 1], and u[i] y[i - 1] for a."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, a: Tensor, dim: int) -> Tensor:
        y = x._new(x.backend.linear_recurrence(x._data, a._data, dim))
        ctx.dim = dim
        ctx.save_for_backward(a, y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor | None, None]:
        a, y = ctx.saved_tensors
        dim = ctx.dim
        u = _from_the_end(d, a, dim)
        return u, u * _shifted(y, dim, 0.0) if ctx.edges[1] else None, None


def _from_the_end(x: Tensor, a: Tensor, dim: int) -> Tensor:
    """u[i] = x[i] + a[i + 1] u[i + 1] along dim, with u = 0 beyond the end."""
    result: Tensor = Recurrence.apply(x.flip(dim), _shifted(a.flip(dim), dim, 0.0), dim)
    return result.flip(dim)


def _shifted(x: Tensor, dim: int, first: float) -> Tensor:
    """x shifted by one place along dim, with `first` in front."""
    front = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
    return cat([x.new_full(front, first), x.narrow(dim, 0, x.shape[dim] - 1)], dim)


@guarded
def cumprod(input: Tensor, dim: int, *, dtype: AnyDType | None = None) -> Tensor:
    """Running products along `dim`: out[i] = input[0] * ... * input[i], with gradients exact at
    zeros. float32 is multiplied in float64, integers in int64."""
    x = _wide(input, dtype)
    dim = normalize_dim(dim, x.ndim, "cumprod")
    return Cumprod.apply(x, dim) if x.numel() and x.ndim else x.clone()


@guarded
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log(cumsum(exp(input))) along `dim`, without overflow; float32 is added up in float64."""
    x = floating(input)
    dim = normalize_dim(dim, x.ndim, "logcumsumexp")
    return Logcumsumexp.apply(x, dim) if x.numel() and x.ndim else x.clone()


@guarded
def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """(values, indices) of the running maximum along `dim`; ties go to the last, NaN propagates."""
    return _extremes_so_far("cummax", np.maximum, input, dim)


@guarded
def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """(values, indices) of the running minimum along `dim`; ties go to the last, NaN propagates."""
    return _extremes_so_far("cummin", np.minimum, input, dim)


def _extremes_so_far(operation: str, fn: np.ufunc, x: Tensor, dim: int) -> ValuesIndices:
    along = normalize_dim(dim, x.ndim, operation)
    if not x.ndim:
        return chosen(x, dim, None, True)
    array = np.moveaxis(x.backend.to_numpy(x._data), along, -1)
    new = (array == fn.accumulate(array, axis=-1)) | (array != array)
    places = np.maximum.accumulate(np.where(new, np.arange(array.shape[-1]), 0), axis=-1)
    places = np.ascontiguousarray(np.moveaxis(places, -1, along), np.int64)
    return chosen(x, dim, x._new(x.backend.from_numpy(places)), True)


@guarded
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """Differences of neighbours along `dim`: out[i] = input[i + 1] - input[i], repeated n times.
    For bool, true where they differ.

    Args:
        prepend, append: concatenated before and after input along `dim` first.

    Raises: ValueError for a negative n, or a zero-dimensional input.
    """
    along = normalize_dim(dim, input.ndim, "diff")
    if n < 0 or not input.ndim:
        raise ValueError(
            f"diff: wanted n >= 0 and a tensor with a dimension, got n={n} and shape {input.shape}."
        )
    parts = [t for t in (prepend, input, append) if t is not None]
    x = cat(parts, along) if len(parts) > 1 else input.clone()
    for _ in range(min(n, x.shape[along])):
        before = x.narrow(along, 0, max(x.shape[along] - 1, 0))
        after = x.narrow(along, min(1, x.shape[along]), before.shape[along])
        x = after ^ before if x.dtype is bool_ else after - before
    return x


@guarded
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> Tensor:
    """The indices (int64) that sort input along `dim`. Equals keep their order; NaN is largest.

    Args:
        stable: accepted for compatibility with PyTorch; the order is always stable.
    """
    along = normalize_dim(dim, input.ndim, "argsort")
    if not input.ndim:
        return input._new(input.backend.full((), 0, int64))
    return input._new(input.backend.argsort(input._data, along, descending))


@guarded
def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True
) -> ValuesIndices:
    """(values, indices): input sorted along `dim`, and the original indices. See `argsort`."""
    indices = argsort(input, dim, descending, stable=stable)
    return ValuesIndices(input.gather(dim, indices), indices)


@guarded
def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """(values, indices) of the k largest along `dim`, or smallest, in order.

    Args:
        sorted: taken for PyTorch's sake; the result is sorted either way.

    Raises: ValueError if there are not k.
    """
    along = normalize_dim(dim, input.ndim, "topk")
    available = input.shape[along] if input.ndim else 1
    if not 0 <= k <= available:
        raise ValueError(
            f"topk: k={k} must lie in [0, {available}], the size of dimension {along} of "
            f"{input.shape}."
        )
    indices = argsort(input, dim, descending=largest)
    if input.ndim:
        indices = indices.narrow(along, 0, k)
    return ValuesIndices(input.gather(dim, indices), indices)


@guarded
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(values, indices) of the k-th smallest along `dim`, counted from 1.

    Raises: ValueError if there are not k.
    """
    along = normalize_dim(dim, input.ndim, "kthvalue")
    available = input.shape[along] if input.ndim else 1
    if not 1 <= k <= available:
        raise ValueError(
            f"kthvalue: k={k} must lie in [1, {available}], the size of dimension {along} of "
            f"{input.shape}."
        )
    if not input.ndim:
        return chosen(input, dim, None, keepdim)
    return chosen(input, dim, argsort(input, dim).narrow(along, k - 1, 1), keepdim)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@guarded
def quantile(
    input: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The q-quantile of all elements, or along `dim`: a fraction q of the values lies below it. NaN
    if any value is NaN.

    Args:
        q: in [0, 1]; for a vector, the first dimension of the result has one quantile for each.
        interpolation: between the two nearest values: "linear", "lower", "higher", "midpoint" or
            "nearest".

    Raises: ValueError for a q outside of [0, 1], another interpolation, or no values; TypeError
        for integers.
    """
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"quantile: interpolation must be one of {', '.join(_INTERPOLATIONS)}, got "
            f"{interpolation!r}."
        )
    check_floating("quantile", input)
    shares = np.asarray(q.detach().numpy() if isinstance(q, Variable) else q)
    if shares.dtype.kind not in "fiub":
        raise TypeError(f"quantile: q must be a number or a tensor, got {q!r}.")
    shares = shares.astype(np.float64)
    if shares.ndim > 1 or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"quantile: q must be a number in [0, 1] or a vector of them, got {q}.")
    along = 0 if dim is None else normalize_dim(dim, input.ndim, "quantile")
    x = input.reshape(-1) if dim is None or not input.ndim else input.movedim(along, -1)
    n = x.shape[-1]
    if not n:
        raise ValueError(f"quantile: a tensor of shape {input.shape} has no values there.")
    ordered = sort(x).values
    place = shares.reshape(-1) * (n - 1)
    low, high = np.floor(place), np.ceil(place)
    weight = {
        "linear": place - low,
        "lower": low * 0,
        "higher": low * 0 + 1,
        "midpoint": np.where(low < high, 0.5, 0.0),
        "nearest": np.rint(place) - low,
    }[interpolation]

    def from_host(array: np.ndarray[Any, Any]) -> Tensor:
        return x._new(x.backend.from_numpy(array))

    below = ordered.index_select(-1, from_host(low.astype(np.int64)))
    above = ordered.index_select(-1, from_host(high.astype(np.int64)))
    result = _between(below, above, from_host(weight.astype(x.dtype.numpy)))
    last = ordered.narrow(-1, n - 1, 1)  # NaN counts as largest
    result = where(last != last, last, result).movedim(-1, 0)
    if keepdim:
        shape = (1,) * input.ndim if dim is None else kept_shape(input.shape, (along,))
        result = result.reshape((shares.size, *shape))
    return result if shares.ndim else result.squeeze(0)


def _between(below: Tensor, above: Tensor, weight: Tensor) -> Tensor:
    """`lerp` for finite values. Beside an infinity `lerp` would compute inf - inf or 0 * inf: there
    the result is the value itself at weight 0 or 1 and between equals, else the infinity."""
    mixed = lerp(below, above, weight)
    one = where(below.isinf(), below, above)
    one = where((weight == 0) | (below == above), below, where(weight == 1, above, one))
    opposite = below.isinf() & above.isinf() & (below != above) & (weight > 0) & (weight < 1)
    return where((below.isinf() | above.isinf()) & opposite.logical_not(), one, mixed)


@guarded
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct values in ascending order, or the distinct slices along `dim`; without gradient.

    Args:
        sorted: taken for PyTorch's sake; the result is sorted either way.
        return_inverse: also return the index in the result of each element (or slice).
        return_counts: also return the count of each.
    """
    along = None if dim is None else normalize_dim(dim, input.ndim, "unique")
    values, places, counts = np.unique(
        input.backend.to_numpy(input._data),
        return_inverse=True,
        return_counts=True,
        axis=along,
        equal_nan=False,
    )
    places = places.reshape(input.shape if along is None else -1)
    wanted = (values, *[places] * return_inverse, *[counts] * return_counts)
    results = [
        input._new(input.backend.from_numpy(a if a is values else a.astype(np.int64)))
        for a in wanted
    ]
    return tuple(results) if len(results) > 1 else results[0]


@guarded
def searchsorted(
    sorted_sequence: Tensor, input: TensorLike, *, right: bool = False, side: str | None = None
) -> Tensor:
    """The index (int64) at which each value would be inserted into an ascending sequence.

    Shapes: sequence (N), values (...) -> (...); sequences (..., N), values (..., M) -> (..., M),
        the leading sizes equal.

    Args:
        right: insert after equal elements instead of before them.
        side: "left" or "right", equivalent to `right`.

    Raises: ValueError for another side, or leading sizes that differ.
    """
    if side not in (None, "left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', got {side!r}.")
    where_equal = side or ("right" if right else "left")
    if isinstance(input, Variable):
        check_backends("searchsorted", sorted_sequence, input)
    backend = sorted_sequence.backend
    sequence = backend.to_numpy(sorted_sequence._data)
    values = np.asarray(input.detach().numpy() if isinstance(input, Variable) else input)
    if sequence.ndim == 1:
        places = np.searchsorted(sequence, values, where_equal)  # type: ignore[call-overload]
    elif sequence.shape[:-1] == values.shape[:-1] and values.ndim:
        places = np.empty(values.shape, np.int64)
        for row in np.ndindex(sequence.shape[:-1]):
            places[row] = np.searchsorted(sequence[row], values[row], where_equal)  # type: ignore[call-overload]
    else:
        raise ValueError(
            f"searchsorted: a sequence of shape {sequence.shape} and values of shape "
            f"{values.shape} must agree in all sizes but the last; or let the sequence be a vector."
        )
    return sorted_sequence._new(backend.from_numpy(np.asarray(places, np.int64)))


@guarded
def bucketize(input: TensorLike, boundaries: Tensor, *, right: bool = False) -> Tensor:
    """The index of the interval between ascending boundaries that each value lies in; see
    `searchsorted`.

    Args:
        right: true if an interval includes its left boundary instead of its right one.
    """
    return searchsorted(boundaries, input, right=right)


# -- methods, and what the package exports ---------------------------------------------------------


class SortingMethods(Methods):
    """Sorting and cumulative functions."""

    cumsum = cumsum
    cumsum_ = in_place(cumsum)
    cumprod = cumprod
    cumprod_ = in_place(cumprod)
    cummax = cummax
    cummin = cummin
    logcumsumexp = logcumsumexp
    diff = diff
    argsort = argsort
    sort = sort
    topk = topk
    kthvalue = kthvalue
    quantile = quantile
    unique = unique


__all__ = [
    "argsort",
    "bucketize",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "diff",
    "kthvalue",
    "logcumsumexp",
    "quantile",
    "searchsorted",
    "sort",
    "topk",
    "unique",
]
