"""Exponentials, logarithms, trigonometry and the activations made of them, element by element.

Their values are fractions: integer and bool inputs are converted to float32 first, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from minitorch_autodiff import Context, Function
from minitorch_autodiff import operators as ops
from minitorch_tensor import operators as more
from minitorch_tensor.dtypes import bool_
from minitorch_tensor.functions.arithmetic import power, square
from minitorch_tensor.functions.base import OfInput, OfOutput, floating, zip_

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


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

    operator = staticmethod(more.log2)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (x * math.log(2.0))


class Log10(OfInput):
    """log x / log 10. Gradient: d / (x log 10)."""

    operator = staticmethod(more.log10)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (x * math.log(10.0))


def exp(x: Tensor) -> Tensor:
    """e ** x."""
    return Exp.apply(floating(x))  # type: ignore[no-any-return]


def exp2(x: Tensor) -> Tensor:
    """2 ** x."""
    return power(2.0, floating(x))


def expm1(x: Tensor) -> Tensor:
    """e ** x - 1, exact near 0."""
    return Expm1.apply(floating(x))  # type: ignore[no-any-return]


def log(x: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0, NaN below."""
    return Log.apply(floating(x))  # type: ignore[no-any-return]


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact near 0."""
    return Log1p.apply(floating(x))  # type: ignore[no-any-return]


def log2(x: Tensor) -> Tensor:
    """Logarithm to base 2; -inf at 0, NaN below."""
    return Log2.apply(floating(x))  # type: ignore[no-any-return]


def log10(x: Tensor) -> Tensor:
    """Logarithm to base 10; -inf at 0, NaN below."""
    return Log10.apply(floating(x))  # type: ignore[no-any-return]


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

    operator = staticmethod(more.tan)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return d * (square(y) + 1.0)


class Asin(OfInput):
    """arcsin x. Gradient: d / sqrt(1 - x**2)."""

    operator = staticmethod(more.asin)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / ((1.0 - x) * (1.0 + x)).sqrt()


class Acos(OfInput):
    """arccos x. Gradient: -d / sqrt(1 - x**2)."""

    operator = staticmethod(more.acos)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return -(d / ((1.0 - x) * (1.0 + x)).sqrt())


class Atan(OfInput):
    """arctan x. Gradient: d / (1 + x**2)."""

    operator = staticmethod(more.atan)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d / (square(x) + 1.0)


class Sinh(OfInput):
    """sinh x. Gradient: d cosh x."""

    operator = staticmethod(more.sinh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * cosh(x)


class Cosh(OfInput):
    """cosh x. Gradient: d sinh x."""

    operator = staticmethod(more.cosh)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * sinh(x)


class Erf(OfInput):
    """erf x. Gradient: d 2 / sqrt(pi) exp(-x**2)."""

    operator = staticmethod(ops.erf)

    @staticmethod
    def gradient(x: Tensor, d: Tensor) -> Tensor:
        return d * exp(-square(x)) * (2.0 / math.sqrt(math.pi))


def sin(x: Tensor) -> Tensor:
    """Sine of x radians."""
    return Sin.apply(floating(x))  # type: ignore[no-any-return]


def cos(x: Tensor) -> Tensor:
    """Cosine of x radians."""
    return Cos.apply(floating(x))  # type: ignore[no-any-return]


def tan(x: Tensor) -> Tensor:
    """Tangent of x radians."""
    return Tan.apply(floating(x))  # type: ignore[no-any-return]


def asin(x: Tensor) -> Tensor:
    """The angle in [-pi / 2, pi / 2] whose sine is x; NaN outside of [-1, 1]."""
    return Asin.apply(floating(x))  # type: ignore[no-any-return]


def acos(x: Tensor) -> Tensor:
    """The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1]."""
    return Acos.apply(floating(x))  # type: ignore[no-any-return]


def atan(x: Tensor) -> Tensor:
    """The angle in [-pi / 2, pi / 2] whose tangent is x."""
    return Atan.apply(floating(x))  # type: ignore[no-any-return]


def sinh(x: Tensor) -> Tensor:
    """Hyperbolic sine."""
    return Sinh.apply(floating(x))  # type: ignore[no-any-return]


def cosh(x: Tensor) -> Tensor:
    """Hyperbolic cosine."""
    return Cosh.apply(floating(x))  # type: ignore[no-any-return]


def erf(x: Tensor) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    return Erf.apply(floating(x))  # type: ignore[no-any-return]


# -- activations -----------------------------------------------------------------------------------


class Sigmoid(OfOutput):
    """y = 1 / (1 + e**-x). Gradient: d y (1 - y)."""

    operator = staticmethod(ops.sigmoid)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return SigmoidBackward.apply(y, d)  # type: ignore[no-any-return]


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
        return TanhBackward.apply(y, d)  # type: ignore[no-any-return]


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
    """y = max(x, 0), positive just where x is. Gradient: d where y > 0, else 0."""

    operator = staticmethod(ops.relu)

    @staticmethod
    def gradient(y: Tensor, d: Tensor) -> Tensor:
        return ReLUBackward.apply(y, d)  # type: ignore[no-any-return]


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


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e ** -x)."""
    return Sigmoid.apply(floating(x))  # type: ignore[no-any-return]


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return Tanh.apply(floating(x))  # type: ignore[no-any-return]


def relu(x: Tensor) -> Tensor:
    """x where positive, else 0; integers stay integers.

    Raises: TypeError for bool tensors.
    """
    if x._data.dtype is bool_:
        raise TypeError("relu: wanted numbers, got bool. Convert with .float().")
    return ReLU.apply(x)  # type: ignore[no-any-return]
