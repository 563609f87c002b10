"""Tracing: running a scalar function on `Scalar`s that have no number, to learn what it computes.

A `Symbol` is a Scalar whose value is a node of an expression. The functions of Scalars and their
derivatives are those of minitorch-autodiff, and so is the engine that applies the chain rule;
only what they compute is written down here, not worked out. Where a derivative of Scalar's looks
at the number (which side of a kink is it?), the symbolic one below says the same in operators.

A function calls `operators` and `math` on plain numbers, which a Symbol is not. `traceable` gives
a copy of the function in which these names mean the symbolic operators; what the function calls
in turn is copied likewise.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

from minitorch_autodiff import Context, Scalar, enable_grad, grad, scalar
from minitorch_autodiff import operators as ops
from minitorch_tensor.expressions import Expression, Node, Operator, Tape


class TracingError(TypeError):
    """A function does something on its arguments that cannot be written as one expression."""


class Symbol(Scalar):
    """A Scalar that stands for any number.

    Attributes:
        tape: where its operations are written down.
        node: what it is.
    """

    def __init__(self, tape: Tape, node: Node, requires_grad: bool = False) -> None:
        self.tape = tape
        self.node = node
        if requires_grad:
            self.requires_grad = True

    # -- what Variable asks for: nothing here has a number ----------------------------------------

    def _alias(self) -> Symbol:
        return Symbol(self.tape, self.node)

    def _spec(self) -> Any:
        return None

    def _keep(self, gradient: Scalar) -> Scalar:
        return gradient

    def _has_nan(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "Symbol()"

    # -- what needs a number --------------------------------------------------------------------

    def _no_number(self, what: str) -> NoReturn:
        raise TracingError(
            f"elementwise: {what} needs to know a number, but the function is traced once for all "
            "numbers. Write a choice between values as operators.max, min, relu, abs or sign, or "
            "as operators.where(condition, x, y); call functions of "
            "minitorch_autodiff.operators, not others; loop over constants only."
        )

    @property
    def data(self) -> float:
        self._no_number("reading .data")

    @data.setter
    def data(self, value: object) -> None:
        self._no_number("assigning .data")

    def __bool__(self) -> bool:
        return self._no_number("a Python condition (if, while, and, or, not, max(), min())")

    def __float__(self) -> float:
        return self._no_number("a conversion (float(), int(), or a function of another library)")

    def __int__(self) -> int:
        return self._no_number("a conversion (int(), range())")

    __index__ = __round__ = __floor__ = __ceil__ = __trunc__ = __int__

    def __hash__(self) -> int:
        return object.__hash__(self)


# -- functions of symbols -------------------------------------------------------------------------


class Symbolic(scalar.ScalarFunction):
    """A function of Scalars that writes its operation down instead of working it out."""

    @classmethod
    def forward(cls, ctx: Context, *inputs: Scalar) -> Symbol:
        ctx.save_for_backward(*inputs)
        return write(cls.operator, *inputs)


def write(operator: Operator, *inputs: Any) -> Symbol:
    """An operator of symbols and numbers, written down; no gradient passes."""
    tape = next(x.tape for x in inputs if isinstance(x, Symbol))
    nodes = []
    for x in inputs:
        value = _lifted(operator, x)
        nodes.append(value.node if isinstance(value, Symbol) else tape.constant(value.data))
    return Symbol(tape, tape.call(operator, *nodes))


class Abs(Symbolic):
    """|x|; derivative the sign of x."""

    operator = staticmethod(ops.abs)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        (x,) = ctx.saved_tensors
        return d * apply(ops.sign, x)


class ReLU(Symbolic):
    """max(x, 0); derivative 1 where x > 0."""

    operator = staticmethod(ops.relu)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        (x,) = ctx.saved_tensors
        return apply(ops.relu_back, x, d)


class ReLUBack(Symbolic):
    """d where x > 0, else 0; derivative the same in d, 0 in x."""

    operator = staticmethod(ops.relu_back)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, _ = ctx.saved_tensors
        return None, apply(ops.relu_back, x, d)


class KeepIf(Symbolic):
    """x where the condition is nonzero, else 0; derivative 1 there in x, 0 in the condition."""

    operator = staticmethod(ops.keep_if)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        condition, _ = ctx.saved_tensors
        return None, apply(ops.keep_if, condition, d)


class Max(Symbolic):
    """max(x, y); derivative 1 for the larger, 1/2 each for a tie."""

    operator = staticmethod(ops.max)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        share = d * (1.0 - 0.5 * apply(ops.eq, x, y))
        return apply(ops.keep_if, apply(ops.ge, x, y), share), apply(
            ops.keep_if, apply(ops.ge, y, x), share
        )


class Min(Symbolic):
    """min(x, y); derivative 1 for the smaller, 1/2 each for a tie."""

    operator = staticmethod(ops.min)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        share = d * (1.0 - 0.5 * apply(ops.eq, x, y))
        return apply(ops.keep_if, apply(ops.le, x, y), share), apply(
            ops.keep_if, apply(ops.le, y, x), share
        )


class Pow(Symbolic):
    """x ** y; derivatives y x**(y - 1) and x**y log(x), each 0 at x = 0 where x ** y is flat."""

    operator = staticmethod(ops.pow)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        grad_x = grad_y = None
        if to_x:
            grad_x = d * y * x ** (y - 1.0)
            if isinstance(y, Symbol):  # a constant exponent of 0 has been simplified away
                grad_x = apply(ops.keep_if, apply(ops.ne, y, 0.0), grad_x)
        if to_y:
            flat = apply(ops.logical_and, apply(ops.eq, x, 0.0), apply(ops.ge, y, 0.0))
            slope = d * x**y * apply(ops.log, x)
            grad_y = apply(ops.keep_if, apply(ops.logical_not, flat), slope)
        return grad_x, grad_y


class Remainder(Symbolic):
    """x - y floor(x / y); derivatives 1 and -floor(x / y)."""

    operator = staticmethod(ops.remainder)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        return d, -d * apply(ops.floor_divide, x, y)


class Fmod(Symbolic):
    """x - y trunc(x / y); derivatives 1 and -trunc(x / y)."""

    operator = staticmethod(ops.fmod)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        return d, -d * apply(ops.trunc, x / y)


class Atan2(Symbolic):
    """The angle of (x, y); derivatives x / (x**2 + y**2) in y and -y / (x**2 + y**2) in x."""

    operator = staticmethod(ops.atan2)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        y, x = ctx.saved_tensors
        scaled = d / (x * x + y * y)
        return scaled * x, -scaled * y


class Logaddexp(Symbolic):
    """log(e**x + e**y); derivatives sigmoid(x - y) and sigmoid(y - x)."""

    operator = staticmethod(ops.logaddexp)

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Any:
        x, y = ctx.saved_tensors
        return d * apply(ops.sigmoid, x - y), d * apply(ops.sigmoid, y - x)


class Slope(Symbolic):
    """A function of one number with its slope as another."""

    slope: ClassVar[Any]

    @classmethod
    def backward(cls, ctx: Context, d: Scalar) -> Any:
        (x,) = ctx.saved_tensors
        return d * cls.slope(x)


def _slope(operator: Operator, slope: Callable[[Any], Any]) -> type[Symbolic]:
    return type(operator.__name__, (Slope,), {"operator": staticmethod(operator), "slope": slope})


def _from_scalar(function: type[scalar.ScalarFunction]) -> type[Symbolic]:
    """The symbolic form of a function of Scalars whose derivative looks at no number."""
    return type(function.__name__, (Symbolic, function), {})


#: Operators with a derivative, as functions of symbols.
DIFFERENTIABLE: dict[Operator, type[Symbolic]] = {
    **{
        function.operator: _from_scalar(function)
        for function in (
            *(scalar.Add, scalar.Sub, scalar.Mul, scalar.Div, scalar.Neg, scalar.Exp),
            *(scalar.Expm1, scalar.Log, scalar.Log1p, scalar.Sqrt, scalar.Sin, scalar.Cos),
            *(scalar.Tanh, scalar.Erf, scalar.Sigmoid),
        )
    },
    **{
        function.operator: function
        for function in (
            Abs,
            ReLU,
            ReLUBack,
            KeepIf,
            Max,
            Min,
            Pow,
            Remainder,
            Fmod,
            Atan2,
            Logaddexp,
        )
    },
    **{
        operator: _slope(operator, slope)
        for operator, slope in {
            ops.log2: lambda x: 1.0 / (x * math.log(2.0)),
            ops.log10: lambda x: 1.0 / (x * math.log(10.0)),
            ops.tan: lambda x: 1.0 + apply(ops.tan, x) ** 2,
            ops.asin: lambda x: 1.0 / apply(ops.sqrt, (1.0 - x) * (1.0 + x)),
            ops.acos: lambda x: -1.0 / apply(ops.sqrt, (1.0 - x) * (1.0 + x)),
            ops.atan: lambda x: 1.0 / (1.0 + x * x),
            ops.sinh: lambda x: apply(ops.cosh, x),
            ops.cosh: lambda x: apply(ops.sinh, x),
            ops.asinh: lambda x: 1.0 / apply(ops.sqrt, x * x + 1.0),
            ops.acosh: lambda x: 1.0 / apply(ops.sqrt, (x - 1.0) * (x + 1.0)),
            ops.atanh: lambda x: 1.0 / ((1.0 - x) * (1.0 + x)),
            ops.erfc: lambda x: apply(ops.exp, -x * x) * (-2.0 / math.sqrt(math.pi)),
        }.items()
    },
}

#: Operators that are constant but for jumps: no gradient passes.
FLAT: frozenset[Operator] = frozenset(
    [
        *(ops.sign, ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne, ops.is_close, ops.isnan),
        *(ops.isinf, ops.logical_not, ops.logical_and, ops.logical_or, ops.logical_xor),
        *(ops.floor, ops.ceil, ops.trunc, ops.round, ops.floor_divide),
    ]
)

#: Operators that are made of others.
COMPOSED: dict[Operator, Callable[..., Any]] = {
    ops.id: lambda x: x,
    ops.square: lambda x: x * x,
    ops.inv: lambda x: 1.0 / x,
    ops.where: lambda condition, x, y: (
        apply(ops.keep_if, condition, x) + apply(ops.keep_if, apply(ops.logical_not, condition), y)
    ),
}


def apply(operator: Operator, *operands: Any) -> Any:
    """An operator of symbols and numbers; of numbers alone, its value."""
    if not any(isinstance(x, Symbol) for x in operands):
        return operator(*operands)
    if operator in DIFFERENTIABLE:
        return DIFFERENTIABLE[operator].apply(*[_lifted(operator, x) for x in operands])
    if operator in FLAT:
        return write(operator, *operands)
    return COMPOSED[operator](*operands)


def _lifted(operator: Operator, x: Any) -> Scalar:
    """An operand as a Scalar: a number that is no symbol is a constant."""
    if isinstance(x, Scalar):
        return x
    if isinstance(x, (int, float)):
        return Scalar(x)
    raise TracingError(
        f"elementwise: {operator.__name__} got {type(x).__name__} beside a traced value; wanted a "
        "number. A tensor cannot be a constant of the function: make it an argument."
    )


def _method(operator: Operator, swapped: bool = False) -> Callable[..., Any]:
    if swapped:
        return lambda x, y: apply(operator, y, x)
    return lambda *operands: apply(operator, *operands)


#: Python's signs by the names of their methods: those with a reflected one, and the others.
_SIGNS: dict[str, Operator] = {
    "add": ops.add,
    "sub": ops.sub,
    "mul": ops.mul,
    "truediv": ops.div,
    "pow": ops.pow,
    "mod": ops.remainder,
    "floordiv": ops.floor_divide,
}
_OTHER_SIGNS: dict[str, Operator] = {
    "lt": ops.lt,
    "le": ops.le,
    "gt": ops.gt,
    "ge": ops.ge,
    "eq": ops.eq,
    "ne": ops.ne,
    "neg": ops.neg,
    "abs": ops.abs,
}
for _name, _operator in _SIGNS.items():
    setattr(Symbol, f"__{_name}__", _method(_operator))
    setattr(Symbol, f"__r{_name}__", _method(_operator, swapped=True))
for _name, _operator in _OTHER_SIGNS.items():
    setattr(Symbol, f"__{_name}__", _method(_operator))
for _operator in DIFFERENTIABLE:
    if hasattr(Scalar, _operator.__name__):
        setattr(Symbol, _operator.__name__, _method(_operator))


# -- functions that call operators ---------------------------------------------------------------

#: What functions of `math` mean for symbols.
_MATH: dict[Callable[..., Any], Operator] = {
    **{
        getattr(math, name): getattr(ops, name)
        for name in (
            *("exp", "expm1", "log1p", "log2", "log10", "sqrt", "pow", "erf", "erfc"),
            *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
            *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
            *("floor", "ceil", "trunc", "fmod"),
        )
    },
    math.log: ops.log,
    math.fabs: ops.abs,
    math.isnan: ops.isnan,
    math.isinf: ops.isinf,
}

_OPERATORS: dict[Any, Operator] = {
    **{op: op for op in (*DIFFERENTIABLE, *FLAT, *COMPOSED)},
    **_MATH,
}


def traceable(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """What a name means inside a traced function.

    An operator becomes the symbolic one, a Python function a copy that is traced when it meets a
    symbol, a module one whose functions do so; anything else is itself.
    """
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    try:
        operator = _OPERATORS.get(value)
    except TypeError:  # unhashable
        return value
    if operator is not None:
        return _meeting_symbols(value, lambda *args: apply(operator, *args))
    if isinstance(value, types.FunctionType):
        return _traceable_function(value, seen)
    if isinstance(value, types.ModuleType):
        return _Module(value, seen)
    return value


def _meeting_symbols(plain: Callable[..., Any], symbolic: Callable[..., Any]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Symbol) for x in (*args, *kwargs.values())):
            return symbolic(*args, **kwargs)
        return plain(*args, **kwargs)

    return call


def _traceable_function(function: types.FunctionType, seen: dict[int, Any]) -> Any:
    copies: list[types.FunctionType] = []

    def symbolic(*args: Any, **kwargs: Any) -> Any:
        if not copies:
            copies.append(_copied(function, seen))
        return copies[0](*args, **kwargs)

    result = seen[id(function)] = _meeting_symbols(function, symbolic)
    return result


def _copied(function: types.FunctionType, seen: dict[int, Any]) -> types.FunctionType:
    """The function with the names that it uses replaced by what they mean in tracing."""
    scope = dict(function.__globals__)
    for name in _names(function.__code__):
        if name in scope:
            scope[name] = traceable(scope[name], seen)
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(types.CellType(traceable(cell.cell_contents, seen)))
        except ValueError:  # not yet filled: the function's own name, or a later one
            cells.append(cell)
    copy = types.FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__, tuple(cells)
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _names(code: types.CodeType) -> set[str]:
    """The names that code uses, and those of functions inside."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


class _Module:
    """A module as a traced function sees it."""

    def __init__(self, module: types.ModuleType, seen: dict[int, Any]) -> None:
        self._module = module
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return traceable(getattr(self._module, name), self._seen)


# -- tracing ------------------------------------------------------------------------------------


def trace(
    function: Callable[..., Any], parameters: list[str], name: str, options: dict[str, Any]
) -> Expression:
    """What a scalar function of these parameters computes, given its keyword-only arguments.

    Raises: TracingError that says what in it cannot be written as an expression.
    """
    tape = Tape()
    inputs = [tape.input() for _ in parameters]
    result = traceable(function)(*[Symbol(tape, node) for node in inputs], **options)
    return Expression(name, parameters, inputs, _node(name, tape, result))


def _node(name: str, tape: Tape, result: Any) -> Node:
    if isinstance(result, Symbol):
        return result.node
    if isinstance(result, (int, float, Scalar)):
        return tape.constant(float(result))
    raise TracingError(f"elementwise: {name} must return one number, got {type(result).__name__}.")


def derivative(expression: Expression, place: int) -> Expression | None:
    """d times the derivative of an expression with respect to one of its inputs, as an expression
    of its inputs and d; None if it is 0.

    The expression is run on Symbols, and the engine applies the chain rule to what they remember.
    """
    tape = Tape()
    nodes = [tape.input() for _ in (*expression.inputs, None)]
    *symbols, d = [Symbol(tape, node) for node in nodes]
    symbols[place].requires_grad = True
    with enable_grad():
        output = run(expression, tape, symbols)
        if not output.requires_grad:
            return None
        (found,) = grad(output, symbols[place], d, allow_unused=True)
    if found is None:
        return None
    name = f"{expression.name}_d_{expression.parameters[place]}"
    parameters = [*expression.parameters, _fresh("d", expression.parameters)]
    return Expression(name, parameters, nodes, _node(name, tape, found))


def inside(expression: Expression, operands: Sequence[Any]) -> Symbol:
    """The result of an expression for operands of which some are symbols: one traced function
    called by another."""
    tape = next(x.tape for x in operands if isinstance(x, Symbol))
    lifted = [_lifted(ops.id, x) for x in operands]
    result: Symbol = run(
        expression,
        tape,
        [x if isinstance(x, Symbol) else Symbol(tape, tape.constant(x.data)) for x in lifted],
    )
    return result


def run(expression: Expression, tape: Tape, symbols: list[Symbol]) -> Any:
    """The result of an expression for other inputs."""
    values: dict[Node, Any] = dict(zip(expression.inputs, symbols))
    for node in expression.nodes:
        if node.operator is None:
            assert node.value is not None
            values[node] = node.value
        else:
            values[node] = apply(node.operator, *[values[arg] for arg in node.args])
    result = values[expression.root]
    return result if isinstance(result, Symbol) else Symbol(tape, tape.constant(result))


def _fresh(name: str, taken: tuple[str, ...]) -> str:
    while name in taken:
        name += "d"
    return name
