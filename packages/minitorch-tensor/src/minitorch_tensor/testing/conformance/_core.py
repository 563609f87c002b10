"""The core against `simple`, on views that hypothesis searches for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import operators as ops
from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import ALL, DType, bool_, float32, float64, int64
from minitorch_tensor.registry import get_backend
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.checks import compare
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.samples import FLOATS, NUMBERS
from minitorch_tensor.testing.views import View, matrices, values, views, views_to_broadcast
from minitorch_tensor.testing.workloads import mixture, scaled_by, shifted_by, steps

Array = npt.NDArray[Any]

#: Folds with their identities, and numpy's of the same name.
FOLDS: dict[str, tuple[Callable[..., Any], float, np.ufunc]] = {
    "add": (ops.add, 0.0, np.add),
    "mul": (ops.mul, 1.0, np.multiply),
    "max": (ops.max, -math.inf, np.maximum),
    "min": (ops.min, math.inf, np.minimum),
}


class CoreChecks(Checks):
    """The core against `simple`, on views that hypothesis searches for."""

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
