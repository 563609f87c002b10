"""Special numbers, exact integers, conversions."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import minitorch_tensor as mt
from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import ALL, DType, bool_, float64, int32, int64, uint8
from minitorch_tensor.registry import get_backend, use_backend
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.checks import compare, listed
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import SPECIAL, Checks
from minitorch_tensor.testing.conformance._core import FOLDS
from minitorch_tensor.testing.samples import FLOATS, Draw
from minitorch_tensor.testing.workloads import steps

Array = npt.NDArray[Any]

#: Functions of numbers that a backend is asked to apply, by name; `map`, `sum` and their like are
#: functions of lists, for reading.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: function
    for name, function in vars(ops).items()
    if inspect.isfunction(function)
    and function.__module__ == ops.__name__
    and not name.startswith("_")
    and not name.startswith(("int_", "bitwise_"))
    and name not in {"map", "zipWith", "reduce", "negList", "addLists", "sum", "prod", "where"}
}


def _unchanged(x: float) -> float:
    """A function that no backend knows by name."""
    return x * 1.0


def _arity(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)


UNARY = sorted(name for name, function in FUNCTIONS.items() if _arity(function) == 1)

BINARY = sorted(name for name, function in FUNCTIONS.items() if _arity(function) == 2)

#: Comparisons and the like, whose results are bool.
TO_BOOL = frozenset(
    {"lt", "le", "gt", "ge", "eq", "ne", "is_close", "isnan", "isinf"}
    | {"logical_not", "logical_and", "logical_or", "logical_xor"}
)

#: Functions of tensors, tried with NaN and infinities among the elements.
AGGREGATES: dict[str, Callable[[Tensor], Any]] = {
    "sum": lambda x: x.sum(-1),
    "mean": lambda x: x.mean(-1),
    "prod": lambda x: x.prod(-1),
    "amax": lambda x: x.amax(-1),
    "amin": lambda x: x.amin(-1),
    "max": lambda x: tuple(x.max(-1)),
    "argmax": lambda x: x.argmax(-1),
    "argmin": lambda x: x.argmin(-1),
    "all": lambda x: (x > 0).all(-1),
    "any": lambda x: (x > 0).any(-1),
    "cumsum": lambda x: x.cumsum(-1),
    "sort": lambda x: tuple(x.sort(-1)),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "matmul": lambda x: x @ x.T,
    "where": lambda x: mt.where(x > 0, x, mt.zeros_like(x)),
    "relu": lambda x: x.relu(),
    "clamp": lambda x: x.clamp(-1.0, 1.0),
}


class NumberChecks(Checks):
    """Special numbers, exact integers, conversions."""

    @pytest.mark.parametrize("name", UNARY)
    def test_special_numbers_through_map(self, name: str) -> None:
        """NaN, infinities, both zeros: as in `simple`."""
        fn = FUNCTIONS[name]
        for dtype in FLOATS:
            x = np.array(SPECIAL, dtype.numpy)
            out = bool_ if name in TO_BOOL else dtype

            def mapped(b: Backend, x: Array = x, out: DType = out) -> TensorData:
                return b.map(fn, b.from_numpy(x), out)

            self._same(mapped, dtype, name)

    @pytest.mark.parametrize("name", BINARY)
    def test_special_numbers_through_zip(self, name: str) -> None:
        """Every pair of NaN, infinities, both zeros and others: as in `simple`."""
        fn = FUNCTIONS[name]
        for dtype in FLOATS:
            x = np.array(SPECIAL, dtype.numpy)
            out = bool_ if name in TO_BOOL else dtype
            left = (x != 0) if name == "keep_if" else x

            def pairs(b: Backend, left: Array = left, x: Array = x, out: DType = out) -> TensorData:
                return b.zip(fn, b.from_numpy(left[:, None].copy()), b.from_numpy(x), out)

            self._same(pairs, dtype, name)

    @pytest.mark.parametrize("name", AGGREGATES)
    def test_special_numbers_through_aggregates(self, name: str) -> None:
        """A NaN is not dropped, whichever place it has; an infinity only where it should be."""
        nan, inf = math.nan, math.inf
        rows = [
            *([nan, 1, 2], [1, nan, 2], [1, 2, nan], [nan, nan, nan]),
            *([inf, 1, 2], [1, -inf, 2], [inf, inf, 1], [-inf, -inf, -inf]),
            *([inf, -inf, 1], [inf, nan, -inf], [1, 2, 3], [-1, -2, -3], [0, -5, -1]),
        ]
        for dtype in FLOATS:
            results = []
            for b in (self._backend, get_backend("simple")):
                with use_backend(b):
                    results.append(listed(AGGREGATES[name](mt.tensor(rows, dtype=dtype))))
            got, want = ([y.numpy() for y in ys] for ys in results)
            compare(got, want, dtype, f"{name} of {dtype}, by rows")

    def test_softmax_does_not_overflow(self) -> None:
        """Its rows add up to 1 however large the numbers are, and a shift does not move it."""
        x = mt.tensor([[1e4, -1e4, 1e4], [0.0, 0.0, 0.0], [-1e30, -1e30, -1e30]], dtype=float64)
        assert_close(x.softmax(1).sum(1), np.ones(3))
        assert_close(x.log_softmax(1).exp().sum(1), np.ones(3))
        row = mt.tensor([0.0, 1e3, 1e30], dtype=float64).log_softmax(0)
        assert_close(row, np.array([-1e30, -1e30, 0.0]))
        x = mt.tensor(Draw(float64)(3, 4))
        assert_close((x + 700.0).softmax(1), x.softmax(1))
        assert_close((x - 700.0).log_softmax(1), x.log_softmax(1), rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize("name", FOLDS)
    def test_a_fold_starts_at_its_identity(self, name: str) -> None:
        """Also of numbers that are all on one side of zero, and of none."""
        fn, start, reference = FOLDS[name]
        b = self._backend
        for dtype in FLOATS:
            for row in ([-3.0, -2.0, -5.0], [3.0, 2.0, 5.0], []):
                x = np.array(row, dtype.numpy).reshape(1, -1)
                got = b.to_numpy(b.reduce(fn, b.from_numpy(x), 1, start, dtype))
                want = reference.reduce(x, axis=1, keepdims=True, initial=start)
                compare(got, want, dtype, f"reduce({name}) of {row}, {dtype}")

    @pytest.mark.parametrize("dtype", [uint8, int32, int64], ids=str)
    def test_integers_are_exact_and_wrap(self, dtype: DType) -> None:
        """Up to the last bit of the largest, and past it around to the least."""
        limits = np.iinfo(dtype.numpy)
        largest = int(limits.max)
        # Odd, so that a detour through floating point loses the last bit.
        x = np.array([largest, largest - 2, largest // 2, 3, 1, 0, limits.min], dtype.numpy)
        y = np.roll(x, 1)
        b = self._backend
        data = [b.from_numpy(a) for a in (x, y)]
        with np.errstate(all="ignore"):
            for name, fn, reference in [
                ("add", ops.add, np.add),
                ("sub", ops.sub, np.subtract),
                ("mul", ops.mul, np.multiply),
                ("max", ops.max, np.maximum),
            ]:
                got = b.to_numpy(b.zip(fn, data[0], data[1], dtype))
                assert_close(got, reference(x, y), msg=f"{name} of {dtype}")
            for name, fn, want in [
                ("add", ops.add, x.sum(dtype=dtype.numpy)),
                ("max", ops.max, x.max()),
            ]:
                start = 0 if name == "add" else int(limits.min)
                got = b.to_numpy(b.reduce(fn, data[0], 0, start, dtype))
                assert_close(got, np.array([want], dtype.numpy), msg=f"reduce({name}) of {dtype}")
            odd = np.array([[largest // 2, 1], [3, 5]], dtype.numpy)
            got = b.to_numpy(b.matmul(b.from_numpy(odd), b.from_numpy(odd)))
            assert_close(got, odd @ odd, msg=f"matmul of {dtype}")
            fold = b.map(steps, data[0], dtype)
            assert_close(b.to_numpy(fold), (x * 3 + 1).astype(dtype.numpy), msg=f"map of {dtype}")

    @pytest.mark.parametrize("dtype", ALL, ids=str)
    def test_casting_converts_as_documented(self, dtype: DType) -> None:
        """Truncation towards zero, wrapping, truth as not zero; by `cast`, `map` and `copy_`."""
        b = self._backend
        for numbers in (
            np.array([-2.75, -1.0, -0.5, 0.0, 0.5, 1.5, 100.0], np.float64),
            np.array([-2.75, -0.0, 0.25, 7.5], np.float32),
            np.array([-1, 0, 1, 255, 256, 2**31], np.int64),
            np.array([True, False]),
        ):
            want = numbers.astype(np.int64).astype(dtype.numpy)
            if dtype.kind in ("float", "bool"):
                want = numbers.astype(dtype.numpy)
            x = b.from_numpy(numbers)
            out = b.empty(numbers.shape, dtype)
            b.copy_(out, x)
            for how, got in (("cast", b.cast(x, dtype)), ("copy_", out)):
                assert_close(b.to_numpy(got), want, msg=f"{how} of {numbers.dtype} to {dtype}")

    @pytest.mark.parametrize("dtype", ALL, ids=str)
    def test_what_does_not_fit_converts_as_on_simple(self, dtype: DType) -> None:
        """The lowest integer for what no integer is equal to; by `cast`, `map`, `zip`, `copy_`."""
        b, reference = self._backend, get_backend("simple")
        row = [300.7, -1.5, 3e9, -3e9, 1e20, -1e20, math.inf, -math.inf, math.nan]
        for source in FLOATS:
            numbers = np.array(row, source.numpy)
            x = b.from_numpy(numbers)
            out = b.empty(numbers.shape, dtype)
            b.copy_(out, x)
            want = reference.to_numpy(reference.cast(reference.from_numpy(numbers), dtype))
            zero = b.full((), 0, source)
            for how, got in (
                ("cast", b.cast(x, dtype)),
                ("copy_", out),
                ("map", b.map(_unchanged, x, dtype)),
                ("zip", b.zip(ops.add, x, zero, dtype)),
            ):
                what = f"{how} of {source} to {dtype}"
                assert_close(b.to_numpy(got), want, equal_nan=True, msg=what)

    def test_constants_of_either_zero_are_told_apart(self) -> None:
        """0.0 and -0.0 are equal, but not the same."""
        for value in (0.0, -0.0):
            constant = self._backend.to_numpy(self._backend.constant(value, float64))
            assert np.signbit(constant) == np.signbit(value)

    @pytest.mark.parametrize("dtype", [int32, int64], ids=str)
    def test_whether_integers_lie_within_bounds(self, dtype: DType) -> None:
        """Of elements given and computed, of views, and after a change in place."""
        b = self._backend
        x = b.from_numpy(np.array([[3, -2, 7], [0, 5, 1]], dtype.numpy))
        assert b.within(x, -2, 8)
        assert not b.within(x, -1, 8)
        assert not b.within(x, -2, 7)
        row = x.slice(0, 1, 1)
        assert b.within(row, 0, 6)
        assert not b.within(row, 0, 5)
        positive = b.zip(ops.gt, x, b.constant(0, dtype), bool_)
        chosen = b.where(positive, x, b.constant(1, dtype))
        assert b.within(chosen, 1, 8)
        assert not b.within(chosen, 2, 8)
        b.copy_(row, b.from_numpy(np.full((1, 3), 9, dtype.numpy)))
        assert not b.within(x, -2, 8)
        assert b.within(x, -2, 10)
        assert b.within(b.from_numpy(np.empty(0, dtype.numpy)), 0, 0)
