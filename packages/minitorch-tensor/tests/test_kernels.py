"""The operations of backends, beyond what the conformance kit checks of each."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import operators
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing import KERNELS, check_kernel, kernels
from minitorch_tensor.testing.workloads import core_alone

# -- the core ----------------------------------------------------------------------------------


def test_a_backend_of_the_core_alone_has_every_operation():
    """The derived defaults need nothing but the required methods."""
    for kernel in KERNELS:
        check_kernel(kernel, core_alone(), samples=1)


@pytest.mark.parametrize(
    "family", [m.name for m in pkgutil.iter_modules(kernels.__path__) if m.name != "row"]
)
def test_rows_lie_in_the_family_of_their_operation(family):
    rows = importlib.import_module(f"{kernels.__name__}.{family}").ROWS
    assert rows
    assert {row.name for row in rows} <= {row.name for row in KERNELS}
    home = "backend" if family == "core" else f"derived.{family}"
    for row in rows:
        operation = getattr(mt.Backend, row.name.split(".")[0])
        assert operation.__module__ == f"minitorch_tensor.{home}", row.name


# -- the kit itself -------------------------------------------------------------------------------


def wrong(change: Callable[[mt.Backend, TensorData], TensorData]) -> mt.Backend:
    """`numpy` with another `contiguous`."""

    class Wrong(type(mt.get_backend("numpy"))):
        def contiguous(self, x):
            return change(self, x)

    return Wrong()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda backend, x: x, "a result (is a view|shares memory with an argument)"),
        (lambda backend, x: backend.zip(operators.add, x, x, x.dtype), "elements differ"),
        (lambda backend, x: backend.cast(x, mt.float64), "dtypes differ: float64"),
        (
            lambda backend, x: backend.cast(x, x.dtype).as_strided(x.shape, (1, 2, 6)[: x.ndim], 0),
            "elements differ|a result is a view",
        ),
        (lambda backend, x: spoiled(backend, x), "arguments: .* elements differ"),
    ],
)
def test_the_kit_finds_what_breaks_the_rules(change, message):
    kernel = next(kernel for kernel in KERNELS if kernel.name == "contiguous")
    with pytest.raises(AssertionError, match=message):
        check_kernel(kernel, wrong(change))


def spoiled(backend: mt.Backend, x: TensorData) -> TensorData:
    """A copy of x, and x overwritten."""
    result = backend.cast(x, x.dtype)
    backend.copy_(x, backend.full(x.shape, 0, x.dtype))
    return result
