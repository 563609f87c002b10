"""Scalar: one number that remembers how it was computed. The engine's first and smallest client."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar, TypeAlias

from minitorch_autodiff import operators as ops
from minitorch_autodiff.clock import changes
from minitorch_autodiff.derivatives import DERIVATIVES, FLAT, Elementary, Operator, Rule
from minitorch_autodiff.function import Context, Function
from minitorch_autodiff.variable import Variable

ScalarLike: TypeAlias = "Scalar | float"


class Scalar(Variable, Elementary):
    """A number with a gradient.

    >>> x, y = Scalar(2.0, requires_grad=True), Scalar(5.0, requires_grad=True)
    >>> z = x * y + x.exp()
    >>> z.backward()
    >>> y.grad
    Scalar(2.0)

    Operators and methods mirror `Tensor`'s; the other operand may be a plain number. `Elementary`
    lists the functions. Comparisons give plain booleans, so that Python's `if` reads as usual.

    Args:
        data: the number.
        requires_grad: true to compute a gradient for it.
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

    # -- the interface of Variable --------------------------------------------------------------

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
        return f"{spec + 0.0:.4g}"  # + 0.0 turns -0.0 into 0.0

    @staticmethod
    def _zeros(spec: Any) -> Scalar:
        return Scalar(0.0)

    @staticmethod
    def _fit(gradient: Any, spec: Any) -> Scalar:
        return gradient if isinstance(gradient, Scalar) else Scalar(gradient)

    def _keep(self, gradient: Scalar) -> Scalar:
        # Functions like Add send the same object to both inputs. A leaf keeps a copy, so that
        # changing `x.grad.data` affects no other leaf. With create_graph the history stays
        # attached.
        return gradient if gradient.requires_grad else Scalar(gradient.data)

    def _has_nan(self) -> bool:
        return math.isnan(self.data)

    # -- reading and changing -------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number. Assignment changes it in place, unrecorded, as gradient descent does."""
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

    # -- arithmetic; Elementary has the functions -------------------------------------------------

    @staticmethod
    def _call(operator: Operator, *operands: ScalarLike) -> Scalar:
        for x in operands:
            if not isinstance(x, Scalar):
                name = operator.__name__
                operands = tuple(
                    [x if isinstance(x, Scalar) else Scalar(_plain(name, x)) for x in operands]
                )
                break
        return FUNCTIONS[operator].apply(*operands)

    def __add__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.add, self, other)

    def __radd__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.add, other, self)

    def __sub__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.sub, self, other)

    def __rsub__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.sub, other, self)

    def __mul__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.mul, self, other)

    def __rmul__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.mul, other, self)

    def __truediv__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.div, self, other)

    def __rtruediv__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.div, other, self)

    def __pow__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.pow, self, other)

    def __rpow__(self, other: ScalarLike) -> Scalar:
        return self._call(ops.pow, other, self)

    def __neg__(self) -> Scalar:
        return self._call(ops.neg, self)

    def __pos__(self) -> Scalar:
        return self

    def __abs__(self) -> Scalar:
        return self._call(ops.abs, self)

    def masked_fill(self, mask: bool, value: float) -> Scalar:
        """`value` if the mask holds, else self."""
        return Scalar(value) if mask else self

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


def _plain(operation: str, value: object) -> float:
    """A Scalar or plain number as a float. Other values that `float` accepts, such as strings and
    tensors, are refused: the conversion would hide a mistake or lose a tensor's history.
    """
    if isinstance(value, (Scalar, float, int, Real)):
        return float(value)
    raise TypeError(
        f"{operation}: expected a Scalar or a plain number, got {type(value).__name__} {value!r}. "
        "Convert it first, with float(...)."
    )


class ScalarFunction(Function):
    """A function of one or two Scalars: `operator` of the plain numbers, and its derivative.

    `backward` is made of differentiable operations, so that it can be differentiated again.
    """

    operator: ClassVar[Any]
    #: True if `backward` needs the inputs.
    saves_inputs: ClassVar[bool] = True

    @classmethod
    def forward(cls, ctx: Context, *inputs: Scalar) -> Scalar:
        """`operator` of the inputs, which are saved."""
        if cls.saves_inputs:
            ctx.save_for_backward(*inputs)
        if len(inputs) == 1:
            return Scalar(cls.operator(inputs[0]._data))
        x, y = inputs
        if x.requires_grad is not y.requires_grad:
            ctx.untracked = (None, y) if x.requires_grad else (x, None)
        return Scalar(cls.operator(x._data, y._data))


# -- the functions that Elementary lists ---------------------------------------------------------


def _differentiable(rule: Rule) -> type[ScalarFunction]:
    backward = rule.backward
    if rule.saves == "result":  # computed again, since saving it would cost every call an alias
        operator = rule.operator
        gradient: Any = rule.gradients[0]

        def backward(ctx: Context, d: Scalar) -> Any:
            (x,) = ctx.saved_tensors
            return gradient(x._call(operator, x), d)

    return _function(rule.operator, backward, rule.saves != "nothing")


def _flat(operator: Operator) -> type[ScalarFunction]:
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar | None, ...]:
        return tuple([Scalar(0.0) if edge else None for edge in ctx.edges])

    return _function(operator, backward, saves_inputs=False)


def _function(operator: Operator, backward: Any, saves_inputs: bool) -> type[ScalarFunction]:
    name = "".join([part.capitalize() for part in operator.__name__.split("_")])
    members = {
        "__doc__": operator.__doc__,
        "operator": staticmethod(operator),
        "saves_inputs": saves_inputs,
        "backward": staticmethod(backward),
    }
    return type(name.replace("Relu", "ReLU"), (ScalarFunction,), members)


#: The function of Scalars for every operator.
FUNCTIONS: dict[Operator, type[ScalarFunction]] = {
    **{operator: _differentiable(rule) for operator, rule in DERIVATIVES.items()},
    **{operator: _flat(operator) for operator in FLAT},
}
