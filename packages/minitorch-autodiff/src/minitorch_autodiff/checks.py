"""Derivatives by finite differences, to check the exact ones against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_autodiff.scalar import Scalar


def central_difference(
    function: Callable[..., Any], *values: float, arg: int = 0, epsilon: float = 1e-6
) -> float:
    """(f(.., x + epsilon, ..) - f(.., x - epsilon, ..)) / (2 epsilon), for argument `arg`.

    Args:
        function: of as many plain numbers as there are `values`.
        values: where to differentiate.
        arg: the position of the argument to vary.
        epsilon: half the width of the difference. Its error falls with epsilon**2 and the
            rounding error grows with 1 / epsilon; 1e-6 suits double precision.
    """
    above, below = list(values), list(values)
    above[arg] += epsilon
    below[arg] -= epsilon
    return (float(function(*above)) - float(function(*below))) / (2.0 * epsilon)


def derivative_check(
    function: Callable[..., Any],
    *scalars: Scalar | float,
    epsilon: float = 1e-6,
    atol: float = 1e-4,
    rtol: float = 1e-4,
) -> None:
    """Check that `backward` through `function` of Scalars agrees with central differences.

    >>> derivative_check(lambda x, y: x * y + x.exp(), 2.0, -1.5)

    Raises: AssertionError, with both numbers for every argument that disagrees.
    """
    values = [float(x) for x in scalars]
    inputs = [Scalar(value, requires_grad=True) for value in values]
    output = function(*inputs)
    if output.requires_grad:
        output.backward()
    wrong = []
    for arg, x in enumerate(inputs):
        exact = 0.0 if x.derivative is None else x.derivative
        approximate = central_difference(
            lambda *plain: function(*[Scalar(v) for v in plain]),
            *values,
            arg=arg,
            epsilon=epsilon,
        )
        if not _close(exact, approximate, atol, rtol):
            wrong.append(
                f"  argument {arg} = {values[arg]}: backward gives {exact:.8g}, "
                f"central difference {approximate:.8g}"
            )
    if wrong:
        name = getattr(function, "__name__", repr(function))
        raise AssertionError("\n".join([f"derivative_check: {name}{tuple(values)}", *wrong]))


def _close(x: float, y: float, atol: float, rtol: float) -> bool:
    return x == y or abs(x - y) <= atol + rtol * abs(y)


