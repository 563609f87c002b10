"""Expressions: the computation of a scalar function as data.

Tracing a function (see `tracing`) records every operation it performs on a `Tape`. The result is an
`Expression`: a small program without branches that can be printed, compiled to a plain Python
function (which a backend may compile further), and traced again to find its derivative.

Nodes are hash-consed: the same operation on the same arguments is the same node, so a subexpression
that occurs twice is computed once.
"""

from __future__ import annotations

import itertools
import linecache
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from minitorch_autodiff import operators as ops
from minitorch_autodiff.derivatives import Operator

#: Operators with a Python symbol, and that symbol.
_INFIX: dict[Operator, str] = {ops.add: "+", ops.sub: "-", ops.mul: "*"}

#: Operators whose result is 0 or 1.
_TRUTHS: set[Operator] = {
    ops.lt,
    ops.le,
    ops.gt,
    ops.ge,
    ops.eq,
    ops.ne,
    ops.logical_and,
    ops.logical_or,
}
_TRUTHS |= {ops.logical_not, ops.logical_xor, ops.isnan, ops.isinf, ops.is_close}


class Node:
    """One value of an expression: an input, a constant, or an operator of earlier values.

    Attributes:
        operator: None for inputs and constants.
        args: the operator's arguments.
        value: the value of a constant; None otherwise.
        number: nodes are numbered as they are made, arguments before results.
    """

    __slots__ = ("args", "number", "operator", "value")

    def __init__(
        self,
        number: int,
        operator: Operator | None = None,
        args: tuple[Node, ...] = (),
        value: float | None = None,
    ) -> None:
        self.number = number
        self.operator = operator
        self.args = args
        self.value = value


class Tape:
    """Creates the nodes of an expression, each once and in simplest form."""

    def __init__(self) -> None:
        self._made: dict[Any, Node] = {}
        self._count = 0

    def input(self) -> Node:
        """A new input."""
        return self._new()

    def constant(self, value: float) -> Node:
        """A number."""
        key = (value, math.copysign(1.0, value))
        if value != value:
            key = (0.0, 0.0)  # NaN, which is unequal to itself
        if key not in self._made:
            self._made[key] = self._new(value=value)
        return self._made[key]

    def call(self, operator: Operator, *args: Node) -> Node:
        """An operator applied to nodes of this tape."""
        values = [arg.value for arg in args]
        if None not in values:
            return self.constant(float(operator(*values)))
        simpler = self._simpler(operator, args, values)
        if simpler is not None:
            return simpler
        if operator in (ops.add, ops.mul):
            args = tuple(sorted(args, key=lambda arg: arg.number))
        key = (operator, *[arg.number for arg in args])
        if key not in self._made:
            self._made[key] = self._new(operator, args)
        return self._made[key]

    def _new(
        self,
        operator: Operator | None = None,
        args: tuple[Node, ...] = (),
        value: float | None = None,
    ) -> Node:
        self._count += 1
        return Node(self._count, operator, args, value)

    def _simpler(
        self, operator: Operator, args: tuple[Node, ...], values: list[float | None]
    ) -> Node | None:
        """A cheaper node with the same value, if one is known."""
        if len(args) == 1:
            return self._inverse(operator, args[0])
        if len(args) != 2:
            return None
        (x, y), (a, b) = args, values
        if operator is ops.add:
            return y if a == 0 else x if b == 0 else None
        if operator is ops.sub:
            return self.call(ops.neg, y) if a == 0 else x if b == 0 else None
        if operator is ops.mul:
            if 1 in (a, b):
                return y if a == 1 else x
            if -1 in (a, b):
                return self.call(ops.neg, y if a == -1 else x)
        if operator is ops.div and b == 1:
            return x
        if operator is ops.pow and b is not None:
            return self._power(x, b)
        if operator is ops.logical_and and 0 in (a, b):
            return self.constant(0.0)
        if operator is ops.keep_if:
            return self._kept(x, y)
        return None

    def _inverse(self, operator: Operator, x: Node) -> Node | None:
        if operator is ops.neg and x.operator is ops.neg:
            return x.args[0]
        if operator is ops.logical_not and x.operator in (ops.eq, ops.ne):
            return self.call(ops.ne if x.operator is ops.eq else ops.eq, *x.args)
        return None

    def _kept(self, condition: Node, x: Node) -> Node | None:
        if condition.value is not None:
            return x if condition.value != 0 else self.constant(-0.0)
        if x.value == 0:
            return self.constant(-0.0)
        if x.value == 1 and condition.operator in _TRUTHS:
            return condition
        if condition.operator is ops.ne and condition.args[1].value == 0:
            return self.call(ops.keep_if, condition.args[0], x)
        return None

    def _power(self, x: Node, exponent: float) -> Node | None:
        if exponent == 0:
            return self.constant(1.0)
        if exponent == 1:
            return x
        if exponent == 2:
            return self.call(ops.mul, x, x)
        if exponent == 3:
            return self.call(ops.mul, self.call(ops.mul, x, x), x)
        if exponent == 0.5:
            return self.call(ops.sqrt, x)
        if exponent == -1:
            return self.call(ops.div, self.constant(1.0), x)
        return None


class Expression:
    """A number computed from others, without branches.

    Attributes:
        name: the name of the traced function.
        parameters: names of the inputs.
        inputs: their nodes, in the same order.
        root: the result.
    """

    def __init__(
        self, name: str, parameters: Sequence[str], inputs: Sequence[Node], root: Node
    ) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.inputs = tuple(inputs)
        self.root = root
        self.derivatives: dict[int, Any] = {}

    @cached_property
    def nodes(self) -> list[Node]:
        """The operations and constants that the result needs, arguments first."""
        inputs = set(self.inputs)
        found: set[Node] = set()
        stack = [self.root]
        while stack:
            node = stack.pop()
            if node not in found and node not in inputs:
                found.add(node)
                stack.extend(node.args)
        return sorted(found, key=lambda node: node.number)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """The positions of the inputs that the result depends on."""
        needed = {self.root, *[arg for node in self.nodes for arg in node.args]}
        return tuple([i for i, node in enumerate(self.inputs) if node in needed])

    def restricted(self) -> Expression:
        """The same expression with only the inputs that it depends on."""
        return Expression(
            self.name,
            [self.parameters[i] for i in self.used],
            [self.inputs[i] for i in self.used],
            self.root,
        )

    # -- as a function --------------------------------------------------------------------------

    @cached_property
    def source(self) -> str:
        """A Python function of plain numbers, made of `operators`."""
        names = self._names()
        arguments = ", ".join([names[node] for node in self.inputs])
        lines = [f"def {self._own_name}({arguments}):"]
        for node in self.nodes:
            if node.operator is not None:
                lines.append(f"    {names[node]} = {_written(node, names)}")
        lines.append(f"    return {names[self.root]}")
        return "\n".join(lines) + "\n"

    @property
    def _own_name(self) -> str:
        """The function's name, changed if it is that of an operator it calls."""
        return self.name + "_" * (self.name in self.operators)

    def _names(self) -> dict[Node, str]:
        """The name of each node in the source: a parameter's name, a constant's digits."""
        taken = {self._own_name, "inf", "nan", *self.operators}
        names = {}
        for node, name in zip(self.inputs, self.parameters):
            while name in taken:
                name += "_"
            taken.add(name)
            names[node] = name
        numbered = (name for name in map("t{}".format, itertools.count(1)) if name not in taken)
        for node in self.nodes:
            if node.value is None:
                names[node] = next(numbered)
            else:
                names[node] = repr(node.value) if node.value >= 0 else f"({node.value!r})"
        return names

    @cached_property
    def operators(self) -> dict[str, Operator]:
        """The operators that the source calls, by name."""
        called = [node.operator for node in self.nodes if node.operator is not None]
        return {op.__name__: op for op in called if op not in _INFIX and op is not ops.neg}

    @cached_property
    def function(self) -> Callable[..., float]:
        """The compiled source, always the same object, so that backends can cache what they
        compile."""
        function = self.compiled(self.operators, __name__)
        function.expression = self  # type: ignore[attr-defined]
        return function

    def compiled(self, operators: dict[str, Callable[..., Any]], module: str) -> Callable[..., Any]:
        """The source compiled to call these operators (on numbers or whole arrays), as if it were
        defined in `module`."""
        filename = f"<elementwise {self.name} {id(self):x}>"
        lines = self.source.splitlines(keepends=True)
        linecache.cache[filename] = (len(self.source), None, lines, filename)  # for tracebacks
        scope: dict[str, Any] = {**operators, "inf": math.inf, "nan": math.nan, "__name__": module}
        exec(compile(self.source, filename, "exec"), scope)
        return scope[self._own_name]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return self.source

    # -- in parts -------------------------------------------------------------------------------

    @cached_property
    def steps(self) -> list[tuple[Expression, tuple[int, ...]]]:
        """Split the expression into a sequence of expressions of one or two values each, for
        backends that only have `map` and `zip`.

        Each step is (expression, places of its inputs), where a place counts the inputs of this
        expression first and then the results of earlier steps; the last step gives the result.
        A step covers as much as depends on the same two values.
        """
        places = {node: i for i, node in enumerate(self.inputs)}
        names = dict(zip(self.inputs, self.parameters))
        leaves: dict[Node, tuple[Node, ...]] = {node: (node,) for node in self.inputs}
        steps: list[tuple[Expression, tuple[int, ...]]] = []

        def finish(node: Node) -> None:
            """Make a step whose result is the node."""
            inputs = leaves[node]
            part = self
            if node is not self.root or inputs != self.inputs:
                part = Expression(self.name, [names[n] for n in inputs], inputs, node)
            steps.append((part, tuple([places[n] for n in inputs])))
            names[node] = f"part{len(steps)}"
            places[node] = len(self.inputs) + len(steps) - 1
            leaves[node] = (node,)

        for node in self.nodes:
            leaves[node] = _union(leaves[arg] for arg in node.args)
            if len(leaves[node]) > 2:
                for arg in node.args:
                    if arg not in places and arg.value is None:
                        finish(arg)
                leaves[node] = _union(leaves[arg] for arg in node.args)
        finish(self.root)
        return steps


def _union(groups: Iterable[tuple[Node, ...]]) -> tuple[Node, ...]:
    """The nodes of all groups, each once, in order of creation."""
    return tuple(sorted({node for group in groups for node in group}, key=lambda n: n.number))


def _written(node: Node, names: dict[Node, str]) -> str:
    args = [names[arg] for arg in node.args]
    if node.operator is ops.neg:
        return f"-{args[0]}"
    if node.operator in _INFIX:
        return f"{args[0]} {_INFIX[node.operator]} {args[1]}"
    assert node.operator is not None
    return f"{node.operator.__name__}({', '.join(args)})"
