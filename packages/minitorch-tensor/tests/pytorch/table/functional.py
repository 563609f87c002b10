"""grad, vjp, jvp, jacobian, hessian, and the switches of recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .row import Case, case, x


def gradient(library: Any, name: str, *args: Any) -> Any:
    """grad of a function's output, weighted by itself, in all tensors that go in."""
    output = getattr(library, name)(*args)
    return library.grad(output, list(args), grad_outputs=output.detach())


def backward_map(library: Any, name: str, *args: Any) -> Any:
    """vjp: a function's output, and what comes back of twice that."""
    output, pull = library.vjp(getattr(library, name), *args)
    return output, pull(output * 2)


def forward_map(library: Any, name: str, *args: Any) -> Any:
    """jvp: a function's output, and how it changes along half the arguments."""
    return library.jvp(getattr(library, name), args, tuple([a.detach() / 2 for a in args]))


def matrices(library: Any, name: str, several: bool, tensor: Any) -> Any:
    """The Jacobian or Hessian of functions of one tensor, or of two."""
    derivative = getattr(library, name)
    if not several:
        return derivative(lambda x: (x * x.sin()).sum(0 if name == "jacobian" else (0, 1)), tensor)
    if name == "jacobian":
        return derivative(lambda x, y: (x @ y, y * 2), (tensor, tensor.exp()))
    return derivative(lambda x, y: (x * y).sum() ** 2 + y.sum(), (tensor, tensor.exp()))


def without_history(library: Any, tensor: Any) -> Any:
    """Results computed under no_grad, outside it, and under enable_grad inside it."""
    with library.no_grad():
        constant, modes = tensor * 2, [library.is_grad_enabled()]
        with library.enable_grad():
            recorded = tensor * 3
            modes.append(library.is_grad_enabled())
    with library.set_grad_enabled(False):
        modes.append((tensor * 4).requires_grad)
    return [constant, recorded, constant.requires_grad, recorded.requires_grad, modes]


def rows() -> Iterator[Case]:
    """The rows."""
    for function in (gradient, backward_map, forward_map):
        graded = function is gradient
        yield case(function, "mul", x(2, 3, grad=graded), x(3, grad=graded))
        yield case(
            function, "matmul", x(2, 3, layout="permuted", grad=graded), x(3, 2, grad=graded)
        )
        yield case(function, "tanh", x(4, grad=graded))
    for function in ("jacobian", "hessian"):
        for several in (False, True):
            yield case(matrices, function, several, x(2, 2, grad=False))
    yield case(without_history, x(3))
