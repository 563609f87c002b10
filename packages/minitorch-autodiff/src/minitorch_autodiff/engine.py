"""Reverse-mode differentiation: one sweep over the recorded graph.

By the chain rule, the gradient of a node is the sum of the gradients that all uses of its result
send back. So a node may be processed once all of its uses have been: in topological order. No
sorting is needed: a call happens after the calls whose results it uses, so "latest first" is such
an order, and a heap of the calls that have received a gradient yields the latest. The sweep is a
loop, not a recursion, so only memory limits the depth of a graph.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import heappop, heappush

from minitorch_autodiff.protocol import Edge, Gradient, Node

__all__ = ["run_backward", "topological_order"]


def topological_order(roots: Sequence[Node]) -> list[Node]:
    """Every reachable node, each before the nodes that made its inputs. Leaves come last, in
    reverse order of discovery."""
    reached = dict.fromkeys(roots)
    stack = list(reached)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge[0] not in reached:
                reached[edge[0]] = None
                stack.append(edge[0])
    leaves = [node for node in reached if node.is_leaf]
    calls = [node for node in reached if not node.is_leaf]
    calls.sort(key=lambda node: node.time, reverse=True)
    return calls + leaves[::-1]


def _leading_to(roots: Sequence[Node], targets: Collection[Node]) -> set[Node]:
    """The nodes from which some target can be reached, targets included."""
    leading: set[Node] = set()
    for node in reversed(topological_order(roots)):
        if node in targets or _leads(node.edges, leading):
            leading.add(node)
    return leading


def _leads(edges: Sequence[Edge | None], nodes: Collection[Node]) -> bool:
    return any(edge is not None and edge[0] in nodes for edge in edges)


def run_backward(
    roots: Sequence[tuple[Edge, Gradient]],
    *,
    retain_graph: bool = False,
    capture: Sequence[Edge] | None = None,
) -> list[Gradient | None]:
    """Send gradients from the roots through the graph.

    Leaves come last, so an error during the sweep leaves all of them unchanged.

    Args:
        roots: (edge, gradient) for each output to differentiate.
        retain_graph: keep what the calls saved, so that the sweep can be run again.
        capture: edges whose gradient to return. Without it every leaf that is reached
            accumulates its gradient; with it no leaf does, and only the paths that lead to a
            captured edge are walked: other calls neither run nor are freed.

    Returns: the gradients of `capture` in its order, None where no path leads there.
    """
    captured: dict[Edge, Gradient | None] = dict.fromkeys(capture or ())
    targets = {node for node, _ in captured}
    wanted = None if capture is None else _leading_to([node for (node, _), _ in roots], targets)

    # What each node has received so far: the gradient of its output, or a list of several.
    gradients: dict[Node, Gradient | list[Gradient | None]] = {}
    calls: list[tuple[int, Node]] = []  # a heap, the latest first
    leaves: list[Node] = []
    next_call: Node | None = None  # in a chain there is only one pending call, which skips the heap

    sent: Sequence[Gradient | None] = [root.fit(gradient, i) for (root, i), gradient in roots]
    edges: Sequence[Edge | None] = [edge for edge, _ in roots]
    exact = True
    while True:
        for edge, gradient in zip(edges, sent):
            if edge is None or gradient is None:
                continue
            node, index = edge
            if wanted is not None and node not in wanted:
                continue
            if not exact:
                gradient = node.fit(gradient, index)
            if node in gradients:
                _add(gradients, node, index, gradient)
                continue
            gradients[node] = gradient if node.n_outputs == 1 else _first(node, index, gradient)
            if node.is_leaf:
                leaves.append(node)
            elif next_call is None:
                next_call = node
            else:
                heappush(calls, (-node.time, node))
        # Release the gradients before the next call allocates.
        sent, gradient, received = (), None, None
        if calls:
            if next_call is not None:
                heappush(calls, (-next_call.time, next_call))
            next_call = heappop(calls)[1]
        if next_call is None:
            break
        node, next_call = next_call, None
        received = gradients.pop(node)
        if node.hooks is not None:
            received = _call_hooks(node, received)
        edges = node.edges
        if wanted is not None:
            _capture(captured, node, received)
            if not _leads(edges, wanted):
                edges = ()
                continue
        sent = node.send_back(received, retain_graph)
        exact = node.exact

    for leaf in leaves:
        received = gradients.pop(leaf)
        if leaf.hooks is not None:
            received = _call_hooks(leaf, received)
        if wanted is None:
            leaf.accumulate(received)
        else:
            _capture(captured, leaf, received)
    return [captured[edge] for edge in capture or ()]


def _first(node: Node, index: int, gradient: Gradient) -> list[Gradient | None]:
    """The gradients of a node's outputs when only that of output `index` has arrived."""
    received: list[Gradient | None] = [None] * node.n_outputs
    received[index] = gradient
    return received


def _add(
    gradients: dict[Node, Gradient | list[Gradient | None]],
    node: Node,
    index: int,
    gradient: Gradient,
) -> None:
    """Add a gradient to what output `index` of a node has received so far."""
    if node.n_outputs == 1:
        gradients[node] = gradients[node] + gradient
    else:
        received = gradients[node]
        earlier = received[index]
        received[index] = gradient if earlier is None else earlier + gradient


def _outputs(node: Node, received: Gradient | list[Gradient | None]) -> Sequence[Gradient | None]:
    """The gradients that a node has received, one entry for each output."""
    return received if node.n_outputs > 1 else (received,)


def _capture(
    captured: dict[Edge, Gradient | None],
    node: Node,
    received: Gradient | list[Gradient | None],
) -> None:
    """Store those of a node's gradients that the caller asked for."""
    for index, gradient in enumerate(_outputs(node, received)):
        if (node, index) in captured:
            captured[node, index] = gradient


def _call_hooks(
    node: Node, received: Gradient | list[Gradient | None]
) -> Gradient | list[Gradient | None]:
    """Run a node's hooks, and return its gradients as the hooks left them."""
    gradients = list(_outputs(node, received))
    for index, hook in tuple(node.hooks or ()):  # a copy: a hook may remove itself
        if gradients[index] is not None:
            replacement = hook(gradients[index])
            if replacement is not None:
                gradients[index] = node.fit(replacement, index)
    return gradients if node.n_outputs > 1 else gradients[0]
