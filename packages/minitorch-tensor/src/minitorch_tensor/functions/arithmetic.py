"""Arithmetic, element by element.

Functions of one tensor keep its shape; operands of binary ones broadcast, and either may be a plain
number. `/` and roots convert integers to float32 first, as in PyTorch.
"""

from __future__ import annotations

import builtins
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch_autodiff import Context, Function, Variable
from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import bool_, float32, int64, promote, scalar_dtype
from minitorch_tensor.functions.base import (
    NUMBERS,
    Map,
    Step,
    Zip,
    alike,
    binary,
    call,
    check_backends,
    floating,
    map_,
    number,
    of_one,
    of_two,
    step,
    zeros_of,
    zip_,
    zipped,
)
from minitorch_tensor.functions.copying import Clone
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, augmented, in_place, reflected
from minitorch_tensor.functions.selection import where
from minitorch_tensor.layout import broadcast_shapes
from minitorch_tensor.silence import silently

if TYPE_CHECKING:
    from minitorch_tensor.dtypes import DType
    from minitorch_tensor.tensor import Number, Tensor, TensorLike

# -- the four operations ---------------------------------------------------------------------------


Add = of_two(ops.add)
Mul = of_two(ops.mul)
Mul.reads = (1,), (0,)
Div = of_two(ops.div)
Div.reads = (1,), (0, 1)


class Sub(Zip):
    """x - y."""

    operator = staticmethod(ops.sub)

    @classmethod
    def forward(cls, ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        if x._data.dtype is bool_:
            raise TypeError(
                "sub: bool tensors have no difference. Use ^ for those that differ, or convert "
                "with .int()."
            )
        return super().forward(ctx, x, y)


class Neg(Map):
    """-x."""

    operator = staticmethod(ops.neg)

    @classmethod
    def forward(cls, ctx: Context, x: Tensor) -> Tensor:
        if x._data.dtype is bool_:
            raise TypeError("neg: a bool tensor has no negative. Use ~ to invert a mask.")
        return super().forward(ctx, x)


plus = zipped(Add)
minus = zipped(Sub)
times = zipped(Mul)
over = zipped(Div)


@guarded
def add(input: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other."""
    return plus(input, other if alpha == 1 else other * alpha)


@guarded
def sub(input: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other.

    Raises: TypeError for bool tensors, whose difference PyTorch does not define either.
    """
    return minus(input, other if alpha == 1 else other * alpha)


@guarded
def mul(input: Tensor, other: TensorLike) -> Tensor:
    """input * other."""
    return times(input, other)


def div(input: TensorLike, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
    """input / other in floating point: integers are converted to float32.

    Args:
        rounding_mode: "floor" or "trunc" to round the quotient; that of integers is an integer.

    Raises: ValueError for another rounding_mode.
    """
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        if _common_dtype(input, other).kind == "float":
            return binary(TruncDivide, input, other)
        quotient, rest = floor_divide(input, other), fmod(input, other)
        return quotient + ((rest != 0) & (quotient < 0)).to(quotient.dtype)
    if rounding_mode is not None:
        raise ValueError(
            f"div: rounding_mode must be 'floor', 'trunc' or None, got {rounding_mode!r}."
        )
    return over(*fractions(input, other))


def fractions(x: TensorLike, y: TensorLike) -> tuple[TensorLike, TensorLike]:
    """Two operands for a floating-point function; integers are converted."""
    if isinstance(x, Variable) and isinstance(y, Variable):
        if x._data.dtype.kind != "float" and y._data.dtype.kind != "float":
            return floating(x), floating(y)
        return x, y
    if isinstance(x, Variable):
        return floating(x), y
    return x, floating(y) if isinstance(y, Variable) else y


@guarded
def neg(input: Tensor) -> Tensor:
    """-input."""
    return Neg.apply(input)


@guarded
def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""
    return div(1.0, input)


# -- magnitude and sign ----------------------------------------------------------------------------


Abs = of_one(ops.abs)
AbsBackward = of_two(ops.abs_back, "AbsBackward")
Sign = step(ops.sign)
Copysign = of_two(ops.copysign)


class Nextafter(Function):
    """The next number of the dtype, which no function of one Python number can tell, so numpy does.
    No gradient passes."""

    @classmethod
    def apply(cls, x: Tensor, y: Tensor) -> Tensor:
        """The next number for each pair; nothing is recorded."""
        if x.dtype.kind != "float":
            raise TypeError(
                f"nextafter: wanted floating point, got {x.dtype}. Convert with .float()."
            )
        a, b = x.backend.to_numpy(x._data), x.backend.to_numpy(y._data)
        return x._new(x.backend.from_numpy(np.asarray(silently().run(np.nextafter, a, b))))


@guarded
def abs(input: Tensor) -> Tensor:
    """|input|."""
    return Abs.apply(input)


@guarded
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, with gradient 0; NaN for NaN."""
    return Sign.apply(input)


def copysign(input: TensorLike, other: TensorLike) -> Tensor:
    """|input| with the sign of other, which may be that of -0.0; with gradient 0 where input
    is 0."""
    return binary(Copysign, *fractions(input, other))


def nextafter(input: TensorLike, other: TensorLike) -> Tensor:
    """The nearest number to input in the direction of other that their dtype holds; without
    gradient.

    Raises: TypeError for integers.
    """
    return binary(Nextafter, input, other)


# -- powers ----------------------------------------------------------------------------------------


Square = of_one(ops.square)
Sqrt = of_one(ops.sqrt)


class Pow(Zip):
    """x ** y."""

    operator = staticmethod(ops.pow)
    on_integers = staticmethod(ops.int_pow)


class PowOfNumber(Function):
    """x ** n for floating-point x and a plain number n. Gradient: d n x**(n - 1).

    The rule of `pow` checks every element for an exponent of 0; here one check suffices.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, n: float) -> Tensor:
        y = number(Pow, n, x)
        ctx.save_for_backward(x)
        ctx.exponent = n
        ctx.untracked = (None, y)
        return zip_(ops.pow, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        n = ctx.exponent
        return (d * (pow(x, n - 1) * n) if n else zeros_of(d)), None


PowOfNumber.__name__ = "Pow"  # for drawings and errors


def pow(input: TensorLike, exponent: TensorLike) -> Tensor:
    """input ** exponent.

    Raises: ValueError for integers and a negative exponent, whose result is a fraction.
    """
    if isinstance(exponent, (int, float)) and isinstance(input, Variable):
        if exponent == 2:
            return square(input)
        if exponent == 0.5:
            return sqrt(input)
        if input._data.dtype.kind == "float":
            return PowOfNumber.apply(input, exponent)
    if _common_dtype(input, exponent).kind != "float" and _any(exponent < 0):
        raise ValueError(
            "pow: an integer to a negative power is a fraction. "
            "Convert to floating point first, with .float()."
        )
    return binary(Pow, input, exponent)


@guarded
def square(input: Tensor) -> Tensor:
    """input * input."""
    return Square.apply(input.to(int64) if input._data.dtype is bool_ else input)


@guarded
def sqrt(input: Tensor) -> Tensor:
    """Square root; NaN below 0."""
    return Sqrt.apply(floating(input))


@guarded
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input); infinite at 0, NaN below."""
    return reciprocal(sqrt(input))


# -- extremes --------------------------------------------------------------------------------------


Maximum = of_two(ops.max, "Maximum")
Minimum = of_two(ops.min, "Minimum")
larger = zipped(Maximum)
smaller = zipped(Minimum)


class Clamp(Function):
    """max(x, low), then min of that and high. Gradients: d for x where it is within the limits, for
    low where low applies, for high where high applies; 0 where any of them is NaN."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, low: Tensor | None, high: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, low, high)
        result = x if low is None else zip_(ops.max, x, low)
        return result if high is None else zip_(ops.min, result, high)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, low, high = ctx.saved_tensors
        to_x, to_low, to_high = ctx.edges
        below = None if low is None else x < low
        above = None if high is None else x > high
        if below is None or above is None:
            within = x <= high if low is None else x >= low
            low_holds, high_holds = below, above
        else:
            within = (x >= low) & (x <= high)
            low_holds, high_holds = below & (low < high), above | (high < low)
        return (
            where(within, d, 0.0) if to_x else None,
            where(low_holds, d, 0.0) if to_low and low_holds is not None else None,
            where(high_holds, d, 0.0) if to_high and high_holds is not None else None,
        )


@guarded
def maximum(input: Tensor, other: TensorLike) -> Tensor:
    """The larger of each pair."""
    return larger(input, other)


@guarded
def minimum(input: Tensor, other: TensorLike) -> Tensor:
    """The smaller of each pair."""
    return smaller(input, other)


@guarded
def fmax(input: Tensor, other: TensorLike) -> Tensor:
    """The larger of each pair; if one is NaN, the other. In a tie, input gets the gradient."""
    x, y = alike(Maximum, input, other)
    return where((x >= y) | (y != y), x, y)


@guarded
def fmin(input: Tensor, other: TensorLike) -> Tensor:
    """The smaller of each pair; if one is NaN, the other. In a tie, input gets the gradient."""
    x, y = alike(Minimum, input, other)
    return where((x <= y) | (y != y), x, y)


@guarded
def clamp(input: Tensor, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """input limited to [min, max], which may be tensors; max where min is larger.

    Raises: ValueError if both limits are missing.
    """
    if min is None and max is None:
        raise ValueError("clamp: give min, max or both.")
    input, low, high = alike(Clamp, input, min, max)
    return Clamp.apply(input, low, high)


@guarded
def clamp_min(input: Tensor, min: TensorLike) -> Tensor:
    """input where it is larger than `min`, else `min`."""
    return clamp(input, min)


@guarded
def clamp_max(input: Tensor, max: TensorLike) -> Tensor:
    """input where it is smaller than `max`, else `max`."""
    return clamp(input, None, max)


# -- several at once -------------------------------------------------------------------------------


@guarded
def lerp(input: Tensor, end: TensorLike, weight: TensorLike) -> Tensor:
    """input + weight * (end - input): on the line from input (weight 0) to end (weight 1)."""
    tensors = [x for x in (input, end, weight) if isinstance(x, Variable)]
    check_backends("lerp", *tensors)
    reduce(lambda a, b: broadcast_shapes(a, b, "lerp"), [x.shape for x in tensors])
    # Computed from the nearer end, so that both ends are exact.
    if isinstance(weight, Variable):
        near = where(weight.abs() < 0.5, input, end)
        return near + (end - input) * where(weight.abs() < 0.5, weight, weight - 1.0)
    step = end - input
    if builtins.abs(weight) < 0.5:
        return input + weight * step
    return end + (weight - 1.0) * step


@guarded
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return add(input, mul(tensor1, tensor2), alpha=value)


@guarded
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return add(input, div(tensor1, tensor2), alpha=value)


# -- rounding --------------------------------------------------------------------------------------


Floor = step(ops.floor)
Ceil = step(ops.ceil)
Trunc = step(ops.trunc)
Round = step(ops.round)


def _rounded(function: type[Step], x: Tensor) -> Tensor:
    return (function if x._data.dtype.kind == "float" else Clone).apply(x)


@guarded
def floor(input: Tensor) -> Tensor:
    """The largest integers not above input, with gradient 0; integers are unchanged."""
    return _rounded(Floor, input)


@guarded
def ceil(input: Tensor) -> Tensor:
    """The smallest integers not below input, with gradient 0; integers are unchanged."""
    return _rounded(Ceil, input)


@guarded
def trunc(input: Tensor) -> Tensor:
    """input without its fraction, with gradient 0; integers are unchanged."""
    return _rounded(Trunc, input)


@guarded
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integers, ties to even, with gradient 0; integers are unchanged.

    Args:
        decimals: digits to keep after the decimal point; negative ones count before it.
    """
    if decimals == 0 or input._data.dtype.kind != "float":
        return _rounded(Round, input)
    scale = 10.0 ** builtins.abs(decimals)
    if decimals < 0:
        return _rounded(Round, input / scale) * scale
    return _rounded(Round, input * scale) / scale


@guarded
def frac(input: Tensor) -> Tensor:
    """input - trunc(input): the fractional part, with input's sign."""
    return input - trunc(input)


# -- division with remainder -----------------------------------------------------------------------


class FloorDivide(Function):
    """floor(x / y). Gradients: 0."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        whole = x._data.dtype.kind != "float"
        operator: Any = ops.int_floor_divide if whole else ops.floor_divide
        return zip_(operator, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        zero = zeros_of(d)
        return zero, zero


class TruncDivide(FloorDivide):
    """trunc(x / y) of floating point. Gradients: 0, also where y is."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        return map_(ops.trunc, zip_(ops.div, x, y))


class Remainder(Zip):
    """x - y * floor(x / y)."""

    operator = staticmethod(ops.remainder)
    on_integers = staticmethod(ops.int_remainder)


Fmod = of_two(ops.fmod)


def floor_divide(input: TensorLike, other: TensorLike) -> Tensor:
    """input // other: the quotient rounded down, with gradient 0; an integer for integers.

    Raises: ZeroDivisionError for integers and a zero divisor; floats give inf or NaN.
    """
    _check_divisor("floor_divide", input, other)
    return binary(FloorDivide, input, other)


def remainder(input: TensorLike, other: TensorLike) -> Tensor:
    """input % other, with the divisor's sign: input - other * floor(input / other).

    Raises: ZeroDivisionError for integers and a zero divisor; floats give NaN.
    """
    _check_divisor("remainder", input, other)
    return binary(Remainder, input, other)


def fmod(input: TensorLike, other: TensorLike) -> Tensor:
    """The remainder with input's sign: input - other * trunc(input / other).

    Raises: ZeroDivisionError for integers and a zero divisor; floats give NaN.
    """
    _check_divisor("fmod", input, other)
    if _common_dtype(input, other).kind == "float":
        return binary(Fmod, input, other)
    rest = remainder(input, other)  # of the divisor's sign, or 0
    return where((rest != 0) & ((rest < 0) != (input < 0)), rest - other, rest)


def _check_divisor(operation: str, x: TensorLike, other: TensorLike) -> None:
    dtype = _common_dtype(x, other)
    if dtype is bool_:
        raise TypeError(f"{operation}: bool tensors do not divide. Convert with .int().")
    if dtype.kind == "int" and _any(other == 0):
        raise ZeroDivisionError(
            f"{operation}: integers have no quotient by 0. Convert to floating point for "
            "inf and NaN, with .float()."
        )


def _any(condition: Tensor | bool) -> bool:
    return bool(condition.any()) if isinstance(condition, Variable) else condition


# -- operands of several kinds ---------------------------------------------------------------------


def _common_dtype(x: Any, y: Any) -> DType:
    """The dtype that `binary` computes in; float32 for operands that `binary` will reject."""
    if isinstance(x, Variable) and isinstance(y, Variable):
        return promote(x._data.dtype, y._data.dtype)  # type: ignore[attr-defined]
    value, beside = (y, x) if isinstance(x, Variable) else (x, y)
    if not isinstance(value, NUMBERS) or not isinstance(beside, Variable):
        return float32
    number: Any = value
    dtype: DType = beside._data.dtype  # type: ignore[attr-defined]
    return promote(scalar_dtype(number, dtype), dtype)


# -- other names -----------------------------------------------------------------------------------

absolute = abs
clip = clamp
divide = div
true_divide = div
multiply = mul
negative = neg
sgn = sign
subtract = sub
fix = trunc


# -- methods, and what the package exports ---------------------------------------------------------


class ArithmeticMethods(Methods):
    """Arithmetic, and its operators."""

    add = add
    add_ = in_place(add)
    sub = subtract = sub
    sub_ = subtract_ = in_place(sub)
    mul = multiply = mul
    mul_ = multiply_ = in_place(mul)
    div = divide = true_divide = div
    div_ = divide_ = true_divide_ = in_place(div)
    floor_divide = floor_divide
    floor_divide_ = in_place(floor_divide)
    remainder = remainder
    remainder_ = in_place(remainder)
    fmod = fmod
    fmod_ = in_place(fmod)
    pow = pow
    pow_ = in_place(pow)
    neg = negative = neg
    neg_ = negative_ = in_place(neg)
    abs = absolute = abs
    abs_ = absolute_ = in_place(abs)
    sign = sgn = sign
    sign_ = sgn_ = in_place(sign)
    copysign = copysign
    copysign_ = in_place(copysign)
    nextafter = nextafter
    nextafter_ = in_place(nextafter)
    square = square
    square_ = in_place(square)
    sqrt = sqrt
    sqrt_ = in_place(sqrt)
    rsqrt = rsqrt
    rsqrt_ = in_place(rsqrt)
    reciprocal = reciprocal
    reciprocal_ = in_place(reciprocal)
    maximum = maximum
    minimum = minimum
    fmax = fmax
    fmin = fmin
    clamp = clip = clamp
    clamp_ = clip_ = in_place(clamp)
    clamp_min = clamp_min
    clamp_min_ = in_place(clamp_min)
    clamp_max = clamp_max
    clamp_max_ = in_place(clamp_max)
    lerp = lerp
    lerp_ = in_place(lerp)
    addcmul = addcmul
    addcmul_ = in_place(addcmul)
    addcdiv = addcdiv
    addcdiv_ = in_place(addcdiv)
    floor = floor
    floor_ = in_place(floor)
    ceil = ceil
    ceil_ = in_place(ceil)
    trunc = fix = trunc
    trunc_ = fix_ = in_place(trunc)
    round = round
    round_ = in_place(round)
    frac = frac
    frac_ = in_place(frac)

    _call = staticmethod(call)

    __add__ = plus
    __radd__ = reflected(plus)
    __iadd__ = augmented(plus)
    __sub__ = minus
    __rsub__ = reflected(minus)
    __isub__ = augmented(minus)
    __mul__ = times
    __rmul__ = reflected(times)
    __imul__ = augmented(times)
    __truediv__ = div
    __rtruediv__ = reflected(div)
    __itruediv__ = augmented(div)
    __floordiv__ = floor_divide
    __rfloordiv__ = reflected(floor_divide)
    __ifloordiv__ = augmented(floor_divide)
    __mod__ = remainder
    __rmod__ = reflected(remainder)
    __imod__ = augmented(remainder)
    __pow__ = pow
    __rpow__ = reflected(pow)
    __ipow__ = augmented(pow)
    __neg__ = neg
    __abs__ = abs


__all__ = [
    "abs",
    "absolute",
    "add",
    "addcdiv",
    "addcmul",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "copysign",
    "div",
    "divide",
    "fix",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "lerp",
    "maximum",
    "minimum",
    "mul",
    "multiply",
    "neg",
    "negative",
    "nextafter",
    "pow",
    "reciprocal",
    "remainder",
    "round",
    "rsqrt",
    "sgn",
    "sign",
    "sqrt",
    "square",
    "sub",
    "subtract",
    "true_divide",
    "trunc",
]
