"""Reading and writing at indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import ALL, int64
from minitorch_tensor.testing.operations.row import Operation, operation
from minitorch_tensor.testing.samples import NUMBERS, Array, sample


def _getitem(x: Any, *key: Any) -> Any:
    return x[key]


def _scatter(fn: Callable[[Array, Any, Array], None]) -> Callable[..., Array]:
    def reference(x: Array, dim: int, index: Array, src: Any) -> Array:
        result = x.copy()
        for place in np.ndindex(*index.shape):
            target = list(place)
            target[dim] = index[place]
            fn(result, tuple(target), src[place] if isinstance(src, np.ndarray) else src)
        return result

    return reference


def _put(result: Array, place: Any, value: Any) -> None:
    result[place] = value


def _increase(result: Array, place: Any, value: Any) -> None:
    result[place] += value


def _index_add(x: Array, dim: int, index: Array, source: Array, alpha: float = 1) -> Array:
    result = x.copy()
    for place, i in enumerate(index):
        rows = np.moveaxis(result, dim, 0)
        rows[i] += (alpha * np.moveaxis(source, dim, 0)[place]).astype(x.dtype)
    return result


def _index_copy(x: Array, dim: int, index: Array, source: Any) -> Array:
    result = x.copy()
    np.moveaxis(result, dim, 0)[index] = (
        np.moveaxis(source, dim, 0) if isinstance(source, np.ndarray) else source
    )
    return result


def _masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    result = x.copy()
    full = np.broadcast_to(mask, x.shape)
    result[full] = source.reshape(-1)[: full.sum()]
    return result


ROWS: tuple[Operation, ...] = (
    operation(
        "getitem.view",
        _getitem,
        lambda draw: [
            sample(draw(3, 4), 1),
            sample(draw(3, 4), slice(None), -1),
            sample(draw(3, 4), slice(1, None), slice(None, None, 2)),
            sample(draw(2, 3, 4), ..., 0),
            sample(draw(2, 3, 4), 0, None, ..., slice(-3, -1)),
            sample(draw(3), slice(2, 1)),
            sample(draw(), ...),
            sample(draw(), None),
        ],
        ALL,
        function=_getitem,
        torch="Tensor.__getitem__",
    ),
    operation(
        "getitem.backwards",
        _getitem,
        lambda draw: [
            sample(draw(5), slice(None, None, -1)),
            sample(draw(3, 4), slice(None, None, -2), slice(3, 0, -1)),
        ],
        ALL,
        function=_getitem,
        torch=None,
    ),
    operation(
        "getitem.arrays",
        _getitem,
        lambda draw: [
            sample(draw(3, 4), np.array([0, 2, 2])),
            sample(draw(3, 4), np.array([[0, 1], [2, 0]]), np.array([1, -1])),
            sample(draw(3, 4), slice(None), np.array([3, 0])),
            sample(draw(2, 3, 4), np.array([1, 0]), slice(1, None), np.array([2, 3])),
            sample(draw(2, 3, 4), 0, ..., np.array([2, 3])),
            sample(draw(3, 4), np.array([True, False, True])),
            sample(x := draw(3, 4), x > 0),
            sample(draw(3, 4), np.array([], np.int64)),
            sample(draw(3, 4), None, np.array([1])),
        ],
        ALL,
        function=_getitem,
        torch="Tensor.__getitem__",
    ),
    operation(
        "gather",
        lambda x, dim, index: np.take_along_axis(
            x[
                tuple(
                    [
                        slice(n) if d != dim % x.ndim else slice(None)
                        for d, n in enumerate(index.shape)
                    ]
                )
            ],
            index,
            dim,
        ),
        lambda draw: [
            sample(draw(3, 4), 0, draw.index(2, 4, size=3)),
            sample(draw(3, 4), 1, draw.index(2, 6, size=4)),
            sample(draw(2, 3, 4), -2, draw.index(1, 5, 2, size=3)),
            sample(draw(2, 3), 1, draw.index(2, 0, size=3)),
        ],
        ALL,
    ),
    operation(
        "take_along_dim",
        np.take_along_axis,
        lambda draw: [
            sample(draw(3, 4), draw.index(3, 2, size=4), 1),
            sample(draw(1, 4), draw.index(3, 2, size=4), 1),
            sample(draw(3, 4), draw.index(1, 4, size=3), 0),
            sample(draw(3, 4), draw.index(5, size=12), None),
        ],
        ALL,
    ),
    operation(
        "scatter_add",
        _scatter(_increase),
        lambda draw: [
            sample(draw(3, 4), 0, draw.index(2, 4, size=3), draw(2, 4)),
            sample(draw(3, 4), 1, draw.index(2, 6, size=4), draw(3, 7)),
            sample(draw(2, 3), 1, draw.index(2, 0, size=3), draw(2, 0)),
        ],
        NUMBERS,
    ),
    operation(
        "scatter",
        _scatter(_put),
        lambda draw: [
            sample(draw(5, 3), 0, np.array([[0, 4, 2], [3, 1, 0]]), draw(2, 3)),
            sample(draw(3, 5), 1, np.array([[4, 0], [1, 2]]), draw(3, 3)),
            sample(draw(3, 5), 1, np.array([[4, 0], [1, 2]]), 1),
        ],
        ALL,
    ),
    operation(
        "index_select",
        lambda x, dim, index: x.take(index, axis=dim),
        lambda draw: [
            sample(draw(3, 4), 0, draw.index(5, size=3)),
            sample(draw(2, 3, 4), -1, draw.index(2, size=4)),
            sample(draw(3, 4), 1, draw.index(0, size=4)),
        ],
        ALL,
    ),
    operation(
        "take",
        np.take,
        lambda draw: [
            sample(draw(3, 4), draw.index(2, 3, size=12)),
            sample(draw(3), draw.index(size=3)),
        ],
        ALL,
    ),
    operation(
        "index_add",
        _index_add,
        lambda draw: [
            sample(draw(3, 4), 0, draw.index(5, size=3), draw(5, 4)),
            sample(draw(2, 3, 4), 1, draw.index(2, size=3), draw(2, 2, 4), alpha=2),
        ],
        NUMBERS,
    ),
    operation(
        "index_copy",
        _index_copy,
        lambda draw: [
            sample(draw(4, 3), 0, np.array([2, 0]), draw(2, 3)),
            sample(draw(2, 4), -1, np.array([3, 1, 0]), draw(2, 3)),
        ],
        ALL,
    ),
    operation(
        "index_fill",
        _index_copy,
        lambda draw: [
            sample(draw(4, 3), 0, np.array([2, 0, 2]), 1),
            sample(draw(2, 4), -1, np.array([3]), 1),
        ],
        ALL,
    ),
    operation(
        "masked_scatter",
        _masked_scatter,
        lambda draw: [
            sample(draw(3, 4), draw.mask(3, 4), draw(12)),
            sample(draw(3, 4), draw.mask(3, 1), draw(4, 4)),
        ],
        ALL,
    ),
    operation(
        "bincount",
        lambda x, minlength=0: np.bincount(x, minlength=minlength),
        lambda draw: [sample(draw.index(6, size=5)), sample(draw.index(0, size=5), minlength=3)],
        (int64,),
        differentiable=False,
    ),
    operation(
        "bincount.weights",
        lambda x, weights, minlength=0: np.bincount(x, weights, minlength).astype(weights.dtype),
        lambda draw: [sample(draw.index(6, size=5), draw(6), 2)],
    ),
    operation(
        "masked_select",
        lambda x, mask: np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape))[
            np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
        ],
        lambda draw: [sample(draw(3, 4), draw.mask(3, 4)), sample(draw(3, 1), draw.mask(4))],
        ALL,
    ),
    operation(
        "nonzero",
        np.argwhere,
        lambda draw: [sample(draw(3, 4)), sample(draw())],
        ALL,
        differentiable=False,
    ),
    operation(
        "argwhere", np.argwhere, lambda draw: [sample(draw(3, 4))], ALL, differentiable=False
    ),
)
