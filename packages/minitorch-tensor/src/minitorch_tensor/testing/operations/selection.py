"""Choosing between elements."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.dtypes import ALL, bool_
from minitorch_tensor.testing.operations.row import Operation, operation, unary
from minitorch_tensor.testing.samples import NUMBERS, sample

ROWS: tuple[Operation, ...] = (
    operation("nan_to_num", np.nan_to_num, unary(), NUMBERS),
    operation(
        "where",
        np.where,
        lambda draw: [
            sample(draw.mask(3, 4), draw(3, 4), draw(3, 4)),
            sample(draw.mask(4), draw(3, 1), draw(2, 1, 1)),
            sample(draw.mask(0, 2), draw(2), draw(1)),
        ],
        ALL,
    ),
    operation(
        "masked_fill",
        lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x),
        lambda draw: [
            sample(draw(3, 4), draw.mask(3, 4), True if draw.dtype is bool_ else 2),
            sample(draw(3, 4), draw.mask(4), draw()),
        ],
        ALL,
    ),
)
