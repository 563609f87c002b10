"""Writing to indexed places."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import NUMBERS, Array, sample


def _index_add(x: Array, dim: int, index: Array, source: Array) -> Array:
    result = np.moveaxis(x.copy(), dim, 0)
    for i, row in zip(index, np.moveaxis(source, dim, 0)):
        result[i] += row
    return np.moveaxis(result, 0, dim)


def _index_put(x: Array, key: tuple[Any, ...], values: Array, accumulate: bool) -> Array:
    result = x.copy()
    places = np.arange(x.size).reshape(x.shape)[key]
    flat = result.reshape(-1)
    for place, value in zip(places.ravel(), np.broadcast_to(values, places.shape).ravel()):
        flat[place] = flat[place] + value if accumulate else value
    return result


ROWS: tuple[Kernel, ...] = (
    kernel(
        "index_add",
        _index_add,
        lambda draw: [
            sample(draw(3, 4), 0, draw.index(5, size=3), draw(5, 4)),
            sample(draw(2, 3, 4), 2, draw.index(5, size=4), draw(2, 3, 5)),
        ],
        NUMBERS,
    ),
    kernel(
        "index_put",
        _index_put,
        lambda draw: [
            sample(draw(3, 4), (np.array([0, 2, 2]).tolist(),), draw(3, 4), True),
            sample(draw(3, 4), (slice(None), np.array([0, 2, 2]).tolist()), draw(3, 3), True),
            sample(draw(3, 4), ([0, 2], [1, 1]), draw(2), False),
        ],
        NUMBERS,
        lambda backend, x, key, values, accumulate: backend.index_put(
            x, tuple([np.array(k) if isinstance(k, list) else k for k in key]), values, accumulate
        ),
    ),
)
