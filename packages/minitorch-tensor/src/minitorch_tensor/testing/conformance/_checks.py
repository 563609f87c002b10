"""The backend under test and the amount to try, shared by all checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import settings

from minitorch_tensor.backend import Backend, BackendUnavailable
from minitorch_tensor.dtypes import DType
from minitorch_tensor.registry import BackendBroken, BackendNotFound, get_backend, use_backend
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.checks import compare
from minitorch_tensor.testing.report import Report
from minitorch_tensor.testing.views import View
from minitorch_tensor.testing.workloads import COMPOSITES, CORE

#: Numbers that go wrong first.
SPECIAL = (-math.inf, -90.0, -2.0, -0.75, -0.0, 0.0, 0.25, 1.0, 3.0, 90.0, math.inf, math.nan)


@dataclass(frozen=True)
class Size:
    """The amount of everything to try.

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
        with use_backend(backend):
            yield

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
