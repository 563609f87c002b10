"""Running folds, order, quantiles, search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import NUMBERS, Array, Draw, Sample, sample


def _sorted(x: Array, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    if not x.ndim:
        return x, np.array(0)
    key = -x.astype(np.float64) if descending else x
    indices = np.argsort(key, axis=dim, kind="stable")
    return np.take_along_axis(x, indices, dim), indices


def _orders(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4), stable=True),
        sample(draw(2, 3, 4), dim=1, descending=True, stable=True),
        sample(draw(0, 2), dim=0, stable=True),
        sample(draw(), stable=True),
    ]


def _so_far(fn: np.ufunc) -> Callable[..., Any]:
    def reference(x: Array, dim: int) -> Any:
        indices = np.empty(x.shape, np.int64)
        for place in np.ndindex(*x.shape):
            seen: Any = (*place[:dim], slice(place[dim] + 1), *place[dim + 1 :])
            row = x[seen]
            indices[place] = np.flatnonzero(row == fn.reduce(row))[-1]
        return np.take_along_axis(x, indices, dim), indices

    return reference


def _diff(x: Array, n: int = 1, dim: int = -1, **joined: Array) -> Array:
    return np.diff(x, n, dim, **joined)


def _quantile(
    x: Array,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    interpolation: str = "linear",
) -> Array:
    result = np.quantile(x, np.asarray(q, float), axis=dim, keepdims=keepdim, method=interpolation)  # type: ignore[call-overload]
    return np.asarray(result, x.dtype)


def _unique(x: Array, dim: int | None = None, **wanted: bool) -> Any:
    found = np.unique(x, axis=dim, **wanted)  # type: ignore[call-overload]
    if not wanted:
        return found
    values, places, counts = found
    return values, places.reshape(x.shape if dim is None else -1), counts


def _searchsorted(sequence: Array, values: Array, right: bool = False) -> Array:
    side: Any = "right" if right else "left"
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side))
    return np.stack([np.searchsorted(s, v, side) for s, v in zip(sequence, values)])


def _topk(x: Array, k: int, dim: int = -1, largest: bool = True) -> Any:
    values, indices = _sorted(x, dim, largest)
    front = np.arange(k)
    return values.take(front, axis=dim), indices.take(front, axis=dim)


def _scan(fn: np.ufunc) -> Callable[..., Array]:
    def reference(x: Array, dim: int) -> Array:
        wide = x.dtype if x.dtype.kind == "f" else np.dtype(np.int64)
        return np.asarray(fn.accumulate(x, axis=dim, dtype=wide))

    return reference


def _scans(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4), 0),
        sample(draw(2, 5, 2), 1),
        sample(draw(2, 3, 7), -1),
        sample(draw(0, 2), 0),
    ]


def _scans_so_far(draw: Draw) -> list[Sample]:
    return [sample(draw(6, 2), 0), sample(draw(2, 3, 4), 1), sample(draw(0, 2), 0)]


ROWS: tuple[Operation, ...] = (
    operation(
        "cumsum",
        lambda x, dim: (
            np.cumsum(x, axis=dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)
            if x.ndim
            else x.astype(x.dtype if x.dtype.kind == "f" else np.int64)
        ),
        lambda draw: [
            sample(draw(3, 4), 0),
            sample(draw(2, 3, 4), -1),
            sample(draw(0, 2), 0),
            sample(draw(), 0),
        ],
        ALL,
    ),
    operation("sort", _sorted, _orders, ALL),
    operation("argsort", lambda *a, **k: _sorted(*a, **k)[1], _orders, ALL, differentiable=False),
    operation("cumprod", _scan(np.multiply), _scans, ALL),
    operation("logcumsumexp", _scan(np.logaddexp), _scans),
    operation("cummax", _so_far(np.maximum), _scans_so_far, NUMBERS),
    operation("cummin", _so_far(np.minimum), _scans_so_far, NUMBERS),
    operation(
        "diff",
        _diff,
        lambda draw: [
            sample(draw(3, 4)),
            sample(draw(5, 2), 2, 0),
            sample(draw(2, 3), 4),
            sample(draw(2, 3), prepend=draw(2, 1), append=draw(2, 2)),
        ],
        ALL,
    ),
    operation(
        "kthvalue",
        lambda x, k, dim=-1: (
            np.sort(x, axis=dim).take(k - 1, axis=dim),
            np.argsort(x, axis=dim, kind="stable").take(k - 1, axis=dim),
        ),
        lambda draw: [sample(draw(3, 4), 2), sample(draw(2, 3, 4), 3, 1)],
    ),
    operation(
        "quantile",
        _quantile,
        lambda draw: [
            sample(draw(3, 4), 0.3),
            sample(draw(3, 4), 1.0, 1),
            sample(draw(2, 5, 2), 0.25, 1, True),
            *[
                sample(draw(6), 0.7, interpolation=how)
                for how in ("lower", "higher", "midpoint", "nearest")
            ],
        ],
    ),
    operation(
        "unique",
        _unique,
        lambda draw: [
            sample(draw(4, 5)),
            sample(draw(4, 5), return_inverse=True, return_counts=True),
            sample(draw(2, 1)[[0, 1, 0]], dim=0),
        ],
        ALL,
        differentiable=False,
    ),
    operation(
        "searchsorted",
        _searchsorted,
        lambda draw: [
            sample(x := np.sort(draw(6)), np.concatenate([x[:3], draw(3)]).reshape(2, 3)),
            sample(x := np.sort(draw(6)), x[::2].copy(), right=True),
            sample(np.sort(draw(2, 4)), draw(2, 3)),
        ],
        NUMBERS,
        differentiable=False,
    ),
    operation(
        "bucketize",
        lambda x, boundaries, right=False: _searchsorted(boundaries, x, right),
        lambda draw: [
            sample(x := draw(2, 3), np.sort(x.ravel())[1::2].copy()),
            sample(x := draw(2, 3), np.sort(x.ravel())[1::2].copy(), right=True),
        ],
        NUMBERS,
        differentiable=False,
    ),
    operation(
        "topk",
        _topk,
        lambda draw: [
            sample(draw(3, 4), 2),
            sample(draw(2, 3, 4), 3, dim=1, largest=False),
            sample(draw(4), 0),
        ],
    ),
)
