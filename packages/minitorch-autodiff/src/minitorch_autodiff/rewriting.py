"""Changes in place that are recorded: a value takes over the history of what was written into it.

Where the memory of a value x receives the elements of a result f(x, ...), the call of f becomes the
history of x. Uses of x before the change keep the edges that they recorded, later ones get edges to
the call, and the engine needs to know nothing: the chain rule does the rest.

Two things that the call may have saved need care. It computed with the old elements of x, so if its
derivative needs them, they must survive the change; and if its derivative needs the result, that is
x from now on, so that a further change of x is noticed.
"""

from __future__ import annotations

from typing import Any

from minitorch_autodiff.function import Context
from minitorch_autodiff.variable import Variable

__all__ = ["kept_by", "results_saved_by", "take_over"]


def take_over(value: Variable, result: Variable) -> None:
    """Give `value` the history of `result`.

    Hooks of `value` stay with its old history and see the gradient of the old elements; what
    `retain_grad` keeps is the gradient of the new ones.
    """
    retained = value._retained
    if retained is not None:
        assert value._history is not None
        hooks = value._history[0].hooks
        assert hooks is not None
        hooks[:] = [entry for entry in hooks if entry is not retained]
        value._retained = None
    value.requires_grad = result.requires_grad
    value._history = result._history
    if retained is not None:
        value.retain_grad()


def kept_by(result: Variable, value: Variable, since: int) -> bool:
    """True if a call that was recorded after the tick `since`, and that `result` was computed by,
    saved `value` itself."""
    seen: set[Any] = set()
    stack: list[Any] = [result.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node.is_leaf or node.time <= since or node in seen:
            continue
        seen.add(node)
        if any(saved is value for saved in node._saved):
            return True
        stack += [edge[0] for edge in node.edges if edge is not None]
    return False


def results_saved_by(node: Context) -> list[Any]:
    """What stands for the results of a call among the values that it saved."""
    return [node._saved[position] for position, _ in node._own_outputs]
