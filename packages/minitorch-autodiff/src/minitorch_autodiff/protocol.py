"""The autodiff protocol: everything the engine knows of the values it differentiates.

The graph of a computation has a *node* for each recorded call of a function, and each leaf (a
value that requires a gradient and was not computed) is a node itself. Edges point from a call to
the nodes that made its inputs. `engine.run_backward` walks such a graph and knows nothing but
this page; `Scalar` here and `Tensor` in minitorch-tensor are two clients of it.

A change that breaks an implementation of `Node` raises `AUTODIFF_INTERFACE` by one, and the
major version of minitorch-autodiff with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

AUTODIFF_INTERFACE = 1

#: A gradient: any value with `+` (a float, a Scalar, a Tensor).
Gradient: TypeAlias = Any

#: Where a value came from: the node that made it, and which of that node's outputs it is.
Edge: TypeAlias = "tuple[Node, int]"

#: Called with the gradient of one output; may return another to put in its place.
Hook: TypeAlias = Callable[[Gradient], "Gradient | None"]


@runtime_checkable
class Node(Protocol):
    """A vertex of the graph. Compared by identity; must be hashable so."""

    @property
    def is_leaf(self) -> bool:
        """True where the sweep ends: the gradient is kept by `accumulate`, not passed on."""

    @property
    def edges(self) -> Sequence[Edge | None]:
        """One entry for each input of the call; None where that input wants no gradient."""

    @property
    def time(self) -> int:
        """When the call was recorded: what `clock.tick()` gave then. The engine goes back in time,
        so a call comes after those that used its results. A leaf's time is never read."""

    @property
    def n_outputs(self) -> int:
        """The number of values that the call returned; a leaf has one."""

    @property
    def hooks(self) -> Sequence[tuple[int, Hook]] | None:
        """(output index, hook) pairs to call once that output's gradient is complete."""

    @property
    def exact(self) -> bool:
        """True if gradients from `send_back` have their inputs' form already, so that the engine
        need not `fit` them."""

    def fit(self, gradient: Gradient, index: int) -> Gradient:
        """Adapt a gradient to output `index`: the one place where broadcasting is undone."""

    def send_back(self, received: Any, keep: bool) -> Sequence[Gradient | None]:
        """Gradients of the inputs, one for each edge, from the gradient of the output; from a
        list of them where there are several outputs, with None for those that have none.

        Unless `keep` is true, what was saved for this is dropped: memory is freed as the sweep
        passes.
        """

    def accumulate(self, gradient: Gradient) -> None:
        """For a leaf: add to the gradient kept so far."""
