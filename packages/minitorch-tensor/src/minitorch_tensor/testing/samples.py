"""Arguments to try a function with, and random arrays to make them of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtypes import DType, bool_, float32, float64, int32, int64, uint8

Array = npt.NDArray[Any]

FLOATS = (float32, float64)
INTEGERS = (uint8, int32, int64)
NUMBERS = (*INTEGERS, *FLOATS)


@dataclass(frozen=True)
class Sample:
    """Arguments of one call; an array, alone or in a list, stands for a tensor.

    Attributes:
        args: positional arguments.
        kwargs: arguments by name.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def map(self, fn: Callable[[Array], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with fn of every array in its place."""

        def convert(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return fn(value)
            if isinstance(value, list):
                return [convert(v) for v in value]
            return value

        return (
            tuple([convert(value) for value in self.args]),
            {name: convert(value) for name, value in self.kwargs.items()},
        )


def sample(*args: Any, **kwargs: Any) -> Sample:
    """A call, written as one."""
    return Sample(args, kwargs)


class Draw:
    """Random arrays of one dtype.

    Floating-point elements are all different, and none is within rounding of a whole or half
    number, so that finite differences step over no kink or jump. Integers repeat.
    """

    def __init__(self, dtype: DType, seed: int = 0) -> None:
        self.dtype = dtype
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: float = -3.0, high: float = 3.0) -> Array:
        """An array of that shape, with elements between low and high."""
        size = math.prod(shape)
        if self.dtype is bool_:
            return np.asarray(self.random.random(shape) < 0.5)
        if self.dtype.kind == "int":
            least = max(math.ceil(low), 0) if self.dtype is uint8 else math.ceil(low)
            return self.random.integers(least, math.floor(high), shape, endpoint=True).astype(
                self.dtype.numpy
            )
        cells = self.random.permutation(size) + self.random.uniform(0.2, 0.8, size)
        values = low + cells * ((high - low) / max(size, 1))
        # Away from multiples of 1/2, where functions of this table have kinks and jumps.
        doubled = 2 * values
        near = np.abs(doubled - np.round(doubled)) < 0.02
        values[near] += 0.02
        return values.astype(self.dtype.numpy).reshape(shape)

    def index(self, *shape: int, size: int) -> Array:
        """Indices (int64) below size."""
        return np.asarray(self.random.integers(0, size, shape))

    def mask(self, *shape: int) -> Array:
        """Bools, some true and some false."""
        return np.asarray(self.random.random(shape) < 0.5)
