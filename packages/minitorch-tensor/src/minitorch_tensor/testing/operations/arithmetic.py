"""Arithmetic, rounding, remainders, extremes of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import ALL, uint8
from minitorch_tensor.testing.operations.row import Operation, fraction, operation, pairs, unary
from minitorch_tensor.testing.samples import NUMBERS, Array, sample


def _same_dtype(fn: Callable[..., Any]) -> Callable[..., Array]:
    """fn with its result in the dtype of its argument."""
    return lambda x: np.asarray(fn(x)).astype(x.dtype)


def _rounded_quotient(x: Array, y: Array, *, rounding_mode: str) -> Array:
    rounded = np.floor(x / y) if rounding_mode == "floor" else np.trunc(x / y)
    return rounded.astype(x.dtype)


ROWS: tuple[Operation, ...] = (
    operation("abs", np.abs, unary(), NUMBERS),
    operation("neg", np.negative, unary(), NUMBERS),
    operation("sign", np.sign, unary(), NUMBERS),
    operation("sqrt", fraction(np.sqrt), unary(0.2, 3.0), ALL),
    operation("rsqrt", fraction(lambda x: 1 / np.sqrt(x)), unary(0.2, 3.0), ALL),
    operation("reciprocal", fraction(lambda x: 1 / x), unary(0.2, 3.0), ALL),
    operation("copysign", fraction(np.copysign), pairs(), NUMBERS),
    operation("nextafter", np.nextafter, pairs(), differentiable=False),
    operation("square", np.square, unary(), NUMBERS),
    operation("floor", _same_dtype(np.floor), unary(), NUMBERS),
    operation("ceil", _same_dtype(np.ceil), unary(), NUMBERS),
    operation("trunc", _same_dtype(np.trunc), unary(), NUMBERS),
    operation("round", np.round, unary(), NUMBERS),
    operation(
        "round.decimals",
        lambda x, decimals: np.round(x, decimals),
        lambda draw: [
            sample(draw(3, 4), decimals=1),
            sample(draw(3, 4, low=-300, high=300), decimals=-1),
        ],
    ),
    operation("frac", lambda x: x - np.trunc(x), unary()),
    operation("add", np.add, pairs(), ALL),
    operation(
        "add.alpha",
        lambda x, y, alpha: x + alpha * y,
        lambda draw: [sample(draw(3, 4), draw(4), alpha=3)],
        NUMBERS,
    ),
    operation("sub", np.subtract, pairs(), NUMBERS),
    operation("mul", np.multiply, pairs(), ALL),
    operation("div", fraction(np.divide), pairs(0.3, 3.0), ALL),
    operation(
        "div.rounded",
        _rounded_quotient,
        lambda draw: [
            sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4), rounding_mode=mode)
            for mode in ("floor", "trunc")
        ],
        NUMBERS,
    ),
    operation("floor_divide", np.floor_divide, pairs(1.0, 5.0), NUMBERS),
    operation(
        "remainder",
        np.remainder,
        lambda draw: [
            sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4)),
            sample(
                draw(3, 4, low=-9, high=9),
                draw(1, low=-4, high=-1) if draw.dtype is not uint8 else 3,
            ),
            sample(draw(2, 3), 2),
        ],
        NUMBERS,
    ),
    operation(
        "fmod",
        np.fmod,
        lambda draw: [
            sample(draw(3, 4, low=-9, high=9), draw(4, low=1, high=4)),
            sample(draw(2, 3), 2),
        ],
        NUMBERS,
    ),
    operation("pow", np.power, pairs(0.3, 3.0), NUMBERS),
    operation("fmax", np.fmax, pairs(), ALL),
    operation("fmin", np.fmin, pairs(), ALL),
    operation(
        "lerp",
        lambda x, end, weight: x + weight * (end - x),
        lambda draw: [
            sample(draw(3, 4), draw(4), 0.3),
            sample(draw(3, 4), draw(3, 1), 1.8),
            sample(draw(3, 4), draw(4), draw(4, low=-1, high=2)),
        ],
    ),
    operation(
        "addcmul",
        lambda x, y, z, value=1: x + value * y * z,
        lambda draw: [
            sample(draw(3, 4), draw(3, 1), draw(4)),
            sample(draw(2, 3), draw(2, 3), draw(3), value=2),
        ],
        NUMBERS,
    ),
    operation(
        "addcdiv",
        lambda x, y, z, value=1: x + value * y / z,
        lambda draw: [sample(draw(3, 4), draw(3, 1), draw(4, low=0.3), value=2)],
    ),
    operation(
        "pow.number",
        lambda x, n: np.power(x, n).astype(x.dtype),
        lambda draw: [sample(draw(3, 4), n) for n in (0, 1, 2, 3)],
        NUMBERS,
    ),
    operation(
        "pow.fraction",
        np.power,
        lambda draw: [sample(draw(3, 4, low=0.2), n) for n in (0.5, -1.5, 2.5, -1)],
    ),
    operation("maximum", np.maximum, pairs(), ALL),
    operation("minimum", np.minimum, pairs(), ALL),
    operation(
        "clamp",
        lambda x, min=None, max=None: np.clip(x, min, max),
        lambda draw: [
            sample(draw(3, 4), min=1),
            sample(draw(3, 4), max=2),
            sample(draw(3, 4), 0, 2),
            sample(draw(3, 4), draw(3, 1), draw(4)),
            sample(draw(3, 4), max=draw(2, 1, 1)),
        ],
        NUMBERS,
    ),
    operation(
        "clamp_min", np.maximum, lambda draw: [sample(draw(3, 4), 1), sample(draw(3, 4), draw(4))]
    ),
    operation(
        "clamp_max", np.minimum, lambda draw: [sample(draw(3, 4), 1), sample(draw(3, 4), draw(4))]
    ),
)
