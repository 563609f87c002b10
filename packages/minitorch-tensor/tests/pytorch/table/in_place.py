"""Methods that write their result into the tensor, and assignment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import creation
from .row import ALL, INF, INTEGERS, NAN, NUMBERS, Case, case, index, mask, v, x


def drawn(library: Any, name: str, tensor: Any) -> Any:
    """Shape and dtype of what a method fills with random numbers."""
    return library.zeros_like(getattr(tensor, name)())


def assigned(library: Any, target: Any, key: Any, value: Any) -> Any:
    """target[key] = value, of a copy."""
    with library.no_grad():
        result = target.clone()
        result[key] = value
    return result


def drawn_in_place(library: Any, tensor: Any, name: str, *args: Any) -> Any:
    """Dtype, shape and `requires_grad` of a method's random numbers."""
    return creation.drawn(library, "clone", getattr(tensor, name)(*args))


def by_data(library: Any, tensor: Any, other: Any) -> Any:
    """A leaf changed through `data`, as hand-written optimizers do."""
    leaf = tensor.requires_grad_()
    leaf.data -= 0.5 * other
    leaf.data = leaf.data * 2
    return leaf


def rows() -> Iterator[Case]:
    """The rows."""
    for name in ("uniform_", "normal_"):
        yield case(drawn, name, x(2, 3, grad=False))
    for name in ("add_", "sub_", "mul_", "div_", "copy_"):
        yield case(f".{name}", x(2, 3, layout="permuted", grad=False), x(3, grad=False))
    for name in ("add_", "sub_", "mul_", "pow_", "fill_"):
        yield case(f".{name}", x(4, low=3, high=5, grad=False), 2, dtypes=NUMBERS)
    yield case(".add_", x(4, grad=False), x(4, grad=False), alpha=3)
    yield case(".neg_", x(4, grad=False))
    yield case(".zero_", x(4, grad=False), dtypes=ALL)
    yield case(".clamp_", x(4, grad=False), -1, 1)
    yield case(".clamp_", x(4, grad=False), max=0.5)
    yield case(".masked_fill_", x(2, 3, grad=False), mask(2, 3), 7)
    yield case(
        ".copy_", x(3, grad=False), x(3, dtype="float64", grad=False), dtypes=("int32", "float32")
    )
    yield case(".set_", x(3, grad=False), x(2, 3, grad=False), dtypes=("int32", "float32"))
    for key in (
        1,
        (slice(None), 2),
        (slice(None, None, 2), slice(1, None)),
        (..., None, 0),
        v([2, 0], "int64"),
        (slice(None), v([True, False, True, True], "bool")),
        (v([0, 2], "int64"), v([1, 3], "int64")),
    ):
        yield case(assigned, x(3, 4), key, 7.5)
    yield case(assigned, x(3, 4, layout="permuted"), (slice(1, None), slice(None)), x(4))
    yield case(assigned, x(3, 4), mask(3, 4), 0, dtypes=ALL)
    yield case(assigned, x(3, 4), v([2, 0], "int64"), x(2, 4))
    yield case(assigned, x(3, 4), (v([2, 0], "int64"), slice(1, 3)), x(2))
    for name in ("exponential_", "random_", "bernoulli_"):
        yield case(drawn_in_place, x(2, 3, grad=False), name)
    for name in ("sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow"):
        yield case(f".{name}_", x(3, low=0.5, grad=False), x(3, low=0.5, grad=False))
    for name in ("logical_and", "logical_or", "logical_xor"):
        yield case(f".{name}_", x(4, grad=False), v([0, 1, 0, 2], grad=False), dtypes=NUMBERS)
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield case(f".{name}_", x(4), x(4), dtypes=("bool", *INTEGERS))
    for name in ("bitwise_left_shift", "bitwise_right_shift"):
        yield case(f".{name}_", x(4), x(4, low=0, high=4), dtypes=INTEGERS)
    for name in ("copysign", "nextafter"):
        yield case(f".{name}_", x(4, grad=False), x(4, grad=False))
    yield case(".logical_not_", v([0, 1, 2], grad=False), dtypes=ALL)
    yield case(".bitwise_not_", x(4), dtypes=("bool", *INTEGERS))
    yield case(".clamp_min_", x(4, grad=False), 0.5)
    yield case(".clamp_max_", x(4, grad=False), 0.5)
    yield case(".lerp_", x(4, grad=False), x(4, grad=False), 0.3)
    for name in ("addcmul_", "addcdiv_"):
        yield case(
            f".{name}", x(4, grad=False), x(4, grad=False), x(4, low=0.5, grad=False), value=0.5
        )
    yield case(".addmm_", x(2, 3, grad=False), x(2, 2, grad=False), x(2, 3, grad=False), beta=0.5)
    yield case(".nan_to_num_", v([NAN, 1.0, INF], grad=False))
    yield case(".masked_scatter_", x(4, grad=False), mask(4), x(4, grad=False))
    yield case(".cumsum_", x(4, grad=False), 0)
    yield case(".cumprod_", x(4, grad=False), 0)
    for name in ("tril_", "triu_"):
        yield case(f".{name}", x(3, 3, grad=False), diagonal=1)
    yield case(".scatter_", x(2, 3, grad=False), 1, index(2, 1, size=3), x(2, 1, grad=False))
    yield case(".scatter_", x(2, 3, grad=False), 1, index(2, 1, size=3), value=1)
    yield case(".scatter_add_", x(2, 3, grad=False), 1, index(2, 4, size=3), x(2, 4, grad=False))
    yield case(".index_add_", x(3, 2, grad=False), 0, index(4, size=3), x(4, 2, grad=False))
    yield case(".index_copy_", x(3, grad=False), 0, v([2, 0], dtype="int64"), x(2, grad=False))
    yield case(".index_fill_", x(3, grad=False), 0, v([2, 0], dtype="int64"), 7)
    yield case(".fill_diagonal_", x(3, 4, grad=False), 7, dtypes=NUMBERS)
    yield case(".fill_diagonal_", x(2, 2, 2, grad=False), 7)
    yield case(by_data, x(3, grad=False), x(3, grad=False))
