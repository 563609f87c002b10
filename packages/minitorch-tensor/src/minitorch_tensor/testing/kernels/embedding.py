"""Rows of a table, chosen by index."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import NUMBERS, Array, sample


def _embedding_backward(d: Array, index: Array, rows: int, padding_idx: int | None) -> Array:
    out = np.zeros((rows, d.shape[-1]), d.dtype)
    for place in np.ndindex(*index.shape):
        if index[place] != padding_idx:
            out[index[place]] += d[place]
    return out


ROWS: tuple[Kernel, ...] = (
    kernel(
        "embedding",
        lambda weight, index: weight[index],
        lambda draw: [
            sample(draw(5, 3), draw.index(4, size=5)),
            sample(draw(5, 3), draw.index(2, 3, size=5)),
            sample(draw(5, 1), draw.index(size=5)),
            sample(draw(5, 3), draw.index(0, 2, size=5)),
        ],
        NUMBERS,
    ),
    kernel(
        "embedding_backward",
        _embedding_backward,
        lambda draw: [
            sample(draw(6, 3), draw.index(6, size=5), 5, None),
            sample(draw(3, 4, 2), draw.index(3, 4, size=5), 5, 1),
            sample(draw(2, 2, 2, 1), draw.index(2, 2, 2, size=3), 3, 0),
            sample(draw(0, 2, 3), draw.index(0, 2, size=5), 5, 2),
        ],
    ),
)
