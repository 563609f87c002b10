"""Does a backend compute what one row of the tables says, and by the interface's rules?

`conformance` runs these over all rows; here is one, to call from a test of one's own:

    check_kernel(kernel, get_backend("mine"))
    check_operation(operation, get_backend("mine"))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.creation import tensor
from minitorch_tensor.dtypes import DType, float32, float64
from minitorch_tensor.layout import positions
from minitorch_tensor.tensor import Tensor
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.gradients import gradcheck
from minitorch_tensor.testing.kernels import Kernel
from minitorch_tensor.testing.layouts import LAYOUTS, arrange
from minitorch_tensor.testing.operations import Operation
from minitorch_tensor.testing.samples import Draw, Sample

T = TypeVar("T")

#: (rtol, atol) by dtype. Sums and products in float32 depend on the order in which they are taken;
#: float64 leaves room for that too, and none for a computation in float32.
TOLERANCES: dict[DType, tuple[float, float]] = {float32: (1e-4, 1e-4), float64: (1e-10, 1e-10)}

#: Layouts whose elements each have a place of their own, to write to.
WRITABLE = tuple([layout for layout in LAYOUTS if layout != "expanded"])


def check_operation(
    operation: Operation,
    backend: Backend,
    layouts: Iterable[str] = tuple(LAYOUTS),
    samples: int | None = None,
) -> None:
    """Check a function of tensors on a backend, in every dtype that it takes: its results, where
    they are, and that it leaves its arguments alone.

    Args:
        operation: a row of `OPERATIONS`.
        backend: that has to agree with it.
        layouts: names from `LAYOUTS`, in each of which every argument is laid out.
        samples: how many of the row's samples to try, from the first to the last; all if left out.

    Raises: AssertionError that names dtype, sample and layout, and shows where results differ.
    """
    __tracebackhide__ = True
    for dtype in operation.dtypes:
        for number, (sample, expected) in _some(_expected(operation, dtype), samples):
            for layout in layouts:
                given: list[tuple[Tensor, npt.NDArray[Any]]] = []

                def laid_out(
                    x: npt.NDArray[Any],
                    layout: str = layout,
                    given: list[tuple[Tensor, npt.NDArray[Any]]] = given,
                ) -> Tensor:
                    given.append((arrange(x, layout, backend), x))
                    return given[-1][0]

                args, kwargs = sample.map(laid_out)
                actual = operation.function(*args, **kwargs)
                where = f"{operation} of {dtype}, sample {number}, {layout}"
                compare(actual, expected, dtype, where)
                _check_backend(actual, backend, where)
                for tensor_, array in given:
                    assert_close(tensor_, array, equal_nan=True, msg=f"{where}: an argument")


def check_kernel(
    kernel: Kernel,
    backend: Backend,
    layouts: Iterable[str] = tuple(LAYOUTS),
    samples: int | None = None,
) -> None:
    """Check a backend's own operation, in every dtype that it takes, and that it keeps the rules of
    the interface: arguments are left alone, what lies around a view that is written to is not
    touched, and results are contiguous, own their memory and share none.

    Args: as `check_operation`; of layouts that put several elements in one place, a kernel that
        writes is given none.

    Raises: AssertionError that names dtype, sample and layout, and says what is wrong.
    """
    __tracebackhide__ = True
    for dtype in kernel.dtypes:
        for number, (sample, expected) in _some(_expected(kernel, dtype), samples):
            for layout in layouts:
                if kernel.writes and layout not in WRITABLE:
                    continue
                where = f"{kernel} of {dtype}, sample {number}, {layout}"
                _check_call(kernel, backend, sample, list(expected), dtype, layout, where)


def check_gradient(operation: Operation, backend: Backend, samples: int | None = None) -> None:
    """Check the derivatives of a function on a backend against differences, in float64.

    Raises: AssertionError that shows both numbers wherever they differ.
    """
    __tracebackhide__ = True
    for _, sample in _some(operation.samples(Draw(float64)), samples):
        gradcheck(*as_function(operation, sample, backend))


def as_function(
    operation: Operation, sample: Sample, backend: Backend | None = None
) -> tuple[Any, list[Tensor]]:
    """A call as a function of its floating-point tensors alone, and these, as `gradcheck` wants."""
    inputs: list[Tensor] = []

    def leaf(x: npt.NDArray[Any]) -> Tensor:
        if x.dtype.kind == "f":
            inputs.append(tensor(x, requires_grad=True, device=backend))
            return inputs[-1]
        return tensor(x, device=backend)

    args, kwargs = sample.map(leaf)

    def function(*values: Tensor) -> Any:
        given = dict(zip(map(id, inputs), values))

        def put(value: Any) -> Any:
            if isinstance(value, list):
                return [put(v) for v in value]
            return given.get(id(value), value)

        return operation.function(
            *[put(a) for a in args], **{name: put(v) for name, v in kwargs.items()}
        )

    function.__name__ = operation.name
    return function, inputs


def compare(
    actual: Any,
    expected: Any,
    dtype: DType,
    where: str,
    tolerances: Mapping[DType, tuple[float, float]] = TOLERANCES,
) -> None:
    """`assert_close` with the tolerances for results computed from `dtype`; NaN equals NaN."""
    __tracebackhide__ = True
    rtol, atol = tolerances.get(dtype, (None, None))
    actual = tuple(actual) if isinstance(actual, tuple) else actual
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=True, msg=where)


@cache
def _expected(row: Operation | Kernel, dtype: DType) -> list[tuple[Sample, Any]]:
    """Every sample of a row, and what its reference makes of it; for a kernel always a list."""
    cases = []
    for sample in row.samples(Draw(dtype)):
        args, kwargs = sample.map(np.copy)
        with np.errstate(all="ignore"):
            result = row.reference(*args, **kwargs)
        cases.append((sample, listed(result) if isinstance(row, Kernel) else result))
    return cases


def _some(cases: list[T], count: int | None) -> list[tuple[int, T]]:
    """So many of them with their numbers, spread evenly, or all."""
    if count is None or count >= len(cases):
        return list(enumerate(cases))
    chosen = np.linspace(0, len(cases) - 1, count).round().astype(int).tolist()
    return [(number, cases[number]) for number in chosen]


def _check_call(
    kernel: Kernel,
    backend: Backend,
    sample: Sample,
    expected: list[Any],
    dtype: DType,
    layout: str,
    where: str,
) -> None:
    __tracebackhide__ = True
    given: list[TensorData] = []

    def data(x: npt.NDArray[Any]) -> TensorData:
        given.append(arrange(x, layout, backend)._data)
        return given[-1]

    args, kwargs = sample.map(data)
    before = [_snapshot(backend, x) for x in given]
    results = listed(kernel.call(backend, *args, **kwargs))
    compare([backend.to_numpy(y) for y in results], expected, dtype, where)
    after = [_snapshot(backend, x) for x in given]
    if not kernel.writes:
        assert_close(after, before, equal_nan=True, msg=f"{where}: arguments")
        if not kernel.views:
            _check_ownership(backend, results, given, where)
        return
    for x, was, now in zip(given, before, after):
        # What is not one of the elements: a frame around and between them.
        own = list(positions(x.shape, x.strides, x.offset))
        was, now = np.delete(was, own), np.delete(now, own)
        assert_close(now, was, equal_nan=True, msg=f"{where}: what lies around an argument")


def _snapshot(backend: Backend, x: TensorData) -> npt.NDArray[Any]:
    """All elements of the owner of x, flat."""
    return np.array(backend.to_numpy(x.owner)).reshape(-1)


def _check_backend(actual: Any, backend: Backend, where: str) -> None:
    __tracebackhide__ = True
    for y in listed(actual):
        if isinstance(y, Tensor) and y.backend is not backend:
            raise AssertionError(
                f"{where}: the result is on {y.backend.name!r}, its arguments on {backend.name!r}."
            )


def _check_ownership(
    backend: Backend, results: list[TensorData], given: list[TensorData], where: str
) -> None:
    __tracebackhide__ = True
    for y in results:
        if y.base is not None:
            raise AssertionError(f"{where}: a result is a view, but must own its memory.")
        array = backend.to_numpy(y)
        if not array.flags.c_contiguous:
            raise AssertionError(f"{where}: a result is not contiguous.")
        if any(y.buffer is x.buffer or np.shares_memory(array, backend.to_numpy(x)) for x in given):
            raise AssertionError(f"{where}: a result shares memory with an argument.")


def listed(results: Any) -> list[Any]:
    """One result or several, as a list."""
    return list(results) if isinstance(results, (tuple, list)) else [results]
