"""Automatic differentiation from first principles, on the standard library alone.

`operators` holds scalar functions, `Scalar` is a number that remembers how it was computed,
`Function` is one differentiable operation, and `engine` applies the chain rule in one sweep. The
engine relies only on `protocol`, which minitorch-tensor's `Tensor` implements too.
"""

from typing import TYPE_CHECKING

from minitorch_autodiff import operators
from minitorch_autodiff.checks import central_difference, derivative_check
from minitorch_autodiff.engine import run_backward, topological_order
from minitorch_autodiff.function import Context, Function
from minitorch_autodiff.grad_mode import (
    detect_anomaly,
    enable_grad,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from minitorch_autodiff.graph import Graph, GraphEdge, GraphNode, draw
from minitorch_autodiff.hints import Lacking
from minitorch_autodiff.protocol import AUTODIFF_INTERFACE, Edge, Gradient, Hook, Node
from minitorch_autodiff.scalar import Scalar, ScalarFunction
from minitorch_autodiff.variable import RemovableHandle, Variable, grad, jvp, vjp

__all__ = [
    "AUTODIFF_INTERFACE",
    "Context",
    "Edge",
    "Function",
    "Gradient",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Hook",
    "Node",
    "RemovableHandle",
    "Scalar",
    "ScalarFunction",
    "Variable",
    "central_difference",
    "derivative_check",
    "detect_anomaly",
    "draw",
    "enable_grad",
    "grad",
    "is_grad_enabled",
    "jvp",
    "no_grad",
    "operators",
    "run_backward",
    "set_grad_enabled",
    "topological_order",
    "vjp",
]


__version__: str

if not TYPE_CHECKING:  # type checkers know every name

    def __getattr__(name: str) -> str:
        """`__version__`, looked up on first use, because importing `importlib.metadata` is slow."""
        if name == "__version__":
            from importlib.metadata import version

            return version("minitorch-autodiff")
        raise Lacking(__name__, name)
