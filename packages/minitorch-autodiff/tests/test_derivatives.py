"""The rules of derivatives: each against differences, none forgotten."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import Scalar, derivative_check, grad, operators
from minitorch_autodiff.derivatives import DERIVATIVES, FLAT, Elementary, Operator

INF, NAN = math.inf, math.nan

numbers = st.floats(-3.0, 3.0)
positive = st.floats(0.2, 3.0)
nonzero = numbers.filter(lambda x: abs(x) > 0.05)
within_one = st.floats(-0.9, 0.9)

#: Where each argument is smooth; elsewhere any number is.
SMOOTH: dict[str, list[st.SearchStrategy[float]]] = {
    "div": [numbers, numbers.filter(lambda y: abs(y) > 0.4)],
    "pow": [positive, numbers],
    "abs": [nonzero],
    "abs_back": [nonzero, numbers],
    "relu": [nonzero],
    "relu_back": [nonzero, numbers],
    "keep_if": [nonzero, numbers],
    "max": [st.floats(-3.0, 0.9), st.floats(1.0, 3.0)],
    "min": [st.floats(-3.0, 0.9), st.floats(1.0, 3.0)],
    "copysign": [nonzero, nonzero],
    "log": [positive],
    "log2": [positive],
    "log10": [positive],
    "log1p": [st.floats(-0.7, 3.0)],
    "sqrt": [positive],
    "tan": [st.floats(-1.2, 1.2)],
    "asin": [within_one],
    "acos": [within_one],
    "acosh": [st.floats(1.2, 3.0)],
    "atanh": [within_one],
    "atan2": [positive, numbers],
    "remainder": [st.floats(2.2, 3.8), st.floats(1.95, 2.05)],  # quotients between 1 and 2
    "fmod": [st.floats(-3.8, -2.2), st.floats(1.95, 2.05)],
}

by_name = pytest.mark.parametrize("operator", DERIVATIVES, ids=lambda op: op.__name__)


def smooth(operator: Operator, data: st.DataObject) -> list[float]:
    inputs = SMOOTH.get(operator.__name__, [numbers] * operator.__code__.co_argcount)
    return [data.draw(numbers) for numbers in inputs]


def applied(operator: Operator) -> Any:
    return lambda *inputs: Scalar._call(operator, *inputs)


@by_name
@given(data=st.data())
def test_a_rule_agrees_with_central_differences(operator: Operator, data: st.DataObject) -> None:
    derivative_check(applied(operator), *smooth(operator, data))


@by_name
@given(data=st.data())
def test_the_derivative_of_a_rule_agrees_with_differences_of_it(
    operator: Operator, data: st.DataObject
) -> None:
    values = smooth(operator, data)
    function = applied(operator)
    derivative_check(function, *values, order=2, rtol=1e-3)
    # Composed, so that the gradient which arrives has a history too.
    derivative_check(lambda *xs: function(*xs).sin(), *values, order=2, rtol=1e-3)


def test_every_operator_has_a_rule_or_needs_none() -> None:
    of_numbers = {
        function
        for name, function in inspect.getmembers(operators, inspect.isfunction)
        if function.__module__ == operators.__name__
        and name not in ("map", "zipWith", "reduce", "negList", "addLists", "sum", "prod")
        and not name.startswith(("int_", "bitwise_"))
    }
    composed = {operators.id, operators.inv, operators.where}
    assert set(DERIVATIVES) | FLAT | composed == of_numbers
    assert not set(DERIVATIVES) & FLAT


def test_an_operator_with_a_rule_is_a_method_unless_it_serves_backends() -> None:
    for_backends = {"keep_if", "abs_back", "relu_back", "sigmoid_back", "tanh_back"}
    methods = {name for name in vars(Elementary) if not name.startswith("_")}
    assert {operator.__name__ for operator in DERIVATIVES} - methods == for_backends


def test_a_rule_saves_what_its_parameters_name() -> None:
    saved = {r.operator.__name__: r.saves for r in DERIVATIVES.values()}
    assert (saved["add"], saved["sub"], saved["neg"]) == ("nothing",) * 3
    assert (saved["exp"], saved["sqrt"], saved["tanh"]) == ("result",) * 3
    assert (saved["mul"], saved["sin"], saved["keep_if"]) == ("inputs",) * 3


# -- second derivatives where a mask could hide them, or 0 times infinity spoil them ---------------


def hessian(operator: Operator, *values: float) -> list[list[float]]:
    inputs = [Scalar(value, requires_grad=True) for value in values]
    slopes = grad(applied(operator)(*inputs), inputs, create_graph=True)
    rows = [
        grad(slope, inputs, allow_unused=True, retain_graph=True)
        if slope is not None and slope.requires_grad
        else [None] * len(inputs)
        for slope in slopes
    ]
    return [[0.0 if x is None else x.data for x in row] for row in rows]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("logaddexp", (0.5, 0.5), [[0.25, -0.25], [-0.25, 0.25]]),
        ("logaddexp", (INF, INF), [[0.0, 0.0], [0.0, 0.0]]),
        ("logaddexp", (-INF, 0.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("pow", (0.0, 0.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("pow", (NAN, 0.0), [[0.0, 0.0], [NAN, NAN]]),
        ("pow", (2.0, 0.0), [[0.0, 0.5], [0.5, math.log(2.0) ** 2]]),
        ("pow", (0.0, 2.0), [[2.0, 0.0], [0.0, 0.0]]),
        ("pow", (0.0, 3.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("pow", (-2.0, 3.0), [[-12.0, NAN], [NAN, NAN]]),
        ("atan2", (0.0, 0.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("max", (1.0, 1.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("max", (NAN, 1.0), [[0.0, 0.0], [0.0, 0.0]]),
        ("abs", (0.0,), [[0.0]]),
        ("abs", (NAN,), [[0.0]]),
        ("relu", (0.0,), [[0.0]]),
        ("square", (0.0,), [[2.0]]),
    ],
)
def test_second_derivatives_at_corners(
    name: str, values: tuple[float, ...], expected: list[list[float]]
) -> None:
    found = hessian(getattr(operators, name), *values)
    for row, wanted in zip(found, expected, strict=True):
        assert row == pytest.approx(wanted, nan_ok=True)
