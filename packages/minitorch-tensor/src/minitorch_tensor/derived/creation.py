"""New data: filled with one value, or with random numbers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from minitorch_tensor.derived.core import Core
from minitorch_tensor.dtypes import DType
from minitorch_tensor.layout import Shape
from minitorch_tensor.tensor_data import TensorData

if TYPE_CHECKING:
    from minitorch_tensor.random import Generator


class CreationOperations(Core):
    """Operations that create data."""

    def full(self, shape: Shape, value: float, dtype: DType) -> TensorData:
        """New memory with every element set to `value`."""
        return self.from_numpy(np.full(shape, value, dtype.numpy))

    def uniform(self, shape: Shape, dtype: DType, generator: Generator) -> TensorData:
        """Floating-point random numbers in [0, 1): on every backend those that numpy draws from the
        generator, which advances (see `Generator.skip`)."""
        return self.from_numpy(np.asarray(generator.draw("random", shape, dtype.numpy)))

    def constant(self, value: float, dtype: DType) -> TensorData:
        """A zero-dimensional `value`. It is cached and shared, so never write to it."""
        return _constant(self, value, math.copysign(1.0, value), dtype)


@lru_cache(maxsize=1024)
def _constant(backend: Core, value: float, sign: float, dtype: DType) -> TensorData:
    # `sign` is part of the key because 0.0 == -0.0.
    with np.errstate(all="ignore"):  # too large for float32 is infinite
        return backend.from_numpy(np.array(value).astype(dtype.numpy))
