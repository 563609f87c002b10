"""Functions of tensors made of functions of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import CANCELS, Case, case, x


def written(library: Any, name: str, *args: Any) -> Any:
    """elementwise of a formula, beside PyTorch's own function."""
    return library.elementwise(name)(*args)


#: The formulas are as people write them; PyTorch's are for the last digit.
LEFT = (1e-6, "far to the left, 1 + erf(x) is a difference of numbers that nearly cancel")


def rows() -> Iterator[Case]:
    """The rows."""
    for name in ("gelu", "silu", "softplus"):
        yield case(written, name, x(2, 3, layout="permuted"), absolute=LEFT)
        yield case(written, name, x(3, 2, low=-6, high=6, layout="expanded"), absolute=LEFT)
        yield case(written, name, x())
        yield case(written, name, x(0, 2))
    yield case(written, "hypot", x(2, 3, layout="reversed"), x(3), absolute=CANCELS)
    yield case(written, "hypot", x(2, 1), x(3), dtypes=("float64",))
    yield case(written, "hypot", x(2), x(2, dtype="float64"), dtypes=("float32",))
