"""Making tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import ALL, NONE, NUMBERS, Case, DType, case, v, x


def like(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Shape and dtype of what has random or arbitrary elements."""
    return library.zeros_like(getattr(library, name)(*args, **kwargs))


def empty_shape(library: Any, tensor: Any) -> Any:
    """The shape of memory with arbitrary content."""
    return list(tensor.new_empty(2, 3).shape)


def drawn(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Dtype, shape and `requires_grad` of a function's random numbers."""
    library.manual_seed(0)
    result = getattr(library, name)(*args, **kwargs)
    return library.zeros(1, dtype=result.dtype), list(result.shape), result.requires_grad


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("tensor", 1.5, dtypes=NONE)
    yield case("tensor", [1, 2, 3], dtypes=NONE)
    yield case("tensor", [[True, False]], dtypes=NONE)
    yield case("tensor", [1, 2.5], dtypes=NONE)
    yield case("tensor", [True, 2], dtypes=NONE)
    yield case("tensor", [], dtypes=NONE)
    yield case("tensor", [[], []], dtypes=NONE)
    yield case("tensor", [1.9, -1.9], dtype=DType("int64"), dtypes=NONE)
    yield case("full", (2, 2), 1.5, dtypes=NONE)
    yield case("full", (2,), 3, dtypes=NONE)
    yield case("full", (2,), True, dtypes=NONE)
    yield case("full", (), 3, dtype=DType("float64"), dtypes=NONE)
    for name in ("zeros", "ones"):
        yield case(name, 2, 3, dtypes=NONE)
        yield case(name, (2, 0), dtypes=NONE)
        yield case(name, 2, dtype=DType("uint8"), dtypes=NONE)
        yield case(f"{name}_like", x(2, 3), dtypes=ALL)
        yield case(f"{name}_like", x(2), dtype=DType("int64"))
    yield case("full_like", x(2), 3, dtypes=NUMBERS)
    yield case("arange", 5, dtypes=NONE)
    yield case("arange", 1, 8, 3, dtypes=NONE)
    yield case("arange", 5, 1, -2, dtypes=NONE)
    yield case("arange", 0.0, 1.0, 0.25, dtypes=NONE)
    yield case("arange", 0, 1, 0.3, dtypes=NONE)
    yield case("arange", 3, dtype=DType("float64"), dtypes=NONE)
    yield case("arange", 3, 3, dtypes=NONE)
    yield case("linspace", 0, 1, 5, dtypes=NONE)
    yield case("linspace", -1, 1, 4, dtype=DType("float64"), dtypes=NONE)
    yield case("linspace", 2, 5, 1, dtypes=NONE)
    yield case("linspace", 2, 5, 0, dtypes=NONE)
    yield case("eye", 3, dtypes=NONE)
    yield case("eye", 2, 3, dtype=DType("int64"), dtypes=NONE)
    for name in ("rand", "randn", "empty"):
        yield case(like, name, 2, 3, dtypes=NONE)
        yield case(like, name, (2, 0), dtype=DType("float64"), dtypes=NONE)
        yield case(like, f"{name}_like", x(2, 3))
    yield case(like, "randint", 5, (2, 3), dtypes=NONE)
    yield case(like, "randint", 2, 5, (3,), dtype=DType("int32"), dtypes=NONE)
    yield case(like, "randperm", 5, dtypes=NONE)
    for name in ("zeros", "ones"):
        yield case(name, size=(2, 3), dtypes=NONE)
        yield case(name, 2, dtype=None, dtypes=NONE)
    yield case("arange", end=3, dtypes=NONE)
    yield case("logspace", 0, 3, 4, dtypes=NONE)
    yield case("logspace", 1, 4, steps=4, base=2.0, dtype=DType("float64"), dtypes=NONE)
    for name in ("tril_indices", "triu_indices"):
        yield case(name, 3, 4, dtypes=NONE)
        yield case(name, 3, 2, -1, dtypes=NONE)
    yield case("as_tensor", x(2, 3), dtypes=ALL)
    yield case("as_tensor", [1, 2], dtype=DType("float64"), dtypes=NONE)
    yield case("is_tensor", x(1))
    yield case("is_tensor", 1.0, dtypes=NONE)
    yield case(empty_shape, x(1))
    yield case(drawn, "randint_like", x(2, 3, grad=False), 5, dtypes=NUMBERS)
    yield case(drawn, "bernoulli", x(2, 3, low=0, high=1, grad=False))
    yield case(drawn, "bernoulli", x(2, 3, grad=False), 0.5)
    yield case(drawn, "multinomial", x(4, low=0.1, high=1, grad=False), 2)
    yield case(drawn, "multinomial", x(2, 4, low=0.1, high=1, grad=False), 9, replacement=True)
    yield case(drawn, "normal", 0.0, 1.0, (2, 3), dtypes=NONE)
    yield case(drawn, "normal", x(2, 3, grad=False), 0.5)
    yield case(drawn, "normal", x(2, 3, grad=False), x(2, 3, low=0.1, grad=False))
    yield case(drawn, "randint", high=5, size=(2,), dtypes=NONE)
    yield case("multinomial", v([0.0, 0.0, 2.0], grad=False), 1)
    yield case("bernoulli", v([0.0, 1.0, 1.0], grad=False))
