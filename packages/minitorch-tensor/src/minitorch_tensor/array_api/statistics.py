"""Reductions, running totals, sorting, searching, and sets of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minitorch_tensor.dtypes import DType
from minitorch_tensor.functions import indexing, joining, reductions, sorting
from minitorch_tensor.layout import normalize_dim
from minitorch_tensor.tensor import Tensor

Axes = int | Sequence[int] | None


def _reduced(
    function: Callable[..., Tensor], x: Tensor, axis: Axes, keepdims: bool, **options: Any
) -> Tensor:
    """function along axes, of which there may be none: then each element is reduced alone."""
    if axis == ():
        return function(x.unsqueeze(-1), -1, keepdims, **options).reshape(x.shape)
    return function(x, axis, keepdims, **options)


def all(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """True if all elements are nonzero."""
    return _reduced(reductions.all, x, axis, keepdims)


def any(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """True if an element is nonzero."""
    return _reduced(reductions.any, x, axis, keepdims)


def max(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The largest; ties share the gradient equally."""
    return _reduced(reductions.amax, x, axis, keepdims)


def min(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The smallest; ties share the gradient equally."""
    return _reduced(reductions.amin, x, axis, keepdims)


def mean(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The arithmetic mean."""
    return _reduced(reductions.mean, x, axis, keepdims)


def prod(
    x: Tensor, /, *, axis: Axes = None, dtype: DType | None = None, keepdims: bool = False
) -> Tensor:
    """The product. Integers and bool are multiplied in int64 unless a dtype is given."""
    return _reduced(reductions.prod, x, axis, keepdims, dtype=dtype)


def sum(
    x: Tensor, /, *, axis: Axes = None, dtype: DType | None = None, keepdims: bool = False
) -> Tensor:
    """The sum. Integers and bool are added up in int64 unless a dtype is given."""
    return _reduced(reductions.sum, x, axis, keepdims, dtype=dtype)


def std(
    x: Tensor, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """The standard deviation: the square root of `var`."""
    return _reduced(_std, x, axis, keepdims, correction=correction)


def _std(x: Tensor, axis: Axes, keepdims: bool, correction: float) -> Tensor:
    return reductions.std(x, axis, None, keepdims, correction=correction)


def var(
    x: Tensor, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """The variance: the sum of squared deviations over the count minus `correction`."""
    return _reduced(_var, x, axis, keepdims, correction=correction)


def _var(x: Tensor, axis: Axes, keepdims: bool, correction: float) -> Tensor:
    return reductions.var(x, axis, None, keepdims, correction=correction)


def count_nonzero(x: Tensor, /, *, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The number of nonzero elements, in int64."""
    return _reduced(reductions.sum, x != 0, axis, keepdims)


def cumulative_sum(
    x: Tensor,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
) -> Tensor:
    """Running sums along an axis, which may be omitted if there is one; with include_initial they
    begin with 0."""
    return _running("cumulative_sum", sorting.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(
    x: Tensor,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
) -> Tensor:
    """Running products along an axis, which may be omitted if there is one; with include_initial
    they begin with 1."""
    return _running("cumulative_prod", sorting.cumprod, 1, x, axis, dtype, include_initial)


def _running(
    name: str,
    function: Callable[..., Tensor],
    start: int,
    x: Tensor,
    axis: int | None,
    dtype: DType | None,
    include_initial: bool,
) -> Tensor:
    if axis is None and x.ndim > 1:
        raise ValueError(f"{name}: name an axis of shape {x.shape}.")
    along = normalize_dim(axis or 0, x.ndim, name)
    result = function(x, along, dtype=dtype)
    if not include_initial:
        return result
    first = (*x.shape[:along], 1, *x.shape[along + 1 :])
    return joining.cat([result.new_full(first, start), result], along)


def diff(
    x: Tensor,
    /,
    *,
    axis: int = -1,
    n: int = 1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """Differences of neighbours along an axis, taken n times."""
    return sorting.diff(x, n, axis, prepend, append)


# -- sorting and searching -------------------------------------------------------------------------


def argsort(
    x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True
) -> Tensor:
    """The indices that sort x along an axis; equals keep their order."""
    return sorting.argsort(x, axis, descending, stable=stable)


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """x sorted along an axis."""
    values: Tensor = sorting.sort(x, axis, descending, stable=stable).values
    return values


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the largest along an axis, or among all; the first of equals."""
    return reductions.argmax(x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the smallest along an axis, or among all; the first of equals."""
    return reductions.argmin(x, axis, keepdims)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The indices of nonzero elements, a vector for each axis.

    Raises: ValueError for a number, which has no axis.
    """
    if not x.ndim:
        raise ValueError("nonzero: wanted an axis, got a zero-dimensional tensor.")
    found: tuple[Tensor, ...] = indexing.nonzero(x, as_tuple=True)
    return found


def searchsorted(
    x1: Tensor, x2: Tensor, /, *, side: str = "left", sorter: Tensor | None = None
) -> Tensor:
    """The index at which each element of x2 would be inserted into the ascending vector x1, which
    `sorter` puts in order if given."""
    return sorting.searchsorted(x1 if sorter is None else x1[sorter], x2, side=side)


# -- sets ------------------------------------------------------------------------------------------


class UniqueAll(NamedTuple):
    """The result of `unique_all`."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The result of `unique_counts`."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The result of `unique_inverse`."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x: Tensor, /) -> UniqueAll:
    """The distinct values in ascending order, each NaN one of its own; where each first stands in
    the flat x; which one each element is; and how many of each there are. Without gradient."""
    values, inverse, counts = sorting.unique(x, return_inverse=True, return_counts=True)
    order = np.argsort(x.backend.to_numpy(inverse.reshape(-1)._data), kind="stable")
    ends = np.cumsum(x.backend.to_numpy(counts._data))
    first = order[np.concatenate([[0], ends[:-1]]).astype(np.int64)] if ends.size else order
    indices = x._new(x.backend.from_numpy(first.astype(np.int64)))
    return UniqueAll(values, indices, inverse, counts)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """The distinct values in ascending order, and how many of each there are."""
    return UniqueCounts(*sorting.unique(x, return_counts=True))


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """The distinct values in ascending order, and which one each element is."""
    return UniqueInverse(*sorting.unique(x, return_inverse=True))


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct values in ascending order."""
    values: Tensor = sorting.unique(x)
    return values


__all__ = [
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "max",
    "mean",
    "min",
    "nonzero",
    "prod",
    "searchsorted",
    "sort",
    "std",
    "sum",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "var",
]
