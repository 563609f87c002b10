"""Gradients of gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import CANCELS, Case, case, v, x


def second(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """The gradient of the sum of cubes of a function, in its first argument: its own gradient is
    second-order."""
    output = getattr(library, name)(*args, **kwargs)
    (gradient,) = library.grad((output * output * output).sum(), [args[0]], create_graph=True)
    return gradient


def rows() -> Iterator[Case]:
    """The rows."""
    for name in (
        "exp",
        "log",
        "sqrt",
        "reciprocal",
        "sin",
        "tan",
        "tanh",
        "sigmoid",
        "erf",
        "relu",
    ):
        yield case(second, name, x(3, low=0.2, high=1.2))
    yield case(second, "mul", x(2, 3), x(3))
    yield case(second, "div", x(2, 3), x(3, low=0.5))
    yield case(second, "pow", x(3, low=0.5), x(3, low=0.5))
    yield case(second, "pow", x(4), 3)
    yield case(second, "matmul", x(2, 3), x(3, 2))
    yield case(second, "softmax", x(2, 3), 1, absolute=CANCELS)
    yield case(second, "log_softmax", x(2, 3), 1)
    yield case(second, "logsumexp", x(2, 3), 1)
    yield case(second, "prod", x(2, 2))
    yield case(second, "var", x(4))
    yield case(second, "norm", x(4))
    yield case(second, "cumsum", x(4), 0)
    yield case(second, "amax", x(2, 3), 1)
    yield case(second, "gather", x(3), 0, v([0, 2, 2], "int64"))
