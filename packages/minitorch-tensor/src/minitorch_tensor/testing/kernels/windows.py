"""Windows that slide over an image: cutting them out, adding them up, padding."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from minitorch_tensor.derived import Window
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import Array, sample

WINDOWS = [
    Window((2, 3), (1, 1), (0, 0), (1, 1)),
    Window((3, 2), (2, 1), (1, 0), (1, 1)),
    Window((3, 3), (1, 2), (1, 1), (1, 1)),
    Window((2, 2), (1, 1), (1, 1), (2, 3)),
    Window((1, 1), (2, 3), (0, 0), (1, 1)),
    Window((3, 3), (3, 3), (1, 1), (1, 2)),
]


def places(window: Window, size: tuple[int, ...]) -> Iterator[tuple[int, int, int, int, int, int]]:
    """(i, j, k, l, h, w): output (i, j) sees input (h, w) through kernel element (k, l)."""
    oh, ow = window.output_size(size)
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = window
    for i, j, k, m in itertools.product(range(oh), range(ow), range(kh), range(kw)):
        h, w = i * sh + k * dh - ph, j * sw + m * dw - pw
        if 0 <= h < size[0] and 0 <= w < size[1]:
            yield i, j, k, m, h, w


def _unfold2d(x: Array, window: Window) -> Array:
    shape = (*x.shape[:2], *window.kernel, *window.output_size(x.shape[2:]))
    out = np.zeros(shape, x.dtype)
    for i, j, k, m, h, w in places(window, x.shape[2:]):
        out[:, :, k, m, i, j] = x[:, :, h, w]
    return out


def _fold2d(windows: Array, size: tuple[int, int], window: Window) -> Array:
    out = np.zeros((*windows.shape[:2], *size), windows.dtype)
    for i, j, k, m, h, w in places(window, size):
        out[:, :, h, w] += windows[:, :, k, m, i, j]
    return out


ROWS: tuple[Kernel, ...] = (
    kernel(
        "unfold2d",
        _unfold2d,
        lambda draw: [sample(draw(2, 3, 5, 6), w._replace(padding=(0, 0))) for w in WINDOWS],
        views=True,
    ),
    kernel(
        "fold2d",
        _fold2d,
        lambda draw: [
            sample(draw(2, 3, *w.kernel, *w.output_size((5, 6))), (5, 6), w) for w in WINDOWS
        ],
    ),
    kernel(
        "pad2d",
        lambda x, padding, value: np.pad(
            x,
            [(0, 0)] * (x.ndim - 2) + [(p, p) for p in padding],
            constant_values=value,
        ),
        lambda draw: [
            sample(draw(2, 3, 4), (1, 2), 1.5),
            sample(draw(2, 3), (0, 2), 0.0),
            sample(draw(2, 3), (0, 0), 0.0),
        ],
        views=True,
    ),
)
