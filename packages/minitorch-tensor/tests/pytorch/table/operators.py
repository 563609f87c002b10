"""Python's operators."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, FLOATS, INTEGERS, NUMBERS, SIGNED, Case, case, mask, v, x


def rows() -> Iterator[Case]:
    """The rows."""
    for name in ("add", "sub", "mul", "truediv"):
        yield case(f"operator.{name}", x(2, 3), x(3))
        yield case(f"operator.{name}", 1.5, x(3, low=0.5))
        yield case(f"operator.{name}", x(3), 2, dtypes=NUMBERS)
    yield case("operator.add", mask(3), 1, dtypes=("bool",))
    yield case("operator.mul", mask(3), 0.5, dtypes=("bool",))
    yield case("operator.sub", 3, x(3, low=0, high=2), dtypes=INTEGERS)
    yield case("operator.floordiv", v([7, -7, 6], grad=False), 2, dtypes=SIGNED)
    yield case("operator.floordiv", 7, v([2, -2, 3], grad=False), dtypes=SIGNED)
    yield case("operator.mod", v([7, -7, 6]), 4, dtypes=SIGNED)
    yield case("operator.mod", 7, v([2, -2, 4], grad=False), dtypes=SIGNED)
    yield case("operator.pow", x(3, low=0.2), 2.5)
    yield case("operator.pow", 2, x(3))
    yield case("operator.neg", x(3), dtypes=("int32", "int64", *FLOATS))
    yield case("operator.abs", x(3), dtypes=("int32", "int64", *FLOATS))
    yield case("operator.matmul", x(2, 3), x(3, 2))
    for name in ("and_", "or_", "xor"):
        yield case(f"operator.{name}", mask(4), mask(4), dtypes=("bool",))
        yield case(f"operator.{name}", x(4, low=0, high=9), 5, dtypes=INTEGERS)
    yield case("operator.invert", x(4, low=0, high=9), dtypes=("bool", *INTEGERS))
    for name in ("lt", "ge", "eq", "ne"):
        yield case(f"operator.{name}", x(4), 1, dtypes=ALL)
