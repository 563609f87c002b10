"""The interface, and every row of the tables."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor.backend import BACKEND_INTERFACE, DERIVED, REQUIRED, Backend
from minitorch_tensor.dtypes import float64
from minitorch_tensor.loading import signature_of
from minitorch_tensor.registry import backend_names, get_backend, use_backend
from minitorch_tensor.testing.checks import check_gradient, check_kernel, check_operation
from minitorch_tensor.testing.conformance._checks import SIZES, Checks, Size
from minitorch_tensor.testing.edges import EDGES, Edge
from minitorch_tensor.testing.kernels import KERNELS, Kernel
from minitorch_tensor.testing.layouts import LAYOUTS
from minitorch_tensor.testing.operations import OPERATIONS, Operation


class _Rows(Checks):
    """The rows of a table, in every layout; of a size with fewer layouts, in so many, by turns."""

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Called by pytest for each check."""
        rows: list[Any] = []
        if metafunc.function.__name__ == "test_function":
            name, rows = "operation", OPERATIONS
        elif metafunc.function.__name__ == "test_kernel":
            name, rows = "kernel", KERNELS
        if rows:
            layouts = list(LAYOUTS)
            size = getattr(metafunc.cls, "size", None)
            chosen = SIZES.get(size) if isinstance(size, str) else size
            taken = len(layouts)
            if name == "operation" and isinstance(chosen, Size) and chosen.layouts is not None:
                taken = min(chosen.layouts, taken)
            cases = [
                (row, layouts[(number + turn) % len(layouts)])
                for turn in range(taken)
                for number, row in enumerate(rows)
            ]
            ids = [f"{row}-{layout}" for row, layout in cases]
            metafunc.parametrize((name, "layout"), cases, ids=ids)


class KernelChecks(_Rows):
    """The interface, and every operation of backends."""

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
        right = [p.name for p in got][: len(names)] == names
        right = right and all(p.default is not p.empty for p in got[len(names) :])
        found = signature_of(getattr(self._backend, method))
        assert right, f"{method}: expected the parameters ({', '.join(names)}), found {found}"

    def test_kernel(self, kernel: Kernel, layout: str) -> None:
        """An operation of backends gives what the loops say, in every dtype, by the rules."""
        samples = self._size.samples
        check_kernel(kernel, self._backend, [layout], samples and max(samples, 3))


class TableChecks(_Rows):
    """Every function of tensors."""

    def test_function(self, operation: Operation, layout: str) -> None:
        """A function of tensors gives numpy's result, in every dtype."""
        check_operation(operation, self._backend, [layout], self._size.samples)

    @pytest.mark.parametrize(
        "operation", [o for o in OPERATIONS if o.differentiable and float64 in o.dtypes], ids=str
    )
    def test_gradient(self, operation: Operation) -> None:
        """Gradients agree with central differences."""
        check_gradient(operation, self._backend, self._size.samples)

    @pytest.mark.parametrize("edge", EDGES, ids=str)
    def test_edge(self, edge: Edge) -> None:
        """Results and gradients at the edges of the numbers are those worked out on paper."""
        with use_backend(self._backend):
            edge.check(mt, mt.from_numpy, mt.grad)
