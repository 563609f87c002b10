"""The computation graph as data, and as a drawing: Graphviz DOT, SVG or HTML.

    >>> from minitorch_autodiff import Scalar
    >>> x, y = Scalar(2.0, requires_grad=True, name="x"), Scalar(5.0, requires_grad=True, name="y")
    >>> for node in graph(x * y + x).nodes:
    ...     print(node.kind, node.name or node.label, node.value)
    leaf x 2
    leaf y 5
    function Mul 10
    function Add 12

`draw(z, "z.svg")` writes the drawing of a graph; in a notebook, a `Graph` shows itself.

Edges here point in the direction of the computation, from an input to the call that used it: the
reverse of the protocol's edges, along which gradients travel.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from minitorch_autodiff.engine import topological_order
from minitorch_autodiff.function import Context
from minitorch_autodiff.protocol import Edge, Node
from minitorch_autodiff.variable import RetainGrad, Variable

__all__ = ["Graph", "GraphEdge", "GraphNode", "draw", "graph"]


class GraphNode(NamedTuple):
    """A vertex: a recorded call, a leaf, or an input that requires no gradient.

    Attributes:
        kind: "function", "leaf" or "constant".
        label: the function's name, or the kind of value.
        name: the user's name for it, where known.
        value: its number or shape (for a call, those of the result), where known.
        gradient: the number or shape of its `grad`, where there is one.
        is_output: true for the values passed to `graph`.
    """

    kind: Literal["function", "leaf", "constant"]
    label: str
    name: str = ""
    value: str = ""
    gradient: str = ""
    is_output: bool = False


class GraphEdge(NamedTuple):
    """A use of a value: output `output` of node `source` is input `position` of node `target`."""

    source: int
    target: int
    position: int
    output: int = 0


class Graph(NamedTuple):
    """Nodes in topological order, inputs first, and edges between their positions."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def to_dot(self) -> str:
        """The graph in the DOT language of Graphviz."""
        shapes = {"function": "box", "leaf": "ellipse", "constant": "plain"}
        lines = ["digraph {", "  rankdir=TB", '  node [fontname="sans-serif"]']
        for index, node in enumerate(self.nodes):
            text = "\n".join(line for _, line in text_lines(node))
            border = ", peripheries=2" if node.is_output else ""
            lines.append(f"  n{index} [label={_quoted(text)}, shape={shapes[node.kind]}{border}]")
        lines += [f"  n{edge.source} -> n{edge.target}" for edge in self.edges]
        return "\n".join([*lines, "}"]) + "\n"

    def to_svg(self) -> str:
        """A self-contained drawing, in light or dark colours as the viewer prefers."""
        from minitorch_autodiff import _svg

        return _svg.to_svg(self)

    def to_html(self, title: str = "computation graph") -> str:
        """A page with the SVG drawing: drag to pan, turn the wheel to zoom."""
        from minitorch_autodiff import _svg

        return _svg.to_html(self, title)

    def _repr_svg_(self) -> str:
        """The drawing, for notebooks."""
        return self.to_svg()


def graph(
    output: Variable | Sequence[Variable],
    *,
    names: Mapping[str, Variable] | None = None,
    limit: int | None = 1000,
) -> Graph:
    """The graph of the recorded calls that computed `output`.

    Args:
        output: a value that requires a gradient, or several.
        names: maps names to values, leaves or inner ones; a Scalar's own `name` counts too.
        limit: refuse a graph of more nodes than this; None for any size.

    It shows what the recorded graph still holds: values (the number that a Scalar function
    returned, the shape of a tensor); inputs that require no gradient (a tensor's until `backward`
    frees them); the gradients of leaves, and after `retain_grad()` of inner values.

    Raises: ValueError if nothing was recorded, or the graph is too large.
    """
    outputs: list[Any] = list(output) if isinstance(output, (tuple, list)) else [output]
    names = names or {}
    for value in (*outputs, *names.values()):
        if not isinstance(value, Variable):
            raise TypeError(
                f"graph: expected a value with a history (a Scalar, a Tensor), got "
                f"{type(value).__name__}."
            )
    for value in outputs:
        if not value.requires_grad:
            raise ValueError(
                f"graph: nothing was recorded for {value._describe()}: it was computed from "
                "nothing that requires a gradient, or under no_grad()."
            )
    order = topological_order([value._edge[0] for value in outputs])
    _check_size(len(order), limit)
    builder = _Builder(outputs, names)
    for node in order:  # the calls after a node know its name
        builder.learn_around(node)
    for node in reversed(order):
        builder.add(node)
    return Graph(tuple(builder.nodes), tuple(builder.edges))


def draw(
    output: Variable | Sequence[Variable],
    path: str | os.PathLike[str],
    *,
    names: Mapping[str, Variable] | None = None,
    limit: int | None = 1000,
) -> Path:
    """Write the graph of `output` to a file in the format of its suffix: .svg, .html or .dot.

    Args: see `graph`.
    Returns: the path. On an error nothing is written.
    Raises: ValueError for another suffix, or as `graph` does; OSError if it cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {".svg", ".html", ".dot"}:
        raise ValueError(
            f"draw: {path.name!r} ends in {path.suffix!r}; wanted .svg, .html or .dot. "
            "A browser prints the first two to PDF, Graphviz converts the third to most formats."
        )
    drawn = graph(output, names=names, limit=limit)
    text = {".svg": drawn.to_svg, ".html": drawn.to_html, ".dot": drawn.to_dot}[suffix]()
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def text_lines(node: GraphNode) -> list[tuple[str, str]]:
    """The text of a node: (role, text) for each line, from the top."""
    lines = []
    if node.kind == "function":
        lines.append(("label", f"{node.name} = {node.label}" if node.name else node.label))
    elif node.name:
        lines.append(("label", node.name))
    if node.value:
        lines.append(("value", node.value))
    if node.gradient:
        lines.append(("gradient", f"grad {node.gradient}"))
    return lines or [("label", node.label)]


class _Builder:
    """Converts the engine's nodes to `GraphNode`s, one by one, inputs first."""

    def __init__(self, outputs: Sequence[Variable], names: Mapping[str, Variable]) -> None:
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []
        self.outputs = {value._edge[0] for value in outputs}
        self.positions: dict[Node, int] = {}
        self.constants: dict[int, int] = {}  # by id, since equal constants stay separate
        self.constant_names = {id(value): name for name, value in names.items()}
        self.names: dict[Edge, str] = {value._edge: name for name, value in names.items()}
        self.gradients: dict[Edge, str] = {}
        for value in (*outputs, *names.values()):
            self._learn(value)

    def add(self, node: Node) -> None:
        """Append a node, whose inputs have already been added, and the edges to it."""
        untracked = _untracked_inputs(node)
        sources = []
        for position, edge in enumerate(node.edges):
            if edge is not None:
                sources.append((self.positions[edge[0]], position, edge[1]))
            elif (value := untracked.get(position)) is not None:
                sources.append((self._constant(value), position, 0))
        self.positions[node] = target = len(self.nodes)
        self.nodes.append(self._describe(node))
        for source, position, output in sources:
            self.edges.append(GraphEdge(source, target, position, output))

    def _learn(self, value: Variable) -> None:
        """Remember the name and gradient of a value for the node that made it."""
        name = getattr(value, "name", "")
        if name:
            self.names.setdefault(value._edge, str(name))
        if value.grad is not None:
            self.gradients[value._edge] = _summary(value.grad)

    def learn_around(self, node: Node) -> None:
        """Remember the values that can be found from a node. A node does not hold its results, but
        a later call may have saved them, and a hook of `retain_grad` refers to its value.
        """
        if isinstance(node, Variable):
            self._learn(node)
        for _, hook in node.hooks or ():
            value = hook.value() if isinstance(hook, RetainGrad) else None
            if value is not None:
                self._learn(value)
        if isinstance(node, Context):
            for value in node._saved:
                if isinstance(value, Variable) and value.requires_grad:
                    self._learn(value)

    def _describe(self, node: Node) -> GraphNode:
        if isinstance(node, Context):
            label = node.name
            values = [node._kind._summary(spec) for spec in node._specs]
        else:
            label = type(node).__name__
            values = [_summary(node)]
        edges = [(node, index) for index in range(node.n_outputs)]
        return GraphNode(
            kind="leaf" if node.is_leaf else "function",
            label=label,
            name=", ".join([self.names[edge] for edge in edges if edge in self.names]),
            value=", ".join(filter(None, values)),
            gradient=", ".join([self.gradients[e] for e in edges if self.gradients.get(e)]),
            is_output=node in self.outputs,
        )

    def _constant(self, value: Variable) -> int:
        """The position of an input that requires no gradient, drawn once however often it is
        used."""
        position = self.constants.setdefault(id(value), len(self.nodes))
        if position == len(self.nodes):
            name = self.constant_names.get(id(value)) or getattr(value, "name", "")
            label = type(value).__name__
            self.nodes.append(GraphNode("constant", label, str(name), _summary(value)))
        return position


def _untracked_inputs(node: Node) -> dict[int, Variable]:
    """The inputs of a call that require no gradient, by position, if the call still holds them."""
    if not isinstance(node, Context):
        return {}
    inputs = node.untracked
    if not inputs and len(node._saved) == len(node.edges):
        # Many functions save just their inputs; comparing the tracked ones tells if this one did.
        inputs = node._saved
        for value, edge in zip(inputs, node.edges):
            tracked = isinstance(value, Variable) and value.requires_grad
            if tracked != (edge is not None) or (edge and value._edge[0] is not edge[0]):
                return {}
    return {
        position: value
        for position, value in enumerate(inputs)
        if isinstance(value, Variable) and not value.requires_grad
    }


def _summary(value: Any) -> str:
    """The number or shape of a value, as text."""
    if isinstance(value, Variable):
        return value._summary(value._spec())
    return f"{value:.4g}" if isinstance(value, (int, float)) else ""


def _check_size(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise ValueError(
            f"graph: {size} nodes, more than the limit of {limit}, beyond which a drawing is slow "
            "to make and hard to read. Draw a smaller example or from an inner value, or pass "
            f"limit={size} (None for no limit)."
        )


def _quoted(text: str) -> str:
    """The text as a quoted string of the DOT language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
