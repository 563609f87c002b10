"""The backend under test and the amount to try, shared by all checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

from minitorch_tensor.backend import Backend, BackendUnavailable
from minitorch_tensor.dtypes import DType
from minitorch_tensor.loading import BackendBroken
from minitorch_tensor.registry import BackendNotFound, get_backend, use_backend
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.checks import compare
from minitorch_tensor.testing.report import Report
from minitorch_tensor.testing.views import View
from minitorch_tensor.testing.workloads import COMPOSITES, CORE

#: Numbers that go wrong first.
SPECIAL = (-math.inf, -90.0, -2.0, -0.75, -0.0, 0.0, 0.25, 1.0, 3.0, 90.0, math.inf, math.nan)


#: Functions of which IEEE 754 does not say which zero they give.
EITHER_ZERO = frozenset({"max", "min"})


@dataclass(frozen=True)
class Size:
    """The amount of everything to try.

    Attributes:
        samples: of each row of the tables; None for all.
        examples: that hypothesis searches through, for each property.
        large: elements of a large input.
        threads: that compute at once.
        calls: of each thread.
        writes: of each thread, where many short ones meet.
        matrix: rows and columns of a matrix whose product is exact.
        repeats: of a call that must give the same bits.
        layouts: in which a function of tensors is tried: all, or so many, which differ from row to
            row. An operation of backends is tried in all, with three samples at least.
    """

    samples: int | None
    examples: int
    large: int
    threads: int
    calls: int
    writes: int = 300
    matrix: int = 36
    repeats: int = 40
    layouts: int | None = None


#: "small" is for a backend that needs milliseconds for an addition: a simulator, a first draft;
#: "quick" for one that compiles, and for the minutes of development.
SIZES = {
    "full": Size(samples=None, examples=60, large=150_001, threads=4, calls=6),
    "small": Size(samples=3, examples=20, large=2_001, threads=2, calls=3),
    "quick": Size(samples=1, examples=5, large=2_001, threads=2, calls=2, layouts=1),
}


def left_out(size: Size) -> str:
    """What a size does not look at, beside "full", in words."""
    full, parts = SIZES["full"], []
    if size.samples is not None:
        parts.append(f"all but {size.samples} of a function's samples")
    if size.layouts is not None:
        parts.append(f"all but {size.layouts} of a function's 6 memory layouts")
    for name, what in (
        ("large", "inputs of more than {} elements"),
        ("examples", "more than {} views in each search"),
        ("threads", "more than {} threads"),
        ("calls", "more than {} calls of a thread"),
        ("writes", "more than {} short calls of a thread"),
        ("matrix", "exact products of more than {} rows"),
        ("repeats", "more than {} calls that repeat"),
    ):
        value: int = getattr(size, name)
        if value < getattr(full, name):
            parts.append(what.format(value))
    return "; ".join(parts)


def check_signs(got: npt.NDArray[Any], want: npt.NDArray[Any], where: str) -> None:
    """Check that where both are zero, both have the same sign.

    Raises: AssertionError that says where.
    """
    __tracebackhide__ = True
    wrong = (got == 0) & (want == 0) & (np.signbit(got) != np.signbit(want))
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{where}: {int(wrong.sum())} zeros have the wrong sign, the first at {list(place)}: "
            f"{float(got[place])!r}, expected {float(want[place])!r}"
        )


class Checks:
    """The base of all checks."""

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
        report.left_out[name] = left_out(self._size)
        with use_backend(backend):
            yield

    def _having(self, dtypes: Iterable[DType]) -> list[DType]:
        """Those of the dtypes that the backend has."""
        return [dtype for dtype in dtypes if dtype in self._backend.dtypes]

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
        where = f"{name} of {dtype}, where {places}"
        compare(got, want, dtype, where)
        if name not in EITHER_ZERO and got.dtype.kind == "f":
            check_signs(got, want, where)
