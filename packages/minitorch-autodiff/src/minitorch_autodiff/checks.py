"""Derivatives by finite differences, to check the exact ones against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_autodiff.scalar import Scalar
from minitorch_autodiff.variable import Variable, grad


def central_difference(
    function: Callable[..., Any], *values: float, arg: int = 0, epsilon: float = 1e-6
) -> float:
    """(f(.., x + epsilon, ..) - f(.., x - epsilon, ..)) / (2 epsilon), for argument `arg`.

    Args:
        function: takes one plain number for each of `values`; returns a number or a Scalar.
        values: where to differentiate.
        arg: the position of the argument to vary.
        epsilon: half the width of the difference. Its error falls with epsilon**2 and the
            rounding error grows with 1 / epsilon; 1e-6 suits double precision near 1.

    >>> round(central_difference(lambda x: x * x, 3.0), 6)
    6.0

    Raises: ValueError for an `arg` out of range, or if epsilon vanishes beside the argument.
    """
    if not -len(values) <= arg < len(values):
        raise ValueError(f"central_difference: arg is {arg}, but there are {len(values)} values.")
    above, below = list(values), list(values)
    above[arg] += epsilon
    below[arg] -= epsilon
    width = above[arg] - below[arg]  # 2 epsilon, after rounding
    if width == 0:
        raise ValueError(
            f"central_difference: epsilon {epsilon} vanishes beside {values[arg]}; "
            "pass a larger one."
        )
    return (float(function(*above)) - float(function(*below))) / width


def derivative_check(
    function: Callable[..., Any],
    *scalars: Scalar | float,
    epsilon: float = 1e-6,
    atol: float = 1e-4,
    rtol: float = 1e-4,
    order: int = 1,
) -> None:
    """Check that `backward` through `function` of Scalars agrees with central differences.

    >>> derivative_check(lambda x, y: x * y + x.exp(), 2.0, -1.5)

    Args:
        function: takes Scalars; returns a Scalar (or a plain number, whose derivatives are 0).
        scalars: where to check.
        epsilon: see `central_difference`.
        atol: absolute tolerance.
        rtol: relative tolerance, a multiple of the central difference that is added to `atol`.
        order: 2 checks the second derivatives, as differences of the first.

    Raises: AssertionError, with both numbers for every derivative that disagrees.
    """
    if order not in {1, 2}:
        raise ValueError(f"derivative_check: order must be 1 or 2, got {order}.")
    values = [float(x) for x in scalars]
    name = getattr(function, "__name__", repr(function))
    wrong = _disagreements(function, values, epsilon, atol, rtol, "")
    if order == 2:
        for arg in range(len(values)):
            slope = f"derivative {arg}, "
            wrong += _disagreements(_partial(function, arg), values, epsilon, atol, rtol, slope)
    if wrong:
        raise AssertionError("\n".join([f"derivative_check: {name}{tuple(values)}", *wrong]))


def _disagreements(
    function: Callable[..., Any],
    values: list[float],
    epsilon: float,
    atol: float,
    rtol: float,
    of: str,
) -> list[str]:
    inputs = [Scalar(value, requires_grad=True) for value in values]
    output = function(*inputs)
    exact = [0.0] * len(values)
    if isinstance(output, Variable) and output.requires_grad:
        found = grad(output, inputs, allow_unused=True)
        exact = [0.0 if g is None else float(g) for g in found]

    def of_numbers(*plain: float) -> Any:
        return function(*[Scalar(value, requires_grad=True) for value in plain])

    wrong = []
    for arg, value in enumerate(values):
        approximate = central_difference(of_numbers, *values, arg=arg, epsilon=epsilon)
        if not _close(exact[arg], approximate, atol, rtol):
            wrong.append(
                f"  {of}argument {arg} = {value}: backward gives {exact[arg]:.8g}, "
                f"central difference {approximate:.8g}"
            )
    return wrong


def _partial(function: Callable[..., Any], arg: int) -> Callable[..., Any]:
    """The derivative of `function` with respect to one argument, itself differentiable."""

    def derivative(*inputs: Scalar) -> Any:
        output = function(*inputs)
        if not (isinstance(output, Variable) and output.requires_grad):
            return 0.0
        (slope,) = grad(output, inputs[arg], create_graph=True, allow_unused=True)
        return 0.0 if slope is None else slope

    return derivative


def _close(x: float, y: float, atol: float, rtol: float) -> bool:
    return x == y or abs(x - y) <= atol + rtol * abs(y)
