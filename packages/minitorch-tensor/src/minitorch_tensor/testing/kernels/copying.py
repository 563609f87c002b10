"""Copies and conversions."""

from __future__ import annotations

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import sample

ROWS: tuple[Kernel, ...] = (
    kernel(
        "cast",
        lambda x, dtype: x.astype(dtype.numpy),
        lambda draw: [sample(draw(3, 4, low=0), dtype) for dtype in ALL],
        ALL,
    ),
    kernel("contiguous", lambda x: x, lambda draw: [sample(draw(2, 3, 4)), sample(draw())], ALL),
)
