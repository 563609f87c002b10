"""Other shapes of the same elements, and how they lie in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import ALL, Case, case, x


def laid_out(library: Any, name: str, *args: Any) -> Any:
    """The strides, offset and contiguity of a view."""
    view = getattr(library, name)(*args)
    return [view.stride(), view.storage_offset(), view.is_contiguous()]


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("reshape", x(2, 3, layout="permuted"), (3, 2), dtypes=ALL)
    yield case("reshape", x(2, 3, 2), (-1, 4))
    yield case("reshape", x(2, 0), (0, 5))
    yield case(".reshape", x(1), ())
    yield case(".view", x(2, 6), 3, -1)
    yield case(".view_as", x(2, 3), x(3, 2))
    yield case(".reshape_as", x(2, 3, layout="permuted"), x(6))
    yield case("flatten", x(2, 3, 2, layout="permuted"))
    yield case("flatten", x(2, 3, 2), 1)
    yield case("flatten", x(2, 3, 2), 0, 1)
    yield case("flatten", x())
    yield case("unflatten", x(2, 6), 1, (2, -1))
    yield case("permute", x(2, 3, 2), (2, 0, 1), dtypes=ALL)
    yield case("permute", x(2, 3, layout="stepped"), (-1, 0))
    yield case("transpose", x(2, 3, 2), 0, -1)
    yield case("transpose", x(), 0, -1)
    yield case("t", x(2, 3))
    yield case("t", x(3))
    yield case("t", x())
    yield case("movedim", x(2, 3, 2), 0, 2)
    yield case("movedim", x(2, 3, 2), (0, 1), (-1, 0))
    yield case("squeeze", x(1, 3, 1))
    yield case("squeeze", x(1, 3, 1), -1)
    yield case("squeeze", x(1, 3), 1)
    yield case("squeeze", x(1, 3, 1), (0, 1))
    yield case("unsqueeze", x(2, 3, layout="permuted"), 1)
    yield case("unsqueeze", x(), -1)
    yield case("broadcast_to", x(3, 1), (2, 3, 2))
    yield case("broadcast_to", x(), (2, 2), dtypes=ALL)
    yield case("broadcast_to", x(1), (0,))
    yield case(".expand", x(3, 1), 2, -1, 4)
    yield case(".expand_as", x(1, 3), x(2, 3))
    yield case(".sum_to_size", x(2, 3), 2, 1)
    yield case(".sum_to_size", x(2, 3), 3)
    yield case("broadcast_tensors", x(2, 1), x(3), x())
    yield case("meshgrid", x(2), x(3), indexing="ij")
    yield case("meshgrid", x(2), x(3), x(1), indexing="xy")
    yield case(laid_out, "transpose", x(2, 3, 4), 0, 2)
    yield case(laid_out, "permute", x(2, 3, 4), (1, 2, 0))
    yield case(laid_out, "movedim", x(2, 3, 4), 0, 1)
    yield case(laid_out, "t", x(2, 3))
    yield case(laid_out, "narrow", x(4, 3), 0, 1, 2)
    yield case(laid_out, "narrow", x(4, 3), 1, 1, 2)
    yield case(laid_out, "select", x(4, 3), 1, 2)
    yield case(laid_out, "broadcast_to", x(3, 1), (2, 3, 4))
    yield case(laid_out, "squeeze", x(2, 1, 3), 1)
    yield case(laid_out, "reshape", x(2, 6), (3, 4))
    yield case(laid_out, "flatten", x(2, 3, 2), 1)
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        yield case(name, x())
        yield case(name, x(3))
    yield case(".unfold", x(7), 0, 3, 2)
    yield case(".unfold", x(2, 5, layout="permuted"), dimension=1, size=3, step=1)
    yield case(".reshape", x(2, 3), shape=(3, 2))
    yield case(".view", x(2, 3), size=(3, 2))
    yield case(".permute", x(2, 3, 4), dims=(2, 0, 1))
    yield case(".expand", x(2, 1), size=(2, 3))
    for name in ("ravel", "atleast_3d"):
        yield case(name, x(2, 3, layout="permuted"), dtypes=ALL)
