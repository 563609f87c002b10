"""Numbers that show a detour: signs of zeros, denormals, products of whole numbers, loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType, bool_, float32, float64
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks, check_signs
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.samples import FLOATS
from minitorch_tensor.testing.workloads import steps

Array = npt.NDArray[Any]
ZEROS = [[-0.0, 0.0, 1.0], [0.0, -0.0, -2.0]]

#: What keeps elements as they are, signs of zeros and denormals included: backend, data -> data.
COPIES: dict[str, Callable[[Backend, TensorData, DType], TensorData]] = {
    "map.id": lambda b, x, dtype: b.map(ops.id, x, dtype),
    "map": lambda b, x, dtype: b.map(_itself, x, dtype),
    "cast": lambda b, x, dtype: b.cast(x, dtype),
    "contiguous": lambda b, x, dtype: b.contiguous(x),
    "reshape": lambda b, x, dtype: b.reshape(x, (3, 2)),
    "where": lambda b, x, dtype: b.where(b.full((2, 3), True, bool_), x, b.full((), 3.0, dtype)),
    "where_not": lambda b, x, dtype: b.where(b.full((), False, bool_), b.full((), 3.0, dtype), x),
    "keep_if": lambda b, x, dtype: b.zip(ops.keep_if, b.full((2, 3), True, bool_), x, dtype),
    "copy_": lambda b, x, dtype: _copied(b, x, dtype),
    "index_select": lambda b, x, dtype: b.index_select(x, 0, b.from_numpy(np.array([0, 1]))),
    "gather": lambda b, x, dtype: b.gather(x, 1, b.from_numpy(np.array([[0, 1, 2]] * 2))),
    "index": lambda b, x, dtype: b.index(x, (np.array([0, 1]),)),
}

#: Arithmetic that does: in IEEE 754, whatever the size of x.
NEUTRAL: dict[str, Callable[[Backend, TensorData, DType], TensorData]] = {
    "zip.mul": lambda b, x, dtype: b.zip(ops.mul, x, b.full((), 1.0, dtype), dtype),
    "zip.div": lambda b, x, dtype: b.zip(ops.div, x, b.full((), 1.0, dtype), dtype),
    "zip.sub": lambda b, x, dtype: b.zip(ops.sub, x, b.full((), 0.0, dtype), dtype),
    "zip.add": lambda b, x, dtype: b.zip(ops.add, x, b.full((), -0.0, dtype), dtype),
    "map.mul": lambda b, x, dtype: b.map(_times_one, x, dtype),
    "neg": lambda b, x, dtype: b.map(ops.neg, b.map(ops.neg, x, dtype), dtype),
    "abs": lambda b, x, dtype: b.zip(ops.copysign, b.map(ops.abs, x, dtype), x, dtype),
    "reduce": lambda b, x, dtype: b.reduce(ops.add, b.reshape(x, (2, 3, 1)), 2, -0.0, dtype),
}


def _itself(x: float) -> float:
    return x


def _times_one(x: float) -> float:
    return 1.0 * x


def _copied(b: Backend, x: TensorData, dtype: DType) -> TensorData:
    out = b.full(x.shape, 5.0, dtype)
    b.copy_(out, x)
    return out


# -- functions that branch and loop ---------------------------------------------------------------


def power_by_a_loop(x: float) -> float:
    """x ** 5, by a loop over constants."""
    result = x
    for _ in range(4):
        result = result * x
    return result


def halvings(x: float) -> float:
    """How often |x| can be halved until it is below 1: as many turns as x says."""
    count = 0.0
    rest = ops.abs(x)
    while rest >= 1.0:
        rest = rest * 0.5
        count = count + 1.0
    return count


def pieces(x: float) -> float:
    """Another formula in each of four ranges."""
    if x < -1.0:
        return -x
    if x < 0.0:
        return x * x
    if x < 2.0:
        return 3.0 * x
    return x + 4.0


def larger_by_a_branch(x: float, y: float) -> float:
    """Not by `operators.max`, and not symmetric for equal operands."""
    if x > y and x > 0.0:
        return x
    return y if y >= 0.5 or x < y else x - 1.0


class ExactnessChecks(Checks):
    """Numbers that show a detour: signs of zeros, denormals, products of whole numbers, loops."""

    @pytest.mark.parametrize("name", [*COPIES, *NEUTRAL])
    def test_zeros_keep_their_signs(self, name: str) -> None:
        """Through every copy, and arithmetic with what is neutral."""
        b = self._backend
        for dtype in self._having(FLOATS):
            x = np.array(ZEROS, dtype.numpy)
            for layout in LAYOUTS:
                data = arrange(x, layout, b)._data
                y = b.to_numpy({**COPIES, **NEUTRAL}[name](b, data, dtype)).reshape(2, 3)
                assert_close(y, x, rtol=0, atol=0, msg=name)
                check_signs(y, x, f"{name} of {dtype}, {layout}")

    def test_a_new_zero_has_the_sign_that_was_asked_for(self) -> None:
        """By `full`, `constant` and `from_numpy`, of any shape; by `neg` and products."""
        b = self._backend
        for dtype in self._having(FLOATS):
            for value in (0.0, -0.0):
                zero = np.array(value, dtype.numpy)
                for shape in ((), (3,), (2, 3), (200,)):
                    want = np.full(shape, value, dtype.numpy)
                    x = b.full(shape, value, dtype)
                    check_signs(b.to_numpy(x), want, f"full({shape}, {value})")
                    check_signs(b.to_numpy(b.from_numpy(want)), want, f"from_numpy of {value}")
                    check_signs(b.to_numpy(b.map(ops.neg, x, dtype)), -want, f"neg of {value}")
                    minus = b.zip(ops.mul, x, b.full((), -2.0, dtype), dtype)
                    check_signs(b.to_numpy(minus), -want, f"{value} * -2")
                check_signs(b.to_numpy(b.constant(value, dtype)), zero, f"constant({value})")

    @pytest.mark.parametrize("name", COPIES)
    def test_copies_keep_the_smallest_numbers(self, name: str) -> None:
        """Denormal ones, below the least with a full mantissa: bit for bit."""
        self._smallest(name, COPIES[name], may_flush=False)

    @pytest.mark.parametrize("name", NEUTRAL)
    def test_arithmetic_keeps_the_smallest_numbers(self, name: str) -> None:
        """Unless the backend declares `flushes_denormals`, and then they may become 0."""
        self._smallest(name, NEUTRAL[name], may_flush=self._backend.flushes_denormals)

    def _smallest(self, name: str, compute: Callable[..., TensorData], may_flush: bool) -> None:
        b = self._backend
        for dtype in self._having(FLOATS):
            info = np.finfo(dtype.numpy)
            tiny, least = float(info.tiny), float(info.smallest_subnormal)
            x = np.array([[tiny / 2, -tiny / 4, tiny], [least, -3 * least, 1.0]], dtype.numpy)
            y = b.to_numpy(compute(b, b.from_numpy(x), dtype)).reshape(2, 3)
            kept = y == x
            if may_flush:
                kept |= (y == 0) & (np.abs(x) < tiny)
            if not kept.all():
                advice = "" if name in COPIES else "; if it must, declare flushes_denormals = True"
                raise AssertionError(
                    f"{name} of {dtype}: {y[~kept].tolist()}, expected {x[~kept].tolist()}{advice}"
                )

    @pytest.mark.parametrize("layout", ["contiguous", "permuted"])
    @pytest.mark.parametrize("side", ["left", "right"])
    def test_products_of_whole_numbers_are_exact(self, side: str, layout: str) -> None:
        """As long as float32 holds their sums: a detour by bfloat16, float16 or TF32 loses bits."""
        b, n = self._backend, self._size.matrix
        random = np.random.default_rng(8)
        for dtype in self._having(FLOATS):
            for m, k, p in ((n, n + 1, n - 1), (4, 4, 4), (1, n, 1)):
                large = 2 * random.integers(-2000, 2000, (m, k)) + 1
                signs = random.integers(-1, 1, (k, p), endpoint=True)
                x, y = (large, signs) if side == "left" else (signs.T, large.T)
                want = x @ y
                data = [arrange(a.astype(dtype.numpy), layout, b)._data for a in (x, y)]
                got = b.to_numpy(b.matmul(data[0], data[1]))
                where = f"matmul of whole numbers {x.shape} and {y.shape}, {dtype}, {layout}"
                assert_close(got, want.astype(dtype.numpy), rtol=0, atol=0, msg=where)

    def test_sums_of_whole_numbers_are_exact(self) -> None:
        """Along each dimension and over both; products of few factors, too."""
        b = self._backend
        x = np.random.default_rng(9).integers(-2000, 2000, (37, 41)) * 2 + 1
        for dtype in self._having(FLOATS):
            data = b.from_numpy(x.astype(dtype.numpy))
            for dim in (0, 1):
                got = b.to_numpy(b.reduce(ops.add, data, dim, 0.0, dtype))
                want = x.sum(dim, keepdims=True).astype(dtype.numpy)
                assert_close(got, want, rtol=0, atol=0, msg=f"sum along {dim}, {dtype}")
            total = b.to_numpy(b.reduce_dims(ops.add, data, (0, 1), 0.0, dtype))
            assert_close(total.ravel(), np.array([x.sum()], dtype.numpy), rtol=0, atol=0)

    @pytest.mark.parametrize(
        "fn", [power_by_a_loop, halvings, pieces, steps], ids=lambda fn: fn.__name__
    )
    def test_functions_with_loops_and_branches(self, fn: Callable[[float], float]) -> None:
        """Any scalar function is one: loops as long as a value says, and choices between them."""
        b = self._backend
        for dtype in self._having(FLOATS):
            x = np.array([-9.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 100.0], dtype.numpy)
            want = np.array([fn(float(v)) for v in x], dtype.numpy)
            got = b.to_numpy(b.map(fn, b.from_numpy(x), dtype))
            assert_close(got, want, msg=f"{fn.__name__} of {dtype}")

    def test_functions_of_two_with_branches(self) -> None:
        """Through `zip`, and folded by `reduce`."""
        b = self._backend
        for dtype in self._having(FLOATS):
            x = np.array([-1.0, 0.0, 0.25, 0.5, 3.0, math.inf], dtype.numpy)
            want = np.array([[larger_by_a_branch(u, v) for v in x] for u in x], dtype.numpy)
            got = b.zip(larger_by_a_branch, b.from_numpy(x[:, None].copy()), b.from_numpy(x), dtype)
            assert_close(b.to_numpy(got), want, msg=f"zip of {dtype}")

    def test_float64_is_not_computed_in_float32(self) -> None:
        """Elementwise, folded, multiplied: what differs in the last digits of a double."""
        b = self._backend
        if float64 not in b.dtypes:
            pytest.skip(f"{b.name!r} declares that it has no float64")
        x = np.array([1.0, 1.0 + 2.0**-40, 1.0 - 2.0**-40])
        data = b.from_numpy(x)
        one = b.full((), 1.0, float64)
        for name, got, want in (
            ("sub", b.zip(ops.sub, data, one, float64), x - 1.0),
            ("max", b.zip(ops.max, data, one, float64), np.maximum(x, 1.0)),
            ("gt", b.zip(ops.gt, data, one, bool_), x > 1.0),
            ("neg", b.map(ops.neg, data, float64), -x),
            ("sum", b.reduce(ops.add, data, 0, 0.0, float64), x.sum(keepdims=True)),
            ("largest", b.reduce(ops.max, data, 0, -math.inf, float64), x.max(keepdims=True)),
            (
                "matmul",
                b.matmul(data.as_strided((1, 3), (3, 1), 0), data.as_strided((3, 1), (1, 1), 0)),
                (x @ x).reshape(1, 1),
            ),
        ):
            assert_close(b.to_numpy(got), want, rtol=2e-16, atol=0, msg=f"{name} of float64")

    def test_float32_is_rounded_after_every_operation(self) -> None:
        """A result is what float32 holds: 1 + 2**-30 is 1."""
        b = self._backend
        x = b.full((3,), 1.0, float32)
        small = b.full((3,), 2.0**-30, float32)
        total = b.to_numpy(b.zip(ops.add, x, small, float32))
        assert_close(total, np.ones(3, np.float32), rtol=0, atol=0)
