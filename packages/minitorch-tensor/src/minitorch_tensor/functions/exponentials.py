"""Exponentials, logarithms, trigonometry and activations, element by element.

Integer and bool inputs are converted to float32 first, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_autodiff import operators as ops
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.arithmetic import clamp, fractions, maximum, pow, square
from minitorch_tensor.functions.base import Map, binary, floating, of_one, of_two
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.functions.selection import where

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike


# -- exponentials and logarithms -------------------------------------------------------------------


Exp = of_one(ops.exp)
Expm1 = of_one(ops.expm1)
Log = of_one(ops.log)
Log1p = of_one(ops.log1p)
Log2 = of_one(ops.log2)
Log10 = of_one(ops.log10)


@guarded
def exp(input: Tensor) -> Tensor:
    """e ** input."""
    return Exp.apply(floating(input))


@guarded
def exp2(input: Tensor) -> Tensor:
    """2 ** input."""
    return pow(2.0, floating(input))


@guarded
def expm1(input: Tensor) -> Tensor:
    """e ** input - 1, exact near 0."""
    return Expm1.apply(floating(input))


@guarded
def log(input: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0, NaN below."""
    return Log.apply(floating(input))


@guarded
def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact near 0."""
    return Log1p.apply(floating(input))


@guarded
def log2(input: Tensor) -> Tensor:
    """Logarithm to base 2; -inf at 0, NaN below."""
    return Log2.apply(floating(input))


@guarded
def log10(input: Tensor) -> Tensor:
    """Logarithm to base 10; -inf at 0, NaN below."""
    return Log10.apply(floating(input))


# -- trigonometry and friends ----------------------------------------------------------------------


Sin = of_one(ops.sin)
Cos = of_one(ops.cos)
Tan = of_one(ops.tan)
Asin = of_one(ops.asin)
Acos = of_one(ops.acos)
Atan = of_one(ops.atan)
Sinh = of_one(ops.sinh)
Cosh = of_one(ops.cosh)
Asinh = of_one(ops.asinh)
Acosh = of_one(ops.acosh)
Atanh = of_one(ops.atanh)
Atan2 = of_two(ops.atan2)
Erfc = of_one(ops.erfc)


class Hypot(Function):
    """h = sqrt(x**2 + y**2), without overflow. Gradients: d x / h, d y / h, 0 where h is 0."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        largest = maximum(x.abs(), y.abs())
        scale = where((largest == 0) | largest.isinf(), 1.0, largest)
        result = (square(x / scale) + square(y / scale)).sqrt() * scale
        ctx.save_for_backward(x, y, result)
        return result

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y, h = ctx.saved_tensors
        to_x, to_y = ctx.edges
        zero = h == 0
        share = where(zero, 0.0, d / where(zero, 1.0, h))
        return share * x if to_x else None, share * y if to_y else None


Logaddexp = of_two(ops.logaddexp)


class Logit(Function):
    """log(x / (1 - x)). Gradient: d / (x (1 - x)), NaN outside of [0, 1]."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x / (1.0 - x)).log()

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return where((x < 0) | (x > 1), math.nan, d / (x * (1.0 - x)))


class Xlogy(Function):
    """x log y, and 0 where x is 0. Gradients: d log y (0 where x and log y would be), d x / y."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return where((x == 0) & (y == y), 0.0, x * y.log())

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        flat = (x == 0) & (y <= 0)
        return (
            where(flat, 0.0, d * where(flat, 1.0, y).log()) if to_x else None,
            d * x / y if to_y else None,
        )


Erf = of_one(ops.erf)


@guarded
def sin(input: Tensor) -> Tensor:
    """Sine of input radians."""
    return Sin.apply(floating(input))


@guarded
def cos(input: Tensor) -> Tensor:
    """Cosine of input radians."""
    return Cos.apply(floating(input))


@guarded
def tan(input: Tensor) -> Tensor:
    """Tangent of input radians."""
    return Tan.apply(floating(input))


@guarded
def asin(input: Tensor) -> Tensor:
    """The angle in [-pi / 2, pi / 2] whose sine is input; NaN outside of [-1, 1]."""
    return Asin.apply(floating(input))


@guarded
def acos(input: Tensor) -> Tensor:
    """The angle in [0, pi] whose cosine is input; NaN outside of [-1, 1]."""
    return Acos.apply(floating(input))


@guarded
def atan(input: Tensor) -> Tensor:
    """The angle in [-pi / 2, pi / 2] whose tangent is input."""
    return Atan.apply(floating(input))


@guarded
def sinh(input: Tensor) -> Tensor:
    """Hyperbolic sine."""
    return Sinh.apply(floating(input))


@guarded
def cosh(input: Tensor) -> Tensor:
    """Hyperbolic cosine."""
    return Cosh.apply(floating(input))


@guarded
def asinh(input: Tensor) -> Tensor:
    """The number whose hyperbolic sine is input."""
    return Asinh.apply(floating(input))


@guarded
def acosh(input: Tensor) -> Tensor:
    """The number, not negative, whose hyperbolic cosine is input; NaN below 1."""
    return Acosh.apply(floating(input))


@guarded
def atanh(input: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is input; NaN outside of [-1, 1]."""
    return Atanh.apply(floating(input))


def atan2(input: TensorLike, other: TensorLike) -> Tensor:
    """The angle in [-pi, pi] of the point (other, input), whose tangent is input / other."""
    return binary(Atan2, *fractions(input, other))


def hypot(input: TensorLike, other: TensorLike) -> Tensor:
    """sqrt(input ** 2 + other ** 2), the length of a vector, with gradient 0 at length 0."""
    return binary(Hypot, *fractions(input, other))


@guarded
def logaddexp(input: Tensor, other: TensorLike) -> Tensor:
    """log(e ** input + e ** other), without overflow."""
    return binary(Logaddexp, *fractions(input, other))


def xlogy(input: TensorLike, other: TensorLike) -> Tensor:
    """input * log(other), and 0 where input is 0, even if the logarithm is infinite."""
    return binary(Xlogy, *fractions(input, other))


@guarded
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), the inverse of `sigmoid`; NaN outside of [0, 1].

    Args:
        eps: input is first clamped to [eps, 1 - eps] if given.
    """
    x = floating(input)
    if eps is not None:
        x = clamp(x, eps, 1.0 - eps)
    return Logit.apply(x)


@guarded
def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0: the normalized cardinal sine."""
    x = floating(input) * math.pi
    zero = x == 0
    return where(zero, 1.0 - square(x) / 6.0, sin(x) / where(zero, 1.0, x))


@guarded
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), accurate where the result is near 0."""
    return Erfc.apply(floating(input))


@guarded
def erf(input: Tensor) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to input."""
    return Erf.apply(floating(input))


# -- activations -----------------------------------------------------------------------------------


Sigmoid = of_one(ops.sigmoid)
SigmoidBackward = of_two(ops.sigmoid_back, "SigmoidBackward")
Tanh = of_one(ops.tanh)
TanhBackward = of_two(ops.tanh_back, "TanhBackward")


class ReLU(Map):
    """max(x, 0)."""

    operator = staticmethod(ops.relu)
    saves = "result"  # positive just where x is, which need not be kept


ReLUBackward = of_two(ops.relu_back, "ReLUBackward")


@guarded
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e ** -input)."""
    return Sigmoid.apply(floating(input))


@guarded
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return Tanh.apply(floating(input))


@guarded
def relu(input: Tensor) -> Tensor:
    """input where positive, else 0; integers stay integers.

    Raises: TypeError for bool tensors.
    """
    if input._data.dtype is bool_:
        raise TypeError("relu: wanted numbers, got bool. Convert with .float().")
    return ReLU.apply(input)


# -- other names -----------------------------------------------------------------------------------

arccos = acos
arccosh = acosh
arcsin = asin
arcsinh = asinh
arctan = atan
arctan2 = atan2
arctanh = atanh


# -- methods, and what the package exports ---------------------------------------------------------


class ExponentialMethods(Methods):
    """Exponentials, logarithms, trigonometry and activations."""

    exp = exp
    exp_ = in_place(exp)
    exp2 = exp2
    exp2_ = in_place(exp2)
    expm1 = expm1
    expm1_ = in_place(expm1)
    log = log
    log_ = in_place(log)
    log1p = log1p
    log1p_ = in_place(log1p)
    log2 = log2
    log2_ = in_place(log2)
    log10 = log10
    log10_ = in_place(log10)
    logaddexp = logaddexp
    logit = logit
    logit_ = in_place(logit)
    xlogy = xlogy
    sin = sin
    sin_ = in_place(sin)
    cos = cos
    cos_ = in_place(cos)
    tan = tan
    tan_ = in_place(tan)
    asin = arcsin = asin
    asin_ = in_place(asin)
    acos = arccos = acos
    acos_ = in_place(acos)
    atan = arctan = atan
    atan_ = in_place(atan)
    atan2 = arctan2 = atan2
    sinh = sinh
    sinh_ = in_place(sinh)
    cosh = cosh
    cosh_ = in_place(cosh)
    tanh = tanh
    tanh_ = in_place(tanh)
    asinh = arcsinh = asinh
    asinh_ = in_place(asinh)
    acosh = arccosh = acosh
    acosh_ = in_place(acosh)
    atanh = arctanh = atanh
    atanh_ = in_place(atanh)
    sinc = sinc
    hypot = hypot
    erf = erf
    erf_ = in_place(erf)
    erfc = erfc
    erfc_ = in_place(erfc)
    sigmoid = sigmoid
    sigmoid_ = in_place(sigmoid)
    relu = relu
    relu_ = in_place(relu)


__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logit",
    "relu",
    "sigmoid",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
    "xlogy",
]
