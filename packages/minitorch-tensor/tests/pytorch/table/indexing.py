"""Reading and writing at indices."""

from __future__ import annotations

from collections.abc import Iterator

from .row import ALL, INTEGERS, NONE, NUMBERS, Case, case, index, mask, v, x

APART = (
    "In numpy, whose indexing ours is, an integer beside an index array is one as well; apart from "
    "each other, they put their dimension first. PyTorch takes integers out beforehand."
)


def rows() -> Iterator[Case]:
    """The rows."""
    for key in (
        1,
        -1,
        slice(None, None, 2),
        (slice(None), -1),
        (slice(1, None), slice(None, None, 3)),
        (..., 0),
        (None, 1, ..., None),
        (slice(2, 1),),
        (slice(-9, 9), slice(-3, -1)),
        True,
    ):
        yield case("operator.getitem", x(3, 4, layout="permuted"), key)
    yield case("operator.getitem", x(3, 4), (slice(None), 1), dtypes=ALL)
    yield case("operator.getitem", x(), ...)
    yield case("operator.getitem", x(), None)
    for key in (
        v([0, 2, 2, -1], "int64"),
        [0, 2],
        (v([[0, 1], [2, 0]], "int64"), v([1, -1], "int64")),
        (slice(None), v([3, 0, 3], "int64")),
        (v([1, 0], "int64"), slice(1, None)),
        (v([True, False, True], "bool"),),
        (slice(None), v([True, False, True, True], "bool")),
        (v([True, False, True], "bool"), v([3, 0], "int64")),
        (None, v([1, 1], "int64")),
        (1, v([1, 1, 2], "int64")),
        v([], "int64"),
        v([0, 2], "int32"),
    ):
        yield case("operator.getitem", x(3, 4, layout="stepped"), key)
    yield case(
        "operator.getitem", x(2, 3, 4), (v([1, 0], "int64"), slice(1, None), v([2, 3], "int64"))
    )
    yield case(
        "operator.getitem",
        x(2, 3, 4),
        (0, ..., v([2, 3], "int64")),
        differs={"shape": APART, "gradients": APART},
    )
    yield case("operator.getitem", x(2, 3), mask(2, 3))
    yield case("operator.getitem", x(3, 4), v([2, 0], "int64"), dtypes=ALL)
    yield case("gather", x(3, 4, layout="permuted"), 0, index(2, 4, size=3))
    yield case("gather", x(3, 4), 1, index(2, 6, size=4))
    yield case("gather", x(2, 3, 2), -2, index(1, 5, 2, size=3))
    yield case("gather", x(3), 0, v([2, 0], "int64"), dtypes=ALL)
    yield case("take_along_dim", x(3, 4, layout="reversed"), index(3, 2, size=4), 1)
    yield case("take_along_dim", x(1, 4), index(3, 2, size=4), 1)
    yield case("take_along_dim", x(3, 4), index(5, size=12))
    yield case("index_select", x(3, 4, layout="permuted"), 0, index(5, size=3))
    yield case("index_select", x(2, 3, 4), -1, index(2, size=4), dtypes=ALL)
    yield case("index_select", x(3, 4), 1, index(0, size=4))
    yield case("masked_select", x(3, 4, layout="permuted"), mask(3, 4), dtypes=ALL)
    yield case("masked_select", x(3, 1), mask(4))
    yield case("nonzero", v([[0, 1, 2], [3, 0, 0]]), dtypes=ALL)
    yield case("nonzero", v(1), dtypes=("int64",))
    yield case("scatter", x(4, 3), 0, v([[0, 3, 2], [3, 1, 0]], "int64"), x(2, 3), dtypes=ALL)
    yield case(
        "scatter", x(3, 4, layout="permuted"), 1, v([[3, 0], [1, 2]], "int64"), x(3, 3, grad=False)
    )
    yield case("scatter", x(3, 4), 1, v([[3, 0], [1, 2]], "int64"), 1.5)
    yield case("scatter_add", x(3, 4), 0, index(2, 4, size=3), x(2, 4), dtypes=NUMBERS)
    yield case(
        "scatter_add", x(3, 4, layout="permuted"), 1, index(2, 5, size=4), x(3, 6, grad=False)
    )
    yield case("scatter_add", x(2, 3), 1, index(2, 0, size=3), x(2, 0))
    yield case("bincount", index(6, size=4), dtypes=NONE)
    yield case("bincount", index(6, size=4), minlength=7, dtypes=NONE)
    yield case("bincount", index(6, size=4), weights=x(6, grad=False))
    yield case("bincount", index(6, size=4), weights=x(6), dtypes=INTEGERS)
    yield case("nonzero", v([[0, 1], [2, 0]]), as_tuple=True, dtypes=ALL)
    yield case("argwhere", v([[0, 1], [2, 0]]), dtypes=ALL)
    yield case("take", x(2, 3, layout="permuted"), index(2, 2, size=6))
    yield case("index_add", x(3, 2), 0, index(4, size=3), x(4, 2))
    yield case("index_add", x(2, 3), -1, index(2, size=3), x(2, 2), alpha=2.5)
    yield case("index_add", x(3, 2), 0, index(4, size=3), x(4, 2), alpha=2, dtypes=INTEGERS)
    yield case("index_copy", x(3, 2), 0, v([2, 0], dtype="int64"), x(2, 2))
    yield case("index_fill", x(3, 2), 0, v([2, 0], dtype="int64"), 1.5)
    yield case("index_fill", x(2, 3), 1, v([1], dtype="int64"), x())
    yield case("masked_scatter", x(2, 3), mask(2, 3), x(6))
    yield case("masked_scatter", x(2, 3), mask(3), x(3, 3))
    yield case("scatter", x(2, 3), 1, index(2, 1, size=3), value=2.5)
