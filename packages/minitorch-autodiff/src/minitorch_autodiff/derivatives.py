"""Differentiation rules: one for each operator, shared by `Scalar`, `Tensor` and traced functions.

A rule returns d, the incoming gradient, times a derivative. It uses only what `Scalar`, `Tensor`
and the symbols of minitorch-tensor's tracer have in common: arithmetic, comparisons joined by `&`
and `|`, the methods of `Elementary`, `masked_fill`, and `d._call` for other operators.
All of these are differentiable, so a derivative can be differentiated in turn.

The rules observe two precautions. Where a product of 0 and infinity would be NaN, the *operands*
are masked, not the result: a mask around the result would pass 0 to a branch of infinite slope,
which makes the second derivative NaN. And a mask covers only the points that need it, since it
hides whatever derivative is behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, overload

from minitorch_autodiff import operators as ops

if TYPE_CHECKING:
    from minitorch_autodiff.function import Context

Operator: TypeAlias = Callable[..., float]

#: Computes d times one derivative from d and the saved values; None where no gradient passes.
Gradient: TypeAlias = "Callable[..., Any] | None"

_Number = TypeVar("_Number")


class Rule(NamedTuple):
    """The derivative of an operator.

    Attributes:
        operator: the function of plain numbers.
        saves: the values that the gradients are computed from: "inputs", "result" or "nothing".
        gradients: one for each input.
        common: a factor that all gradients share; if given, its result replaces d.
    """

    operator: Operator
    saves: str
    gradients: tuple[Gradient, ...]
    common: Callable[..., Any] | None = None

    @property
    def backward(self) -> Callable[[Context, Any], Any]:
        """The rule as the backward of a Function that saved the values named by `saves`."""
        if len(self.gradients) == 1:
            return _backward_of_one(self.gradients[0], self.saves != "nothing")
        by_x, by_y = self.gradients
        if self.saves == "nothing":
            return _backward_of_linear(by_x, by_y)
        return _backward_of_two(by_x, by_y, self.common)


def _backward_of_one(gradient: Any, saves: bool) -> Callable[[Context, Any], Any]:
    if saves:
        return lambda ctx, d: gradient(ctx.saved_tensors[0], d)
    return lambda ctx, d: gradient(d)


def _backward_of_linear(by_x: Any, by_y: Any) -> Callable[[Context, Any], Any]:
    def backward(ctx: Context, d: Any) -> Any:
        to_x, to_y = ctx.edges
        return by_x(d) if to_x else None, by_y(d) if to_y else None

    return backward


def _backward_of_two(by_x: Any, by_y: Any, common: Any) -> Callable[[Context, Any], Any]:
    by_x, by_y = by_x or _nothing, by_y or _nothing

    def backward(ctx: Context, d: Any) -> Any:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges  # None where no gradient is wanted
        return by_x(x, y, d) if to_x else None, by_y(x, y, d) if to_y else None

    def backward_in_common(ctx: Context, d: Any) -> Any:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        d = common(x, y, d)
        return by_x(x, y, d) if to_x else None, by_y(x, y, d) if to_y else None

    return backward_in_common if common else backward


def _nothing(x: Any, y: Any, d: Any) -> None:
    """No gradient."""


#: The rule of each operator that can be differentiated.
DERIVATIVES: dict[Operator, Rule] = {}

#: Piecewise constant operators, through which no gradient passes.
FLAT: set[Operator] = {
    *(ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne, ops.is_close),
    *(ops.isnan, ops.isinf, ops.signbit),
    *(ops.logical_not, ops.logical_and, ops.logical_or, ops.logical_xor),
}


def rule(operator: Operator, *gradients: Gradient, common: Any = None) -> None:
    """Define how an operator is differentiated.

    Args:
        gradients: one for each input. Its parameters name what it needs: (d) only the incoming
            gradient, (x, d) or (x, y, d) the inputs too, (result, d) the operator's result.
        common: see `Rule`; takes (x, y, d).
    """
    codes = [gradient.__code__ for gradient in gradients if gradient]
    needs = {name for code in codes for name in code.co_varnames[: code.co_argcount - 1]}
    saves = "result" if "result" in needs else "inputs" if needs else "nothing"
    DERIVATIVES[operator] = Rule(operator, saves, gradients, common)


# -- as methods ----------------------------------------------------------------------------------

if TYPE_CHECKING:

    class _OfOne:
        """A method without arguments, to type checkers."""

        def __get__(self, number: _Number, kind: Any = None, /) -> Callable[[], _Number]: ...

    class _OfTwo:
        """A method of one argument, to type checkers."""

        def __get__(
            self, number: _Number, kind: Any = None, /
        ) -> Callable[[_Number | float], _Number]: ...


def _method(operator: Operator) -> Any:
    """A method that applies an operator to the number it is called on, by `_call`."""
    if operator.__code__.co_argcount == 1:

        def method(self: Any) -> Any:
            return self._call(operator, self)

    else:

        def method(self: Any, other: Any) -> Any:  # type: ignore[misc]
            return self._call(operator, self, other)

    method.__name__ = operator.__name__
    method.__qualname__ = f"Elementary.{operator.__name__}"
    method.__doc__ = operator.__doc__
    return method


@overload
def differentiable(operator: Operator, by_x: Gradient, /) -> _OfOne: ...


@overload
def differentiable(
    operator: Operator, by_x: Gradient, by_y: Gradient, /, *, common: Any = None
) -> _OfTwo: ...


def differentiable(operator: Operator, *gradients: Gradient, common: Any = None) -> Any:
    """Define the `rule` of an operator, and return it as a method."""
    rule(operator, *gradients, common=common)
    return _method(operator)


def flat(operator: Operator) -> Any:
    """Make a method of a piecewise constant operator."""
    FLAT.add(operator)
    return _method(operator)


# -- rules of several lines -----------------------------------------------------------------------


def _power_by_base(x: Any, y: Any, d: Any) -> Any:
    """d y x**(y - 1); 0 for 0**0 and NaN**0, as x**0 is 1 everywhere."""
    constant = (y == 0) & ((x == 0) | (x != x))
    return (d * y).masked_fill(constant, 0.0) * x.masked_fill(constant, 1.0) ** (y - 1.0)


def _power_by_exponent(x: Any, y: Any, d: Any) -> Any:
    """d x**y log x; 0 for x = 0 and y >= 0, where log x is infinite."""
    constant = (x == 0) & (y >= 0)
    return (d * x**y).masked_fill(constant, 0.0) * x.masked_fill(constant, 1.0).log()


def _lead(x: Any, y: Any) -> Any:
    """x - y; 0 for equal infinities, whose difference would be NaN."""
    lead = x - y
    return lead.masked_fill((x == y) & (lead != 0), 0.0)


def _over_squares(y: Any, x: Any, d: Any) -> Any:
    """d / (x**2 + y**2); 0 at the origin, where the angle has no derivative."""
    origin = (x == 0) & (y == 0)
    squares = x.square() + y.square()
    return d.masked_fill(origin, 0.0) / squares.masked_fill(origin, 1.0)


class Elementary:
    """The elementary functions as methods, each with its differentiation rule.

    A subclass defines in `_call` how an operator is applied.
    """

    @staticmethod
    def _call(operator: Operator, *operands: Any) -> Any:
        raise NotImplementedError("a subclass of Elementary must define _call(operator, *operands)")

    # -- arithmetic -----------------------------------------------------------------------------

    neg = differentiable(ops.neg, lambda d: -d)
    add = differentiable(ops.add, lambda d: d, lambda d: d)
    sub = differentiable(ops.sub, lambda d: d, lambda d: -d)
    mul = differentiable(ops.mul, lambda x, y, d: d * y, lambda x, y, d: d * x)
    div = differentiable(
        ops.div,
        lambda x, y, d: d,
        lambda x, y, d: -d * (x / y),  # y**2 could overflow
        common=lambda x, y, d: d / y,
    )
    square = differentiable(ops.square, lambda x, d: d * x * 2.0)
    pow = differentiable(ops.pow, _power_by_base, _power_by_exponent)
    abs = differentiable(ops.abs, lambda x, d: d._call(ops.abs_back, x, d))
    sign = flat(ops.sign)
    copysign = differentiable(
        ops.copysign,
        lambda x, y, d: d * x.sign() * x.sign().copysign(y),
        lambda x, y, d: d * 0.0,
    )

    #: A tie shares the gradient equally; if one operand is NaN, both get it.
    max = differentiable(
        ops.max,
        lambda x, y, d: d.masked_fill(x < y, 0.0),
        lambda x, y, d: d.masked_fill(x > y, 0.0),
        common=lambda x, y, d: d / (1.0 + (x == y)),
    )
    min = differentiable(
        ops.min,
        lambda x, y, d: d.masked_fill(x > y, 0.0),
        lambda x, y, d: d.masked_fill(x < y, 0.0),
        common=lambda x, y, d: d / (1.0 + (x == y)),
    )

    # -- exponentials and logarithms --------------------------------------------------------------

    exp = differentiable(ops.exp, lambda result, d: d * result)
    expm1 = differentiable(ops.expm1, lambda x, d: d * x.exp())  # result + 1 would lose digits
    log = differentiable(ops.log, lambda x, d: d / x)
    log1p = differentiable(ops.log1p, lambda x, d: d / (x + 1.0))
    log2 = differentiable(ops.log2, lambda x, d: d / (x * math.log(2.0)))
    log10 = differentiable(ops.log10, lambda x, d: d / (x * math.log(10.0)))
    sqrt = differentiable(ops.sqrt, lambda result, d: d / (result * 2.0))
    logaddexp = differentiable(
        ops.logaddexp,
        lambda x, y, d: d * _lead(x, y).sigmoid(),
        lambda x, y, d: d * _lead(y, x).sigmoid(),
    )

    # -- trigonometry and friends -----------------------------------------------------------------

    sin = differentiable(ops.sin, lambda x, d: d * x.cos())
    cos = differentiable(ops.cos, lambda x, d: -d * x.sin())
    tan = differentiable(ops.tan, lambda result, d: d * (result.square() + 1.0))
    asin = differentiable(ops.asin, lambda x, d: d / ((1.0 - x) * (1.0 + x)).sqrt())
    acos = differentiable(ops.acos, lambda x, d: -d / ((1.0 - x) * (1.0 + x)).sqrt())
    atan = differentiable(ops.atan, lambda x, d: d / (x.square() + 1.0))
    sinh = differentiable(ops.sinh, lambda x, d: d * x.cosh())
    cosh = differentiable(ops.cosh, lambda x, d: d * x.sinh())
    tanh = differentiable(ops.tanh, lambda result, d: d._call(ops.tanh_back, result, d))
    asinh = differentiable(ops.asinh, lambda x, d: d / (x.square() + 1.0).sqrt())
    acosh = differentiable(ops.acosh, lambda x, d: d / ((x - 1.0) * (x + 1.0)).sqrt())
    atanh = differentiable(ops.atanh, lambda x, d: d / ((1.0 - x) * (1.0 + x)))
    atan2 = differentiable(
        ops.atan2,  # of (y, x)
        lambda y, x, d: d * x,
        lambda y, x, d: -d * y,
        common=_over_squares,
    )
    erf = differentiable(ops.erf, lambda x, d: d * (-x.square()).exp() * (2.0 / math.sqrt(math.pi)))
    erfc = differentiable(
        ops.erfc, lambda x, d: d * (-x.square()).exp() * (-2.0 / math.sqrt(math.pi))
    )

    # -- activations ----------------------------------------------------------------------------

    sigmoid = differentiable(ops.sigmoid, lambda result, d: d._call(ops.sigmoid_back, result, d))
    relu = differentiable(ops.relu, lambda x, d: d._call(ops.relu_back, x, d))

    # -- rounding, and division with remainder ----------------------------------------------------

    floor = flat(ops.floor)
    ceil = flat(ops.ceil)
    trunc = flat(ops.trunc)
    round = flat(ops.round)
    floor_divide = flat(ops.floor_divide)
    remainder = differentiable(
        ops.remainder, lambda x, y, d: d, lambda x, y, d: -d * x.floor_divide(y)
    )
    fmod = differentiable(ops.fmod, lambda x, y, d: d, lambda x, y, d: -d * (x / y).trunc())


# -- operators that are not methods ----------------------------------------------------------------
# These are linear in d, so their derivative with respect to d is the same operator.

rule(ops.keep_if, None, lambda condition, x, d: d._call(ops.keep_if, condition, d))
rule(ops.abs_back, None, lambda x, d, e: e._call(ops.abs_back, x, e))
rule(ops.relu_back, None, lambda x, d, e: e._call(ops.relu_back, x, e))
rule(
    ops.sigmoid_back,
    lambda y, d, e: e * d * (1.0 - 2.0 * y),
    lambda y, d, e: e._call(ops.sigmoid_back, y, e),
)
rule(
    ops.tanh_back,
    lambda y, d, e: e * d * y * -2.0,
    lambda y, d, e: e._call(ops.tanh_back, y, e),
)
