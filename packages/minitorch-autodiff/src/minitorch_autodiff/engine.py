"""Reverse-mode differentiation: one sweep over the recorded graph.

The chain rule says that the gradient of a node is the sum, over every use of its result, of what
each use sends back. So a node is ready once all of its uses have been processed. The first pass
counts those uses; the second starts from the roots and processes whatever has become ready
(Kahn's algorithm, 1962). Both are loops over an explicit stack: the depth of a graph is limited
by memory, not by Python's recursion limit.
"""

from __future__ import annotations

from collections.abc import Sequence

from minitorch_autodiff.protocol import Edge, Gradient, Node

__all__ = ["run_backward", "topological_order"]


def count_uses(roots: Sequence[Node]) -> dict[Node, int]:
    """How many edges point at each node that can be reached from the roots."""
    uses: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(uses)
    while stack:
        for edge in stack.pop().edges:
            if edge is None:
                continue
            parent = edge[0]
            if parent in uses:
                uses[parent] += 1
            else:
                uses[parent] = 1
                stack.append(parent)
    return uses


def topological_order(roots: Sequence[Node]) -> list[Node]:
    """Every reachable node, each before the nodes that made its inputs."""
    pending = count_uses(roots)
    order: list[Node] = []
    ready = [node for node, uses in pending.items() if uses == 0]
    while ready:
        node = ready.pop()
        order.append(node)
        for edge in node.edges:
            if edge is not None:
                pending[edge[0]] -= 1
                if pending[edge[0]] == 0:
                    ready.append(edge[0])
    return order


def _leading_to(roots: Sequence[Node], targets: set[Node]) -> set[Node]:
    """The nodes from which some target can be reached, targets included."""
    leading: set[Node] = set()
    for node in reversed(topological_order(roots)):
        if node in targets or _leads(node.edges, leading):
            leading.add(node)
    return leading


def _leads(edges: Sequence[Edge | None], nodes: set[Node]) -> bool:
    return any(edge is not None and edge[0] in nodes for edge in edges)


def run_backward(
    roots: Sequence[tuple[Edge, Gradient]],
    *,
    retain_graph: bool = False,
    capture: Sequence[Edge] | None = None,
) -> list[Gradient | None]:
    """Send gradients from the roots through the graph.

    Args:
        roots: (edge, gradient) for each output to differentiate.
        retain_graph: keep what the calls saved, so that the sweep can be run again.
        capture: edges whose gradient to return. Without it every leaf that is reached
            accumulates its gradient; with it no leaf does, and only the paths that lead to a
            captured edge are walked: calls beside them are not asked, nor freed.

    Returns: the gradients of `capture` in its order, None where no path leads there.
    """
    nodes = [node for (node, _), _ in roots]
    pending = count_uses(nodes)
    captured: dict[Edge, Gradient | None] = {}
    wanted: set[Node] | None = None
    if capture is not None:
        captured = dict.fromkeys(capture)
        wanted = _leading_to(nodes, {node for node, _ in capture})
    targets = {node for node, _ in captured}

    # What each node has received so far: the gradient of its output, or a list of several.
    gradients: dict[Node, Gradient | list[Gradient | None]] = {}
    for (node, index), gradient in roots:
        if wanted is None or node in wanted:
            _add(gradients, node, index, node.fit(gradient, index))

    ready = [node for node, uses in pending.items() if uses == 0]
    while ready:
        node = ready.pop()
        received = gradients.pop(node, None)
        if received is not None:
            if node.hooks is not None:
                received = _call_hooks(node, received)
            if node in targets:
                for index, gradient in enumerate(_outputs(node, received)):
                    if (node, index) in captured:
                        captured[node, index] = gradient
        if node.is_leaf:
            if wanted is None and received is not None:
                node.accumulate(received)
            continue
        edges = node.edges
        if received is None or (wanted is not None and not _leads(edges, wanted)):
            sent: Sequence[Gradient | None] = (None,) * len(edges)
        else:
            sent = node.send_back(*_outputs(node, received))
            if not retain_graph:
                node.release()
            received = None
        for edge, gradient in zip(edges, sent):
            if edge is None:
                continue
            parent, index = edge
            if gradient is not None and (wanted is None or parent in wanted):
                gradient = parent.fit(gradient, index)
                if parent in gradients or parent.n_outputs > 1:
                    _add(gradients, parent, index, gradient)
                else:
                    gradients[parent] = gradient
            uses = pending[parent] = pending[parent] - 1
            if uses == 0:
                ready.append(parent)
        # Let go before the next call allocates: a gradient lives no longer than it is needed.
        del sent
        gradient = None
    return [captured[edge] for edge in capture or ()]


def _add(
    gradients: dict[Node, Gradient | list[Gradient | None]],
    node: Node,
    index: int,
    gradient: Gradient,
) -> None:
    """Add a gradient to what output `index` of a node has received so far."""
    if node.n_outputs == 1:
        gradients[node] = gradients[node] + gradient if node in gradients else gradient
    else:
        received = gradients.setdefault(node, [None] * node.n_outputs)
        earlier = received[index]
        received[index] = gradient if earlier is None else earlier + gradient


def _outputs(node: Node, received: Gradient | list[Gradient | None]) -> Sequence[Gradient | None]:
    """What a node has received, one entry for each output."""
    return received if node.n_outputs > 1 else (received,)


def _call_hooks(
    node: Node, received: Gradient | list[Gradient | None]
) -> Gradient | list[Gradient | None]:
    """What the hooks make of what a node has received."""
    gradients = list(_outputs(node, received))
    for index, hook in tuple(node.hooks or ()):  # a copy: a hook may remove itself
        if gradients[index] is not None:
            replacement = hook(gradients[index])
            if replacement is not None:
                gradients[index] = node.fit(replacement, index)
    return gradients if node.n_outputs > 1 else gradients[0]
