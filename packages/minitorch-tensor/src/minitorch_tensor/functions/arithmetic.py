"""Arithmetic, element by element.

Shapes: a function of one tensor keeps its shape; of two, they broadcast. Either operand may be a
plain number. `/` and roots of integers are fractions, so these are converted to float32 first, as
in PyTorch.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from minitorch_autodiff import Context, Function, Variable
from minitorch_autodiff import operators as ops
from minitorch_tensor import operators as more
from minitorch_tensor.dtypes import bool_, float32, int64, promote, scalar_dtype
from minitorch_tensor.functions.base import (
    NUMBERS,
    OfInput,
    OfOutput,
    Step,
    alike,
    binary,
    floating,
    map_,
    zip_,
)
from minitorch_tensor.functions.copying import Clone
from minitorch_tensor.functions.selection import where

if TYPE_CHECKING:
    from minitorch_tensor.dtypes import DType
    from minitorch_tensor.tensor import Number, Tensor, TensorLike

# -- the four operations ---------------------------------------------------------------------------


class Add(Function):
    """x + y. Gradients: d, d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        data = x._data
        return x._new(x.backend.zip(ops.add, data, y._data, data.dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        return d, d


class Sub(Function):
    """x - y. Gradients: d, -d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        if x._data.dtype is bool_:
            raise TypeError(
                "sub: bool tensors have no difference. Use ^ for those that differ, or convert "
                "with .int()."
            )
        return zip_(ops.sub, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor | None]:
        return d, -d if ctx.edges[1] else None


class Mul(Function):
    """x * y. Gradients: d y, d x."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        data = x._data
        return x._new(x.backend.zip(ops.mul, data, y._data, data.dtype))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return d * y if to_x else None, d * x if to_y else None


class Div(Function):
    """x / y. Gradients: d / y, -d x / y**2."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.div, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        quotient = d / y
        return quotient if to_x else None, -(quotient * (x / y)) if to_y else None


class Neg(Function):
    """-x. Gradient: -d."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        if x._data.dtype is bool_:
            raise TypeError("neg: a bool tensor has no negative. Use ~ to invert a mask.")
        return map_(ops.neg, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        return -d


def add(x: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """x + alpha * other."""
    return binary(Add, x, other if alpha == 1 else other * alpha)


def sub(x: Tensor, other: TensorLike, *, alpha: Number = 1) -> Tensor:
    """x - alpha * other.

    Raises: TypeError for bool tensors, whose difference PyTorch does not define either.
    """
    return binary(Sub, x, other if alpha == 1 else other * alpha)


def mul(x: Tensor, other: TensorLike) -> Tensor:
    """x * other."""
    return binary(Mul, x, other)


def div(x: TensorLike, other: TensorLike, *, rounding_mode: str | None = None) -> Tensor:
    """x / other, always a fraction: integers are converted to float32.

    Args:
        rounding_mode: "floor" or "trunc" to round the quotient so; of integers it stays integer.

    Raises: ValueError for another rounding_mode.
    """
    if rounding_mode == "floor":
        return floor_divide(x, other)
    if rounding_mode == "trunc":
        if _common_dtype(x, other).kind == "float":
            return binary(TruncDivide, x, other)
        quotient, rest = floor_divide(x, other), fmod(x, other)
        return quotient + ((rest != 0) & (quotient < 0)).to(quotient.dtype)
    if rounding_mode is not None:
        raise ValueError(
            f"div: rounding_mode must be 'floor', 'trunc' or None, got {rounding_mode!r}."
        )
    if isinstance(x, Variable) and isinstance(other, Variable):
        if x._data.dtype.kind != "float" and other._data.dtype.kind != "float":
            x, other = floating(x), floating(other)
    elif isinstance(x, Variable):
        x = floating(x)
    elif isinstance(other, Variable):
        other = floating(other)
    return binary(Div, x, other)


def neg(x: Tensor) -> Tensor:
    """-x."""
    return Neg.apply(x)  # type: ignore[no-any-return]


def reciprocal(x: Tensor) -> Tensor:
    """1 / x."""
    return div(1.0, x)


# -- magnitude and sign ----------------------------------------------------------------------------


class Abs(OfInput):
    """|x|. Gradient: d sign(x), 0 at 0."""

    operator = staticmethod(ops.abs)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * sign(x.detach())


class Sign(Step):
    """-1, 0 or 1."""

    operator = staticmethod(ops.sign)


def abs(x: Tensor) -> Tensor:
    """|x|."""
    return Abs.apply(x)  # type: ignore[no-any-return]


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1, with gradient 0; NaN for NaN."""
    return Sign.apply(x)  # type: ignore[no-any-return]


# -- powers ----------------------------------------------------------------------------------------


class Pow(Function):
    """x ** y. Gradients: d y x**(y - 1), 0 where y is 0; d x**y log(x), 0 where x and x**y are."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        operator: Any = ops.pow if x._data.dtype.kind == "float" else more.int_pow
        return zip_(operator, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        grad_x = grad_y = None
        if to_x:
            grad_x = where(y == 0, 0.0, d * y * power(x, y - 1.0))
        if to_y:
            grad_y = where((x == 0) & (y >= 0), 0.0, d * power(x, y) * x.log())
        return grad_x, grad_y


class Square(OfInput):
    """x ** 2. Gradient: 2 d x."""

    operator = staticmethod(ops.square)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * x * 2


class Sqrt(OfOutput):
    """y = sqrt(x). Gradient: d / (2 y)."""

    operator = staticmethod(ops.sqrt)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return d / (y * 2.0)


def power(x: TensorLike, exponent: TensorLike) -> Tensor:
    """x ** exponent.

    Raises: ValueError for integers and a negative exponent, whose result is no integer.
    """
    if isinstance(exponent, (int, float)) and isinstance(x, Variable):
        if exponent == 2:
            return square(x)
        if exponent == 0.5:
            return sqrt(x)
    if _common_dtype(x, exponent).kind != "float" and _any(exponent < 0):
        raise ValueError(
            "pow: an integer to a negative power is no integer. "
            "Convert to floating point first, with .float()."
        )
    return binary(Pow, x, exponent)


def square(x: Tensor) -> Tensor:
    """x * x."""
    return Square.apply(x.to(int64) if x._data.dtype is bool_ else x)  # type: ignore[no-any-return]


def sqrt(x: Tensor) -> Tensor:
    """Square root; NaN below 0."""
    return Sqrt.apply(floating(x))  # type: ignore[no-any-return]


def rsqrt(x: Tensor) -> Tensor:
    """1 / sqrt(x); infinite at 0, NaN below."""
    return reciprocal(sqrt(x))


# -- extremes --------------------------------------------------------------------------------------


class Maximum(Function):
    """The larger of x and y, NaN if any is. A tie shares the gradient equally, as in PyTorch."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.max, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        return _shared(ctx, d, x < y, x > y, x == y)


class Minimum(Function):
    """The smaller of x and y, NaN if any is. A tie shares the gradient equally, as in PyTorch."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.min, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        return _shared(ctx, d, x > y, x < y, x == y)


def _shared(
    ctx: Context, d: Tensor, x_lost: Tensor, y_lost: Tensor, tie: Tensor
) -> tuple[Tensor | None, Tensor | None]:
    to_x, to_y = ctx.edges
    share = where(tie, d * 0.5, d)
    return where(x_lost, 0.0, share) if to_x else None, where(y_lost, 0.0, share) if to_y else None


class Clamp(Function):
    """max(x, low), then min of that and high. Gradients: d for x where it is within, for low where
    it is in force, and for high likewise."""

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
            outside = above if below is None else below
            assert outside is not None
            at_low, at_high = below, above
        else:
            outside = below | above
            at_low, at_high = below & (low < high), above | (high < low)
        return (
            where(outside, 0.0, d) if to_x else None,
            where(at_low, d, 0.0) if to_low and at_low is not None else None,
            where(at_high, d, 0.0) if to_high and at_high is not None else None,
        )


def maximum(x: Tensor, other: TensorLike) -> Tensor:
    """The larger of each pair."""
    return binary(Maximum, x, other)


def minimum(x: Tensor, other: TensorLike) -> Tensor:
    """The smaller of each pair."""
    return binary(Minimum, x, other)


def clamp(x: Tensor, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """x limited to [min, max], which may be tensors; max where min is larger.

    Raises: ValueError if both limits are missing.
    """
    if min is None and max is None:
        raise ValueError("clamp: give min, max or both.")
    x, low, high = alike(Clamp, x, min, max)
    return Clamp.apply(x, low, high)  # type: ignore[no-any-return]


# -- rounding --------------------------------------------------------------------------------------


class Floor(Step):
    """The largest integer not above x."""

    operator = staticmethod(more.floor)


class Ceil(Step):
    """The smallest integer not below x."""

    operator = staticmethod(more.ceil)


class Trunc(Step):
    """x without its fraction."""

    operator = staticmethod(more.trunc)


class Round(Step):
    """The nearest integer, the even one of two as near."""

    operator = staticmethod(more.round)


def _rounded(function: type[Step], x: Tensor) -> Tensor:
    return (function if x._data.dtype.kind == "float" else Clone).apply(x)  # type: ignore[no-any-return]


def floor(x: Tensor) -> Tensor:
    """The largest integers not above x, with gradient 0; integers as they are."""
    return _rounded(Floor, x)


def ceil(x: Tensor) -> Tensor:
    """The smallest integers not below x, with gradient 0; integers as they are."""
    return _rounded(Ceil, x)


def trunc(x: Tensor) -> Tensor:
    """x without its fraction, with gradient 0; integers as they are."""
    return _rounded(Trunc, x)


def round(x: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integers, the even one of two as near, with gradient 0; integers as they are.

    Args:
        decimals: digits to keep behind the point, before it if negative.
    """
    if decimals == 0 or x._data.dtype.kind != "float":
        return _rounded(Round, x)
    scale = 10.0 ** builtins.abs(decimals)
    if decimals < 0:
        return _rounded(Round, x / scale) * scale
    return _rounded(Round, x * scale) / scale


def frac(x: Tensor) -> Tensor:
    """The fraction that `trunc` takes off, of x's sign."""
    return x - trunc(x)


# -- division with remainder -----------------------------------------------------------------------


class FloorDivide(Function):
    """floor(x / y). Gradients: 0."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        whole = x._data.dtype.kind != "float"
        operator: Any = more.int_floor_divide if whole else more.floor_divide
        return zip_(operator, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor]:
        zero = d._new(d.backend.full(d.shape, 0, d.dtype))
        return zero, zero


class TruncDivide(FloorDivide):
    """trunc(x / y) of floating point. Gradients: 0, also where y is."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        return map_(more.trunc, zip_(ops.div, x, y))


class Remainder(Function):
    """x - y * floor(x / y). Gradients: d, -d floor(x / y)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        whole = x._data.dtype.kind != "float"
        operator: Any = more.int_remainder if whole else more.remainder
        return zip_(operator, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor | None]:
        x, y = ctx.saved_tensors
        return d, -(d * floor_divide(x, y)) if ctx.edges[1] else None


class Fmod(Function):
    """x - y * trunc(x / y). Gradients: d, -d trunc(x / y)."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(more.fmod, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, Tensor | None]:
        x, y = ctx.saved_tensors
        return d, -(d * trunc(x / y)) if ctx.edges[1] else None


def floor_divide(x: TensorLike, other: TensorLike) -> Tensor:
    """x // other: the quotient rounded down, with gradient 0; of integers an integer.

    Raises: ZeroDivisionError for integers and a zero divisor; floats give inf or NaN.
    """
    _check_divisor("floor_divide", x, other)
    return binary(FloorDivide, x, other)


def remainder(x: TensorLike, other: TensorLike) -> Tensor:
    """x % other, of the divisor's sign: x - other * floor(x / other).

    Raises: ZeroDivisionError for integers and a zero divisor; floats give NaN.
    """
    _check_divisor("remainder", x, other)
    return binary(Remainder, x, other)


def fmod(x: TensorLike, other: TensorLike) -> Tensor:
    """The remainder of x's sign: x - other * trunc(x / other).

    Raises: ZeroDivisionError for integers and a zero divisor; floats give NaN.
    """
    _check_divisor("fmod", x, other)
    if _common_dtype(x, other).kind == "float":
        return binary(Fmod, x, other)
    rest = remainder(x, other)  # of the divisor's sign, or 0
    return where((rest != 0) & ((rest < 0) != (x < 0)), rest - other, rest)


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
    """The dtype that `binary` computes in; float32 where it is left to complain."""
    if isinstance(x, Variable) and isinstance(y, Variable):
        return promote(x._data.dtype, y._data.dtype)  # type: ignore[attr-defined]
    value, beside = (y, x) if isinstance(x, Variable) else (x, y)
    if not isinstance(value, NUMBERS) or not isinstance(beside, Variable):
        return float32
    number: Any = value
    dtype: DType = beside._data.dtype  # type: ignore[attr-defined]
    return promote(scalar_dtype(number, dtype), dtype)
