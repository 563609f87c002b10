"""Matrix products."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INF, INTEGERS, NUMBERS, Case, case, x


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("matmul", x(300, low=0.1, grad=False), x(300, 2, low=0.1, grad=False))
    for a, b in (
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 2)),
        ((3, 2, 3), (3, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)),
        ((2, 0), (0, 3)),
        ((0, 2), (2, 3)),
    ):
        yield case("matmul", x(*a, layout="permuted"), x(*b))
    yield case("matmul", x(3, 2, 3, layout="expanded"), x(3, 2, layout="reversed"))
    yield case("mm", x(2, 3), x(3, 2, layout="permuted"), dtypes=NUMBERS)
    yield case("bmm", x(2, 2, 3, layout="expanded"), x(2, 3, 2))
    yield case("dot", x(3), x(3, layout="reversed"), dtypes=NUMBERS)
    yield case("dot", x(0), x(0))
    yield case("outer", x(2), x(3), dtypes=ALL)
    yield case("mv", x(2, 3), x(3))
    yield case("inner", x(2, 3), x(4, 3))
    yield case("inner", x(2, 3), x())
    yield case("tensordot", x(2, 3, 4), x(3, 4, 2))
    yield case("tensordot", x(2, 3, 4), x(4, 5, 2), dims=([0, 2], [2, 0]))
    yield case("tensordot", x(2), x(3), dims=0)
    yield case("addmm", x(3), x(2, 4), x(4, 3))
    yield case("addmm", x(2, 3), x(2, 4), x(4, 3), beta=0.5, alpha=2)
    yield case("addmm", x(2, 3), x(2, 4), x(4, 3), dtypes=INTEGERS)
    yield case("addmv", x(2), x(2, 3), x(3), beta=0.5, alpha=2)
    yield case("baddbmm", x(2, 1, 1), x(2, 2, 3), x(2, 3, 2), beta=0.5, alpha=2)
    yield case("kron", x(2, 3), x(3, 2))
    yield case("kron", x(2), x(2, 2), dtypes=INTEGERS)
    yield case("matrix_power", x(2, 3, 3, grad=False), 0)
    for power in (1, 2, 5):
        yield case("matrix_power", x(2, 3, 3), power)
    for norm in (1.0, 2.0, 3.0, INF):
        yield case("cdist", x(3, 2), x(4, 2), p=norm)
    yield case("cdist", x(2, 3, 2), x(2, 3, 2))
