"""Functions of every element: MiniTorch's own, with arguments by position alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_tensor.functions import arithmetic, comparison, exponentials
from minitorch_tensor.functions.base import check_backends
from minitorch_tensor.tensor import Tensor, TensorLike

_One = Callable[[Tensor], Tensor]
_Two = Callable[[TensorLike, TensorLike], Tensor]


def _of_one(name: str, function: Callable[..., Tensor]) -> _One:
    def call(x: Tensor, /) -> Tensor:
        return function(x)

    named: _One = _named(name, call, function)
    return named


def _of_two(name: str, function: Callable[..., Tensor]) -> _Two:
    def call(x1: TensorLike, x2: TensorLike, /) -> Tensor:
        return function(x1, x2)

    named: _Two = _named(name, call, function)
    return named


def _named(name: str, call: Any, function: Callable[..., Tensor]) -> Any:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`minitorch_tensor.{function.__name__}`: {function.__doc__}"
    return call


abs = _of_one("abs", arithmetic.abs)
acos = _of_one("acos", exponentials.acos)
acosh = _of_one("acosh", exponentials.acosh)
asin = _of_one("asin", exponentials.asin)
asinh = _of_one("asinh", exponentials.asinh)
atan = _of_one("atan", exponentials.atan)
atanh = _of_one("atanh", exponentials.atanh)
bitwise_invert = _of_one("bitwise_invert", comparison.bitwise_not)
ceil = _of_one("ceil", arithmetic.ceil)
cos = _of_one("cos", exponentials.cos)
cosh = _of_one("cosh", exponentials.cosh)
exp = _of_one("exp", exponentials.exp)
expm1 = _of_one("expm1", exponentials.expm1)
floor = _of_one("floor", arithmetic.floor)
isfinite = _of_one("isfinite", comparison.isfinite)
isinf = _of_one("isinf", comparison.isinf)
isnan = _of_one("isnan", comparison.isnan)
log = _of_one("log", exponentials.log)
log10 = _of_one("log10", exponentials.log10)
log1p = _of_one("log1p", exponentials.log1p)
log2 = _of_one("log2", exponentials.log2)
logical_not = _of_one("logical_not", comparison.logical_not)
negative = _of_one("negative", arithmetic.neg)
reciprocal = _of_one("reciprocal", arithmetic.reciprocal)
round = _of_one("round", arithmetic.round)
sign = _of_one("sign", arithmetic.sign)
signbit = _of_one("signbit", comparison.signbit)
sin = _of_one("sin", exponentials.sin)
sinh = _of_one("sinh", exponentials.sinh)
sqrt = _of_one("sqrt", arithmetic.sqrt)
square = _of_one("square", arithmetic.square)
tan = _of_one("tan", exponentials.tan)
tanh = _of_one("tanh", exponentials.tanh)
trunc = _of_one("trunc", arithmetic.trunc)

add = _of_two("add", arithmetic.add)
atan2 = _of_two("atan2", exponentials.atan2)
bitwise_and = _of_two("bitwise_and", comparison.bitwise_and)
bitwise_left_shift = _of_two("bitwise_left_shift", comparison.bitwise_left_shift)
bitwise_or = _of_two("bitwise_or", comparison.bitwise_or)
bitwise_right_shift = _of_two("bitwise_right_shift", comparison.bitwise_right_shift)
bitwise_xor = _of_two("bitwise_xor", comparison.bitwise_xor)
copysign = _of_two("copysign", arithmetic.copysign)
divide = _of_two("divide", arithmetic.div)
equal = _of_two("equal", comparison.eq)
floor_divide = _of_two("floor_divide", arithmetic.floor_divide)
greater = _of_two("greater", comparison.gt)
greater_equal = _of_two("greater_equal", comparison.ge)
hypot = _of_two("hypot", exponentials.hypot)
less = _of_two("less", comparison.lt)
less_equal = _of_two("less_equal", comparison.le)
logaddexp = _of_two("logaddexp", exponentials.logaddexp)
logical_and = _of_two("logical_and", comparison.logical_and)
logical_or = _of_two("logical_or", comparison.logical_or)
logical_xor = _of_two("logical_xor", comparison.logical_xor)
maximum = _of_two("maximum", arithmetic.maximum)
minimum = _of_two("minimum", arithmetic.minimum)
multiply = _of_two("multiply", arithmetic.mul)
nextafter = _of_two("nextafter", arithmetic.nextafter)
not_equal = _of_two("not_equal", comparison.ne)
pow = _of_two("pow", arithmetic.pow)
remainder = _of_two("remainder", arithmetic.remainder)
subtract = _of_two("subtract", arithmetic.sub)


def positive(x: Tensor, /) -> Tensor:
    """x."""
    check_backends("positive", x)
    return +x


def clip(x: Tensor, /, min: TensorLike | None = None, max: TensorLike | None = None) -> Tensor:
    """x limited to [min, max], each a number, a tensor or None; in x's dtype."""
    if min is None and max is None:
        return x.clone()
    return arithmetic.clamp(x, min, max).to(x.dtype)


def conj(x: Tensor, /) -> Tensor:
    """x: tensors are real."""
    check_backends("conj", x)
    return x


def real(x: Tensor, /) -> Tensor:
    """x: tensors are real."""
    check_backends("real", x)
    return x


def imag(x: Tensor, /) -> Tensor:
    """Zeros of x's shape: tensors are real."""
    check_backends("imag", x)
    return x.new_zeros(x.shape)


__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]
