"""The interface, and every row of the tables."""

from __future__ import annotations

import inspect

import pytest

import minitorch_tensor as mt
from minitorch_tensor.backend import BACKEND_INTERFACE, DERIVED, REQUIRED, Backend
from minitorch_tensor.dtypes import float64
from minitorch_tensor.registry import backend_names, get_backend, use_backend
from minitorch_tensor.testing.checks import check_gradient, check_kernel, check_operation
from minitorch_tensor.testing.conformance._checks import Checks
from minitorch_tensor.testing.edges import EDGES, Edge
from minitorch_tensor.testing.kernels import KERNELS, Kernel
from minitorch_tensor.testing.layouts import LAYOUTS
from minitorch_tensor.testing.operations import OPERATIONS, Operation


class TableChecks(Checks):
    """The interface, and every row of the tables."""

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
        """Gradients agree with central differences."""
        check_gradient(operation, self._backend, self._size.samples)

    @pytest.mark.parametrize("edge", EDGES, ids=str)
    def test_edge(self, edge: Edge) -> None:
        """Results and gradients at the edges of the numbers are those worked out on paper."""
        with use_backend(self._backend):
            edge.check(mt, mt.from_numpy, mt.grad)
