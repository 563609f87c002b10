"""The conformance kit: does a backend compute what the tables say?

For the tests of a backend, one row at a time:

    @pytest.mark.parametrize("kernel", KERNELS, ids=str)
    def test_kernel(kernel):
        check_kernel(kernel, get_backend("mine"))


    @pytest.mark.parametrize("operation", OPERATIONS, ids=str)
    def test_operation(operation):
        check_operation(operation, get_backend("mine"))
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.dtypes import DType, float32
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.kernels import Kernel
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.operations import Draw, Operation

#: (rtol, atol) where `assert_close`'s own are too narrow: sums and products in float32 depend on
#: the order in which they are taken.
TOLERANCES = {float32: (1e-4, 1e-4)}

#: Layouts whose elements each have a place of their own, to write to.
WRITABLE = ("contiguous", "offset")


def check_operation(operation: Operation, backend: Backend) -> None:
    """Check a function of tensors on a backend, in every dtype that it takes and every layout.

    Raises: AssertionError that names dtype, sample and layout, and shows where results differ.
    """
    for dtype in operation.dtypes:
        for number, sample in enumerate(operation.samples(Draw(dtype))):
            args, kwargs = sample.map(np.copy)
            with np.errstate(all="ignore"):
                expected = operation.reference(*args, **kwargs)
            for layout in LAYOUTS:
                args, kwargs = sample.map(partial(arrange, layout=layout, backend=backend))
                actual = operation.function(*args, **kwargs)
                where = f"{operation} of {dtype}, sample {number}, {layout}"
                _compare(actual, expected, dtype, where)


def check_kernel(kernel: Kernel, backend: Backend) -> None:
    """Check a backend's own operation, in every dtype that it takes and every layout, and that it
    keeps the rules of the interface: arguments are left alone, and results are contiguous, own
    their memory and share none.

    Raises: AssertionError that names dtype, sample and layout, and says what is wrong.
    """
    for dtype in kernel.dtypes:
        for number, sample in enumerate(kernel.samples(Draw(dtype))):
            args, kwargs = sample.map(np.copy)
            with np.errstate(all="ignore"):
                expected = _listed(kernel.reference(*args, **kwargs))
            for layout in WRITABLE if kernel.writes else LAYOUTS:
                given: list[TensorData] = []

                def data(
                    x: npt.NDArray[Any], layout: str = layout, given: list[TensorData] = given
                ) -> TensorData:
                    given.append(arrange(x, layout, backend)._data)
                    return given[-1]

                args, kwargs = sample.map(data)
                before = [np.copy(backend.to_numpy(x)) for x in given]
                results = _listed(kernel.call(backend, *args, **kwargs))
                where = f"{kernel} of {dtype}, sample {number}, {layout}"
                _compare([backend.to_numpy(y) for y in results], expected, dtype, where)
                if not kernel.writes:
                    after = [backend.to_numpy(x) for x in given]
                    assert_close(after, before, equal_nan=True, msg=f"{where}: arguments")
                    if not kernel.views:
                        _check_ownership(backend, results, given, where)


def _compare(actual: Any, expected: Any, dtype: DType, where: str) -> None:
    rtol, atol = TOLERANCES.get(dtype, (None, None))
    actual = tuple(actual) if isinstance(actual, tuple) else actual
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=True, msg=where)


def _check_ownership(
    backend: Backend, results: list[TensorData], given: list[TensorData], where: str
) -> None:
    for y in results:
        if y.base is not None:
            raise AssertionError(f"{where}: a result is a view, but must own its memory.")
        array = backend.to_numpy(y)
        if not array.flags.c_contiguous:
            raise AssertionError(f"{where}: a result is not contiguous.")
        if any(y.buffer is x.buffer or np.shares_memory(array, backend.to_numpy(x)) for x in given):
            raise AssertionError(f"{where}: a result shares memory with an argument.")


def _listed(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (tuple, list)) else [results]
