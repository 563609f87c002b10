"""Joining tensors and splitting them."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, NUMBERS, Case, case, x


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("split", x(5, 2, layout="permuted"), 2)
    yield case("split", x(2, 5), (1, 4), 1)
    yield case("split", x(2, 4), 9, -1)
    yield case("chunk", x(5, 2), 2)
    yield case("chunk", x(2, 5), 4, 1)
    yield case("chunk", x(2, 3), 7, 1)
    yield case("unbind", x(3, 2, layout="reversed"))
    yield case("unbind", x(2, 3), 1)
    yield case("narrow", x(5, 2), 0, 1, 3)
    yield case("narrow", x(2, 5), -1, 5, 0)
    yield case("select", x(3, 4), 1, 2)
    yield case("select", x(3, 4), 0, -1)
    yield case("cat", [x(2, 3), x(1, 3, layout="expanded")], dtypes=ALL)
    yield case("cat", [x(2, 1), x(2, 3, layout="permuted"), x(2, 0)], 1)
    yield case("cat", [x(2, 2), x(2, 1)], dim=-1)
    yield case("cat", [x(2), x(2, dtype="float64")], dtypes=("uint8", "int64", "float32"))
    yield case("stack", [x(2, 3), x(2, 3, layout="permuted")], dtypes=ALL)
    yield case("stack", [x(3), x(3), x(3)], -1)
    yield case("stack", [x(), x()])
    yield case("stack", [x(2), x(2, dtype="float64")], dtypes=("int64", "float32"))
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        yield case(name, [x(3), x(3)])
        yield case(name, [x(2, 3), x(2, 3, layout="permuted")])
    yield case("hstack", [x(2, 1), x(2, 3)], dtypes=NUMBERS)
    yield case("block_diag", x(2, 3), x(3), x())
    for sections in (3, (1, 4), (2, 2, 9)):
        yield case("tensor_split", x(5, 2), sections)
    yield case("tensor_split", x(2, 5), 2, dim=1)
