"""The autodiff protocol: the interface between the engine and the values it differentiates.

The graph of a computation has a *node* for each recorded call of a function, and each leaf (a
value that requires a gradient and was not computed) is a node itself. Edges point from a call to
the nodes that made its inputs. `engine.run_backward` walks such a graph through this interface
alone; `Scalar` here and `Tensor` in minitorch-tensor both implement it.

A change that breaks an implementation of `Node` raises `AUTODIFF_INTERFACE` by one, and the
major version of minitorch-autodiff with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

AUTODIFF_INTERFACE = 1

#: A gradient: any value with `+` (a float, a Scalar, a Tensor).
Gradient: TypeAlias = Any

#: The origin of a value: the node that made it, and its index among that node's outputs.
Edge: TypeAlias = "tuple[Node, int]"

#: Called with the gradient of one output; may return a replacement.
Hook: TypeAlias = Callable[[Gradient], "Gradient | None"]


@runtime_checkable
class Node(Protocol):
    """A vertex of the graph, compared and hashed by identity."""

    @property
    def is_leaf(self) -> bool:
        """True for a leaf, where the sweep ends: `accumulate` keeps the gradient."""

    @property
    def edges(self) -> Sequence[Edge | None]:
        """One entry for each input of the call; None where that input requires no gradient."""

    @property
    def time(self) -> int:
        """The value of `clock.tick()` when the call was recorded. The engine processes the latest
        call first, hence each call after the uses of its results. A leaf's time is never read."""

    @property
    def n_outputs(self) -> int:
        """The number of values that the call returned; a leaf has one."""

    @property
    def hooks(self) -> Sequence[tuple[int, Hook]] | None:
        """(output index, hook) pairs to call once that output's gradient is complete."""

    @property
    def exact(self) -> bool:
        """True if gradients from `send_back` already match their inputs, so that the engine need
        not `fit` them."""

    def fit(self, gradient: Gradient, index: int) -> Gradient:
        """Adapt a gradient to output `index`: the one place where broadcasting is undone."""

    def send_back(self, received: Any, keep: bool) -> Sequence[Gradient | None]:
        """Gradients of the inputs, one for each edge, from the gradient of the output; if there are
        several outputs, from a list with None where no gradient arrived. Unless `keep` is true, the
        values saved for backward are freed.
        """

    def accumulate(self, gradient: Gradient) -> None:
        """For a leaf: add to the gradient kept so far."""
