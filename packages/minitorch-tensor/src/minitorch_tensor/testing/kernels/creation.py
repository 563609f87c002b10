"""Making data."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import sample

ROWS: tuple[Kernel, ...] = (
    kernel(
        "full",
        lambda x, value: np.full(x.shape, value, x.dtype),
        lambda draw: [sample(draw(2, 3), 1), sample(draw(), 0), sample(draw(0), 1)],
        ALL,
        lambda backend, x, value: backend.full(x.shape, value, x.dtype),
    ),
)
