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
from minitorch_tensor.functions.base import OfInput, OfOutput, binary, floating, zip_
from minitorch_tensor.functions.guarding import guarded
from minitorch_tensor.functions.methods import Methods, in_place
from minitorch_tensor.functions.selection import where

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike


# -- exponentials and logarithms -------------------------------------------------------------------


class Exp(OfOutput):
    """y = e ** x. Gradient: d y."""

    operator = staticmethod(ops.exp)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return d * y


class Expm1(OfOutput):
    """y = e ** x - 1. Gradient: d (y + 1)."""

    operator = staticmethod(ops.expm1)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return d * (y + 1.0)


class Log(OfInput):
    """log x. Gradient: d / x."""

    operator = staticmethod(ops.log)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / x


class Log1p(OfInput):
    """log(1 + x). Gradient: d / (1 + x)."""

    operator = staticmethod(ops.log1p)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (x + 1.0)


class Log2(OfInput):
    """log x / log 2. Gradient: d / (x log 2)."""

    operator = staticmethod(ops.log2)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (x * math.log(2.0))


class Log10(OfInput):
    """log x / log 10. Gradient: d / (x log 10)."""

    operator = staticmethod(ops.log10)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (x * math.log(10.0))


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


class Sin(OfInput):
    """sin x. Gradient: d cos x."""

    operator = staticmethod(ops.sin)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * cos(x)


class Cos(OfInput):
    """cos x. Gradient: -d sin x."""

    operator = staticmethod(ops.cos)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return -(d * sin(x))


class Tan(OfOutput):
    """y = tan x. Gradient: d (1 + y**2)."""

    operator = staticmethod(ops.tan)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return d * (square(y) + 1.0)


class Asin(OfInput):
    """arcsin x. Gradient: d / sqrt(1 - x**2)."""

    operator = staticmethod(ops.asin)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / ((1.0 - x) * (1.0 + x)).sqrt()


class Acos(OfInput):
    """arccos x. Gradient: -d / sqrt(1 - x**2)."""

    operator = staticmethod(ops.acos)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return -(d / ((1.0 - x) * (1.0 + x)).sqrt())


class Atan(OfInput):
    """arctan x. Gradient: d / (1 + x**2)."""

    operator = staticmethod(ops.atan)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (square(x) + 1.0)


class Sinh(OfInput):
    """sinh x. Gradient: d cosh x."""

    operator = staticmethod(ops.sinh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * cosh(x)


class Cosh(OfInput):
    """cosh x. Gradient: d sinh x."""

    operator = staticmethod(ops.cosh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * sinh(x)


class Asinh(OfInput):
    """The inverse of sinh. Gradient: d / sqrt(x**2 + 1)."""

    operator = staticmethod(ops.asinh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (square(x) + 1.0).sqrt()


class Acosh(OfInput):
    """The inverse of cosh. Gradient: d / sqrt(x**2 - 1)."""

    operator = staticmethod(ops.acosh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / ((x - 1.0) * (x + 1.0)).sqrt()


class Atanh(OfInput):
    """The inverse of tanh. Gradient: d / (1 - x**2)."""

    operator = staticmethod(ops.atanh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / ((1.0 - x) * (1.0 + x))


class Atan2(Function):
    """The angle of the point (x, y). Gradients: d x / (x**2 + y**2), -d y / (x**2 + y**2)."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(y, x)
        return zip_(ops.atan2, y, x)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        y, x = ctx.saved_tensors
        to_y, to_x = ctx.edges
        zero = (x == 0) & (y == 0)  # where the angle has no derivative; 0 as in PyTorch
        scaled = where(zero, 0.0, d / where(zero, 1.0, square(x) + square(y)))
        return scaled * x if to_y else None, -(scaled * y) if to_x else None


class Erfc(OfInput):
    """1 - erf x. Gradient: -d 2 / sqrt(pi) exp(-x**2)."""

    operator = staticmethod(ops.erfc)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * exp(-square(x)) * (-2.0 / math.sqrt(math.pi))


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


class Logaddexp(Function):
    """log(e**x + e**y). Gradients: d e**x / (e**x + e**y), and likewise for y."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return zip_(ops.logaddexp, x, y)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        lead = where(x == y, 0.0, x - y)  # the difference of equal infinities is NaN
        return d * sigmoid(lead) if to_x else None, d * sigmoid(-lead) if to_y else None


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


class Erf(OfInput):
    """erf x. Gradient: d 2 / sqrt(pi) exp(-x**2)."""

    operator = staticmethod(ops.erf)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * exp(-square(x)) * (2.0 / math.sqrt(math.pi))


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


class Sigmoid(OfOutput):
    """y = 1 / (1 + e**-x). Gradient: d y (1 - y)."""

    operator = staticmethod(ops.sigmoid)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return SigmoidBackward.apply(y, d)


class SigmoidBackward(Function):
    """d y (1 - y), in one pass. Gradients: e d (1 - 2 y), e y (1 - y)."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y, d)
        return zip_(ops.sigmoid_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor]:
        y, d = ctx.saved_tensors
        return e * d * (1.0 - 2.0 * y), SigmoidBackward.apply(y, e)


class Tanh(OfOutput):
    """y = tanh x. Gradient: d (1 - y**2)."""

    operator = staticmethod(ops.tanh)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return TanhBackward.apply(y, d)


class TanhBackward(Function):
    """d (1 - y**2), in one pass. Gradients: -2 e d y, e (1 - y**2)."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y, d)
        return zip_(ops.tanh_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, Tensor]:
        y, d = ctx.saved_tensors
        return e * d * y * -2.0, TanhBackward.apply(y, e)


class ReLU(OfOutput):
    """y = max(x, 0), positive exactly where x is. Gradient: d where y > 0, else 0."""

    operator = staticmethod(ops.relu)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return ReLUBackward.apply(y, d)


class ReLUBackward(Function):
    """d where y > 0, else 0. Gradients: none for y, the same mask for d."""

    @staticmethod
    def forward(ctx: Context, y: Tensor, d: Tensor) -> Tensor:
        ctx.save_for_backward(y)
        return zip_(ops.relu_back, y, d)

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[None, Tensor]:
        (y,) = ctx.saved_tensors
        return None, ReLUBackward.apply(y, e)


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
