"""Derivatives by finite differences, to check the exact ones against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import grad
from minitorch_tensor.creation import randn_like, tensor
from minitorch_tensor.dtypes import float64
from minitorch_tensor.random import Generator
from minitorch_tensor.tensor import Tensor

#: How many wrong derivatives a message lists.
SHOWN = 8


def gradcheck(
    function: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Check that `backward` through `function` agrees with central differences.

    >>> from minitorch_tensor import randn
    >>> gradcheck(lambda x, y: (x * y).exp(), [
    ...     randn(2, 3, dtype="float64", requires_grad=True),
    ...     randn(3, dtype="float64", requires_grad=True),
    ... ])
    True

    Every output is differentiated with respect to every element of every input that requires a
    gradient: the whole Jacobian both ways.

    Args:
        function: of the inputs; returns a tensor, or a tuple of which those that require a
            gradient are checked. If none does, its derivative is taken to be 0.
        inputs: tensors, of float64 where they require a gradient, and anything else.
        eps: half the width of the differences.
        atol: absolute and
        rtol: relative tolerance.
        raise_exception: raise, rather than return False.

    Returns: True if they agree.
    Raises: AssertionError that shows both numbers wherever they differ; ValueError if no input
        requires a gradient, or one that does is not float64.
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    places = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not places:
        raise ValueError("gradcheck: no input requires a gradient. Set requires_grad=True on one.")
    for i in places:
        if arguments[i].dtype is not float64:
            raise ValueError(
                f"gradcheck: input {i} is {arguments[i].dtype}, too coarse for differences of "
                f"{eps:g}. Use float64."
            )
    arguments = [
        x.detach().clone().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x
        for x in arguments
    ]
    outputs = _tensors(function(*arguments))
    checked = [k for k, y in enumerate(outputs) if y.requires_grad]
    if not checked:  # a constant function, then, whose differences must vanish
        checked = [k for k, y in enumerate(outputs) if y.is_floating_point()]
    wrong: list[str] = []
    for i in places:
        differences = _differences(function, arguments, i, eps)
        for k in checked:
            exact = _jacobian(outputs[k], arguments[i])
            wrong += _mismatches(exact, differences[k], outputs[k], arguments[i], k, i, atol, rtol)
    if wrong and raise_exception:
        name = getattr(function, "__name__", repr(function))
        more = f"\n  ... and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise AssertionError(
            f"gradcheck: {name}: {len(wrong)} derivatives are wrong:\n  "
            + "\n  ".join(wrong[:SHOWN])
            + more
        )
    return not wrong


def gradgradcheck(
    function: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Check the second derivatives: `gradcheck` of the gradients of `function`, with respect to
    the inputs and to the gradients that it starts from.

    Args: as `gradcheck`.
        grad_outputs: for each output that requires a gradient the one to start from; random if
            left out.

    Returns: True if they agree.
    Raises: as `gradcheck`.
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    places = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if grad_outputs is None:
        probe = [y for y in _tensors(function(*arguments)) if y.requires_grad]
        generator = Generator(0)
        grad_outputs = [randn_like(y.detach(), generator=generator) for y in probe]
    starts = [d.detach().clone().requires_grad_() for d in grad_outputs]

    def gradients(*values: Any) -> tuple[Any, ...]:
        primals = values[: len(arguments)]
        outputs = [y for y in _tensors(function(*primals)) if y.requires_grad]
        found = grad(
            outputs,
            [primals[i] for i in places],
            values[len(arguments) :],
            create_graph=True,
            allow_unused=True,
        )
        return tuple([d for d in found if d is not None])

    gradients.__name__ = f"gradient of {getattr(function, '__name__', repr(function))}"
    return gradcheck(
        gradients,
        [*arguments, *starts],
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
    )


def _tensors(value: Any) -> list[Tensor]:
    values = value if isinstance(value, (tuple, list)) else [value]
    return [y for y in values if isinstance(y, Tensor)]


def _differences(
    function: Callable[..., Any], arguments: list[Any], i: int, eps: float
) -> list[npt.NDArray[np.float64]]:
    """For each output, its derivative with respect to input i: (elements of it, elements of i)."""
    x = arguments[i]
    at = np.array(x.numpy(force=True)).reshape(-1)
    columns: list[list[npt.NDArray[np.float64]]] = []
    for j in range(at.size):
        sides = []
        for step in (eps, -eps):
            moved = at.copy()
            moved[j] += step
            value = tensor(moved.reshape(x.shape), device=x.backend).requires_grad_()
            results = _tensors(function(*arguments[:i], value, *arguments[i + 1 :]))
            sides.append([np.array(y.numpy(force=True), np.float64).reshape(-1) for y in results])
        columns.append([(above - below) / (2.0 * eps) for above, below in zip(*sides)])
    if not columns:
        return [np.zeros((y.numel(), 0)) for y in _tensors(function(*arguments))]
    return [np.stack(column, axis=1) for column in zip(*columns)]


def _jacobian(output: Tensor, x: Tensor) -> npt.NDArray[np.float64]:
    """The derivative of output with respect to x by backward: (elements of it, elements of x)."""
    rows = np.zeros((output.numel(), x.numel()))
    if not output.requires_grad:
        return rows
    for row in range(output.numel()):
        unit = np.zeros(output.numel())
        unit[row] = 1.0
        start = tensor(unit.reshape(output.shape), device=output.backend)
        (found,) = grad(output, x, start, retain_graph=True, allow_unused=True)
        if found is not None:
            rows[row] = found.numpy(force=True).reshape(-1)
    return rows


def _mismatches(
    exact: npt.NDArray[np.float64],
    approximate: npt.NDArray[np.float64],
    output: Tensor,
    x: Tensor,
    k: int,
    i: int,
    atol: float,
    rtol: float,
) -> list[str]:
    close = np.isclose(exact, approximate, rtol=rtol, atol=atol)
    messages = []
    for row, column in np.argwhere(~close):
        there = [int(n) for n in np.unravel_index(row, output.shape)]
        here = [int(n) for n in np.unravel_index(column, x.shape)]
        messages.append(
            f"output {k} {there} with respect to input {i} {here}: backward gives "
            f"{exact[row, column]:.8g}, central difference {approximate[row, column]:.8g}"
        )
    return messages
