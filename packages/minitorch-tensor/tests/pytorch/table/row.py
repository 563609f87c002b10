"""A row of the table, and the arguments that rows are made of."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FLOATS = ("float32", "float64")
INTEGERS = ("uint8", "int32", "int64")
NUMBERS = (*INTEGERS, *FLOATS)
ALL = ("bool", *NUMBERS)

SIGNED = ("int32", "int64", *FLOATS)
NONE = ("none",)  # no tensor goes in

INF, NAN = float("inf"), float("nan")

#: Beside numbers of the order of 1, whose rounding this is in float32.
CANCELS = (1e-7, "a gradient is a difference of numbers that nearly cancel")


@dataclass(frozen=True)
class In:
    """A tensor argument: its shape, or its values; drawn numbers are spread over [low, high].

    Attributes:
        dtype: by name; without one, the dtype that the row is tried with.
        layout: how it lies in memory, as `minitorch_tensor.testing.LAYOUTS` has it.
        grad: whether a gradient is asked for, where the dtype has one.
        size: of a dimension that it indexes: it is made of int64 indices below that.
    """

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    layout: str = "contiguous"
    values: Any = None
    grad: bool = True
    size: int | None = None

    def array(self, dtype: str, random: np.random.Generator) -> Array:
        """The elements."""
        dtype = self.dtype or dtype
        if self.values is not None:
            return np.array(self.values, dtype)
        # With a stride of 0 along the first dimension, its elements are one.
        shape = (1, *self.shape[1:]) if self.layout == "expanded" and self.shape else self.shape
        unit = random.random(shape)  # the one stream of numbers, the same in every numpy
        if self.size is not None:
            drawn = np.floor(unit * self.size)
        elif dtype == "bool":
            drawn = np.floor(unit * 2)
        elif dtype in FLOATS:
            # In cells of their own, so that no two are near each other.
            cells = np.argsort(unit, axis=None, kind="stable") + 0.2 + 0.6 * unit.reshape(-1)
            drawn = self.low + cells * ((self.high - self.low) / max(unit.size, 1))
            drawn = np.round(drawn, 3).reshape(shape)
        else:
            low = max(np.ceil(self.low), 0) if dtype == "uint8" else np.ceil(self.low)
            drawn = low + np.floor(unit * (np.floor(self.high) - low + 1))
        return np.broadcast_to(drawn, self.shape).astype(dtype)

    def __str__(self) -> str:
        what = "x".join(map(str, self.shape)) or "()"
        if self.values is not None:
            what = short(self.values)
        if self.size is not None:
            what = f"index({what})"
        elif self.dtype:
            what = f"{self.dtype} {what}"
        return what if self.layout == "contiguous" else f"{self.layout} {what}"


@dataclass(frozen=True)
class DType:
    """A dtype as an argument, which each library spells its own way."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """One row.

    Attributes:
        function: its name in the library; ".name" for a method of the first argument,
            "operator.name" for what Python's operator does, or one of the functions below, which
            takes the library as its first argument.
        dtypes: those to try.
        differs: where we mean to differ from PyTorch ("dtype", "values", "gradients"), and why.
        absolute: an absolute tolerance beside the relative one, and why it is needed.
    """

    function: str | Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = FLOATS
    differs: dict[str, str] = field(default_factory=dict)
    absolute: tuple[float, str] | None = None

    @property
    def name(self) -> str:
        """The call as it reads; unique in the table among those of one dtype."""
        function = self.function if isinstance(self.function, str) else self.function.__name__
        parts = [short(a) for a in self.args]
        parts += [f"{key}={short(value)}" for key, value in self.kwargs.items()]
        return f"{function}({', '.join(parts)})"

    @property
    def functions(self) -> set[str]:
        """The names, in the library, of what it calls."""
        if isinstance(self.function, str):
            return {self.function}
        named = [a for a in self.args if isinstance(a, str)]
        named += self.function.__code__.co_names
        return {prefix + name for name in named for prefix in ("", ".")}

    def arguments(
        self, dtype: str, convert: Callable[[Any, Array | None], Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What to call it with: `convert` turns an In with its array, and a DType, into what the
        library has for them."""
        random = np.random.default_rng(zlib.crc32(self.name.encode()))

        def made(value: Any) -> Any:
            if isinstance(value, In):
                return convert(value, value.array(dtype, random))
            if isinstance(value, DType):
                return convert(value, None)
            if isinstance(value, (list, tuple)):
                return type(value)([made(v) for v in value])
            return value

        return (
            tuple([made(a) for a in self.args]),
            {key: made(value) for key, value in self.kwargs.items()},
        )


def short(value: Any) -> str:
    """An argument as it reads in a row's name."""
    if isinstance(value, slice):
        parts = [value.start, value.stop, *([value.step] if value.step else [])]
        return ":".join("" if part is None else str(part) for part in parts)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(short, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return "..." if value is Ellipsis else str(value)


def case(
    function: str | Callable[..., Any],
    *args: Any,
    dtypes: tuple[str, ...] = FLOATS,
    differs: dict[str, str] | None = None,
    absolute: tuple[float, str] | None = None,
    **kwargs: Any,
) -> Case:
    """A row, written as a call."""
    return Case(function, args, kwargs, dtypes, differs or {}, absolute)


def x(*shape: int, **options: Any) -> In:
    """A tensor of drawn numbers."""
    return In(shape, **options)


def v(values: Any, dtype: str | None = None, **options: Any) -> In:
    """A tensor of these numbers."""
    return In(np.shape(values), values=values, dtype=dtype, **options)


def index(*shape: int, size: int) -> In:
    """A tensor of int64 indices below `size`."""
    return In(shape, size=size, dtype="int64")


def mask(*shape: int) -> In:
    """A bool tensor."""
    return In(shape, dtype="bool")


def unary(
    name: str,
    low: float,
    high: float,
    special: list[float],
    *,
    integers: str | None = "floats",
    in_place: bool = True,
) -> Iterator[Case]:
    """The rows of an elementwise function of one tensor.

    Args:
        low, high: an interval inside its domain.
        special: points where it is special.
        integers: "same" where it keeps the dtype of integers, "floats" where it gives the default
            floating-point dtype; None where it takes none.
        in_place: False where there is no method `name_`.
    """
    yield case(name, x(2, 3, low=low, high=high, layout="permuted"))
    yield case(name, v(special))
    if integers == "same":
        yield case(name, x(4, layout="reversed"), dtypes=INTEGERS)
    elif integers == "floats":
        yield case(name, v([0, 1, 1, 0]), dtypes=("bool", "uint8", "int64"))
    if in_place:
        yield case(f".{name}_", x(3, low=0.1, high=0.9, grad=False))
