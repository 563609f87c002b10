"""The conformance kit: hundreds of checks of a backend, for one class in its tests.

    from minitorch_tensor.testing.conformance import BackendConformance


    class TestMine(BackendConformance):
        backend = "mine"

Run by pytest, it compares the backend with `simple`, which defines what operations mean, and with
answers computed some other way: every function of tensors and every operation of backends, in
every dtype and memory layout, on empty, zero-dimensional and large inputs, with NaN and
infinities; gradients, repetition, threads, transfer, errors. At the end of the run it reports what
the backend overrides and what it leaves derived.

Needs pytest and hypothesis: `pip install 'minitorch-tensor[conformance]'`.
"""

from __future__ import annotations

import copy
import inspect
import math
import operator
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import (
    BACKEND_INTERFACE,
    DERIVED,
    REQUIRED,
    Backend,
    BackendUnavailable,
)
from minitorch_tensor.derived import Window
from minitorch_tensor.dtypes import (
    ALL,
    DType,
    bool_,
    float32,
    float64,
    int32,
    int64,
    uint8,
)
from minitorch_tensor.registry import (
    BackendBroken,
    BackendNotFound,
    backend_names,
    get_backend,
    use_backend,
)
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.checks import (
    check_gradient,
    check_kernel,
    check_operation,
    compare,
    listed,
)
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.kernels import KERNELS, WINDOWS, Kernel
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.operations import OPERATIONS, Operation
from minitorch_tensor.testing.report import Report
from minitorch_tensor.testing.samples import FLOATS, NUMBERS, Draw
from minitorch_tensor.testing.views import View, matrices, values, views, views_to_broadcast
from minitorch_tensor.testing.workloads import (
    COMPOSITES,
    CORE,
    LOUD,
    at_once,
    core_alone,
    largest_magnitude,
    mixture,
    scaled_by,
    shifted_by,
    steps,
    train,
)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Size:
    """How much of everything to try.

    Attributes:
        samples: of each row of the tables; None for all.
        examples: that hypothesis searches through, for each property.
        large: elements of a large input.
        threads: that compute at once.
        calls: of each thread.
    """

    samples: int | None
    examples: int
    large: int
    threads: int
    calls: int


#: "small" is for a backend that needs milliseconds for an addition: a simulator, a first draft.
SIZES = {
    "full": Size(samples=None, examples=60, large=150_001, threads=4, calls=6),
    "small": Size(samples=3, examples=20, large=2_001, threads=2, calls=3),
}

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


def _arity(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)


UNARY = sorted(name for name, function in FUNCTIONS.items() if _arity(function) == 1)
BINARY = sorted(name for name, function in FUNCTIONS.items() if _arity(function) == 2)

#: Numbers that go wrong first.
SPECIAL = (-math.inf, -90.0, -2.0, -0.75, -0.0, 0.0, 0.25, 1.0, 3.0, 90.0, math.inf, math.nan)

#: Comparisons and the like, whose results are bool.
TO_BOOL = frozenset(
    {"lt", "le", "gt", "ge", "eq", "ne", "is_close", "isnan", "isinf"}
    | {"logical_not", "logical_and", "logical_or", "logical_xor"}
)

#: Folds with their identities, and numpy's of the same name.
FOLDS: dict[str, tuple[Callable[..., Any], float, np.ufunc]] = {
    "add": (ops.add, 0.0, np.add),
    "mul": (ops.mul, 1.0, np.multiply),
    "max": (ops.max, -math.inf, np.maximum),
    "min": (ops.min, math.inf, np.minimum),
}

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

#: What is refused, and on every backend in the same words.
MISTAKES: dict[str, Callable[[Tensor], Any]] = {
    "shapes that do not broadcast": lambda x: x + mt.ones(5),
    "matrices that do not chain": lambda x: x @ x,
    "a shape that does not fit": lambda x: x.reshape(4, -1),
    "an index out of range": lambda x: x[7],
    "an index to select out of range": lambda x: x.index_select(0, mt.tensor([9])),
    "an index to gather out of range": lambda x: x.gather(1, mt.tensor([[4]])),
    "a maximum of nothing": lambda x: x[:0].amax(0),
    "a size that differs": lambda x: mt.cat([x, mt.ones(2, 4)]),
    "a dimension that is not there": lambda x: x.sum(5),
    "a dtype without a gradient": lambda x: x.long().requires_grad_(),
}


#: (rtol, atol) of sums over many elements, in whatever order and grouping.
LARGE_SUMS: dict[DType, tuple[float, float]] = {float32: (1e-3, 2e-3), float64: (1e-9, 1e-9)}


def _inner(x: Any, y: Any) -> float:
    return float((np.asarray(x) * np.asarray(y)).sum())


def _extremes(dtype: DType) -> list[Any]:
    if dtype is bool_:
        return [False, True, True]
    if dtype.kind == "int":
        limits = np.iinfo(dtype.numpy)
        return [int(limits.min), 0, int(limits.max)]
    info = np.finfo(dtype.numpy)
    return [-0.0, 0.0, math.nan, math.inf, -math.inf, info.max, info.tiny, info.smallest_subnormal]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # silence is checked where users would hear
class BackendConformance:
    """Derive a class whose name starts with `Test`, and set `backend`.

    Attributes:
        backend: its name, as it is registered; or an instance, for one that is not (yet).
        size: how much to try: "full", "small" for a backend that is slow, or a `Size`.

    A check that does not apply may be overridden in the subclass, which then says so in the open.
    A backend that is unavailable here (`BackendUnavailable`) skips, and says what it needs.
    """

    backend: ClassVar[str | Backend]
    size: ClassVar[str | Size] = "full"

    @property
    def _backend(self) -> Backend:
        chosen = getattr(self, "backend", None)
        if not isinstance(chosen, (str, Backend)):
            pytest.fail(
                f"{type(self).__name__}: set `backend` to the name of the backend to check, or to "
                f"an instance of it; it is {chosen!r}.",
                pytrace=False,
            )
        return get_backend(chosen)

    @property
    def _size(self) -> Size:
        if isinstance(self.size, Size):
            return self.size
        if self.size not in SIZES:
            pytest.fail(
                f"{type(self).__name__}: size is {self.size!r}; it must be one of "
                f"{', '.join(map(repr, SIZES))}, or a Size.",
                pytrace=False,
            )
        return SIZES[self.size]

    @pytest.fixture(autouse=True)
    def _current(self, request: pytest.FixtureRequest) -> Iterator[None]:
        """The backend under test is the current one of every check, and known to the report."""
        report, name = Report.of(request.config), type(self).__name__
        if name in report.unloadable:
            pytest.skip(f"{name}: the backend did not load, as the first failure says")
        try:
            backend = self._backend
        except BackendUnavailable as error:
            pytest.skip(str(error))
        except (BackendBroken, BackendNotFound):
            report.unloadable.add(name)  # once is enough to say so
            raise
        report.backends[name] = backend
        with use_backend(backend):
            yield

    # -- the interface ----------------------------------------------------------------------

    def test_it_is_registered_under_its_own_name(self) -> None:
        """One instance, found by the name it gives itself."""
        if isinstance(self.backend, str):
            assert self.backend in backend_names()
            assert self._backend is get_backend(self.backend)
            assert self._backend.name == self.backend
        assert self._backend.interface_version == BACKEND_INTERFACE

    @pytest.mark.parametrize("method", [*REQUIRED, *DERIVED])
    def test_a_method_takes_the_arguments_of_the_interface(self, method: str) -> None:
        """Under the same names and in the same order, with no further one that must be given."""
        wanted = list(inspect.signature(getattr(Backend, method)).parameters.values())[1:]
        got = list(inspect.signature(getattr(self._backend, method)).parameters.values())
        if any(p.kind is p.VAR_POSITIONAL for p in got):  # a wrapper that passes all on
            return
        names = [p.name for p in wanted]
        assert [p.name for p in got][: len(names)] == names, method
        assert all(p.default is not p.empty for p in got[len(names) :]), method

    # -- the tables -------------------------------------------------------------------------

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("operation", OPERATIONS, ids=str)
    def test_function(self, operation: Operation, layout: str) -> None:
        """A function of tensors gives numpy's result, in every dtype."""
        check_operation(operation, self._backend, [layout], self._size.samples)

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("kernel", KERNELS, ids=str)
    def test_kernel(self, kernel: Kernel, layout: str) -> None:
        """An operation of backends gives what the loops say, in every dtype, by the rules."""
        check_kernel(kernel, self._backend, [layout], self._size.samples)

    @pytest.mark.parametrize(
        "operation", [o for o in OPERATIONS if o.differentiable and float64 in o.dtypes], ids=str
    )
    def test_gradient(self, operation: Operation) -> None:
        """What backward gives agrees with central differences."""
        check_gradient(operation, self._backend, self._size.samples)

    # -- the core, against `simple`, on views that hypothesis searches for --------------------

    def test_map_agrees_with_simple(self) -> None:
        """On any view, of any dtype, into any dtype."""

        @self._searching
        @given(views(), st.sampled_from([ops.square, ops.relu, steps]), st.sampled_from(ALL))
        def check(view: View, fn: Callable[[float], float], dtype: DType) -> None:
            self._against_simple(lambda b, x: b.map(fn, x, dtype), view)

        check()

    def test_zip_agrees_with_simple(self) -> None:
        """On any two views that broadcast."""

        @self._searching
        @given(views(), st.data(), st.sampled_from([ops.sub, ops.max, ops.lt, mixture]))
        def check(view: View, data: st.DataObject, fn: Callable[..., float]) -> None:
            other = data.draw(views_to_broadcast(view))
            dtype = bool_ if fn is ops.lt else view.dtype
            self._against_simple(lambda b, x, y: b.zip(fn, x, y, dtype), view, other)
            self._against_simple(lambda b, x, y: b.zip(fn, y, x, dtype), view, other)

        check()

    def test_broadcasting_aligns_at_the_last_dimension(self) -> None:
        """Also where the first would fit as well, and to the last place of what is repeated."""
        b = self._backend
        for shapes in [
            *(((3, 3), (3,)), ((3, 3), (1, 3)), ((3, 3), (3, 1)), ((3,), (3, 3))),
            *(((2, 2, 2), (2, 2)), ((2, 2, 2), (2, 1, 2)), ((4, 1), (1, 5)), ((1, 1), (4, 5))),
            *(((2, 3, 4), (4,)), ((2, 3, 4), (3, 1)), ((2, 1, 4), (3, 1)), ((), (2, 2))),
        ]:
            x, y = (values(shape, float64, seed) for seed, shape in enumerate(shapes))
            for fn, want in ((ops.sub, x - y), (mixture, x * y + 2 * x - y)):
                got = b.to_numpy(b.zip(fn, b.from_numpy(x), b.from_numpy(y), float64))
                compare(got, want, float64, f"zip of {x.shape} and {y.shape}")

    @pytest.mark.parametrize("name", FOLDS)
    def test_reduce_agrees_with_simple(self, name: str) -> None:
        """Along any dimension of any view, an empty one too."""
        fn, start, _ = FOLDS[name]

        @self._searching
        @given(views(min_dims=1, dtypes=FLOATS), st.data())
        def check(view: View, data: st.DataObject) -> None:
            dim = data.draw(st.integers(0, len(view.shape) - 1))
            self._against_simple(lambda b, x: b.reduce(fn, x, dim, start, x.dtype), view)

        check()

    def test_matmul_agrees_with_simple(self) -> None:
        """On matrices of any strides, batched or not, empty too."""

        @self._searching
        @given(matrices(), st.sampled_from([float32, float64, int64]))
        def check(sizes: tuple[tuple[int, ...], tuple[int, ...]], dtype: DType) -> None:
            x, y = (values(shape, dtype, seed) for seed, shape in enumerate(sizes))
            for flip in (False, True):

                def product(b: Backend, flip: bool = flip) -> TensorData:
                    if not flip:
                        return b.matmul(b.from_numpy(x), b.from_numpy(y))
                    left, right = (np.ascontiguousarray(a.swapaxes(-1, -2)) for a in (x, y))
                    return b.matmul(b.from_numpy(left).transpose(), b.from_numpy(right).transpose())

                expected = get_backend("simple")
                want = expected.to_numpy(product(expected))
                got = self._backend.to_numpy(product(self._backend))
                compare(got, want, dtype, f"matmul of {sizes}, {dtype}, transposed {flip}")

        check()

    def test_copying_writes_the_elements_of_a_view_and_no_other(self) -> None:
        """Whatever its layout; what it is a view of keeps the rest."""

        @self._searching
        @given(views(expand=False), st.sampled_from(ALL))
        def check(view: View, dtype: DType) -> None:
            def write(b: Backend) -> Array:
                out = view.on(b)
                source = np.ones(view.shape, dtype.numpy)
                b.copy_(out, b.from_numpy(source))
                return np.array(b.to_numpy(out.owner))

            assert_close(
                write(self._backend), write(get_backend("simple")), equal_nan=True, msg=str(view)
            )

        check()

    @pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1)], ids=str)
    def test_shapes_with_one_element_or_none_pass_through_the_core(self, shape: Any) -> None:
        """Zero-dimensional and empty data keep their shape, and none is lost or invented."""
        b = self._backend
        for dtype in NUMBERS:
            x = b.full(shape, 2, dtype)
            assert b.empty(shape, dtype).shape == shape
            for y in (
                b.map(steps, x, dtype),
                b.zip(mixture, x, x, dtype),
                b.zip(ops.add, x, b.full((), 1, dtype), dtype),
                b.contiguous(x),
                b.cast(x, dtype),
            ):
                assert (y.shape, b.to_numpy(y).shape) == (shape, shape)
            for dim in range(len(shape)):
                folded = b.reduce(ops.add, x, dim, 0, dtype)
                assert folded.shape == (*shape[:dim], 1, *shape[dim + 1 :])
                compare(
                    b.to_numpy(folded),
                    np.full(shape, 2, dtype.numpy).sum(dim, keepdims=True, dtype=dtype.numpy),
                    dtype,
                    f"reduce of {shape} along {dim}",
                )

    def test_functions_are_told_apart_though_they_share_a_name(self) -> None:
        """Closures do: a backend that keeps what it compiled must not keep it by name."""
        b = self._backend
        x = b.from_numpy(np.array([1.0, 2.0]))
        for factor in (2.0, 3.0, 5.0):

            def scaled(v: float, factor: float = factor) -> float:
                return v * factor

            shifted = shifted_by(factor)
            for fn in (scaled, shifted, scaled_by(factor)):
                got = b.to_numpy(b.map(fn, x, float64))
                compare(got, np.array([fn(1.0), fn(2.0)]), float64, f"{fn.__name__} by {factor}")

    # -- numbers ----------------------------------------------------------------------------

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

    # -- large inputs -----------------------------------------------------------------------

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

    # -- adjoints: <f(x), d> = <x, f*(d)> for every linear f -----------------------------------

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    @pytest.mark.parametrize("groups", [1, 2])
    def test_the_gradients_of_a_convolution_are_its_adjoints(
        self, window: Window, groups: int
    ) -> None:
        """In x and in the weight."""
        b, draw = self._backend, Draw(float64)
        x, weight = draw(2, 4, 5, 6), draw(6, 4 // groups, *window.kernel)
        d = draw(2, 6, *window.output_size((5, 6)))
        data = [arrange(a, "permuted", b)._data for a in (x, weight, d)]
        out = b.to_numpy(b.conv2d(data[0], data[1], window, groups))
        to_x = b.conv2d_input_grad(data[2], data[1], x.shape, window, groups)
        to_weight = b.conv2d_weight_grad(data[2], data[0], weight.shape, window, groups)
        assert _inner(out, d) == pytest.approx(_inner(x, b.to_numpy(to_x)))
        assert _inner(out, d) == pytest.approx(_inner(weight, b.to_numpy(to_weight)))

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    def test_average_pooling_backward_is_the_adjoint_of_forward(self, window: Window) -> None:
        """Padding included."""
        b, draw = self._backend, Draw(float64)
        x, d = draw(2, 3, 5, 6), draw(2, 3, *window.output_size((5, 6)))
        out = b.avg_pool2d(arrange(x, "offset", b)._data, window)
        back = b.avg_pool2d_backward(arrange(d, "permuted", b)._data, x.shape, window)
        assert _inner(b.to_numpy(out), d) == pytest.approx(_inner(x, b.to_numpy(back)))

    @pytest.mark.parametrize("window", WINDOWS, ids=str)
    def test_folding_is_the_adjoint_of_padding_and_unfolding(self, window: Window) -> None:
        """Overlaps are added up, padding is cut off."""
        b, draw = self._backend, Draw(float64)
        x = draw(2, 3, 5, 6)
        windows = draw(2, 3, *window.kernel, *window.output_size((5, 6)))
        padded = b.pad2d(arrange(x, "stepped", b)._data, window.padding, 0.0)
        out = b.to_numpy(b.unfold2d(padded, window))
        back = b.fold2d(arrange(windows, "permuted", b)._data, (5, 6), window)
        assert _inner(out, windows) == pytest.approx(_inner(x, b.to_numpy(back)))

    def test_max_pooling_sends_the_gradient_to_the_indices_it_names(self) -> None:
        """Where the largest elements lie."""
        b, window = self._backend, WINDOWS[2]
        x = Draw(float64)(2, 3, 5, 6)
        values, indices = b.max_pool2d(arrange(x, "contiguous", b)._data, window)
        places = b.to_numpy(indices).reshape(2, 3, -1)
        named = np.take_along_axis(x.reshape(2, 3, 30), places, 2)
        assert_close(b.to_numpy(values).reshape(2, 3, -1), named)

    def test_an_empty_batch_convolves_and_pools_to_an_empty_batch(self) -> None:
        """And gives the weight a gradient of zeros."""
        b, window = self._backend, WINDOWS[2]
        x = b.full((0, 2, 5, 6), 0.0, float32)
        weight = b.full((3, 2, 3, 3), 0.0, float32)
        out = b.conv2d(x, weight, window, 1)
        assert out.shape == (0, 3, 5, 3)
        assert b.conv2d_input_grad(out, weight, x.shape, window, 1).shape == x.shape
        to_weight = b.conv2d_weight_grad(out, x, weight.shape, window, 1)
        assert_close(b.to_numpy(to_weight), np.zeros(weight.shape, np.float32))
        assert [y.shape for y in b.max_pool2d(x, window)] == [(0, 2, 5, 3)] * 2
        assert b.avg_pool2d(x, window).shape == (0, 2, 5, 3)

    def test_constants_of_either_zero_are_told_apart(self) -> None:
        """0.0 and -0.0 are equal, but not the same."""
        for value in (0.0, -0.0):
            constant = self._backend.to_numpy(self._backend.constant(value, float64))
            assert np.signbit(constant) == np.signbit(value)

    # -- repetition and randomness ----------------------------------------------------------

    @pytest.mark.parametrize("name", [*CORE, *COMPOSITES])
    def test_repeated_calls_give_the_same_bits(self, name: str) -> None:
        """However often, on large inputs as on small ones."""
        first = self._bits(name, self._size.large, 0)
        for _ in range(3):
            assert self._bits(name, self._size.large, 0) == first, name

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

    @pytest.mark.parametrize("name", ["rand", "randn", "randint", "randperm", "rand_like"])
    def test_a_seed_gives_the_same_random_numbers_as_on_simple(self, name: str) -> None:
        """And again when it is set again."""
        draw: dict[str, Callable[[], Tensor]] = {
            "rand": lambda: mt.rand(3, 4),
            "randn": lambda: mt.randn(5, dtype=float64),
            "randint": lambda: mt.randint(0, 100, (7,)),
            "randperm": lambda: mt.randperm(11),
            "rand_like": lambda: mt.rand_like(mt.ones(2, 2)),
        }
        seen = []
        for b in (self._backend, get_backend("simple"), self._backend):
            with use_backend(b):
                mt.manual_seed(7)
                drawn = draw[name]()
                assert drawn.backend is b
                seen.append(drawn.numpy().tobytes())
        assert seen[0] == seen[1] == seen[2]

    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_a_small_network_learns_as_on_simple_and_twice_the_same(self, optimizer: str) -> None:
        """Forward, backward and steps together: the losses of a few steps, from one seed."""
        mine, again = (train(self._backend, optimizer) for _ in range(2))
        assert mine == again
        reference = train(get_backend("simple"), optimizer)
        assert reference[-1] < 0.8 * reference[0]
        assert mine == pytest.approx(reference, rel=1e-8)

    # -- threads ----------------------------------------------------------------------------

    @pytest.mark.parametrize("name", [*CORE, *COMPOSITES])
    def test_threads_do_not_disturb_each_other(self, name: str) -> None:
        """Each computes on data of its own, all at once, and gets what it gets alone."""
        size = self._size
        n = size.large // 4
        alone = [self._bits(name, n, seed) for seed in range(size.threads)]
        wrong: Counter[int] = Counter()

        def work(seed: int) -> None:
            for _ in range(size.calls):
                wrong[seed] += self._bits(name, n, seed) != alone[seed]

        at_once([partial(work, seed) for seed in range(size.threads)])
        assert not +wrong, f"{name}: wrong results in {dict(+wrong)} of {size.calls} calls a thread"

    def test_threads_may_meet_a_new_function_at_once(self) -> None:
        """The first call of a function, where a backend compiles it."""
        b = self._backend
        fn = shifted_by(11.0)
        x = b.from_numpy(np.arange(5.0))
        seen: list[Array] = []
        at_once([lambda: seen.append(b.to_numpy(b.map(fn, x, float64)))] * self._size.threads)
        for got in seen:
            compare(got, np.arange(5.0) + 11.0, float64, "a function met by several threads")
        assert len(seen) == self._size.threads

    # -- transfer ---------------------------------------------------------------------------

    @pytest.mark.parametrize("dtype", ALL, ids=str)
    def test_numpy_arrays_come_and_go_bit_by_bit(self, dtype: DType) -> None:
        """Any shape, any strides, signed zeros, the least and the largest numbers."""
        b = self._backend
        extremes = np.array([_extremes(dtype)] * 2, dtype.numpy)
        for array in (
            extremes,
            extremes.T,
            extremes[:, ::-1],
            extremes[:1, 1:2],
            extremes[0, 0],
            np.broadcast_to(extremes[0], (3, len(extremes[0]))),
            np.zeros((0,), dtype.numpy),
            np.zeros((2, 0, 3), dtype.numpy),
        ):
            array = np.asarray(array)
            data = b.from_numpy(array)
            assert (data.shape, data.dtype) == (array.shape, dtype)
            back = b.to_numpy(data)
            assert (back.shape, back.dtype) == (array.shape, array.dtype)
            assert back.tobytes() == array.tobytes()

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_tensors_go_to_another_backend_and_back(self, layout: str) -> None:
        """In every dtype and layout; gradients find the way, too."""
        other = "numpy" if self._backend.name == "simple" else "simple"
        for dtype in ALL:
            x = Draw(dtype)(3, 4)
            here = arrange(x, layout, self._backend)
            there = here.to(other)
            assert there.backend is get_backend(other)
            back = there.to(self._backend)
            assert back.backend is self._backend
            assert_close([here, there, back], [x, x, x], msg=f"{dtype}, {layout}")
        leaf = arrange(Draw(float64)(3, 4), layout, self._backend).detach().requires_grad_()
        (leaf.to(other) * 2.0).sum().backward()
        assert leaf.grad is not None
        assert leaf.grad.backend is self._backend
        assert_close(leaf.grad, np.full((3, 4), 2.0))

    def test_a_copy_is_nobody_elses(self) -> None:
        """What `clone` and `deepcopy` give does not change with the original."""
        x = mt.tensor([1.0, 2.0, 3.0])
        copies = [x.clone(), copy.deepcopy(x), mt.tensor(x.numpy())]
        with mt.no_grad():
            x += 10.0
        assert_close(copies, [np.array([1, 2, 3], np.float32)] * 3)
        assert_close(x, np.array([11, 12, 13], np.float32))

    def test_tensors_are_pickled_with_the_name_of_their_backend(self) -> None:
        """And come back to it."""
        b = self._backend
        if b.name not in backend_names() or get_backend(b.name) is not b:
            pytest.skip(f"{b.name!r} is not registered, and pickle finds a backend by name")
        x = mt.tensor([[1.0, -2.0], [0.5, math.inf]])
        back = pickle.loads(pickle.dumps(x))
        assert back.backend is b
        assert_close(back, x)

    def test_views_of_tensors_are_written_through(self) -> None:
        """An assignment to a slice changes the tensor it is a slice of, there and only there."""
        x, want = mt.zeros(4, 5), np.zeros((4, 5), np.float32)
        for key in ((slice(1, 3), slice(None, None, 2)), (slice(None, None, -2), 1), (0, 0)):
            x[key] = want[key] = float(len(str(key)))
        x.T[2] = 7.0
        want.T[2] = 7.0
        assert_close(x, want)

    # -- errors -----------------------------------------------------------------------------

    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_a_mistake_is_told_as_on_simple(self, mistake: str) -> None:
        """The same kind of error in the same words, and the tensor is as it was."""
        told = []
        for b in (self._backend, get_backend("simple")):
            with use_backend(b):
                x = mt.arange(6, dtype=float32).reshape(2, 3)
                with pytest.raises((ValueError, TypeError, IndexError, RuntimeError)) as error:
                    MISTAKES[mistake](x)
                assert_close(x, np.arange(6, dtype=np.float32).reshape(2, 3))
                told.append((error.type, str(error.value)))
        assert told[0] == told[1]

    def test_operands_of_another_backend_are_refused_by_name(self) -> None:
        """With the way out."""
        other = "numpy" if self._backend.name == "simple" else "simple"
        x, y = mt.ones(2), mt.ones(2, backend=other)
        for mix in (operator.add, operator.matmul, lambda x, y: mt.cat([x, y])):
            with pytest.raises(RuntimeError, match="operands are on different backends") as error:
                mix(x, y)
            assert repr(other) in str(error.value) or other in str(error.value)

    def test_arithmetic_is_silent(self) -> None:
        """In a fresh interpreter: no warning, nothing printed, whatever the numbers are. What a
        backend says once, that it compiles and keeps the result, is said by then."""
        if not isinstance(self.backend, str):
            pytest.skip("a backend that is not registered is not found by another interpreter")
        for _ in range(2):
            run = subprocess.run(
                [sys.executable, "-c", LOUD, self.backend],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            said = next(line for line in run.stdout.splitlines() if line.startswith("said: "))
            if said == "said: ''":
                return
        pytest.fail(f"while it computed, it {said}", pytrace=False)

    # -- what the checks share --------------------------------------------------------------

    def _searching(self, test: Callable[[], None]) -> Callable[[], None]:
        return settings(
            max_examples=self._size.examples, deadline=None, derandomize=True, database=None
        )(test)

    def _bits(self, name: str, n: int, seed: int) -> list[bytes]:
        compute = {**CORE, **COMPOSITES}[name]
        b = self._backend
        return [b.to_numpy(y).tobytes() for y in compute(b, n, seed)]

    def _against_simple(self, compute: Callable[..., TensorData], *views: View) -> None:
        __tracebackhide__ = True
        results = []
        for b in (self._backend, get_backend("simple")):
            results.append(b.to_numpy(compute(b, *[view.on(b) for view in views])))
        compare(results[0], results[1], views[0].dtype, " and ".join(map(str, views)))

    def _same(self, compute: Callable[[Backend], TensorData], dtype: DType, name: str) -> None:
        __tracebackhide__ = True
        simple = get_backend("simple")
        got = self._backend.to_numpy(compute(self._backend))
        want = simple.to_numpy(compute(simple))
        places = ", ".join(f"{i}: {v}" for i, v in enumerate(SPECIAL))
        compare(got, want, dtype, f"{name} of {dtype}, where {places}")
