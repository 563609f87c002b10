"""Folds over dimensions, statistics, norms, softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import FLOATS, NUMBERS, Array, Draw, Sample, sample


def _dims(dim: Any) -> Any:
    """dim as numpy wants it."""
    return tuple(dim) if isinstance(dim, (tuple, list)) else dim


def _folds(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4)),
        sample(draw(2, 3, 4), 1),
        sample(draw(2, 3, 4), -1, True),
        sample(draw(2, 3, 4), (0, 2)),
        sample(draw(2, 3, 4), (-1, 0), True),
        sample(draw()),
        sample(draw(0, 3), 1),
    ]


def _folds_of_nothing(draw: Draw) -> list[Sample]:
    """The samples of `_folds`, and folds of no elements, for functions that have an identity."""
    return [*_folds(draw), sample(draw(2, 0, 3), 1), sample(draw(0))]


def _fold(fn: Callable[..., Array], dtype: Any = None) -> Callable[..., Array]:
    def reference(x: Array, dim: Any = None, keepdim: bool = False) -> Array:
        options = {"axis": _dims(dim), "keepdims": keepdim}
        if dtype is None:
            return np.asarray(fn(x, **options))
        wide = x.dtype if x.dtype.kind == "f" else dtype
        return np.asarray(fn(x, dtype=wide, **options))

    return reference


def _one_dim(samples: Callable[[Draw], list[Sample]]) -> Callable[[Draw], list[Sample]]:
    """The samples with at most one dim, for functions whose PyTorch form takes no more."""
    return lambda draw: [s for s in samples(draw) if not any(isinstance(a, tuple) for a in s.args)]


def _with_zeros(draw: Draw) -> list[Sample]:
    x = draw(3, 4)
    x[0, 1] = x[2, 2] = x[2, 3] = 0
    return [sample(x), sample(x, 1), sample(x, 0, True)]


def _spread(fn: Callable[..., Any]) -> Callable[..., Array]:
    def reference(
        x: Array, dim: Any = None, *, correction: float = 1, keepdim: bool = False
    ) -> Array:
        return np.asarray(fn(x, axis=_dims(dim), ddof=correction, keepdims=keepdim))

    return reference


def _norm(x: Array, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Array:
    absolute = np.abs(x).astype(np.float64)
    axis = _dims(dim)
    if p == math.inf:
        result = np.max(absolute, axis=axis, keepdims=keepdim)
    elif p == -math.inf:
        result = np.min(absolute, axis=axis, keepdims=keepdim)
    elif p == 0:
        result = np.sum(absolute != 0, axis=axis, keepdims=keepdim)
    else:
        power = 2 if p == "fro" else p
        result = np.sum(absolute**power, axis=axis, keepdims=keepdim) ** (1 / power)
    return np.asarray(result).astype(x.dtype)


def _logsumexp(x: Array, dim: Any, keepdim: bool = False) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.sum(np.exp(x), axis=_dims(dim), keepdims=keepdim)))


def _softmax(x: Array, dim: int) -> Array:
    e = np.exp(x)
    return np.asarray(e / e.sum(axis=dim, keepdims=True)) if x.ndim else np.ones_like(x)


def _with_nan(draw: Draw) -> list[Sample]:
    x = draw(3, 4)
    if x.dtype.kind == "f":
        x[0, 1] = x[2, 2] = x[2, 3] = np.nan
    return [sample(x), sample(x, 1), sample(x, 0, True)]


def _lower_median(x: Array, dim: Any = None, keepdim: bool = False) -> Any:
    flat = x.reshape(-1) if dim is None else x
    along = 0 if dim is None else dim
    place = (flat.shape[along] - 1) // 2 if flat.ndim else 0
    if dim is None:
        return np.asarray(np.sort(flat)[place])
    order = np.argsort(flat, axis=along, kind="stable")
    indices = order.take([place] if keepdim else place, axis=along)
    values = np.sort(flat, axis=along).take([place] if keepdim else place, axis=along)
    return values, indices


def _spread_and_mean(spread: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Array, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
        options = {"axis": _dims(dim), "keepdims": keepdim}
        return (
            np.asarray(spread(x, ddof=correction, **options)),
            np.asarray(np.mean(x, **options)),
        )

    return reference


def _extreme(
    name: str,
    fold: Callable[..., Array],
    place: Callable[..., Any],
    of_two: Callable[..., Array],
) -> list[Operation]:
    """The rows of max or min: of all elements, along a dimension, of two tensors, and places."""

    def with_place(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        return fold(x, axis=dim, keepdims=keepdim), places(x, dim, keepdim)

    def places(x: Array, dim: int | None = None, keepdim: bool = False) -> Array:
        return np.asarray(place(x, axis=dim, keepdims=keepdim))

    return [
        operation(name, _fold(fold), lambda draw: [sample(draw(3, 4)), sample(draw())], ALL),
        operation(
            f"{name}.dim",
            with_place,
            lambda draw: [
                sample(draw(2, 3, 4), 1),
                sample(draw(2, 3, 4), -1, True),
                sample(draw(0, 3), 1),
            ],
            FLOATS,  # of integers PyTorch may name another of several equals
        ),
        operation(f"{name}.other", of_two, lambda draw: [sample(draw(3, 4), draw(4))], NUMBERS),
        operation(
            f"arg{name}",
            places,
            lambda draw: [
                sample(draw(3, 4)),
                sample(draw(2, 3, 4), 1),
                sample(draw(2, 3, 4), -1, True),
                sample(draw(0, 3), 1),
                sample(draw()),
            ],
            differentiable=False,
        ),
    ]


def _spreads(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4)),
        sample(draw(2, 3, 4), 1),
        sample(draw(2, 3, 4), (0, 2), correction=0, keepdim=True),
        sample(draw(2, 3, 4), -1, correction=0),
    ]


def _spreads_and_means(draw: Draw) -> list[Sample]:
    return [sample(draw(3, 4)), sample(draw(2, 3, 4), (0, 2), correction=0, keepdim=True)]


def _softmaxes(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4), 1),
        sample(draw(2, 3, 4), 1),
        sample(draw(2, 3, 4), 0),
        sample(draw(2, 0), 0),
        sample(draw(), 0),
    ]


ROWS: tuple[Operation, ...] = (
    operation("sum", _fold(np.sum, np.int64), _folds_of_nothing, ALL),
    operation("prod", _fold(np.prod, np.int64), _one_dim(_folds_of_nothing), ALL),
    operation(
        "prod.dims",
        _fold(np.prod, np.int64),
        lambda draw: [sample(draw(2, 3, 4), (0, 2)), sample(draw(2, 3, 4), (0, 2), True)],
        NUMBERS,
        torch=None,
    ),
    operation("prod.zeros", _fold(np.prod), _with_zeros),
    operation("mean", _fold(np.mean), _folds),
    operation("amax", _fold(np.max), _folds, ALL),
    operation("amin", _fold(np.min), _folds, ALL),
    *_extreme("max", np.max, np.argmax, np.maximum),
    *_extreme("min", np.min, np.argmin, np.minimum),
    operation("all", _fold(np.all), _folds_of_nothing, ALL, differentiable=False),
    operation("any", _fold(np.any), _folds_of_nothing, ALL, differentiable=False),
    operation(
        "count_nonzero",
        lambda x, dim=None: np.asarray(np.count_nonzero(x, axis=dim)),
        lambda draw: [sample(draw(3, 4)), sample(draw(2, 3, 4), 1), sample(draw(2, 3, 4), (0, 2))],
        ALL,
        differentiable=False,
    ),
    operation("var", _spread(np.var), _spreads),
    operation("std", _spread(np.std), _spreads),
    operation(
        "norm",
        _norm,
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(2, 3, 4), 2, 1),
            sample(draw(2, 3, 4), "fro", (0, 2), True),
            sample(draw(3, 4), 1, 0),
            sample(draw(3, 4), 3, 1, True),
            sample(draw(3, 4), 2.5),
            sample(draw(3, 4), math.inf, 1),
            sample(draw(3, 4), -math.inf, 0),
            sample(draw(0)),
        ],
    ),
    operation(
        "logsumexp",
        _logsumexp,
        lambda draw: [
            sample(draw(3, 4), 1),
            sample(draw(2, 3, 4), (0, 2), True),
            sample(draw(2, 0), 1),
            sample(draw(), 0),
        ],
    ),
    operation("softmax", _softmax, _softmaxes),
    operation("log_softmax", lambda x, dim: np.log(_softmax(x, dim)), _softmaxes),
    operation("nansum", _fold(np.nansum, np.int64), _with_nan, NUMBERS),
    operation("nanmean", _fold(np.nanmean), _with_nan),
    operation(
        "median", _lower_median, lambda draw: [sample(draw(3, 4)), sample(draw(5)), sample(draw())]
    ),
    operation(
        "median.dim",
        _lower_median,
        lambda draw: [sample(draw(2, 3, 4), 1), sample(draw(2, 3, 4), -1, True)],
    ),
    operation(
        "aminmax",
        lambda x, dim=None, keepdim=False: (
            np.asarray(np.min(x, axis=dim, keepdims=keepdim)),
            np.asarray(np.max(x, axis=dim, keepdims=keepdim)),
        ),
        lambda draw: [sample(draw(3, 4)), sample(draw(2, 3, 4), dim=1, keepdim=True)],
        NUMBERS,
    ),
    operation("var_mean", _spread_and_mean(np.var), _spreads_and_means),
    operation("std_mean", _spread_and_mean(np.std), _spreads_and_means),
)
