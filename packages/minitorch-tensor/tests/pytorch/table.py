"""What is compared with PyTorch: a table of calls, written in the terms that both libraries share.

A row names a function, its arguments, and the dtypes to try; the arguments are drawn from the
row's own name, so that adding a row changes no other. Nothing here imports either library.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FLOATS = ("float32", "float64")
INTEGERS = ("uint8", "int32", "int64")
NUMBERS = (*INTEGERS, *FLOATS)
ALL = ("bool", *NUMBERS)

INF, NAN = float("inf"), float("nan")


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


CASES: list[Case] = []


def case(
    function: str | Callable[..., Any],
    *args: Any,
    dtypes: tuple[str, ...] = FLOATS,
    differs: dict[str, str] | None = None,
    absolute: tuple[float, str] | None = None,
    **kwargs: Any,
) -> None:
    """Add a row."""
    CASES.append(Case(function, args, kwargs, dtypes, differs or {}, absolute))


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


# -- elementwise functions of one tensor --------------------------------------------------------

#: Each with an interval inside its domain, and points where it is special.
UNARY: dict[str, tuple[float, float, list[float]]] = {
    "exp": (-2, 2, [-INF, -800.0, 0.0, 800.0, INF, NAN]),
    "exp2": (-2, 2, [-INF, -2000.0, 0.0, 2000.0, INF, NAN]),
    "expm1": (-2, 2, [-INF, -800.0, -1e-12, 0.0, 1e-12, 800.0, INF, NAN]),
    "log": (0.2, 3, [-1.0, 0.0, 1e-30, 1.0, INF, NAN]),
    "log1p": (-0.8, 3, [-2.0, -1.0, -1e-12, 0.0, 1e-12, INF, NAN]),
    "log2": (0.2, 3, [-1.0, 0.0, 1.0, 8.0, INF, NAN]),
    "log10": (0.2, 3, [-1.0, 0.0, 1.0, 1000.0, INF, NAN]),
    "sqrt": (0.2, 3, [-1.0, 0.0, 4.0, INF, NAN]),
    "rsqrt": (0.2, 3, [-1.0, 0.0, 4.0, INF, NAN]),
    "reciprocal": (0.2, 3, [-INF, -2.0, 0.0, INF, NAN]),
    "sin": (-3, 3, [-INF, 0.0, 100.0, INF, NAN]),
    "cos": (-3, 3, [-INF, 0.0, 100.0, INF, NAN]),
    "tan": (-1.2, 1.2, [-INF, 0.0, 100.0, INF, NAN]),
    "asin": (-0.9, 0.9, [-2.0, -1.0, 0.0, 1.0, INF, NAN]),
    "acos": (-0.9, 0.9, [-2.0, -1.0, 0.0, 1.0, INF, NAN]),
    "atan": (-3, 3, [-INF, -1e30, 0.0, 1e30, INF, NAN]),
    "sinh": (-3, 3, [-INF, -800.0, 0.0, 800.0, INF, NAN]),
    "cosh": (-3, 3, [-INF, -800.0, 0.0, 800.0, INF, NAN]),
    "tanh": (-2, 2, [-INF, -40.0, 0.0, 40.0, INF, NAN]),
    "sigmoid": (-3, 3, [-INF, -800.0, -80.0, 0.0, 80.0, 800.0, INF, NAN]),
    "erf": (-2, 2, [-INF, -9.0, 0.0, 1e-12, 9.0, INF, NAN]),
    "asinh": (-3, 3, [-INF, -1e30, 0.0, 1e-12, 1e30, INF, NAN]),
    "acosh": (1.2, 3, [0.0, 1.0, 1e30, INF, NAN]),
    "atanh": (-0.9, 0.9, [-2.0, -1.0, 0.0, 1e-12, 1.0, INF, NAN]),
    "erfc": (-2, 2, [-INF, -9.0, 0.0, 0.3, 1.0, 3.0, 9.0, 26.0, INF, NAN]),
    "logit": (0.1, 0.9, [-1.0, 0.0, 0.5, 1.0, 2.0, NAN]),
    "sinc": (-3, 3, [0.0, 0.5, 1e-12, NAN]),
    "abs": (-2, 2, [-INF, -0.0, 0.0, INF]),
    "neg": (-2, 2, [-INF, 0.0, INF, NAN]),
    "sign": (-2, 2, [-INF, -0.0, 0.0, INF]),
    "square": (-2, 2, [-INF, -1e30, 0.0, INF, NAN]),
    "relu": (-2, 2, [-INF, -0.0, 0.0, INF]),
    "floor": (-2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN]),
    "ceil": (-2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN]),
    "trunc": (-2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN]),
    "round": (-2, 2, [-INF, -1.5, -1.0, -0.5, 0.5, 1.5, 2.5, 1e30, INF, NAN]),
    "frac": (-2, 2, [-1.5, -1.0, -0.5, 0.0, 2.5]),
}
#: Of integers, these give integers; the others the default floating-point dtype.
EXACT = ("abs", "neg", "sign", "square", "relu", "floor", "ceil", "trunc", "round")

#: Where a derivative does not exist, there is no right one to agree on.
NAN_GRADIENT = {"gradients": "At a NaN there is no derivative; PyTorch's functions disagree too."}
SIGN_OF_NAN = "sign(NaN) is NaN by the array API standard, 0 in PyTorch"

case("sign", v([NAN]), differs={"values": SIGN_OF_NAN})
case("abs", v([NAN]), differs={"gradients": SIGN_OF_NAN})
case("relu", v([NAN]), differs=NAN_GRADIENT)

for name, (low, high, special) in UNARY.items():
    case(name, x(2, 3, low=low, high=high, layout="permuted"))
    case(name, v(special))
    if name in EXACT:
        case(name, x(4, layout="reversed"), dtypes=INTEGERS)
    elif name != "frac":
        case(name, v([0, 1, 1, 0]), dtypes=("bool", "uint8", "int64"))
for name in ("exp", "tanh", "relu", "abs"):
    case(name, x())
    case(name, x(2, 0, 3))
case("square", mask(3), dtypes=("bool",))
case("round", v([0.125, -2.675, 1234.5678, 0.05]), decimals=2)
case("round", v([15.0, 25.0, -35.0, 1449.0]), decimals=-1)
case("nan_to_num", v([NAN, INF, -INF, 1.5]))
case("nan_to_num", v([NAN, INF, -INF, 1.5]), nan=2.0, posinf=7.0, neginf=-8.0)
case("nan_to_num", x(3), dtypes=INTEGERS)
case("clone", x(2, 3, layout="permuted"), dtypes=ALL)
for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
    case(name, v([NAN, INF, -INF, 0.0, 1.0]))
    case(name, x(3), dtypes=("bool", *INTEGERS))
case("logical_not", v([0.0, -0.0, 0.5, NAN]))
case("logical_not", v([0, 1, 3]), dtypes=("bool", *INTEGERS))
case("bitwise_not", v([0, 1, 100]), dtypes=("bool", *INTEGERS))

# -- elementwise functions of two ---------------------------------------------------------------

for name in ("add", "sub", "mul", "div"):
    case(name, x(2, 3, layout="permuted"), x(2, 3))
    case(name, x(2, 1, low=0.5), x(3, low=0.5))
    case(name, x(2, 3, layout="expanded"), x())
    case(name, x(0, 3), x(1))
    case(name, x(2, 2), 1.75)
    case(name, x(4, low=1, high=5), x(4, low=1, high=5), dtypes=INTEGERS)
    case(name, x(4, low=1, high=5), 2.5, dtypes=("int32", "int64"))
case("add", mask(4), mask(4), dtypes=("bool",))
case("mul", mask(4), mask(4), dtypes=("bool",))
case("div", v([0, 1, 1, 0]), v([1, 1, 0, 0]), dtypes=("bool", "int64"))
case("add", x(2, 3), x(3), alpha=3, dtypes=NUMBERS)
case("sub", x(2, 3, low=3, high=5), x(3), alpha=0.5)
case("add", v([200, 100, 255]), v([100, 100, 1]), dtypes=("uint8",))
case("mul", v([2**31 - 1, -(2**31), 3]), v([2, 2, 7]), dtypes=("int32",))
case("div", v([1.0, -1.0, 0.0, INF, NAN]), v([0.0, 0.0, 0.0, INF, 1.0]))

SIGNED = ("int32", "int64", *FLOATS)
for mode in ("floor", "trunc"):
    case("div", v([7, -7, 7, -7, 6]), v([2, 2, -2, -2, 3]), rounding_mode=mode, dtypes=SIGNED)
    case("div", v([7, 250, 9]), v([2, 100, 3]), rounding_mode=mode, dtypes=("uint8",))
    case("div", x(2, 3), x(3, low=0.5), rounding_mode=mode)
    case("div", v([1.0, -1.0, 0.0, INF]), v([0.0, 0.0, 0.0, 2.0]), rounding_mode=mode)
for name in ("floor_divide", "remainder", "fmod"):
    graded = name != "floor_divide"  # which has no gradient in PyTorch
    sevens, twos = v([7, -7, 7, -7, 6], grad=graded), v([2, 2, -2, -2, 3], grad=graded)
    case(name, sevens, twos, dtypes=SIGNED)
    case(name, v([7, 250, 9]), v([2, 100, 3]), dtypes=("uint8",))
    if graded:
        case(name, x(2, 3), x(3, low=0.5))
        case(name, x(3, low=-5, high=5), 1.5)
    case(name, v([1.0, -1.0, 0.0, INF], grad=False), v([0.0, 0.0, 0.0, 2.0], grad=False))
    case(name, v([-3.0, 3.0], grad=False), v([INF, -INF], grad=False))

case("pow", x(2, 3, low=0.2), x(3))
case("pow", x(2, 1, low=0.2, layout="reversed"), x(2, 3, layout="permuted"))
case("pow", v([0.0, 0.0, 0.0, -2.0, -2.0]), v([0.0, 2.0, -1.0, 3.0, 0.5]))
for exponent in (0, 1, 2, 3, -1, -2, 0.5, 2.5, -1.5):
    case("pow", x(4, low=0.2), exponent)
case("pow", v([0.0, -2.0, INF, -INF, NAN]), 2)
case("pow", v([0.0, -2.0, INF, -INF, NAN]), 3)
case("pow", v([0.0, 4.0, INF, NAN]), 0.5)
case("pow", v([0.0, 4.0, INF, NAN]), 0)
case("pow", v([0.0, 2.0, -1.0]), 1.0)
case("pow", x(4, low=0, high=3), x(4, low=0, high=3), dtypes=INTEGERS)
case("pow", x(4, low=0, high=5), 2, dtypes=INTEGERS)
case("pow", x(4, low=0, high=5), 0.5, dtypes=("int32", "int64"))
case("pow", 2.0, x(4))
case("pow", 2, x(4, low=0, high=3), dtypes=INTEGERS)
case("pow", 0.0, v([0.0, 1.0, 2.0]))

for name in ("maximum", "minimum"):
    case(name, x(2, 1), x(3))
    case(name, v([1.0, NAN, 2.0, INF]), v([1.0, 1.0, NAN, -INF]))
    case(name, x(4), x(4), dtypes=("bool", *INTEGERS))
case("max", x(2, 3), x(3))
case("min", x(2, 3), x(3))
case("clamp", x(2, 3), -1, 1, dtypes=SIGNED)
case("clamp", x(2, 3), min=0.5)
case("clamp", x(2, 3, layout="permuted"), max=0.5)
case("clamp", v([-1.0, 0.0, 1.0, INF]), -1.0, 1.0)
case("clamp", v([NAN]), -1.0, 1.0, differs=NAN_GRADIENT)
case("clamp", v([0.0, 1.0]), 2.0, -2.0)
case("clamp", x(2, 3), x(2, 1, high=0), x(3, low=0))
case("clamp", x(2, 3), max=x(3))
case("clamp", v([1.0, 2.0, 3.0]), v([1.0, 2.5, 0.0]), v([5.0, 2.0, 3.0]))
case("clamp", x(4), 0.5, dtypes=("int64",))
case("clamp", x(4), 1, dtypes=("uint8",))

for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    case(name, x(3, layout="reversed"), x(3), dtypes=ALL)
    case(name, x(2, 1), x(3), dtypes=("int64", "float64"))
    case(name, v([1.0, NAN, INF, -0.0]), v([1.0, NAN, INF, 0.0]))
    case(name, v([0, 1, 2]), 1.5, dtypes=("uint8", "int32", "float32"))
for name in ("logical_and", "logical_or", "logical_xor"):
    case(name, v([0, 1, 2, 0]), v([0, 0, 3, 1]), dtypes=ALL)
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(name, v([0, 12, 255, 7]), v([5, 10, 1, 3]), dtypes=("bool", *INTEGERS))
    case(name, x(2, 1, low=0, high=9), x(3, low=0, high=9), dtypes=("int64",))
case("isclose", v([1.0, 1.0, NAN, INF, 1e-9]), v([1.000001, 1.1, NAN, INF, 0.0]))
case("isclose", v([1.0, NAN]), v([1.05, NAN]), rtol=0.1, atol=0.0, equal_nan=True)
case("isclose", v([1, 2]), v([1, 3]), dtypes=("int64",))
case("allclose", v([1.0, 2.0], grad=False), v([1.0, 2.0000001], grad=False))
case("allclose", v([1.0, 2.0], grad=False), v([1.0, 2.1], grad=False))
case("equal", v([1.0, 2.0]), v([1.0, 2.0]))
case("equal", v([1, 2]), v([1, 3]), dtypes=INTEGERS)
case("equal", x(2, 3), x(3))
case("where", mask(2, 3), x(2, 3, layout="permuted"), x(2, 3), dtypes=ALL)
case("where", mask(3), x(2, 1), x(1, 3))
case("where", mask(3), x(3), 0.5)
case(".where", x(2, 3), mask(3), x(2, 1))
case("var", x(2, 3), False)
case("where", mask(3), 2, x(3), dtypes=("int32", "int64", "float32"))
case("where", mask(3), 0.5, x(3), dtypes=("int64",))
case("where", mask(3), x(3), x(3, dtype="float64"), dtypes=("int32", "float32"))
case("masked_fill", x(2, 3), mask(2, 3), 7, dtypes=NUMBERS)
case("masked_fill", x(2, 3, layout="permuted"), mask(3), x())
case("masked_fill", x(2, 3), mask(2, 1), -INF)

case("atan2", x(2, 1), x(3))
case("atan2", v([0.0, -0.0, 0.0, -0.0, INF, -INF, NAN]), v([1.0, -1.0, 0.0, 0.0, INF, INF, 1.0]))
case("atan2", x(3), x(3, low=1, high=5), dtypes=("int64",))
case("hypot", x(2, 1), x(3))
case("hypot", v([1e30, INF]), v([1e30, 1.0]), dtypes=("float32",))
ORIGIN = {"gradients": "PyTorch's gradient at the origin is NaN, ours 0, as that of its norm"}
case("hypot", v([0.0]), v([0.0]), differs=ORIGIN)
case("logaddexp", x(2, 1), x(3))
case("logaddexp", v([800.0, -INF, INF, 1.0]), v([800.0, 1.0, 2.0, NAN]))
case("xlogy", x(2, 1, low=0.5), x(3, low=0.5))
case("xlogy", v([0.0, 0.0, 1.0, 2.0]), v([0.0, NAN, 0.0, -1.0]))
case("xlogy", v([0, 1, 2]), v([0, 3, 5]), dtypes=INTEGERS)
case("logit", v([0.0, 0.2, 1.0], grad=False), eps=0.1)
case("logit", x(4, low=0.2, high=0.8), 0.1)
for name in ("fmax", "fmin"):
    case(name, x(2, 1), x(3))
    case(name, v([1.0, NAN, 2.0, NAN]), v([1.0, 1.0, NAN, NAN]))
    case(name, x(4), x(4), dtypes=INTEGERS)
case("lerp", x(2, 3), x(3), 0.3)
case("lerp", x(2, 3), x(3), 1.5)
case("lerp", x(2, 3), x(2, 1), x(3, low=0, high=1))
for name in ("addcmul", "addcdiv"):
    case(name, x(2, 3), x(3), x(2, 1, low=0.5), value=1.5)
    case(name, x(3), x(3), x(3, low=0.5))
case("addcmul", x(3), x(3), x(3), value=2, dtypes=INTEGERS)
for name in ("clamp_min", "clamp_max"):
    case(name, x(2, 3), 0.5)
    case(name, x(2, 3), x(3))
case("isin", v([[1, 2], [3, 4]]), v([2, 4, 9]), dtypes=NUMBERS)
case("isin", v([1, 2, 3]), v([2]), invert=True, dtypes=INTEGERS)
case("isin", 2, v([1, 2]), dtypes=INTEGERS)
case("isin", v([1, 2]), 2, dtypes=INTEGERS)
case("where", v([[0, 1], [2, 0]]), dtypes=ALL)

# -- promotion ----------------------------------------------------------------------------------

NONE = ("none",)  # no tensor goes in


def of_dtype(library: Any, name: str, *args: Any) -> Any:
    """A tensor of the dtype that a function gives."""
    return library.zeros(1, dtype=getattr(library, name)(*args))


for position, low_dtype in enumerate(ALL):
    for high_dtype in ALL[position + 1 :]:
        case("add", x(2, 3), x(3, dtype=high_dtype), dtypes=(low_dtype,))
        case(of_dtype, "promote", DType(low_dtype), DType(high_dtype), dtypes=NONE)
ZERO_DIMENSIONAL = {
    "dtype": "PyTorch lets a zero-dimensional tensor weigh like a plain number; the array API "
    "standard, which we follow, treats it as any other tensor."
}
case("mul", x(3), x(dtype="float64", grad=False), dtypes=("float32",), differs=ZERO_DIMENSIONAL)
case("add", x(3), x(dtype="int64"), dtypes=("int32",), differs=ZERO_DIMENSIONAL)
case("mul", x(3), x(dtype="float64"), dtypes=("int64",))
case("mul", x(3), x(dtype="int64"), dtypes=FLOATS)
case("div", x(3, low=1, high=4), x(3, low=1, high=4, dtype="float64"), dtypes=("int32", "float32"))
case("matmul", x(2, 3), x(3, 2), dtypes=INTEGERS)
case("lt", x(3), x(3, dtype="float64"), dtypes=("uint8", "int64", "float32"))
case("pow", x(3, low=1, high=3), x(3, dtype="float32"), dtypes=("int64", "uint8"))

for name in ("numel", "is_floating_point"):
    case(name, x(2, 3), dtypes=ALL)
case(".type_as", v([0, 1, 2], grad=False), x(1, dtype="float64", grad=False), dtypes=ALL)
case(".to", x(3, grad=False), dtype=DType("float64"))
case(".to", x(3, grad=False), x(1, dtype="float64", grad=False))
case(".to", x(3, grad=False), copy=True)

# -- Python's operators -------------------------------------------------------------------------

for name in ("add", "sub", "mul", "truediv"):
    case(f"operator.{name}", x(2, 3), x(3))
    case(f"operator.{name}", 1.5, x(3, low=0.5))
    case(f"operator.{name}", x(3), 2, dtypes=NUMBERS)
case("operator.add", mask(3), 1, dtypes=("bool",))
case("operator.mul", mask(3), 0.5, dtypes=("bool",))
case("operator.sub", 3, x(3, low=0, high=2), dtypes=INTEGERS)
case("operator.floordiv", v([7, -7, 6], grad=False), 2, dtypes=SIGNED)
case("operator.floordiv", 7, v([2, -2, 3], grad=False), dtypes=SIGNED)
case("operator.mod", v([7, -7, 6]), 4, dtypes=SIGNED)
case("operator.mod", 7, v([2, -2, 4], grad=False), dtypes=SIGNED)
case("operator.pow", x(3, low=0.2), 2.5)
case("operator.pow", 2, x(3))
case("operator.neg", x(3), dtypes=("int32", "int64", *FLOATS))
case("operator.abs", x(3), dtypes=("int32", "int64", *FLOATS))
case("operator.matmul", x(2, 3), x(3, 2))
for name in ("and_", "or_", "xor"):
    case(f"operator.{name}", mask(4), mask(4), dtypes=("bool",))
    case(f"operator.{name}", x(4, low=0, high=9), 5, dtypes=INTEGERS)
case("operator.invert", x(4, low=0, high=9), dtypes=("bool", *INTEGERS))
for name in ("lt", "ge", "eq", "ne"):
    case(f"operator.{name}", x(4), 1, dtypes=ALL)

# -- reductions ---------------------------------------------------------------------------------

#: Beside numbers of the order of 1, whose rounding this is in float32.
CANCELS = (1e-7, "a gradient is a difference of numbers that nearly cancel")

for name in ("sum", "mean", "amax", "amin", "var", "std", "logsumexp"):
    if name != "logsumexp":
        case(name, x(2, 3))
    case(name, x(2, 3, 2, layout="permuted"), 1, absolute=CANCELS)
    case(name, x(2, 3, 2, layout="stepped"), -1, keepdim=True, absolute=CANCELS)
    case(name, x(2, 3, 2), (0, 2))
    case(name, x(3, 2, layout="expanded"), (0, 1), keepdim=True)
# Rounding must not grow with what is added up.
for name in ("sum", "mean", "var", "std", "norm"):
    case(name, x(60, 50, low=0.1, layout="permuted", grad=False))
case("logsumexp", x(60, 50, grad=False), (0, 1))
case("matmul", x(300, low=0.1, grad=False), x(300, 2, low=0.1, grad=False))
for name in ("sum", "prod"):
    case(name, x(2, 3, layout="reversed"), dtypes=("bool", *INTEGERS))
    case(name, x(2, 3), 1, dtypes=("bool", "uint8", "int32"))
    case(name, x(2, 3), dtype=DType("float64"), dtypes=("int32", "float32"))
    case(name, x(2, 0), 1)
    case(name, x(0))
    case(name, x())
case("sum", v([INF, -INF, 1.0]))
case("sum", x(2, 3), ())
case("mean", x(2, 3), 1, dtype=DType("float64"), dtypes=("int64", "float32"))
case("mean", x(0))
case("mean", x())
case("prod", x(2, 3, layout="permuted"), 1)
case("prod", x(2, 3), 0, keepdim=True)
case("prod", x(2, 2))
case("prod", v([[2.0, 0.0, 3.0], [0.0, 4.0, 0.0], [1.0, 2.0, 3.0]]))
case("prod", v([[2.0, 0.0, 3.0], [0.0, 4.0, 0.0], [1.0, 2.0, 3.0]]), 1)
for name in ("amax", "amin"):
    case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]]), 1)
    case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 3.0]]))
    case(name, v([1.0, NAN, 2.0]))
    case(name, v([INF, -INF]), 0)
    case(name, x(2, 3), (0, 1), dtypes=("bool", *INTEGERS))
for name in ("max", "min"):
    case(name, x(2, 3, layout="permuted"))
    case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 3.0]]))
    case(name, x(2, 3, 2), 1)
    case(name, x(2, 3, 2, layout="reversed"), -1, keepdim=True)
    case(name, v([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]]), 1)
    case(name, v([[1.0, NAN], [2.0, 0.5]]), 1)
    case(name, x(), 0)
    case(name, v([[5, 1], [2, 9]]), 0, dtypes=("bool", *INTEGERS))
    case(f"arg{name}", x(2, 3, layout="permuted"))
    case(f"arg{name}", x(2, 3, 2), 1, keepdim=True)
    case(f"arg{name}", v([[3, 1, 3], [1, 1, 2]]), 1, dtypes=NUMBERS)
    case(f"arg{name}", v([1.0, NAN, 2.0, NAN]))
    case(f"arg{name}", x())
for name in ("all", "any"):
    case(name, x(2, 3), dtypes=tuple(d for d in ALL if d != "uint8"))
    legacy = "PyTorch keeps uint8, its bool of old; the array API standard has bool"
    case(name, x(2, 3), dtypes=("uint8",), differs={"dtype": legacy})
    case(name, v([[0, 1, 2], [1, 1, 1]]), 1, dtypes=("bool", "int64", "float32"))
    case(name, x(2, 3, 2, low=0, high=1), (0, 2), keepdim=True, dtypes=("bool", "int32"))
    case(name, x(0, 2), 0, dtypes=("bool", "float32"))
    case(name, v([NAN, 0.0]))
case("count_nonzero", v([[0, 1, 2], [0, 0, 3]]), dtypes=ALL)
case("count_nonzero", v([[0, 1, 2], [0, 0, 3]]), 1, dtypes=("bool", "float32"))
case("count_nonzero", x(2, 3, 2), (0, 2), dtypes=("int64",))
for name in ("var", "std"):
    case(name, x(2, 4), 1, correction=0)
    case(name, x(2, 4), 1, correction=2, keepdim=True)
    case(name, x(2, 4), unbiased=False)
    case(name, v([2.0, 2.0, 2.0]), correction=0)
    case(name, x(3, 1), 1, correction=0)
for p in (2, 1, 3, 2.5, 0.5, INF, -INF, 0, "fro"):
    case("norm", x(2, 3, layout="permuted"), p, 1)
case("norm", x(2, 3))
case("norm", x(2, 3, 2), 2, (0, 2), keepdim=True)
case("norm", v([0.0, 0.0, 0.0]))
case("norm", v([0.0, -3.0, 3.0]), 1)
case("norm", v([0.0, -3.0, 3.0]), INF)
case("norm", v([0.0, 2.0]), 3)
case("norm", x(0))
case("logsumexp", v([[1000.0, 1000.0], [INF, 1.0], [-1000.0, -1001.0]]), 1)
case(
    "logsumexp",
    v([[-INF, -INF], [0.0, 1.0]]),
    1,
    differs={"gradients": "PyTorch has NaN for a row of -inf, ours 0, to spoil no weights"},
)
case("logsumexp", x(2, 0), 1)
case("logsumexp", x(), 0)
for name in ("softmax", "log_softmax"):
    case(name, x(2, 3, layout="permuted"), 1, absolute=CANCELS)
    case(name, x(2, 3, 2, layout="stepped"), 1, absolute=CANCELS)
    case(name, x(2, 3), 0, absolute=CANCELS)
    case(name, x(), 0)
    case(name, x(2, 0), 1)
    case(name, v([[1000.0, 1000.0], [1000.0, -1000.0], [-INF, 0.0]]), 1)

# -- order --------------------------------------------------------------------------------------

case("cumsum", x(2, 3, layout="permuted"), 0)
case("cumsum", x(2, 3, 2, layout="reversed"), -1)
case("cumsum", x(2, 3), 1, dtypes=("bool", *INTEGERS))
case("cumsum", x(3), 0, dtype=DType("float64"), dtypes=("int32", "float32"))
case("cumsum", x(), 0)
case("cumsum", x(0, 2), 0)
for name in ("sort", "argsort"):
    case(name, x(2, 4, layout="permuted"), stable=True)
    case(name, x(3, 2, 2), dim=1, descending=True, stable=True)
    case(name, v([[3, 1, 3, 1], [2, 2, 0, 2]]), stable=True, dtypes=ALL)
    case(name, v([[3, 1, 3, 1], [2, 2, 0, 2]]), dim=0, descending=True, stable=True, dtypes=NUMBERS)
    case(name, v([2.0, NAN, -INF, INF, 0.0]), stable=True)
    case(name, v([2.0, NAN, -INF, INF, 0.0]), descending=True, stable=True)
    case(name, x(), stable=True)
    case(name, x(0, 2), dim=0, stable=True)
case("topk", x(2, 5, layout="permuted"), 3)
case("topk", x(5, 2, layout="reversed"), 2, 0, False)
case("topk", v([3, 9, 1, 7]), 2, dtypes=INTEGERS)
case("topk", v([1.0, NAN, 3.0]), 2)
case("topk", x(4), 0)

# -- shape --------------------------------------------------------------------------------------

case("reshape", x(2, 3, layout="permuted"), (3, 2), dtypes=ALL)
case("reshape", x(2, 3, 2), (-1, 4))
case("reshape", x(2, 0), (0, 5))
case(".reshape", x(1), ())
case(".view", x(2, 6), 3, -1)
case(".view_as", x(2, 3), x(3, 2))
case(".reshape_as", x(2, 3, layout="permuted"), x(6))
case("flatten", x(2, 3, 2, layout="permuted"))
case("flatten", x(2, 3, 2), 1)
case("flatten", x(2, 3, 2), 0, 1)
case("flatten", x())
case("unflatten", x(2, 6), 1, (2, -1))
case("permute", x(2, 3, 2), (2, 0, 1), dtypes=ALL)
case("permute", x(2, 3, layout="stepped"), (-1, 0))
case("transpose", x(2, 3, 2), 0, -1)
case("transpose", x(), 0, -1)
case("t", x(2, 3))
case("t", x(3))
case("t", x())
case("movedim", x(2, 3, 2), 0, 2)
case("movedim", x(2, 3, 2), (0, 1), (-1, 0))
case("squeeze", x(1, 3, 1))
case("squeeze", x(1, 3, 1), -1)
case("squeeze", x(1, 3), 1)
case("squeeze", x(1, 3, 1), (0, 1))
case("unsqueeze", x(2, 3, layout="permuted"), 1)
case("unsqueeze", x(), -1)
case("broadcast_to", x(3, 1), (2, 3, 2))
case("broadcast_to", x(), (2, 2), dtypes=ALL)
case("broadcast_to", x(1), (0,))
case(".expand", x(3, 1), 2, -1, 4)
case(".expand_as", x(1, 3), x(2, 3))
case(".sum_to_size", x(2, 3), 2, 1)
case(".sum_to_size", x(2, 3), 3)
case("broadcast_tensors", x(2, 1), x(3), x())
case("meshgrid", x(2), x(3), indexing="ij")
case("meshgrid", x(2), x(3), x(1), indexing="xy")
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
    case(name, x(3, 4, layout="permuted"), *args)
case("diagonal", x(2, 3, 4), -1, 2, 0)
case("diagonal", x(2, 2), 5)
case("diag", x(3), dtypes=ALL)
case("diag", x(3), -1)
case("tril", x(2, 2, 3), dtypes=ALL)
case("triu", x(2, 2, 3), dtypes=ALL)
case("trace", x(3, 2))
case("trace", x(2, 3), dtypes=INTEGERS)
case("split", x(5, 2, layout="permuted"), 2)
case("split", x(2, 5), (1, 4), 1)
case("split", x(2, 4), 9, -1)
case("chunk", x(5, 2), 2)
case("chunk", x(2, 5), 4, 1)
case("chunk", x(2, 3), 7, 1)
case("unbind", x(3, 2, layout="reversed"))
case("unbind", x(2, 3), 1)
case("narrow", x(5, 2), 0, 1, 3)
case("narrow", x(2, 5), -1, 5, 0)
case("select", x(3, 4), 1, 2)
case("select", x(3, 4), 0, -1)


def laid_out(library: Any, name: str, *args: Any) -> Any:
    """How a view lies in its memory."""
    view = getattr(library, name)(*args)
    return [view.stride(), view.storage_offset(), view.is_contiguous()]


case(laid_out, "transpose", x(2, 3, 4), 0, 2)
case(laid_out, "permute", x(2, 3, 4), (1, 2, 0))
case(laid_out, "movedim", x(2, 3, 4), 0, 1)
case(laid_out, "t", x(2, 3))
case(laid_out, "narrow", x(4, 3), 0, 1, 2)
case(laid_out, "narrow", x(4, 3), 1, 1, 2)
case(laid_out, "select", x(4, 3), 1, 2)
case(laid_out, "broadcast_to", x(3, 1), (2, 3, 4))
case(laid_out, "squeeze", x(2, 1, 3), 1)
case(laid_out, "reshape", x(2, 6), (3, 4))
case(laid_out, "flatten", x(2, 3, 2), 1)

# -- joining and arranging ----------------------------------------------------------------------

case("cat", [x(2, 3), x(1, 3, layout="expanded")], dtypes=ALL)
case("cat", [x(2, 1), x(2, 3, layout="permuted"), x(2, 0)], 1)
case("cat", [x(2, 2), x(2, 1)], dim=-1)
case("cat", [x(2), x(2, dtype="float64")], dtypes=("uint8", "int64", "float32"))
case("stack", [x(2, 3), x(2, 3, layout="permuted")], dtypes=ALL)
case("stack", [x(3), x(3), x(3)], -1)
case("stack", [x(), x()])
case("stack", [x(2), x(2, dtype="float64")], dtypes=("int64", "float32"))
case("flip", x(3, 4), (0,))
case("flip", x(2, 3, 2, layout="reversed"), (0, -1))
case("flip", x(3), (0,), dtypes=ALL)
case("roll", x(2, 3), 2)
case("roll", x(2, 3, layout="permuted"), -1, 1)
case("roll", x(2, 3), (1, 7), (0, 1))
case("roll", x(0), 1, 0)
case(".repeat", x(2, 3, layout="permuted"), 2, 1)
case(".repeat", x(2), 2, 3)
case(".repeat", x(2), 0)
case("tile", x(2, 3), (2,))
case("tile", x(2), (2, 3))
case("repeat_interleave", x(2, 3), 2)
case("repeat_interleave", x(2, 3), 2, 1)
case("repeat_interleave", x(2, 3), v([0, 2, 1], "int64"), 1)
case("pad", x(2, 3), (1, 2), dtypes=NUMBERS)
case("pad", x(2, 3, layout="permuted"), (1, 0, 0, 2), value=1.5)
case("pad", x(2, 3), (-1, 2, 1, -1))
case("pad", x(2, 3), (1, 1), "constant", 2.0)
case("one_hot", v([0, 3, 1]), 4, dtypes=("int64",))
case("one_hot", v([[0, 2], [1, 2]]), dtypes=("int64",))

# -- indexing -----------------------------------------------------------------------------------

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
    case("operator.getitem", x(3, 4, layout="permuted"), key)
case("operator.getitem", x(3, 4), (slice(None), 1), dtypes=ALL)
case("operator.getitem", x(), ...)
case("operator.getitem", x(), None)
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
    case("operator.getitem", x(3, 4, layout="stepped"), key)
case("operator.getitem", x(2, 3, 4), (v([1, 0], "int64"), slice(1, None), v([2, 3], "int64")))
APART = (
    "In numpy, whose indexing ours is, an integer beside an index array is one as well; apart from "
    "each other, they put their dimension first. PyTorch takes integers out beforehand."
)
case(
    "operator.getitem",
    x(2, 3, 4),
    (0, ..., v([2, 3], "int64")),
    differs={"shape": APART, "gradients": APART},
)
case("operator.getitem", x(2, 3), mask(2, 3))
case("operator.getitem", x(3, 4), v([2, 0], "int64"), dtypes=ALL)

case("gather", x(3, 4, layout="permuted"), 0, index(2, 4, size=3))
case("gather", x(3, 4), 1, index(2, 6, size=4))
case("gather", x(2, 3, 2), -2, index(1, 5, 2, size=3))
case("gather", x(3), 0, v([2, 0], "int64"), dtypes=ALL)
case("take_along_dim", x(3, 4, layout="reversed"), index(3, 2, size=4), 1)
case("take_along_dim", x(1, 4), index(3, 2, size=4), 1)
case("take_along_dim", x(3, 4), index(5, size=12))
case("index_select", x(3, 4, layout="permuted"), 0, index(5, size=3))
case("index_select", x(2, 3, 4), -1, index(2, size=4), dtypes=ALL)
case("index_select", x(3, 4), 1, index(0, size=4))
case("masked_select", x(3, 4, layout="permuted"), mask(3, 4), dtypes=ALL)
case("masked_select", x(3, 1), mask(4))
case("nonzero", v([[0, 1, 2], [3, 0, 0]]), dtypes=ALL)
case("nonzero", v(1), dtypes=("int64",))
case("scatter", x(4, 3), 0, v([[0, 3, 2], [3, 1, 0]], "int64"), x(2, 3), dtypes=ALL)
case("scatter", x(3, 4, layout="permuted"), 1, v([[3, 0], [1, 2]], "int64"), x(3, 3, grad=False))
case("scatter", x(3, 4), 1, v([[3, 0], [1, 2]], "int64"), 1.5)
case("scatter_add", x(3, 4), 0, index(2, 4, size=3), x(2, 4), dtypes=NUMBERS)
case("scatter_add", x(3, 4, layout="permuted"), 1, index(2, 5, size=4), x(3, 6, grad=False))
case("scatter_add", x(2, 3), 1, index(2, 0, size=3), x(2, 0))

# -- matrix products ----------------------------------------------------------------------------

for a, b in (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 2)),
    ((3, 2, 3), (3, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 0), (0, 3)),
    ((0, 2), (2, 3)),
):
    case("matmul", x(*a, layout="permuted"), x(*b))
case("matmul", x(3, 2, 3, layout="expanded"), x(3, 2, layout="reversed"))
case("mm", x(2, 3), x(3, 2, layout="permuted"), dtypes=NUMBERS)
case("bmm", x(2, 2, 3, layout="expanded"), x(2, 3, 2))
case("dot", x(3), x(3, layout="reversed"), dtypes=NUMBERS)
case("dot", x(0), x(0))
case("outer", x(2), x(3), dtypes=ALL)
for equation, *shapes in (
    ("ij->ji", (2, 3)),
    ("ba", (2, 3)),
    ("ij->", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("i,j->ij", (2,), (3,)),
    ("ij,jk", (2, 3), (3, 2)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ijk,k->ij", (2, 3, 2), (2,)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...i->...", (2, 3)),
    ("bhqd,bhkd->bhqk", (1, 2, 2, 3), (1, 2, 2, 3)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("iij->j", (2, 2, 3)),
    ("ij,kl->jl", (2, 3), (2, 2)),
):
    case("einsum", equation, *[x(*shape, layout="permuted") for shape in shapes])
case("einsum", "ij,jk", x(2, 3), x(3, 2), dtypes=INTEGERS)
case(
    "einsum",
    "ij->i",
    x(2, 3),
    dtypes=("uint8", "int32"),
    differs={"dtype": "PyTorch's sums widen to int64, but its products do not; ours never do."},
)

# -- creation and conversion --------------------------------------------------------------------

case("tensor", 1.5, dtypes=NONE)
case("tensor", [1, 2, 3], dtypes=NONE)
case("tensor", [[True, False]], dtypes=NONE)
case("tensor", [1, 2.5], dtypes=NONE)
case("tensor", [True, 2], dtypes=NONE)
case("tensor", [], dtypes=NONE)
case("tensor", [[], []], dtypes=NONE)
case("tensor", [1.9, -1.9], dtype=DType("int64"), dtypes=NONE)
case("full", (2, 2), 1.5, dtypes=NONE)
case("full", (2,), 3, dtypes=NONE)
case("full", (2,), True, dtypes=NONE)
case("full", (), 3, dtype=DType("float64"), dtypes=NONE)
for name in ("zeros", "ones"):
    case(name, 2, 3, dtypes=NONE)
    case(name, (2, 0), dtypes=NONE)
    case(name, 2, dtype=DType("uint8"), dtypes=NONE)
    case(f"{name}_like", x(2, 3), dtypes=ALL)
    case(f"{name}_like", x(2), dtype=DType("int64"))
case("full_like", x(2), 3, dtypes=NUMBERS)
case("arange", 5, dtypes=NONE)
case("arange", 1, 8, 3, dtypes=NONE)
case("arange", 5, 1, -2, dtypes=NONE)
case("arange", 0.0, 1.0, 0.25, dtypes=NONE)
case("arange", 0, 1, 0.3, dtypes=NONE)
case("arange", 3, dtype=DType("float64"), dtypes=NONE)
case("arange", 3, 3, dtypes=NONE)
case("linspace", 0, 1, 5, dtypes=NONE)
case("linspace", -1, 1, 4, dtype=DType("float64"), dtypes=NONE)
case("linspace", 2, 5, 1, dtypes=NONE)
case("linspace", 2, 5, 0, dtypes=NONE)
case("eye", 3, dtypes=NONE)
case("eye", 2, 3, dtype=DType("int64"), dtypes=NONE)
for target in ALL:
    case(".to", v([0, 1, 2, 100], grad=target in FLOATS), DType(target), dtypes=ALL)
case(".to", v([-1.9, -0.5, 0.5, 1.9, 1e-9], grad=False), DType("int32"))
case(".to", v([-1.9, -0.5, 0.5, 0.0, 1e-9], grad=False), DType("bool"))
for method in ("double", "long", "float", "int", "bool"):
    case(f".{method}", v([0.0, 1.7, 2.0], grad=method in ("double", "float")))
case(".item", v(2.5, grad=False))
case(".item", v(1), dtypes=("bool", *INTEGERS))
case(".tolist", v([[1, 2], [3, 0]], grad=False), dtypes=("bool", "int64", "float64"))
for method in ("dim", "numel", "element_size", "is_floating_point"):
    case(f".{method}", x(2, 3), dtypes=("bool", "int32", "float64"))
case(".size", x(2, 3), -1)
case(".size", x(2, 3))
case(".type", v([0.0, 1.7, 2.0], grad=False), DType("int64"))
case(".contiguous", x(2, 3, layout="permuted"))


def exchanged(library: Any, name: str, tensor: Any) -> Any:
    """There and back by way of numpy."""
    return getattr(library, name)(tensor.numpy())


for name in ("from_numpy", "from_dlpack"):
    case(exchanged, name, x(2, 3, grad=False), dtypes=NUMBERS)


def like(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Shape and dtype of what has random or arbitrary elements."""
    return library.zeros_like(getattr(library, name)(*args, **kwargs))


def drawn(library: Any, name: str, tensor: Any) -> Any:
    """Shape and dtype of what a method fills with random numbers."""
    return library.zeros_like(getattr(tensor, name)())


for name in ("rand", "randn", "empty"):
    case(like, name, 2, 3, dtypes=NONE)
    case(like, name, (2, 0), dtype=DType("float64"), dtypes=NONE)
    case(like, f"{name}_like", x(2, 3))
for name in ("uniform_", "normal_"):
    case(drawn, name, x(2, 3, grad=False))
case(like, "randint", 5, (2, 3), dtypes=NONE)
case(like, "randint", 2, 5, (3,), dtype=DType("int32"), dtypes=NONE)
case(like, "randperm", 5, dtypes=NONE)

# -- changing in place --------------------------------------------------------------------------

for name in ("add_", "sub_", "mul_", "div_", "copy_"):
    case(f".{name}", x(2, 3, layout="permuted", grad=False), x(3, grad=False))
for name in ("add_", "sub_", "mul_", "pow_", "fill_"):
    case(f".{name}", x(4, low=3, high=5, grad=False), 2, dtypes=NUMBERS)
case(".add_", x(4, grad=False), x(4, grad=False), alpha=3)
case(".neg_", x(4, grad=False))
case(".zero_", x(4, grad=False), dtypes=ALL)
case(".clamp_", x(4, grad=False), -1, 1)
case(".clamp_", x(4, grad=False), max=0.5)
case(".masked_fill_", x(2, 3, grad=False), mask(2, 3), 7)
case(".copy_", x(3, grad=False), x(3, dtype="float64", grad=False), dtypes=("int32", "float32"))


def assigned(library: Any, target: Any, key: Any, value: Any) -> Any:
    """target[key] = value, of a copy."""
    with library.no_grad():
        result = target.clone()
        result[key] = value
    return result


for key in (
    1,
    (slice(None), 2),
    (slice(None, None, 2), slice(1, None)),
    (..., None, 0),
    v([2, 0], "int64"),
    (slice(None), v([True, False, True, True], "bool")),
    (v([0, 2], "int64"), v([1, 3], "int64")),
):
    case(assigned, x(3, 4), key, 7.5)
case(assigned, x(3, 4, layout="permuted"), (slice(1, None), slice(None)), x(4))
case(assigned, x(3, 4), mask(3, 4), 0, dtypes=ALL)
case(assigned, x(3, 4), v([2, 0], "int64"), x(2, 4))
case(assigned, x(3, 4), (v([2, 0], "int64"), slice(1, 3)), x(2))

# -- gradients of gradients ---------------------------------------------------------------------


def second(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """The gradient of the sum of cubes of a function, in its first argument: its own gradient is
    second-order."""
    output = getattr(library, name)(*args, **kwargs)
    (gradient,) = library.grad((output * output * output).sum(), [args[0]], create_graph=True)
    return gradient


for name in ("exp", "log", "sqrt", "reciprocal", "sin", "tan", "tanh", "sigmoid", "erf", "relu"):
    case(second, name, x(3, low=0.2, high=1.2))
case(second, "mul", x(2, 3), x(3))
case(second, "div", x(2, 3), x(3, low=0.5))
case(second, "pow", x(3, low=0.5), x(3, low=0.5))
case(second, "pow", x(4), 3)
case(second, "matmul", x(2, 3), x(3, 2))
case(second, "softmax", x(2, 3), 1, absolute=CANCELS)
case(second, "log_softmax", x(2, 3), 1)
case(second, "logsumexp", x(2, 3), 1)
case(second, "prod", x(2, 2))
case(second, "var", x(4))
case(second, "norm", x(4))
case(second, "cumsum", x(4), 0)
case(second, "amax", x(2, 3), 1)
case(second, "gather", x(3), 0, v([0, 2, 2], "int64"))

# -- functions written with operators -----------------------------------------------------------


def written(library: Any, name: str, *args: Any) -> Any:
    """What elementwise makes of a formula of numbers, and what PyTorch has ready."""
    return library.elementwise(name)(*args)


#: The formulas are as people write them; PyTorch's are for the last digit.
LEFT = (1e-6, "far to the left, 1 + erf(x) is a difference of numbers that nearly cancel")

for name in ("gelu", "silu", "softplus"):
    case(written, name, x(2, 3, layout="permuted"), absolute=LEFT)
    case(written, name, x(3, 2, low=-6, high=6, layout="expanded"), absolute=LEFT)
    case(written, name, x())
    case(written, name, x(0, 2))
case(written, "hypot", x(2, 3, layout="reversed"), x(3), absolute=CANCELS)
case(written, "hypot", x(2, 1), x(3), dtypes=("float64",))
case(written, "hypot", x(2), x(2, dtype="float64"), dtypes=("float32",))

# -- more statistics ----------------------------------------------------------------------------

WITH_NAN = v([[1.0, NAN, 3.0], [NAN, NAN, 0.5]])
for name in ("nansum", "nanmean"):
    case(name, WITH_NAN)
    case(name, WITH_NAN, 1, keepdim=True)
    case(name, x(2, 3, 2), (0, 2))
case("nansum", x(2, 3), dtypes=INTEGERS)
case("median", x(3, 3))
case("median", x(2, 4))
case("median", v([1.0, NAN, 0.0]))
case("median", v([2.0, 1.0, 2.0, 2.0, 3.0]))
case("median", x(2, 4, 3, layout="permuted"), 1)
case("median", x(2, 5), dim=-1, keepdim=True)
case("median", x(5), dtypes=INTEGERS)
case("median", x())
case("aminmax", x(2, 3))
case("aminmax", x(2, 3, layout="permuted"), dim=1, keepdim=True)
case("aminmax", x(3), dtypes=INTEGERS)
for name in ("var_mean", "std_mean"):
    case(name, x(2, 3))
    case(name, x(2, 3, 2), (0, 2), correction=0, keepdim=True)
    case(name, x(2, 3), 1, unbiased=False)
for name in ("var", "std"):
    case(name, x(2, 3), 1, False, True)
case("norm", x(2, 3), dtype=DType("float64"), dtypes=("float32",))
case("mean", x(2, 3), dtype=DType("float64"), dtypes=("float32", "int32"))
for name in ("softmax", "log_softmax"):
    case(name, x(2, 3), 1, dtype=DType("float64"), dtypes=("float32", "int64"))
for name in ("max", "min"):
    case(name, x(2, 3), other=x(3))
for name in ("cumprod", "logcumsumexp", "cummax", "cummin"):
    case(name, x(5), 0)
    case(name, x(2, 3, 2, layout="permuted"), 1)
    case(name, x(2, 0), 1)
case("cumprod", v([2.0, 0.0, 3.0, 0.0, 4.0]), 0)
case("cumprod", x(4), 0, dtypes=("bool", *INTEGERS))
case("cummax", v([1.0, 1.0, NAN, 2.0]), 0)
case("cummin", v([1.0, 1.0, NAN, 0.0]), 0)
case("cummax", v([1, 3, 3, 2]), 0, dtypes=INTEGERS)
case("diff", x(2, 4))
case("diff", x(4, 2), n=2, dim=0)
case("diff", x(2, 2), prepend=x(2, 1), append=x(2, 2))
case("diff", v([True, False, False]), dtypes=("bool",))
case("kthvalue", x(2, 4), 2)
case("kthvalue", x(2, 4, layout="permuted"), 1, dim=0, keepdim=True)
case("quantile", x(2, 5), 0.3)
case("quantile", x(2, 5), v([0.0, 0.25, 1.0], grad=False), dim=1)
case("quantile", x(2, 5), 0.6, dim=0, keepdim=True)
case("quantile", x(2, 5), v([0.1, 0.5], grad=False), keepdim=True)
case("quantile", v([1.0, NAN, 2.0]), 0.5)
for how in ("lower", "higher", "midpoint", "nearest"):
    case("quantile", x(6), 0.7, interpolation=how)
UNIQUE = v([[2, 0, 2], [1, 0, 2]], grad=False)
case("unique", UNIQUE, dtypes=NUMBERS)
case("unique", UNIQUE, return_inverse=True, return_counts=True, dtypes=NUMBERS)
case("unique", v([[1, 2], [0, 3], [1, 2]], grad=False), return_counts=True, dim=0, dtypes=NUMBERS)
SORTED = v([1.0, 2.0, 2.0, 5.0], grad=False)
case("searchsorted", SORTED, v([[0.0, 2.0], [5.0, 9.0]], grad=False))
case("searchsorted", SORTED, v([2.0], grad=False), right=True)
case("searchsorted", SORTED, v([2.0], grad=False), side="right")
case("searchsorted", v([[1, 3], [2, 4]]), v([[3], [3]]), dtypes=INTEGERS)
case("bucketize", v([[0.0, 2.0], [5.0, 9.0]], grad=False), SORTED)
case("bucketize", v([2.0], grad=False), SORTED, right=True)
case("bincount", index(6, size=4), dtypes=NONE)
case("bincount", index(6, size=4), minlength=7, dtypes=NONE)
case("bincount", index(6, size=4), weights=x(6, grad=False))
case("bincount", index(6, size=4), weights=x(6), dtypes=INTEGERS)

# -- more rearranging ---------------------------------------------------------------------------

for name in ("ravel", "fliplr", "flipud", "rot90", "diagflat", "atleast_3d"):
    case(name, x(2, 3, layout="permuted"), dtypes=ALL)
for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    case(name, x())
    case(name, x(3))
for k in (-1, 2, 4):
    case("rot90", x(2, 3), k)
case("rot90", x(2, 3, 2), dims=[2, 0])
for name in ("hstack", "vstack", "dstack", "column_stack"):
    case(name, [x(3), x(3)])
    case(name, [x(2, 3), x(2, 3, layout="permuted")])
case("hstack", [x(2, 1), x(2, 3)], dtypes=NUMBERS)
case("block_diag", x(2, 3), x(3), x())
for sections in (3, (1, 4), (2, 2, 9)):
    case("tensor_split", x(5, 2), sections)
case("tensor_split", x(2, 5), 2, dim=1)
case("diag_embed", x(2, 3))
case("diag_embed", x(2, 3), 1, 0, 2)
case("diag_embed", x(3), -2)
for name in ("reflect", "replicate", "circular"):
    case("pad", x(1, 2, 3), (2, 1), mode=name)
    case("pad", x(1, 2, 3, 4), (1, 2, 1, 0), mode=name)
case("pad", x(1, 2, 4), (-1, 2), mode="replicate")
case(".unfold", x(7), 0, 3, 2)
case(".unfold", x(2, 5, layout="permuted"), dimension=1, size=3, step=1)
case(".reshape", x(2, 3), shape=(3, 2))
case(".view", x(2, 3), size=(3, 2))
case(".permute", x(2, 3, 4), dims=(2, 0, 1))
case(".expand", x(2, 1), size=(2, 3))
case(".repeat", x(2), repeats=(2, 3))
case(".flip", x(2, 3), dims=(0, 1))

# -- more indexing ------------------------------------------------------------------------------

case("nonzero", v([[0, 1], [2, 0]]), as_tuple=True, dtypes=ALL)
case("argwhere", v([[0, 1], [2, 0]]), dtypes=ALL)
case("take", x(2, 3, layout="permuted"), index(2, 2, size=6))
case("index_add", x(3, 2), 0, index(4, size=3), x(4, 2))
case("index_add", x(2, 3), -1, index(2, size=3), x(2, 2), alpha=2.5)
case("index_add", x(3, 2), 0, index(4, size=3), x(4, 2), alpha=2, dtypes=INTEGERS)
case("index_copy", x(3, 2), 0, v([2, 0], dtype="int64"), x(2, 2))
case("index_fill", x(3, 2), 0, v([2, 0], dtype="int64"), 1.5)
case("index_fill", x(2, 3), 1, v([1], dtype="int64"), x())
case("masked_scatter", x(2, 3), mask(2, 3), x(6))
case("masked_scatter", x(2, 3), mask(3), x(3, 3))
case("scatter", x(2, 3), 1, index(2, 1, size=3), value=2.5)

# -- more products ------------------------------------------------------------------------------

case("mv", x(2, 3), x(3))
case("inner", x(2, 3), x(4, 3))
case("inner", x(2, 3), x())
case("tensordot", x(2, 3, 4), x(3, 4, 2))
case("tensordot", x(2, 3, 4), x(4, 5, 2), dims=([0, 2], [2, 0]))
case("tensordot", x(2), x(3), dims=0)
case("addmm", x(3), x(2, 4), x(4, 3))
case("addmm", x(2, 3), x(2, 4), x(4, 3), beta=0.5, alpha=2)
case("addmm", x(2, 3), x(2, 4), x(4, 3), dtypes=INTEGERS)
case("addmv", x(2), x(2, 3), x(3), beta=0.5, alpha=2)
case("baddbmm", x(2, 1, 1), x(2, 2, 3), x(2, 3, 2), beta=0.5, alpha=2)
case("kron", x(2, 3), x(3, 2))
case("kron", x(2), x(2, 2), dtypes=INTEGERS)
case("matrix_power", x(2, 3, 3, grad=False), 0)
for power in (1, 2, 5):
    case("matrix_power", x(2, 3, 3), power)
for norm in (1.0, 2.0, 3.0, INF):
    case("cdist", x(3, 2), x(4, 2), p=norm)
case("cdist", x(2, 3, 2), x(2, 3, 2))

# -- more creation ------------------------------------------------------------------------------

for name in ("zeros", "ones"):
    case(name, size=(2, 3), dtypes=NONE)
    case(name, 2, dtype=None, dtypes=NONE)
case("arange", end=3, dtypes=NONE)
case("logspace", 0, 3, 4, dtypes=NONE)
case("logspace", 1, 4, steps=4, base=2.0, dtype=DType("float64"), dtypes=NONE)
for name in ("tril_indices", "triu_indices"):
    case(name, 3, 4, dtypes=NONE)
    case(name, 3, 2, -1, dtypes=NONE)
case("as_tensor", x(2, 3), dtypes=ALL)
case("as_tensor", [1, 2], dtype=DType("float64"), dtypes=NONE)
case("is_tensor", x(1))
case("is_tensor", 1.0, dtypes=NONE)
case(".new_tensor", x(1, grad=False), [1, 0, 3], dtypes=ALL)
case(".new_full", x(1, grad=False), (2, 2), 3, dtypes=ALL)
case(".new_zeros", x(1, grad=False), 2, 3, dtypes=ALL)
case(".new_ones", x(1, grad=False), size=(2, 3), dtypes=ALL)
case(".new_zeros", x(1, grad=False), 2, dtype=DType("int32"))


def empty_shape(library: Any, tensor: Any) -> Any:
    """What memory of arbitrary content has in common."""
    return list(tensor.new_empty(2, 3).shape)


case(empty_shape, x(1))


def drawn(library: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """What a function draws, apart from the numbers."""
    library.manual_seed(0)
    result = getattr(library, name)(*args, **kwargs)
    return library.zeros(1, dtype=result.dtype), list(result.shape), result.requires_grad


def drawn_in_place(library: Any, tensor: Any, name: str, *args: Any) -> Any:
    """What a method draws, apart from the numbers."""
    return drawn(library, "clone", getattr(tensor, name)(*args))


PLAIN = {"grad": False}
case(drawn, "randint_like", x(2, 3, **PLAIN), 5, dtypes=NUMBERS)
case(drawn, "bernoulli", x(2, 3, low=0, high=1, **PLAIN))
case(drawn, "bernoulli", x(2, 3, **PLAIN), 0.5)
case(drawn, "multinomial", x(4, low=0.1, high=1, **PLAIN), 2)
case(drawn, "multinomial", x(2, 4, low=0.1, high=1, **PLAIN), 9, replacement=True)
case(drawn, "normal", 0.0, 1.0, (2, 3), dtypes=NONE)
case(drawn, "normal", x(2, 3, **PLAIN), 0.5)
case(drawn, "normal", x(2, 3, **PLAIN), x(2, 3, low=0.1, **PLAIN))
case(drawn, "randint", high=5, size=(2,), dtypes=NONE)
for name in ("exponential_", "random_", "bernoulli_"):
    case(drawn_in_place, x(2, 3, **PLAIN), name)
case("multinomial", v([0.0, 0.0, 2.0], grad=False), 1)
case("bernoulli", v([0.0, 1.0, 1.0], grad=False))

# -- what writes its result into the tensor -----------------------------------------------------

for name in UNARY:
    if name != "sinc":
        case(f".{name}_", x(3, low=0.1, high=0.9, grad=False))
for name in ("sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow"):
    case(f".{name}_", x(3, low=0.5, grad=False), x(3, low=0.5, grad=False))
for name in ("logical_and", "logical_or", "logical_xor"):
    case(f".{name}_", x(4, grad=False), v([0, 1, 0, 2], grad=False), dtypes=NUMBERS)
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(f".{name}_", x(4), x(4), dtypes=("bool", *INTEGERS))
case(".logical_not_", v([0, 1, 2], grad=False), dtypes=ALL)
case(".bitwise_not_", x(4), dtypes=("bool", *INTEGERS))
case(".clamp_min_", x(4, grad=False), 0.5)
case(".clamp_max_", x(4, grad=False), 0.5)
case(".lerp_", x(4, grad=False), x(4, grad=False), 0.3)
for name in ("addcmul_", "addcdiv_"):
    case(f".{name}", x(4, grad=False), x(4, grad=False), x(4, low=0.5, grad=False), value=0.5)
case(".addmm_", x(2, 3, grad=False), x(2, 2, grad=False), x(2, 3, grad=False), beta=0.5)
case(".nan_to_num_", v([NAN, 1.0, INF], grad=False))
case(".masked_scatter_", x(4, grad=False), mask(4), x(4, grad=False))
case(".cumsum_", x(4, grad=False), 0)
case(".cumprod_", x(4, grad=False), 0)
for name in ("tril_", "triu_"):
    case(f".{name}", x(3, 3, grad=False), diagonal=1)
case(".scatter_", x(2, 3, grad=False), 1, index(2, 1, size=3), x(2, 1, grad=False))
case(".scatter_", x(2, 3, grad=False), 1, index(2, 1, size=3), value=1)
case(".scatter_add_", x(2, 3, grad=False), 1, index(2, 4, size=3), x(2, 4, grad=False))
case(".index_add_", x(3, 2, grad=False), 0, index(4, size=3), x(4, 2, grad=False))
case(".index_copy_", x(3, grad=False), 0, v([2, 0], dtype="int64"), x(2, grad=False))
case(".index_fill_", x(3, grad=False), 0, v([2, 0], dtype="int64"), 7)
case(".fill_diagonal_", x(3, 4, grad=False), 7, dtypes=NUMBERS)
case(".fill_diagonal_", x(2, 2, 2, grad=False), 7)


def by_data(library: Any, tensor: Any, other: Any) -> Any:
    """A leaf changed through `data`, as hand-written optimizers do."""
    leaf = tensor.requires_grad_()
    leaf.data -= 0.5 * other
    leaf.data = leaf.data * 2
    return leaf


case(by_data, x(3, grad=False), x(3, grad=False))

# -- the functional interface -------------------------------------------------------------------


def gradient(library: Any, name: str, *args: Any) -> Any:
    """grad of a function's output, weighted by itself, in all tensors that go in."""
    output = getattr(library, name)(*args)
    return library.grad(output, list(args), grad_outputs=output.detach())


def backward_map(library: Any, name: str, *args: Any) -> Any:
    """vjp: a function's output, and what comes back of twice that."""
    output, pull = library.vjp(getattr(library, name), *args)
    return output, pull(output * 2)


def forward_map(library: Any, name: str, *args: Any) -> Any:
    """jvp: a function's output, and how it changes along half the arguments."""
    return library.jvp(getattr(library, name), args, tuple([a.detach() / 2 for a in args]))


for function in (gradient, backward_map, forward_map):
    graded = function is gradient
    case(function, "mul", x(2, 3, grad=graded), x(3, grad=graded))
    case(function, "matmul", x(2, 3, layout="permuted", grad=graded), x(3, 2, grad=graded))
    case(function, "tanh", x(4, grad=graded))


def matrices(library: Any, name: str, several: bool, tensor: Any) -> Any:
    """The Jacobian or Hessian of functions of one tensor, or of two."""
    derivative = getattr(library, name)
    if not several:
        return derivative(lambda x: (x * x.sin()).sum(0 if name == "jacobian" else (0, 1)), tensor)
    if name == "jacobian":
        return derivative(lambda x, y: (x @ y, y * 2), (tensor, tensor.exp()))
    return derivative(lambda x, y: (x * y).sum() ** 2 + y.sum(), (tensor, tensor.exp()))


for function in ("jacobian", "hessian"):
    for several in (False, True):
        case(matrices, function, several, x(2, 2, grad=False))


def without_history(library: Any, tensor: Any) -> Any:
    """What is computed under no_grad, and beside it, under enable_grad within."""
    with library.no_grad():
        constant, modes = tensor * 2, [library.is_grad_enabled()]
        with library.enable_grad():
            recorded = tensor * 3
            modes.append(library.is_grad_enabled())
    with library.set_grad_enabled(False):
        modes.append((tensor * 4).requires_grad)
    return [constant, recorded, constant.requires_grad, recorded.requires_grad, modes]


case(without_history, x(3))

#: Public functions and methods that have no rows, and why.
NOT_COMPARED = {
    "backend_names": "PyTorch has no backends of this kind",
    "get_backend": "PyTorch has no backends of this kind",
    "register_backend": "PyTorch has no backends of this kind",
    "refresh": "PyTorch has no backends of this kind",
    "is_close": "the course's own; PyTorch's is isclose",
}
