"""The required core: any scalar function, along any view."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import ALL, bool_
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import NUMBERS, sample


def _polynomial(x: float) -> float:
    """A function that no backend knows by name."""
    return 3 * x * x - x + 2


def _mixture(x: float, y: float) -> float:
    """A function that no backend knows by name."""
    return x * y + 2 * x - y


def _largest_magnitude(x: float, y: float) -> float:
    """A fold that no backend knows by name."""
    return ops.max(ops.abs(x), ops.abs(y))


def _copied(backend: Backend, out: Any, x: Any) -> Any:
    backend.copy_(out, x)
    return out


ROWS: tuple[Kernel, ...] = (
    kernel(
        "map.unknown",
        lambda x: (3 * x * x - x + 2).astype(x.dtype),
        lambda draw: [sample(draw(3, 4)), sample(draw()), sample(draw(0, 2))],
        NUMBERS,
        lambda backend, x: backend.map(_polynomial, x, x.dtype),
    ),
    kernel(
        "zip.unknown",
        lambda x, y: (x * y + 2 * x - y).astype(x.dtype),
        lambda draw: [
            sample(draw(3, 4), draw(3, 4)),
            sample(draw(3, 1), draw(2, 1, 4)),
            sample(draw(2, 3), draw()),
        ],
        NUMBERS,
        lambda backend, x, y: backend.zip(_mixture, x, y, x.dtype),
    ),
    kernel(
        "map.id",
        lambda x: x,
        lambda draw: [sample(draw(3, 4)), sample(draw())],
        ALL,
        lambda backend, x: backend.map(ops.id, x, x.dtype),
    ),
    kernel(
        "map.relu",
        lambda x: np.maximum(x, 0),
        lambda draw: [sample(draw(3, 4)), sample(draw())],
        NUMBERS,
        lambda backend, x: backend.map(ops.relu, x, x.dtype),
    ),
    kernel(
        "zip.add",
        np.add,
        lambda draw: [sample(draw(3, 4), draw(3, 4)), sample(draw(3, 1), draw(2, 1, 4))],
        NUMBERS,
        lambda backend, x, y: backend.zip(ops.add, x, y, x.dtype),
    ),
    kernel(
        "map.to_bool",
        np.isnan,
        lambda draw: [sample(draw(3, 4))],
        ALL,
        lambda backend, x: backend.map(ops.isnan, x, bool_),
    ),
    kernel(
        "reduce.unknown",
        lambda x, dim: np.abs(x).max(axis=dim, keepdims=True, initial=0).astype(x.dtype),
        lambda draw: [sample(draw(2, 3, 4), dim) for dim in range(3)] + [sample(draw(2, 0), 1)],
        NUMBERS,
        lambda backend, x, dim: backend.reduce(_largest_magnitude, x, dim, 0, x.dtype),
    ),
    kernel(
        "reduce.add",
        lambda x, dim: x.sum(axis=dim, keepdims=True, dtype=x.dtype),
        lambda draw: [sample(draw(2, 3, 4), dim) for dim in range(3)] + [sample(draw(2, 0), 1)],
        NUMBERS,
        lambda backend, x, dim: backend.reduce(ops.add, x, dim, 0, x.dtype),
    ),
    kernel(
        "matmul",
        np.matmul,
        lambda draw: [
            sample(draw(2, 3), draw(3, 4)),
            sample(draw(2, 2, 3), draw(2, 3, 1)),
            sample(draw(2, 0), draw(0, 2)),
        ],
        NUMBERS,
    ),
    kernel(
        "copy_",
        lambda out, x: x.astype(out.dtype),
        lambda draw: [
            sample(draw(3, 4), draw(3, 4)),
            sample(draw(3, 4), draw(3, 4, low=0).astype(np.float64)),
            sample(draw(2, 0), draw(2, 0)),
        ],
        NUMBERS,
        _copied,
        writes=True,
    ),
)
