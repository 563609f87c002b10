"""Copies, other dtypes, Python's numbers, numpy's arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import ALL, FLOATS, INTEGERS, NUMBERS, Case, DType, case, mask, v, x


def exchanged(library: Any, name: str, tensor: Any) -> Any:
    """There and back by way of numpy."""
    return getattr(library, name)(tensor.numpy())


def rows() -> Iterator[Case]:
    """The rows."""
    yield case("clone", x(2, 3, layout="permuted"), dtypes=ALL)
    yield case(".where", x(2, 3), mask(3), x(2, 1))
    for target in ALL:
        yield case(".to", v([0, 1, 2, 100], grad=target in FLOATS), DType(target), dtypes=ALL)
    yield case(".to", v([-1.9, -0.5, 0.5, 1.9, 1e-9], grad=False), DType("int32"))
    yield case(".to", v([-1.9, -0.5, 0.5, 0.0, 1e-9], grad=False), DType("bool"))
    for method in ("double", "long", "float", "int", "byte", "bool"):
        yield case(f".{method}", v([0.0, 1.7, 2.0], grad=method in ("double", "float")))
    yield case(".item", v(2.5, grad=False))
    yield case(".item", v(1), dtypes=("bool", *INTEGERS))
    yield case(".tolist", v([[1, 2], [3, 0]], grad=False), dtypes=("bool", "int64", "float64"))
    for method in ("dim", "numel", "element_size", "is_floating_point"):
        yield case(f".{method}", x(2, 3), dtypes=("bool", "int32", "float64"))
    yield case(".size", x(2, 3), -1)
    yield case(".size", x(2, 3))
    yield case(".type", v([0.0, 1.7, 2.0], grad=False), DType("int64"))
    yield case(".type", v([0.0, 1.7, 2.0], grad=False), "torch.LongTensor")
    yield case(".type", v([0, 1, 2]), dtypes=ALL)
    yield case(".to", x(3, grad=False), "cpu", DType("float64"), True)
    yield case(".contiguous", x(2, 3, layout="permuted"))
    for name in ("from_numpy", "from_dlpack"):
        yield case(exchanged, name, x(2, 3, grad=False), dtypes=NUMBERS)
    yield case(".new_tensor", x(1, grad=False), [1, 0, 3], dtypes=ALL)
    yield case(".new_full", x(1, grad=False), (2, 2), 3, dtypes=ALL)
    yield case(".new_zeros", x(1, grad=False), 2, 3, dtypes=ALL)
    yield case(".new_ones", x(1, grad=False), size=(2, 3), dtypes=ALL)
    yield case(".new_zeros", x(1, grad=False), 2, dtype=DType("int32"))
