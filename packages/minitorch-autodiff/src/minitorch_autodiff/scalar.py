"""Scalar: one number that remembers how it was computed. The engine's first and smallest client."""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeAlias

from minitorch_autodiff import operators
from minitorch_autodiff.function import Context, Function
from minitorch_autodiff.variable import Variable

ScalarLike: TypeAlias = "Scalar | float"


class Scalar(Variable):
    """A number with a gradient.

    >>> x, y = Scalar(2.0, requires_grad=True), Scalar(5.0, requires_grad=True)
    >>> z = x * y + x.exp()
    >>> z.backward()
    >>> y.grad
    Scalar(2.0)

    Operators and methods mirror `Tensor`'s; the other operand may be a plain number. Comparisons
    give plain booleans, so that Python's `if` reads as usual.

    Args:
        data: the number.
        requires_grad: whether to compute a gradient for it.
        name: shown in drawings of the graph.
    """

    grad: Scalar | None

    def __init__(self, data: ScalarLike, requires_grad: bool = False, name: str = "") -> None:
        self.data = float(data)
        self.name = name
        if requires_grad:
            self.requires_grad = True

    # -- what Variable asks for -----------------------------------------------------------------

    def _alias(self) -> Scalar:
        return Scalar(self.data)

    def _ones_like(self) -> Scalar:
        return Scalar(1.0)

    @staticmethod
    def _zeros(spec: Any) -> Scalar:
        return Scalar(0.0)

    @staticmethod
    def _fit(gradient: Any, spec: Any) -> Scalar:
        return gradient if isinstance(gradient, Scalar) else Scalar(gradient)

    def _has_nan(self) -> bool:
        return math.isnan(self.data)

    # -- reading --------------------------------------------------------------------------------

    def item(self) -> float:
        """The number."""
        return self.data

    @property
    def derivative(self) -> float | None:
        """The gradient as a plain number (the course's name for it)."""
        return None if self.grad is None else self.grad.data

    def __float__(self) -> float:
        return self.data

    def __bool__(self) -> bool:
        return bool(self.data)

    def __repr__(self) -> str:
        history = f", grad_fn={self._node!r}" if self._node else ""
        leaf = ", requires_grad=True" if self.requires_grad and not self._node else ""
        return f"Scalar({self.data}{leaf}{history})"

    # -- arithmetic -----------------------------------------------------------------------------

    def __add__(self, other: ScalarLike) -> Scalar:
        return _apply(Add, self, other)

    def __radd__(self, other: ScalarLike) -> Scalar:
        return _apply(Add, other, self)

    def __sub__(self, other: ScalarLike) -> Scalar:
        return _apply(Sub, self, other)

    def __rsub__(self, other: ScalarLike) -> Scalar:
        return _apply(Sub, other, self)

    def __mul__(self, other: ScalarLike) -> Scalar:
        return _apply(Mul, self, other)

    def __rmul__(self, other: ScalarLike) -> Scalar:
        return _apply(Mul, other, self)

    def __truediv__(self, other: ScalarLike) -> Scalar:
        return _apply(Div, self, other)

    def __rtruediv__(self, other: ScalarLike) -> Scalar:
        return _apply(Div, other, self)

    def __pow__(self, other: ScalarLike) -> Scalar:
        return _apply(Pow, self, other)

    def __rpow__(self, other: ScalarLike) -> Scalar:
        return _apply(Pow, other, self)

    def __neg__(self) -> Scalar:
        return _apply(Neg, self)

    def __pos__(self) -> Scalar:
        return self

    def __abs__(self) -> Scalar:
        return _apply(Abs, self)

    # -- comparison: plain booleans, without gradient -------------------------------------------

    def __lt__(self, other: ScalarLike) -> bool:
        return self.data < float(other)

    def __le__(self, other: ScalarLike) -> bool:
        return self.data <= float(other)

    def __gt__(self, other: ScalarLike) -> bool:
        return self.data > float(other)

    def __ge__(self, other: ScalarLike) -> bool:
        return self.data >= float(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Scalar, int, float)) and self.data == float(other)

    #: The engine tells nodes apart by identity, never by value.
    __hash__ = object.__hash__

    # -- functions ------------------------------------------------------------------------------

    def exp(self) -> Scalar:
        """e ** self."""
        return _apply(Exp, self)

    def log(self) -> Scalar:
        """Natural logarithm."""
        return _apply(Log, self)

    def log1p(self) -> Scalar:
        """log(1 + self)."""
        return _apply(Log1p, self)

    def expm1(self) -> Scalar:
        """e ** self - 1."""
        return _apply(Expm1, self)

    def sqrt(self) -> Scalar:
        """Square root."""
        return _apply(Sqrt, self)

    def sin(self) -> Scalar:
        """Sine."""
        return _apply(Sin, self)

    def cos(self) -> Scalar:
        """Cosine."""
        return _apply(Cos, self)

    def tanh(self) -> Scalar:
        """Hyperbolic tangent."""
        return _apply(Tanh, self)

    def erf(self) -> Scalar:
        """The error function."""
        return _apply(Erf, self)

    def sigmoid(self) -> Scalar:
        """1 / (1 + e ** -self)."""
        return _apply(Sigmoid, self)

    def relu(self) -> Scalar:
        """self where positive, else 0."""
        return _apply(ReLU, self)

    def abs(self) -> Scalar:
        """The magnitude."""
        return _apply(Abs, self)

    def max(self, other: ScalarLike) -> Scalar:
        """The larger of the two; a tie shares its gradient equally."""
        return _apply(Max, self, other)

    def min(self, other: ScalarLike) -> Scalar:
        """The smaller of the two; a tie shares its gradient equally."""
        return _apply(Min, self, other)


def _apply(function: type[ScalarFunction], *operands: ScalarLike) -> Scalar:
    values = [x if isinstance(x, Scalar) else _number(function, x) for x in operands]
    result: Scalar = function.apply(*values)
    return result


def _number(function: type[ScalarFunction], x: object) -> Scalar:
    if isinstance(x, (int, float)):
        return Scalar(x)
    raise TypeError(
        f"{function.__name__.lower()}: a Scalar combines with a Scalar or a plain number, "
        f"got {type(x).__name__}."
    )


class ScalarFunction(Function):
    """A function of Scalars: `operator` on the plain numbers, and its derivative in Scalars."""

    operator: ClassVar[Any]

    @classmethod
    def forward(cls, ctx: Context, *inputs: Scalar) -> Scalar:  # type: ignore[override]
        """`operator` of the inputs, which are saved."""
        ctx.save_for_backward(*inputs)
        return Scalar(cls.operator(*[x.data for x in inputs]))


class Add(ScalarFunction):
    """x + y; both derivatives are 1."""

    operator = staticmethod(operators.add)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        return d, d


class Sub(ScalarFunction):
    """x - y; derivatives 1 and -1."""

    operator = staticmethod(operators.sub)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        return d, -d


class Mul(ScalarFunction):
    """x * y; derivatives y and x."""

    operator = staticmethod(operators.mul)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        x, y = ctx.saved_tensors
        return d * y, d * x


class Div(ScalarFunction):
    """x / y; derivatives 1 / y and -x / y**2."""

    operator = staticmethod(operators.div)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        x, y = ctx.saved_tensors
        return d / y, -d * x / (y * y)


class Pow(ScalarFunction):
    """x ** y; derivatives y x**(y - 1) and x**y log(x)."""

    operator = staticmethod(operators.pow)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar | None]:
        x, y = ctx.saved_tensors
        # A constant exponent needs no logarithm, which a negative base would make NaN.
        grad_y = d * x**y * x.log() if ctx.needs_input_grad[1] else None
        return d * y * x ** (y - 1.0), grad_y


class Neg(ScalarFunction):
    """-x; derivative -1."""

    operator = staticmethod(operators.neg)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        return -d


class Abs(ScalarFunction):
    """|x|; derivative the sign of x, 0 at 0."""

    operator = staticmethod(operators.abs)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * operators.sign(x.data)


class Exp(ScalarFunction):
    """e ** x; its own derivative."""

    operator = staticmethod(operators.exp)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * x.exp()


class Expm1(ScalarFunction):
    """e ** x - 1; derivative e ** x."""

    operator = staticmethod(operators.expm1)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * x.exp()


class Log(ScalarFunction):
    """log x; derivative 1 / x."""

    operator = staticmethod(operators.log)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d / x


class Log1p(ScalarFunction):
    """log(1 + x); derivative 1 / (1 + x)."""

    operator = staticmethod(operators.log1p)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d / (1.0 + x)


class Sqrt(ScalarFunction):
    """sqrt(x); derivative 1 / (2 sqrt(x))."""

    operator = staticmethod(operators.sqrt)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d / (2.0 * x.sqrt())


class Sin(ScalarFunction):
    """sin x; derivative cos x."""

    operator = staticmethod(operators.sin)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * x.cos()


class Cos(ScalarFunction):
    """cos x; derivative -sin x."""

    operator = staticmethod(operators.cos)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return -d * x.sin()


class Tanh(ScalarFunction):
    """tanh x; derivative 1 - tanh(x)**2."""

    operator = staticmethod(operators.tanh)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        y = x.tanh()
        return d * (1.0 - y * y)


class Erf(ScalarFunction):
    """erf x; derivative 2 / sqrt(pi) exp(-x**2)."""

    operator = staticmethod(operators.erf)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * (2.0 / math.sqrt(math.pi)) * (-(x * x)).exp()


class Sigmoid(ScalarFunction):
    """s = 1 / (1 + e**-x); derivative s (1 - s)."""

    operator = staticmethod(operators.sigmoid)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        y = x.sigmoid()
        return d * y * (1.0 - y)


class ReLU(ScalarFunction):
    """max(x, 0); derivative 1 where x > 0, else 0."""

    operator = staticmethod(operators.relu)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * operators.gt(x.data, 0.0)


class _Extremum(ScalarFunction):
    @classmethod
    def backward(cls, ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        x, y = ctx.saved_tensors
        share = 0.5 if x.data == y.data else float(cls.operator(x.data, y.data) == x.data)
        return d * share, d * (1.0 - share)


class Max(_Extremum):
    """max(x, y); derivative 1 for the larger, 1/2 each for a tie."""

    operator = staticmethod(operators.max)


class Min(_Extremum):
    """min(x, y); derivative 1 for the smaller, 1/2 each for a tie."""

    operator = staticmethod(operators.min)
