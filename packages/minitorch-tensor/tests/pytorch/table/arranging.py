"""Flips, repetition, padding, triangles, diagonals."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INTEGERS, NUMBERS, Case, case, v, x


def rows() -> Iterator[Case]:
    """The rows."""
    for name, *args in (
        ("diagonal",),
        ("diagonal", 1),
        ("diagonal", -2),
        ("diag", 1),
        ("tril",),
        ("tril", -1),
        ("triu", 1),
        ("triu", -9),
    ):
        yield case(name, x(3, 4, layout="permuted"), *args)
    yield case("diagonal", x(2, 3, 4), -1, 2, 0)
    yield case("diagonal", x(2, 2), 5)
    yield case("diag", x(3), dtypes=ALL)
    yield case("diag", x(3), -1)
    yield case("tril", x(2, 2, 3), dtypes=ALL)
    yield case("triu", x(2, 2, 3), dtypes=ALL)
    yield case("trace", x(3, 2))
    yield case("trace", x(2, 3), dtypes=INTEGERS)
    yield case("flip", x(3, 4), (0,))
    yield case("flip", x(2, 3, 2, layout="reversed"), (0, -1))
    yield case("flip", x(3), (0,), dtypes=ALL)
    yield case("roll", x(2, 3), 2)
    yield case("roll", x(2, 3, layout="permuted"), -1, 1)
    yield case("roll", x(2, 3), (1, 7), (0, 1))
    yield case("roll", x(0), 1, 0)
    yield case(".repeat", x(2, 3, layout="permuted"), 2, 1)
    yield case(".repeat", x(2), 2, 3)
    yield case(".repeat", x(2), 0)
    yield case("tile", x(2, 3), (2,))
    yield case("tile", x(2), (2, 3))
    yield case("repeat_interleave", x(2, 3), 2)
    yield case("repeat_interleave", x(2, 3), 2, 1)
    yield case("repeat_interleave", x(2, 3), v([0, 2, 1], "int64"), 1)
    yield case("pad", x(2, 3), (1, 2), dtypes=NUMBERS)
    yield case("pad", x(2, 3, layout="permuted"), (1, 0, 0, 2), value=1.5)
    yield case("pad", x(2, 3), (-1, 2, 1, -1))
    yield case("pad", x(2, 3), (1, 1), "constant", 2.0)
    yield case("one_hot", v([0, 3, 1]), 4, dtypes=("int64",))
    yield case("one_hot", v([[0, 2], [1, 2]]), dtypes=("int64",))
    for k in (-1, 2, 4):
        yield case("rot90", x(2, 3), k)
    yield case("rot90", x(2, 3, 2), dims=[2, 0])
    yield case("diag_embed", x(2, 3))
    yield case("diag_embed", x(2, 3), 1, 0, 2)
    yield case("diag_embed", x(3), -2)
    for name in ("reflect", "replicate", "circular"):
        yield case("pad", x(1, 2, 3), (2, 1), mode=name)
        yield case("pad", x(1, 2, 3, 4), (1, 2, 1, 0), mode=name)
    yield case("pad", x(1, 2, 4), (-1, 2), mode="replicate")
    yield case(".repeat", x(2), repeats=(2, 3))
    yield case(".flip", x(2, 3), dims=(0, 1))
    for name in ("fliplr", "flipud", "rot90", "diagflat"):
        yield case(name, x(2, 3, layout="permuted"), dtypes=ALL)
