"""The dtype that two dtypes give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import ALL, FLOATS, INTEGERS, NONE, Case, DType, case, v, x


def of_dtype(library: Any, name: str, *args: Any) -> Any:
    """A tensor of the dtype that a function gives."""
    return library.zeros(1, dtype=getattr(library, name)(*args))


ZERO_DIMENSIONAL = {
    "dtype": "PyTorch lets a zero-dimensional tensor weigh like a plain number; the array API "
    "standard, which we follow, treats it as any other tensor."
}


def rows() -> Iterator[Case]:
    """The rows."""
    for position, low_dtype in enumerate(ALL):
        for high_dtype in ALL[position + 1 :]:
            yield case("add", x(2, 3), x(3, dtype=high_dtype), dtypes=(low_dtype,))
            yield case(of_dtype, "promote", DType(low_dtype), DType(high_dtype), dtypes=NONE)
    yield case(
        "mul", x(3), x(dtype="float64", grad=False), dtypes=("float32",), differs=ZERO_DIMENSIONAL
    )
    yield case("add", x(3), x(dtype="int64"), dtypes=("int32",), differs=ZERO_DIMENSIONAL)
    yield case("mul", x(3), x(dtype="float64"), dtypes=("int64",))
    yield case("mul", x(3), x(dtype="int64"), dtypes=FLOATS)
    yield case(
        "div",
        x(3, low=1, high=4),
        x(3, low=1, high=4, dtype="float64"),
        dtypes=("int32", "float32"),
    )
    yield case("matmul", x(2, 3), x(3, 2), dtypes=INTEGERS)
    yield case("lt", x(3), x(3, dtype="float64"), dtypes=("uint8", "int64", "float32"))
    yield case("pow", x(3, low=1, high=3), x(3, dtype="float32"), dtypes=("int64", "uint8"))
    for name in ("numel", "is_floating_point"):
        yield case(name, x(2, 3), dtypes=ALL)
    yield case(".type_as", v([0, 1, 2], grad=False), x(1, dtype="float64", grad=False), dtypes=ALL)
    yield case(".to", x(3, grad=False), dtype=DType("float64"))
    yield case(".to", x(3, grad=False), x(1, dtype="float64", grad=False))
    yield case(".to", x(3, grad=False), copy=True)
