"""Scalar: one number that remembers how it was computed. The engine's first and smallest client."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar, TypeAlias

from minitorch_autodiff import operators
from minitorch_autodiff.clock import changes
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
    name: str = ""
    _changed_at: int = 0

    def __init__(self, data: ScalarLike, requires_grad: bool = False, name: str = "") -> None:
        self._data = data if type(data) is float else _plain("Scalar", data)
        if requires_grad:
            self.requires_grad = True
        if name:
            self.name = name

    # -- what Variable asks for -----------------------------------------------------------------

    def _alias(self) -> Scalar:
        return Scalar(self.data)

    def _ones_like(self) -> Scalar:
        return Scalar(1.0)

    def _start(self, gradient: ScalarLike) -> Scalar:
        return gradient if isinstance(gradient, Scalar) else Scalar(_plain("gradient", gradient))

    def _spec(self) -> float:
        return self.data  # nothing needs fitting; drawings show it

    @staticmethod
    def _summary(spec: float) -> str:
        return f"{spec + 0.0:.4g}"  # without the sign of a zero

    @staticmethod
    def _zeros(spec: Any) -> Scalar:
        return Scalar(0.0)

    @staticmethod
    def _fit(gradient: Any, spec: Any) -> Scalar:
        return gradient if isinstance(gradient, Scalar) else Scalar(gradient)

    def _keep(self, gradient: Scalar) -> Scalar:
        # Add and its like send one object to both sides: what a leaf keeps is its own, so that
        # changing `x.grad.data` changes no other's. With create_graph its history stays attached.
        return gradient if gradient.requires_grad else Scalar(gradient.data)

    def _has_nan(self) -> bool:
        return math.isnan(self.data)

    # -- reading and changing -------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number. Assigning changes it in place, unrecorded: a step of gradient descent."""
        return self._data

    @data.setter
    def data(self, value: ScalarLike) -> None:
        self._data = value if type(value) is float else _plain("Scalar", value)
        self._changed_at = changes.record()

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
        if self.grad_fn:
            return f"Scalar({self.data}, grad_fn={self.grad_fn!r})"
        return f"Scalar({self.data}{', requires_grad=True' if self.requires_grad else ''})"

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
        return self.data < _plain("lt", other)

    def __le__(self, other: ScalarLike) -> bool:
        return self.data <= _plain("le", other)

    def __gt__(self, other: ScalarLike) -> bool:
        return self.data > _plain("gt", other)

    def __ge__(self, other: ScalarLike) -> bool:
        return self.data >= _plain("ge", other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Scalar, Real)) and self.data == float(other)

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
    for x in operands:
        if not isinstance(x, Scalar):  # one at most: the other is self
            name = function.__name__.lower()
            operands = tuple(
                [x if isinstance(x, Scalar) else Scalar(_plain(name, x)) for x in operands]
            )
            break
    result: Scalar = function.apply(*operands)
    return result


def _plain(operation: str, value: object) -> float:
    """A Scalar or plain number as a float. Other things that could become one, strings and
    tensors among them, are refused: the conversion would lose what they are.
    """
    if isinstance(value, (Scalar, float, int, Real)):
        return float(value)
    raise TypeError(
        f"{operation}: expected a Scalar or a plain number, got {type(value).__name__} {value!r}. "
        "Convert it first, with float(...)."
    )


class ScalarFunction(Function):
    """A function of Scalars: `operator` on the plain numbers, and its derivative in Scalars.

    `backward` is made of differentiable operations, so that it can be differentiated again.
    """

    operator: ClassVar[Any]
    #: Whether `backward` needs the inputs.
    saves_inputs: ClassVar[bool] = True

    @classmethod
    def forward(cls, ctx: Context, *inputs: Scalar) -> Scalar:
        """`operator` of the inputs, which are saved."""
        if cls.saves_inputs:
            ctx.save_for_backward(*inputs)
        x, y = inputs[0], inputs[-1]  # the same one in a function of one number
        if x.requires_grad is not y.requires_grad:
            ctx.untracked = (None, y) if x.requires_grad else (x, None)
        return Scalar(cls.operator(*[x._data for x in inputs]))


class Add(ScalarFunction):
    """x + y; both derivatives are 1."""

    operator = staticmethod(operators.add)
    saves_inputs = False

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        return d, d


class Sub(ScalarFunction):
    """x - y; derivatives 1 and -1."""

    operator = staticmethod(operators.sub)
    saves_inputs = False

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar | None]:
        return d, -d if ctx.edges[1] else None


class Mul(ScalarFunction):
    """x * y; derivatives y and x."""

    operator = staticmethod(operators.mul)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar | None, Scalar | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges  # None where no gradient is wanted: a constant's would be for naught
        return d * y if to_x else None, d * x if to_y else None


class Div(ScalarFunction):
    """x / y; derivatives 1 / y and -x / y**2."""

    operator = staticmethod(operators.div)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar | None]:
        x, y = ctx.saved_tensors
        quotient: Scalar = d / y
        return quotient, -quotient * (x / y) if ctx.edges[1] else None  # y**2 could overflow


class Pow(ScalarFunction):
    """x ** y; derivatives y x**(y - 1) and x**y log(x), each 0 at x = 0 where x ** y is flat."""

    operator = staticmethod(operators.pow)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar | None, Scalar | None]:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        grad_x = grad_y = None
        if to_x:
            # 0 times infinity would be NaN.
            grad_x = Scalar(0.0) if x == 0 and y == 0 else d * y * x ** (y - 1.0)
        if to_y:  # a constant exponent needs no logarithm, which a negative base would make NaN
            grad_y = Scalar(0.0) if x == 0 and y >= 0 else d * x**y * x.log()
        return grad_x, grad_y


class Neg(ScalarFunction):
    """-x; derivative -1."""

    operator = staticmethod(operators.neg)
    saves_inputs = False

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        return -d


class Abs(ScalarFunction):
    """|x|; derivative the sign of x, 0 at 0."""

    operator = staticmethod(operators.abs)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d * operators.sign(x.data)


class Exp(ScalarFunction):
    """e ** x; its own derivative."""

    operator = staticmethod(operators.exp)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d * x.exp()


class Expm1(ScalarFunction):
    """e ** x - 1; derivative e ** x."""

    operator = staticmethod(operators.expm1)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d * x.exp()


class Log(ScalarFunction):
    """log x; derivative 1 / x."""

    operator = staticmethod(operators.log)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d / x


class Log1p(ScalarFunction):
    """log(1 + x); derivative 1 / (1 + x)."""

    operator = staticmethod(operators.log1p)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d / (1.0 + x)


class Sqrt(ScalarFunction):
    """sqrt(x); derivative 1 / (2 sqrt(x))."""

    operator = staticmethod(operators.sqrt)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d / (2.0 * x.sqrt())


class Sin(ScalarFunction):
    """sin x; derivative cos x."""

    operator = staticmethod(operators.sin)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d * x.cos()


class Cos(ScalarFunction):
    """cos x; derivative -sin x."""

    operator = staticmethod(operators.cos)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return -d * x.sin()


class Tanh(ScalarFunction):
    """tanh x; derivative 1 - tanh(x)**2."""

    operator = staticmethod(operators.tanh)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        y = x.tanh()
        return d * (1.0 - y * y)


class Erf(ScalarFunction):
    """erf x; derivative 2 / sqrt(pi) exp(-x**2)."""

    operator = staticmethod(operators.erf)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d * (2.0 / math.sqrt(math.pi)) * (-(x * x)).exp()


class Sigmoid(ScalarFunction):
    """s = 1 / (1 + e**-x); derivative s (1 - s)."""

    operator = staticmethod(operators.sigmoid)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        y = x.sigmoid()
        return d * y * (1.0 - y)


class ReLU(ScalarFunction):
    """max(x, 0); derivative 1 where x > 0, else 0."""

    operator = staticmethod(operators.relu)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        x: Scalar = ctx.saved_tensors[0]
        return d if x > 0 else Scalar(0.0)  # not d * 0, which is NaN for an infinite d


class _Extremum(ScalarFunction):
    @classmethod
    def backward(cls, ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        x, y = ctx.saved_tensors
        if x == y:
            return d * 0.5, d * 0.5
        chosen = cls.operator(x.data, y.data)
        # A NaN is chosen too, and unequal to itself.
        is_x = chosen == x.data or x.data != x.data
        return (d, Scalar(0.0)) if is_x else (Scalar(0.0), d)


class Max(_Extremum):
    """max(x, y); derivative 1 for the larger, 1/2 each for a tie."""

    operator = staticmethod(operators.max)


class Min(_Extremum):
    """min(x, y); derivative 1 for the smaller, 1/2 each for a tie."""

    operator = staticmethod(operators.min)
