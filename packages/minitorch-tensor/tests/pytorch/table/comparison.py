"""Comparisons, logic, and bits."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INF, INTEGERS, NAN, NUMBERS, Case, case, v, x


def rows() -> Iterator[Case]:
    """The rows."""
    for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
        yield case(name, v([NAN, INF, -INF, 0.0, 1.0]))
        yield case(name, x(3), dtypes=("bool", *INTEGERS))
    yield case("logical_not", v([0.0, -0.0, 0.5, NAN]))
    yield case("logical_not", v([0, 1, 3]), dtypes=("bool", *INTEGERS))
    yield case("bitwise_not", v([0, 1, 100]), dtypes=("bool", *INTEGERS))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        yield case(name, x(3, layout="reversed"), x(3), dtypes=ALL)
        yield case(name, x(2, 1), x(3), dtypes=("int64", "float64"))
        yield case(name, v([1.0, NAN, INF, -0.0]), v([1.0, NAN, INF, 0.0]))
        yield case(name, v([0, 1, 2]), 1.5, dtypes=("uint8", "int32", "float32"))
    for name in ("logical_and", "logical_or", "logical_xor"):
        yield case(name, v([0, 1, 2, 0]), v([0, 0, 3, 1]), dtypes=ALL)
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield case(name, v([0, 12, 255, 7]), v([5, 10, 1, 3]), dtypes=("bool", *INTEGERS))
        yield case(name, x(2, 1, low=0, high=9), x(3, low=0, high=9), dtypes=("int64",))
    yield case("signbit", v([-1.0, -0.0, 0.0, INF, -INF]))
    yield case("signbit", v([0, 1, 3]), dtypes=("bool", *INTEGERS))
    for name in ("bitwise_left_shift", "bitwise_right_shift"):
        yield case(name, v([1, 3, 100, 7]), v([1, 0, 2, 7]), dtypes=INTEGERS)
        yield case(name, v([-1, -3, -100, 7]), v([1, 70, 2, 63]), dtypes=("int64",))
        yield case(name, v([-1, -3, -100, 7]), v([1, 70, 2, 31]), dtypes=("int32",))
        yield case(name, x(2, 1, low=0, high=9), x(3, low=0, high=9), dtypes=("int64",))
        yield case(name, v([1, 2]), 3, dtypes=INTEGERS)
    yield case("isclose", v([1.0, 1.0, NAN, INF, 1e-9]), v([1.000001, 1.1, NAN, INF, 0.0]))
    yield case("isclose", v([1.0, NAN]), v([1.05, NAN]), rtol=0.1, atol=0.0, equal_nan=True)
    yield case("isclose", v([1, 2]), v([1, 3]), dtypes=("int64",))
    yield case("allclose", v([1.0, 2.0], grad=False), v([1.0, 2.0000001], grad=False))
    yield case("allclose", v([1.0, 2.0], grad=False), v([1.0, 2.1], grad=False))
    yield case("equal", v([1.0, 2.0]), v([1.0, 2.0]))
    yield case("equal", v([1, 2]), v([1, 3]), dtypes=INTEGERS)
    yield case("equal", x(2, 3), x(3))
    yield case("isin", v([[1, 2], [3, 4]]), v([2, 4, 9]), dtypes=NUMBERS)
    yield case("isin", v([1, 2, 3]), v([2]), invert=True, dtypes=INTEGERS)
    yield case("isin", 2, v([1, 2]), dtypes=INTEGERS)
    yield case("isin", v([1, 2]), 2, dtypes=INTEGERS)
