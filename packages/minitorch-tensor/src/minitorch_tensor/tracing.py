"""Tracing: run a scalar function on symbolic `Scalar`s to record its computation.

A `Symbol` is a Scalar whose value is a node of an expression. The functions of Scalars, their
derivatives and the engine are those of minitorch-autodiff; here they record operations instead of
computing numbers.

A function calls `operators` and `math`, which expect plain numbers. `traceable` returns a copy of
the function in which these names refer to the symbolic operators; the functions that it calls are
copied in the same way.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from minitorch_autodiff import Context, Scalar, ScalarFunction, enable_grad, grad
from minitorch_autodiff import operators as ops
from minitorch_autodiff.derivatives import DERIVATIVES, FLAT, Operator
from minitorch_autodiff.scalar import FUNCTIONS
from minitorch_tensor.expressions import Expression, Node, Tape


class TracingError(TypeError):
    """A function does something with its arguments that no expression can represent."""


class Symbol(Scalar):
    """A Scalar that stands for any number.

    Attributes:
        tape: the tape that records its operations.
        node: its node on the tape.
    """

    def __init__(self, tape: Tape, node: Node, requires_grad: bool = False) -> None:
        self.tape = tape
        self.node = node
        if requires_grad:
            self.requires_grad = True

    # -- the interface of Variable, without numbers -----------------------------------------------

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

    # -- the interface of Elementary --------------------------------------------------------------

    @staticmethod
    def _call(operator: Operator, *operands: Any) -> Any:
        return apply(operator, *operands)

    def masked_fill(self, mask: Any, value: float) -> Any:
        """`value` where the mask holds, else self."""
        return apply(ops.where, mask, value, self)

    # -- operations that need a number ----------------------------------------------------------

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


class Symbolic(ScalarFunction):
    """A function of Scalars that records its operation instead of computing a number."""

    @classmethod
    def forward(cls, ctx: Context, *inputs: Scalar) -> Symbol:
        """`operator` of the inputs as a node."""
        ctx.save_for_backward(*inputs)
        return write(cls.operator, *inputs)


def write(operator: Operator, *inputs: Any) -> Symbol:
    """Record an operator of symbols and numbers, through which no gradient passes."""
    symbols = lifted(operator, inputs)
    tape = symbols[0].tape
    return Symbol(tape, tape.call(operator, *[x.node for x in symbols]))


def lifted(operator: Operator, operands: Sequence[Any]) -> list[Symbol]:
    """The operands as symbols of the tape that they share; numbers become constants."""
    tape = next(x.tape for x in operands if isinstance(x, Symbol))
    symbols = []
    for x in operands:
        if isinstance(x, Symbol):
            symbols.append(x)
        elif isinstance(x, (int, float, Scalar)):
            symbols.append(Symbol(tape, tape.constant(float(x))))
        else:
            raise TracingError(
                f"elementwise: {operator.__name__} got {type(x).__name__} beside a traced value; "
                "wanted a number. A tensor cannot be a constant of the function: make it an "
                "argument."
            )
    return symbols


#: Operators with a derivative, as functions of symbols.
DIFFERENTIABLE: dict[Operator, type[Symbolic]] = {
    operator: type(function.__name__, (Symbolic, function), {})
    for operator, function in FUNCTIONS.items()
    if operator in DERIVATIVES
}

#: Operators composed of others.
COMPOSED: dict[Operator, Callable[..., Any]] = {
    ops.id: lambda x: x,
    ops.square: lambda x: x * x,
    ops.inv: lambda x: 1.0 / x,
    ops.sigmoid_back: lambda y, d: d * y * (1.0 - y),
    ops.tanh_back: lambda y, d: d * (1.0 - y * y),
    ops.where: lambda condition, x, y: (
        apply(ops.keep_if, condition, x) + apply(ops.keep_if, apply(ops.logical_not, condition), y)
    ),
}


def apply(operator: Operator, *operands: Any) -> Any:
    """Apply an operator to symbols and numbers; to numbers alone, compute its value."""
    if not any(isinstance(x, Symbol) for x in operands):
        return operator(*operands)
    if operator in COMPOSED:
        return COMPOSED[operator](*operands)
    if operator in FLAT:
        return write(operator, *operands)
    return DIFFERENTIABLE[operator].apply(*lifted(operator, operands))


def _method(operator: Operator, swapped: bool = False) -> Callable[..., Any]:
    if swapped:
        return lambda x, y: apply(operator, y, x)
    return lambda *operands: apply(operator, *operands)


#: Python operators, by method name, that Scalar lacks or answers with a plain bool.
_SIGNS: dict[str, Operator] = {
    "mod": ops.remainder,
    "floordiv": ops.floor_divide,
    "and": ops.logical_and,
    "or": ops.logical_or,
}
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")

for _name, _operator in _SIGNS.items():
    setattr(Symbol, f"__{_name}__", _method(_operator))
    setattr(Symbol, f"__r{_name}__", _method(_operator, swapped=True))
for _name in _COMPARISONS:
    setattr(Symbol, f"__{_name}__", _method(getattr(ops, _name)))


# -- functions that call operators ---------------------------------------------------------------

_TRACED: tuple[Operator, ...] = (*DERIVATIVES, *FLAT, *COMPOSED)

#: The operators that functions of `math` stand for, by their common names; but `math.remainder`
#: rounds its quotient to the nearest integer.
_MATH: dict[Callable[..., Any], Operator] = {
    math.fabs: ops.abs,
    **{
        getattr(math, op.__name__): op
        for op in _TRACED
        if hasattr(math, op.__name__) and op is not ops.remainder
    },
}

_OPERATORS: dict[Any, Operator] = {
    **{op: op for op in _TRACED},
    **_MATH,
}


def traceable(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """The meaning of a name inside a traced function.

    An operator becomes its symbolic form, a Python function becomes a copy that is traced when
    called on a symbol, and a module becomes a view with such functions; anything else stays itself.
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
    """A copy of the function in which the names that it uses are replaced by their traceable
    forms."""
    scope = dict(function.__globals__)
    for name in _names(function.__code__):
        if name in scope:
            scope[name] = traceable(scope[name], seen)
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(types.CellType(traceable(cell.cell_contents, seen)))
        except ValueError:  # an empty cell: the function's own name, or a later one
            cells.append(cell)
    copy = types.FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__, tuple(cells)
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _names(code: types.CodeType) -> set[str]:
    """The names that the code and its nested functions use."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


class _Module:
    """A view of a module, with its functions in traceable form."""

    def __init__(self, module: types.ModuleType, seen: dict[int, Any]) -> None:
        self._module = module
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return traceable(getattr(self._module, name), self._seen)


# -- tracing ------------------------------------------------------------------------------------


def trace(
    function: Callable[..., Any], parameters: list[str], name: str, options: dict[str, Any]
) -> Expression:
    """The expression of a scalar function, given its keyword-only arguments.

    Raises: TracingError that says which part cannot be an expression.
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

    The expression runs on Symbols, and the engine applies the chain rule to the recorded graph.
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
    """The result of an expression for operands that include symbols, as when one traced function
    calls another."""
    symbols = lifted(ops.id, operands)
    result: Symbol = run(expression, symbols[0].tape, symbols)
    return result


def run(expression: Expression, tape: Tape, symbols: list[Symbol]) -> Any:
    """Replay an expression on other inputs."""
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
