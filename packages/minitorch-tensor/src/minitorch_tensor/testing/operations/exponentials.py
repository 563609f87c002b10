"""Exponentials, logarithms, trigonometry, and the activations made of them."""

from __future__ import annotations

import math

import numpy as np

from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing.operations.row import Operation, fraction, operation, pairs, unary
from minitorch_tensor.testing.samples import NUMBERS

_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])


ROWS: tuple[Operation, ...] = (
    operation("exp", fraction(np.exp), unary(), ALL),
    operation("exp2", fraction(np.exp2), unary(), ALL),
    operation("expm1", fraction(np.expm1), unary(), ALL),
    operation("log", fraction(np.log), unary(0.2, 3.0), ALL),
    operation("log1p", fraction(np.log1p), unary(-0.8, 3.0), ALL),
    operation("log2", fraction(np.log2), unary(0.2, 3.0), ALL),
    operation("log10", fraction(np.log10), unary(0.2, 3.0), ALL),
    operation("sin", fraction(np.sin), unary(), ALL),
    operation("cos", fraction(np.cos), unary(), ALL),
    operation("tan", fraction(np.tan), unary(-1.2, 1.2), ALL),
    operation("asin", fraction(np.arcsin), unary(-0.9, 0.9), ALL),
    operation("acos", fraction(np.arccos), unary(-0.9, 0.9), ALL),
    operation("atan", fraction(np.arctan), unary(), ALL),
    operation("sinh", fraction(np.sinh), unary(), ALL),
    operation("cosh", fraction(np.cosh), unary(), ALL),
    operation("tanh", fraction(np.tanh), unary(), ALL),
    operation("sigmoid", fraction(lambda x: 1 / (1 + np.exp(-x))), unary(), ALL),
    operation("asinh", fraction(np.arcsinh), unary(), ALL),
    operation("acosh", fraction(np.arccosh), unary(1.2, 3.0), ALL),
    operation("atanh", fraction(np.arctanh), unary(-0.9, 0.9), ALL),
    operation("sinc", fraction(np.sinc), unary(), ALL),
    operation("erf", fraction(lambda x: _erf(x).astype(x.dtype) if x.size else x), unary(), ALL),
    operation("erfc", fraction(lambda x: _erfc(x).astype(x.dtype) if x.size else x), unary(), ALL),
    operation("logit", lambda x: np.log(x) - np.log1p(-x), unary(0.1, 0.9)),
    operation("relu", lambda x: np.where(x > 0, x, 0).astype(x.dtype), unary(), NUMBERS),
    operation("atan2", fraction(np.arctan2), pairs(0.3, 3.0), ALL),
    operation("hypot", fraction(np.hypot), pairs(0.3, 3.0)),
    operation("logaddexp", fraction(np.logaddexp), pairs()),
    operation("xlogy", lambda x, y: x * np.log(np.asarray(y, x.dtype)), pairs(0.3, 3.0)),
)
