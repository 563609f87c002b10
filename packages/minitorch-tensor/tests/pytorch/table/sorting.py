"""Running folds, order, quantiles, search."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INF, INTEGERS, NAN, NUMBERS, Case, DType, case, v, x

UNIQUE = v([[2, 0, 2], [1, 0, 2]], grad=False)


SORTED = v([1.0, 2.0, 2.0, 5.0], grad=False)


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("cumsum", x(2, 3, layout="permuted"), 0)
    yield case("cumsum", x(2, 3, 2, layout="reversed"), -1)
    yield case("cumsum", x(2, 3), 1, dtypes=("bool", *INTEGERS))
    yield case("cumsum", x(3), 0, dtype=DType("float64"), dtypes=("int32", "float32"))
    yield case("cumsum", x(), 0)
    yield case("cumsum", x(0, 2), 0)
    for name in ("sort", "argsort"):
        yield case(name, x(2, 4, layout="permuted"), stable=True)
        yield case(name, x(3, 2, 2), dim=1, descending=True, stable=True)
        yield case(name, v([[3, 1, 3, 1], [2, 2, 0, 2]]), stable=True, dtypes=ALL)
        yield case(
            name,
            v([[3, 1, 3, 1], [2, 2, 0, 2]]),
            dim=0,
            descending=True,
            stable=True,
            dtypes=NUMBERS,
        )
        yield case(name, v([2.0, NAN, -INF, INF, 0.0]), stable=True)
        yield case(name, v([2.0, NAN, -INF, INF, 0.0]), descending=True, stable=True)
        yield case(name, x(), stable=True)
        yield case(name, x(0, 2), dim=0, stable=True)
    yield case("topk", x(2, 5, layout="permuted"), 3)
    yield case("topk", x(5, 2, layout="reversed"), 2, 0, False)
    yield case("topk", v([3, 9, 1, 7]), 2, dtypes=INTEGERS)
    yield case("topk", v([1.0, NAN, 3.0]), 2)
    yield case("topk", x(4), 0)
    for name in ("cumprod", "logcumsumexp", "cummax", "cummin"):
        yield case(name, x(5), 0)
        yield case(name, x(2, 3, 2, layout="permuted"), 1)
        yield case(name, x(2, 0), 1)
    yield case("cumprod", v([2.0, 0.0, 3.0, 0.0, 4.0]), 0)
    yield case("cumprod", x(4), 0, dtypes=("bool", *INTEGERS))
    yield case("cummax", v([1.0, 1.0, NAN, 2.0]), 0)
    yield case("cummin", v([1.0, 1.0, NAN, 0.0]), 0)
    yield case("cummax", v([1, 3, 3, 2]), 0, dtypes=INTEGERS)
    yield case("diff", x(2, 4))
    yield case("diff", x(4, 2), n=2, dim=0)
    yield case("diff", x(2, 2), prepend=x(2, 1), append=x(2, 2))
    yield case("diff", v([True, False, False]), dtypes=("bool",))
    yield case("kthvalue", x(2, 4), 2)
    yield case("kthvalue", x(2, 4, layout="permuted"), 1, dim=0, keepdim=True)
    yield case("quantile", x(2, 5), 0.3)
    yield case("quantile", x(2, 5), v([0.0, 0.25, 1.0], grad=False), dim=1)
    yield case("quantile", x(2, 5), 0.6, dim=0, keepdim=True)
    yield case("quantile", x(2, 5), v([0.1, 0.5], grad=False), keepdim=True)
    yield case("quantile", v([1.0, NAN, 2.0]), 0.5)
    for how in ("lower", "higher", "midpoint", "nearest"):
        yield case("quantile", x(6), 0.7, interpolation=how)
    yield case("unique", UNIQUE, dtypes=NUMBERS)
    yield case("unique", UNIQUE, return_inverse=True, return_counts=True, dtypes=NUMBERS)
    yield case(
        "unique", v([[1, 2], [0, 3], [1, 2]], grad=False), return_counts=True, dim=0, dtypes=NUMBERS
    )
    yield case("searchsorted", SORTED, v([[0.0, 2.0], [5.0, 9.0]], grad=False))
    yield case("searchsorted", SORTED, v([2.0], grad=False), right=True)
    yield case("searchsorted", SORTED, v([2.0], grad=False), side="right")
    yield case("searchsorted", v([[1, 3], [2, 4]]), v([[3], [3]]), dtypes=INTEGERS)
    yield case("bucketize", v([[0.0, 2.0], [5.0, 9.0]], grad=False), SORTED)
    yield case("bucketize", v([2.0], grad=False), SORTED, right=True)
