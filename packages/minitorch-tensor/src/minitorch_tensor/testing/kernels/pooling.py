"""Pooling and its gradients."""

from __future__ import annotations

import math

import numpy as np

from minitorch_tensor.derived import Window
from minitorch_tensor.layout import Shape
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.kernels.windows import WINDOWS, places
from minitorch_tensor.testing.samples import Array, Draw, sample


def _max_pool2d(x: Array, window: Window) -> tuple[Array, Array]:
    shape = (*x.shape[:2], *window.output_size(x.shape[2:]))
    values, indices = np.full(shape, -np.inf, x.dtype), np.full(shape, -1)
    for i, j, _, _, h, w in places(window, x.shape[2:]):
        for n, c in np.ndindex(*shape[:2]):
            value = x[n, c, h, w]
            if indices[n, c, i, j] < 0 or value > values[n, c, i, j] or value != value:
                values[n, c, i, j], indices[n, c, i, j] = value, h * x.shape[3] + w
    return values, indices


def _max_pool2d_backward(d: Array, indices: Array, shape: Shape, window: Window) -> Array:
    out = np.zeros(shape, d.dtype)
    for n, c, i, j in np.ndindex(*d.shape):
        out[n, c].reshape(-1)[indices[n, c, i, j]] += d[n, c, i, j]
    return out


def _avg_pool2d(x: Array, window: Window) -> Array:
    out = np.zeros((*x.shape[:2], *window.output_size(x.shape[2:])), x.dtype)
    for i, j, _, _, h, w in places(window, x.shape[2:]):
        out[:, :, i, j] += x[:, :, h, w] / math.prod(window.kernel)
    return out


def _avg_pool2d_backward(d: Array, shape: Shape, window: Window) -> Array:
    out = np.zeros(shape, d.dtype)
    for i, j, _, _, h, w in places(window, shape[2:]):
        out[:, :, h, w] += d[:, :, i, j] / math.prod(window.kernel)
    return out


#: Those whose windows never lie in the padding alone.
_POOLS = [w for w in WINDOWS if all(2 * p <= k for p, k in zip(w.padding, w.kernel))]


def _pooled(draw: Draw, window: Window) -> Array:
    return draw(2, 3, *window.output_size((5, 6)))


def _ties(draw: Draw) -> Array:
    """Few different values, an infinity and a NaN: windows with ties, and with a NaN."""
    x = np.round(draw(2, 3, 5, 6))
    x[0, 0] = -np.inf
    x[1, 2, 3, 3] = np.nan
    return x


ROWS: tuple[Kernel, ...] = (
    kernel(
        "max_pool2d",
        _max_pool2d,
        lambda draw: [
            sample(x, window) for window in _POOLS for x in (draw(2, 3, 5, 6), _ties(draw))
        ],
    ),
    kernel(
        "max_pool2d_backward",
        _max_pool2d_backward,
        lambda draw: [
            sample(_pooled(draw, window), _max_pool2d(x, window)[1], x.shape, window)
            for window in _POOLS
            for x in [draw(2, 3, 5, 6)]
        ],
    ),
    kernel("avg_pool2d", _avg_pool2d, lambda draw: [sample(draw(2, 3, 5, 6), w) for w in WINDOWS]),
    kernel(
        "avg_pool2d_backward",
        _avg_pool2d_backward,
        lambda draw: [sample(_pooled(draw, w), (2, 3, 5, 6), w) for w in WINDOWS],
    ),
)
