"""Comparisons, logic, and bits."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.dtypes import ALL, bool_
from minitorch_tensor.testing.operations.row import Operation, operation, pairs, unary
from minitorch_tensor.testing.samples import INTEGERS, NUMBERS, Draw, Sample, sample


def _shifts(draw: Draw) -> list[Sample]:
    """Up to 4 places to the left, and past all bits of the narrowest integers."""
    return [
        sample(draw(3, 4), draw(3, 4, low=0, high=4)),
        sample(draw(3, 1), draw(2, 1, 4, low=0, high=4)),
        sample(draw(2, 3), 3),
        sample(draw(0, 3), draw(1, low=0)),
    ]


ROWS: tuple[Operation, ...] = (
    operation("isnan", np.isnan, unary(), ALL, differentiable=False),
    operation("isinf", np.isinf, unary(), ALL, differentiable=False),
    operation("isfinite", np.isfinite, unary(), ALL, differentiable=False),
    operation("isposinf", np.isposinf, unary(), ALL, differentiable=False),
    operation("isneginf", np.isneginf, unary(), ALL, differentiable=False),
    operation(
        "isin",
        np.isin,
        lambda draw: [
            sample(x := draw(3, 4), x[:2, 1:3].copy()),
            sample(draw(3, 4), draw(2), invert=True),
            sample(x := draw(4), x[0].item()),
        ],
        NUMBERS,
        differentiable=False,
    ),
    operation("signbit", lambda x: np.copysign(1, x) < 0, unary(), ALL, differentiable=False),
    operation("logical_not", np.logical_not, unary(), ALL, differentiable=False),
    operation("bitwise_not", np.invert, unary(), (bool_, *INTEGERS), differentiable=False),
    operation("lt", np.less, pairs(), ALL, differentiable=False),
    operation("le", np.less_equal, pairs(), ALL, differentiable=False),
    operation("gt", np.greater, pairs(), ALL, differentiable=False),
    operation("ge", np.greater_equal, pairs(), ALL, differentiable=False),
    operation("eq", np.equal, pairs(), ALL, differentiable=False),
    operation("ne", np.not_equal, pairs(), ALL, differentiable=False),
    operation("logical_and", np.logical_and, pairs(), ALL, differentiable=False),
    operation("logical_or", np.logical_or, pairs(), ALL, differentiable=False),
    operation("logical_xor", np.logical_xor, pairs(), ALL, differentiable=False),
    operation("bitwise_and", np.bitwise_and, pairs(), (bool_, *INTEGERS), differentiable=False),
    operation("bitwise_or", np.bitwise_or, pairs(), (bool_, *INTEGERS), differentiable=False),
    operation("bitwise_xor", np.bitwise_xor, pairs(), (bool_, *INTEGERS), differentiable=False),
    operation(
        "bitwise_left_shift",
        lambda x, y: x * np.power(np.array(2, x.dtype), y),
        _shifts,
        INTEGERS,
        differentiable=False,
    ),
    operation(
        "bitwise_right_shift",
        lambda x, y: x // np.power(np.array(2, x.dtype), y),
        _shifts,
        INTEGERS,
        differentiable=False,
    ),
    operation(
        "is_close",
        lambda x, y: np.abs(x - y) < 0.01,
        lambda draw: [sample(x := draw(3, 4), x + draw(3, 4, low=-0.02, high=0.02))],
        differentiable=False,
        torch=None,
    ),
    operation(
        "isclose",
        np.isclose,
        lambda draw: [
            sample(x := draw(3, 4), x * (1 + draw(3, 4, low=-2e-5, high=2e-5))),
            sample(draw(3, 4), draw(4), rtol=0.1, atol=0.5),
        ],
        differentiable=False,
    ),
)
