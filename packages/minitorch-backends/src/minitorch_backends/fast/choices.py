"""Choosing the loop of a scalar function: numpy's or a compiled one, on one thread or on all."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

from minitorch_autodiff import operators as ops
from minitorch_backends.fast import thresholds
from minitorch_tensor.backends.numpy import BINARY, UNARY

#: Operators whose compiled loop beats numpy's because each element takes much computation.
COSTLY: set[Any] = {ops.exp, ops.expm1, ops.log, ops.log1p, ops.sigmoid, ops.tanh}
COSTLY |= {ops.sigmoid_back, ops.tanh_back}
CHEAP: set[Any] = {ops.neg, ops.abs, ops.square, ops.sqrt, ops.inv, ops.relu, ops.relu_back}
CHEAP |= {ops.add, ops.sub, ops.mul, ops.div, ops.max, ops.min, ops.keep_if}
CHEAP |= {ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne}
CHEAP |= {ops.abs_back}


class Choice(NamedTuple):
    """The number of elements from which a loop is compiled, and from which threads share it."""

    compiled_from: float
    shared_from: int


def _choice(known: dict[Any, Any], fn: Any) -> Choice:
    """The best loops for a scalar function; numpy has loops for the `known` ones."""
    cheap = fn in CHEAP
    compiled: float = thresholds.COMPILED if cheap else thresholds.COMPILED_TRANSCENDENTAL
    if fn not in known:
        compiled = 0
    elif fn in (ops.relu, ops.relu_back, ops.abs_back):  # numpy takes several passes for these
        compiled = thresholds.COMPILED_TRANSCENDENTAL
    elif not cheap and fn not in COSTLY:
        compiled = math.inf
    return Choice(compiled, thresholds.ARITHMETIC if cheap else thresholds.TRANSCENDENTAL)


map_choice = lru_cache(maxsize=1024)(partial(_choice, UNARY))
zip_choice = lru_cache(maxsize=1024)(partial(_choice, BINARY))
