"""The rules of derivatives mean the same for Scalars, symbols and tensors."""

from __future__ import annotations

from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_autodiff import Scalar
from minitorch_autodiff import operators as ops
from minitorch_autodiff.derivatives import DERIVATIVES, Operator
from minitorch_tensor.functions.base import FUNCTIONS
from minitorch_tensor.testing import assert_close
from minitorch_tensor.tracing import DIFFERENTIABLE

by_name = pytest.mark.parametrize("operator", DERIVATIVES, ids=lambda op: op.__name__)

#: For each argument. Ties, zeros and NaN are among those of operators that have kinks.
POINTS: dict[str, list[list[float]]] = {
    "acosh": [[1.2, 1.7, 3.0]],
    "abs": [[-0.7, 0.0, 0.4, float("nan")]],
    "relu": [[-0.7, 0.0, 0.4, float("nan")]],
    "max": [[-0.7, 0.4, 0.4, 0.8, float("nan")], [0.3, -0.2, 0.4, 0.8, 0.1]],
    "min": [[-0.7, 0.4, 0.4, 0.8, float("nan")], [0.3, -0.2, 0.4, 0.8, 0.1]],
    "pow": [[0.0, 0.0, 0.0, 0.7, 0.7, 1.3, -1.2], [0.0, 1.0, 2.0, 0.0, 1.3, -0.4, 2.0]],
    "atan2": [[0.0, 0.3, -0.7], [0.0, 0.8, -0.2]],
    "logaddexp": [[0.5, 0.3, float("inf")], [0.5, -0.8, float("inf")]],
    "keep_if": [[0.0, 1.0], [0.4, 0.7]],
}


def points(operator: Operator) -> list[list[float]]:
    usual = [[0.2, 0.45, 0.8], [0.7, 0.3, 0.5]]
    return POINTS.get(operator.__name__, usual[: operator.__code__.co_argcount])


def derivatives(function: Any, inputs: list[Any]) -> list[Any]:
    """Of first and second order, 0 where there is none."""
    for x in inputs:
        x.requires_grad_()
    slopes = _grad(function(*inputs).sin(), inputs)
    found = list(slopes)
    for slope in slopes:
        found += _grad(slope, inputs)
    return [x.data if isinstance(x, Scalar) else x for x in found]


def _grad(output: Any, inputs: list[Any]) -> list[Any]:
    if not output.requires_grad:
        return [x * 0.0 for x in inputs]
    if isinstance(output, mt.Tensor):
        output = output.sum()
    found = mt.grad(output, inputs, create_graph=True, allow_unused=True)
    return [x * 0.0 if g is None else g for g, x in zip(found, inputs, strict=True)]


def of_scalars(operator: Operator) -> list[list[float]]:
    places = zip(*points(operator), strict=True)
    of_each = [derivatives(_applied(operator), [Scalar(x) for x in place]) for place in places]
    return [list(values) for values in zip(*of_each, strict=True)]


def _applied(operator: Operator) -> Any:
    return lambda *inputs: inputs[0]._call(operator, *inputs)


def of_tensors(function: Any, operator: Operator) -> list[Any]:
    inputs = [mt.tensor(values, dtype="float64") for values in points(operator)]
    return derivatives(function, inputs)


@by_name
def test_tensors_have_the_derivatives_of_scalars(operator, backend):
    if operator is ops.keep_if:
        pytest.skip("tensors have `where`")
    assert operator in FUNCTIONS
    found = of_tensors(_applied(operator), operator)
    for tensor, scalars in zip(found, of_scalars(operator), strict=True):
        assert_close(tensor, scalars, rtol=1e-12, atol=1e-12, equal_nan=True)


@by_name
def test_traced_functions_have_the_derivatives_of_scalars(operator, backend):
    assert operator in DIFFERENTIABLE
    found = of_tensors(mt.elementwise(operator), operator)
    for tensor, scalars in zip(found, of_scalars(operator), strict=True):
        assert_close(tensor, scalars, rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("exponent", [-2, -1, 0, 0.0, 1, 1.5, 2, 3, 4, 0.5])
@pytest.mark.parametrize("base", [0.0, 0.7, -1.3, float("inf")])
def test_a_power_to_a_number_has_the_derivatives_of_scalars(exponent, base, backend):
    inputs = [mt.tensor(base, dtype="float64")]
    found = derivatives(lambda x: x**exponent, inputs)
    expected = derivatives(lambda x: x**exponent, [Scalar(base)])
    assert_close(found[0], expected[0], rtol=1e-12, atol=0.0, equal_nan=True)
    if base not in (0.0, float("inf")):
        assert_close(found[1], expected[1], rtol=1e-12, atol=0.0, equal_nan=True)


def test_a_power_to_a_number_is_drawn_and_named_as_any():
    x = mt.tensor([2.0], requires_grad=True)
    assert repr((x**3).grad_fn) == "<Pow backward>"
    with pytest.raises(OverflowError, match=r"^pow: "):
        x.long() ** 2**70
