"""Choosing between elements."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INF, INTEGERS, NAN, NUMBERS, Case, case, mask, v, x


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("nan_to_num", v([NAN, INF, -INF, 1.5]))
    yield case("nan_to_num", v([NAN, INF, -INF, 1.5]), nan=2.0, posinf=7.0, neginf=-8.0)
    yield case("nan_to_num", x(3), dtypes=INTEGERS)
    yield case("where", mask(2, 3), x(2, 3, layout="permuted"), x(2, 3), dtypes=ALL)
    yield case("where", mask(3), x(2, 1), x(1, 3))
    yield case("where", mask(3), x(3), 0.5)
    yield case("where", mask(3), 2, x(3), dtypes=("int32", "int64", "float32"))
    yield case("where", mask(3), 0.5, x(3), dtypes=("int64",))
    yield case("where", mask(3), x(3), x(3, dtype="float64"), dtypes=("int32", "float32"))
    yield case("masked_fill", x(2, 3), mask(2, 3), 7, dtypes=NUMBERS)
    yield case("masked_fill", x(2, 3, layout="permuted"), mask(3), x())
    yield case("masked_fill", x(2, 3), mask(2, 1), -INF)
    yield case("where", v([[0, 1], [2, 0]]), dtypes=ALL)
