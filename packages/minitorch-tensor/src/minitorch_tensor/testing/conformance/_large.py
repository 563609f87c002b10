"""Large inputs, where work may be cut into pieces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import DType, bool_, float32, float64, int64
from minitorch_tensor.testing.checks import compare
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.layouts import arrange
from minitorch_tensor.testing.views import values
from minitorch_tensor.testing.workloads import (
    COMPOSITES,
    core_alone,
    largest_magnitude,
    mixture,
    steps,
)

#: (rtol, atol) of sums over many elements, in whatever order and grouping.
LARGE_SUMS: dict[DType, tuple[float, float]] = {float32: (1e-3, 2e-3), float64: (1e-9, 1e-9)}


class LargeChecks(Checks):
    """Large inputs, where work may be cut into pieces."""

    @pytest.mark.parametrize("layout", ["contiguous", "permuted", "stepped"])
    @pytest.mark.parametrize("dtype", [float32, float64, int64], ids=str)
    def test_large_elementwise(self, dtype: DType, layout: str) -> None:
        """Every element, the last too, where work may be cut into pieces."""
        rows = math.isqrt(self._size.large)
        shape = (rows, rows + 2)
        x, y = values(shape, dtype, 1), values(shape[1:], dtype, 2)
        a, c = (arrange(v, layout, self._backend)._data for v in (x, y))
        b = self._backend
        for name, got, want in [
            ("add", b.zip(ops.add, a, c, dtype), x + y),
            ("neg", b.map(ops.neg, a, dtype), -x),
            ("an unknown map", b.map(steps, a, dtype), x * 3 + 1),
            ("an unknown zip", b.zip(mixture, a, c, dtype), x * y + 2 * x - y),
            ("lt", b.zip(ops.lt, a, c, bool_), x < y),
        ]:
            compare(b.to_numpy(got), want.astype(got.dtype.numpy), dtype, f"{name} of {shape}")

    @pytest.mark.parametrize("dim", [0, 1, 2])
    def test_large_reductions(self, dim: int) -> None:
        """Along each dimension, by known and unknown functions."""
        side = round(self._size.large ** (1 / 3))
        shape = (side + 3, side - 2, side)
        b = self._backend
        for dtype in (float32, float64):
            x = values(shape, dtype, 3)
            for layout in ("contiguous", "permuted"):
                data = arrange(x, layout, b)._data
                where = f"of {shape} along {dim}, {dtype}, {layout}"
                got = b.reduce(ops.add, data, dim, 0.0, dtype)
                want = x.astype(np.float64).sum(dim, keepdims=True).astype(dtype.numpy)
                compare(b.to_numpy(got), want, dtype, f"sum {where}", LARGE_SUMS)
                got = b.reduce(ops.max, data, dim, -math.inf, dtype)
                compare(b.to_numpy(got), x.max(dim, keepdims=True), dtype, f"max {where}")
                got = b.reduce(largest_magnitude, data, dim, 0.0, dtype)
                want = np.abs(x).max(dim, keepdims=True)
                compare(b.to_numpy(got), want, dtype, f"an unknown fold {where}")
            got = b.reduce_dims(ops.add, b.from_numpy(x), (0, 1, 2), 0.0, dtype)
            want = np.full((1, 1, 1), x.astype(np.float64).sum(), dtype.numpy)
            compare(b.to_numpy(got), want, dtype, f"sum of all of {shape}", LARGE_SUMS)

    @pytest.mark.parametrize("dtype", [float32, float64, int64], ids=str)
    def test_large_matrix_products(self, dtype: DType) -> None:
        """Of sizes that no block divides; single, batched, and with a stride of 0."""
        side = max(7, math.isqrt(self._size.large) // 3)
        b = self._backend
        for lead, m, k, n in [((), side + 3, side - 2, side), ((3,), side // 3, side // 2, 5)]:
            x, y = values((*lead, m, k), dtype, 4), values((*lead, k, n), dtype, 5)
            got = b.matmul(arrange(x, "permuted", b)._data, b.from_numpy(y))
            compare(b.to_numpy(got), x @ y, dtype, f"matmul of {x.shape}, {y.shape}", LARGE_SUMS)
            repeated = b.from_numpy(y).expand((2, *y.shape))
            got = b.matmul(b.from_numpy(x).expand((2, *x.shape)), repeated)
            want = np.stack([x @ y] * 2)
            compare(b.to_numpy(got), want, dtype, f"matmul of repeated {x.shape}", LARGE_SUMS)

    @pytest.mark.parametrize("name", COMPOSITES)
    def test_large_composites(self, name: str) -> None:
        """Operations that a backend often overrides, against their derived defaults."""
        results = [
            [b.to_numpy(y).copy() for y in COMPOSITES[name](b, self._size.large, 0)]
            for b in (self._backend, core_alone())
        ]
        compare(results[0], results[1], float32, name, LARGE_SUMS)
