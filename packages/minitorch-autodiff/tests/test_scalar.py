"""Scalar: arithmetic as on plain numbers, and derivatives of any expression."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minitorch_autodiff import Scalar, derivative_check, grad, no_grad, operators
from minitorch_autodiff.derivatives import Elementary

numbers = st.floats(-3.0, 3.0)
positive = st.floats(0.2, 3.0)
anything = st.floats(allow_nan=False)


def same(x: float, y: float) -> bool:
    return x == y or (math.isnan(x) and math.isnan(y))


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


# -- values --------------------------------------------------------------------------------------

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "max": lambda x, y: x.max(y) if isinstance(x, Scalar) else y.max(x),
    "min": lambda x, y: x.min(y) if isinstance(x, Scalar) else y.min(x),
}


@pytest.mark.parametrize("name", BINARY)
@given(x=anything, y=anything)
def test_arithmetic_is_that_of_operators_with_a_number_on_either_side(
    name: str, x: float, y: float
) -> None:
    expected = getattr(operators, name)(x, y)
    for result in (
        BINARY[name](Scalar(x), Scalar(y)),
        BINARY[name](Scalar(x), y),
        BINARY[name](x, Scalar(y)),
    ):
        assert type(result) is Scalar
        assert same(result.data, expected)


METHODS = [name for name in vars(Elementary) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
@given(data=st.data())
def test_methods_are_the_functions_of_operators(name: str, data: st.DataObject) -> None:
    operator = getattr(operators, name)
    values = [data.draw(st.floats()) for _ in range(operator.__code__.co_argcount)]
    method = getattr(Scalar(values[0]), name)
    assert method.__doc__ == operator.__doc__
    assert same(method(*values[1:]).data, operator(*values))
    assert same(method(*[Scalar(value) for value in values[1:]]).data, operator(*values))


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign"])
def test_functions_with_jumps_have_gradient_zero(name: str) -> None:
    assert slopes(lambda x: getattr(x, name)() * 2.0, 0.7) == [0.0]
    assert slopes(lambda x, y: x.floor_divide(y), 7.0, 2.0) == [0.0, 0.0]


@given(x=anything)
def test_masked_fill_replaces_the_number_and_stops_its_gradient(x: float) -> None:
    assert slopes(lambda x: x.masked_fill(True, 2.0) * x, x) == [2.0]
    assert slopes(lambda x: x.masked_fill(False, 2.0), x) == [1.0]


@given(x=anything)
def test_signs(x: float) -> None:
    assert (-Scalar(x)).data == -x
    assert abs(Scalar(x)).data == abs(x)
    assert (+Scalar(x)).data == x


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@given(x=anything, y=anything)
def test_comparison_gives_plain_booleans(
    compare: Callable[[Any, Any], Any], x: float, y: float
) -> None:
    expected = compare(x, y)
    assert compare(Scalar(x), Scalar(y)) is expected
    assert compare(Scalar(x), y) is expected
    assert compare(x, Scalar(y)) is expected


@given(x=anything, y=anything)
def test_equality_is_of_values(x: float, y: float) -> None:
    assert (Scalar(x) == Scalar(y)) is (x == y)
    assert (Scalar(x) == y) is (x == y)
    assert (Scalar(x) != y) is (x != y)
    assert Scalar(x) != "x"


def test_truth_is_being_nonzero() -> None:
    assert Scalar(0.5)
    assert not Scalar(-0.0)


@pytest.mark.parametrize("number", [2, True, 2.5, Fraction(1, 2)])
def test_any_real_number_combines(number: Any) -> None:
    assert (Scalar(3.0) * number).data == 3.0 * float(number)
    assert (number + Scalar(3.0)).data == 3.0 + float(number)
    assert Scalar(number).data == float(number)


@pytest.mark.parametrize("other", ["2", None, [1.0], 1j])
def test_anything_else_is_refused_by_name(other: Any) -> None:
    kind = type(other).__name__
    with pytest.raises(TypeError, match=rf"^mul: expected a Scalar or a plain number, got {kind}"):
        Scalar(3.0) * other
    with pytest.raises(TypeError, match=rf"^max: expected .* got {kind}"):
        Scalar(3.0).max(other)
    with pytest.raises(TypeError, match=rf"^lt: expected .* got {kind}"):
        Scalar(3.0) < other  # noqa: B015
    with pytest.raises(TypeError, match=rf"^Scalar: expected .* got {kind}"):
        Scalar(other)


def test_reading_a_scalar() -> None:
    x = Scalar(2.5, requires_grad=True, name="x")
    assert (x.item(), float(x), x.data, x.name, x.derivative) == (2.5, 2.5, 2.5, "x", None)
    (x * 3.0).backward()
    assert x.derivative == 3.0
    assert x.grad == Scalar(3.0)


def test_repr_shows_value_and_history() -> None:
    x = leaf(2.0)
    assert repr(Scalar(2.0)) == "Scalar(2.0)"
    assert repr(x) == "Scalar(2.0, requires_grad=True)"
    assert repr(x * x) == "Scalar(4.0, grad_fn=<Mul backward>)"


def test_a_leaf_survives_pickling_and_copying() -> None:
    x = Scalar(2.0, requires_grad=True, name="x")
    (x * 3.0).backward()
    for twin in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert twin is not x
        assert (twin.data, twin.name, twin.requires_grad, twin.derivative) == (2.0, "x", True, 3.0)


# -- corners of derivatives ----------------------------------------------------------------------


@given(x=positive)
def test_higher_derivatives_of_log_are_known(x: float) -> None:
    value = leaf(x)
    derivative = value.log()
    for order in range(1, 6):
        (derivative,) = grad(derivative, value, create_graph=True)
        expected = (-1) ** (order - 1) * math.factorial(order - 1) / x**order
        assert math.isclose(derivative.data, expected, rel_tol=1e-12)


def slopes(function: Callable[..., Scalar], *values: float) -> list[float | None]:
    inputs = [leaf(value) for value in values]
    function(*inputs).backward()
    return [x.derivative for x in inputs]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, [0.0, 0.0]),
        (0.0, 1.0, [1.0, 0.0]),
        (0.0, 2.0, [0.0, 0.0]),
        (3.0, 0.0, [0.0, math.log(3.0)]),
        (1.0, 5.0, [5.0, 0.0]),
    ],
)
def test_a_power_has_no_nan_where_its_slope_is_known(
    x: float, y: float, expected: list[float]
) -> None:
    assert slopes(lambda a, b: a**b, x, y) == expected


def test_a_constant_exponent_needs_no_logarithm_of_its_base() -> None:
    assert slopes(lambda x: x**3, -2.0) == [12.0]
    assert slopes(lambda x: x**0, 0.0) == [0.0]
    assert slopes(lambda x: 2.0**x, 3.0) == [8.0 * math.log(2.0)]


@given(x=numbers)
def test_a_tie_shares_its_gradient(x: float) -> None:
    assert slopes(lambda a, b: a.max(b), x, x) == [0.5, 0.5]
    assert slopes(lambda a, b: a.min(b), x, x) == [0.5, 0.5]


def test_the_gradient_of_an_extremum_beside_a_nan_goes_to_both_as_in_pytorch() -> None:
    for function in (lambda x, y: x.max(y), lambda x, y: x.min(y)):
        assert slopes(function, math.nan, 1.0) == [1.0, 1.0]
        assert slopes(function, 1.0, math.nan) == [1.0, 1.0]


def test_kinks_have_pytorchs_slope_at_nan() -> None:
    assert slopes(lambda x: x.relu(), math.nan) == [1.0]
    assert slopes(lambda x: x.abs(), math.nan) == [0.0]


def test_relu_stops_even_an_infinite_gradient() -> None:
    x = leaf(-1.0)
    x.relu().backward(math.inf)
    assert x.derivative == 0.0


def test_kinks_take_the_slope_on_one_side_or_zero() -> None:
    assert slopes(lambda x: x.relu(), 0.0) == [0.0]
    assert slopes(lambda x: abs(x), 0.0) == [0.0]


def test_the_slope_of_a_quotient_survives_squares_that_overflow() -> None:
    dx, dy = slopes(lambda x, y: x / y, 1e300, 1e200)
    assert dx == 1e-200
    assert dy == pytest.approx(-1e-100)


# -- whole programs ------------------------------------------------------------------------------


class Dual:
    """Forward-mode differentiation, the oracle: a value and its slope, by other code."""

    def __init__(self, value: float, slope: float = 0.0) -> None:
        self.value, self.slope = value, slope


STEPS: dict[str, tuple[Callable[..., Scalar], Callable[..., Dual], int]] = {
    "add": (lambda a, b: a + b, lambda a, b: Dual(a.value + b.value, a.slope + b.slope), 2),
    "sub": (lambda a, b: a - b, lambda a, b: Dual(a.value - b.value, a.slope - b.slope), 2),
    "mul": (
        lambda a, b: a * b,
        lambda a, b: Dual(a.value * b.value, a.slope * b.value + a.value * b.slope),
        2,
    ),
    "ratio": (
        lambda a, b: a / (b * b + 1.0),
        lambda a, b: Dual(
            a.value / (b.value**2 + 1),
            a.slope / (b.value**2 + 1) - a.value * 2 * b.value * b.slope / (b.value**2 + 1) ** 2,
        ),
        2,
    ),
    "neg": (lambda a: -a, lambda a: Dual(-a.value, -a.slope), 1),
    "sin": (lambda a: a.sin(), lambda a: Dual(math.sin(a.value), math.cos(a.value) * a.slope), 1),
    "tanh": (
        lambda a: a.tanh(),
        lambda a: Dual(math.tanh(a.value), a.slope / math.cosh(a.value) ** 2),
        1,
    ),
    "plus constant": (lambda a: 1.5 + a, lambda a: Dual(1.5 + a.value, a.slope), 1),
    "times constant": (lambda a: a * -0.5, lambda a: Dual(a.value * -0.5, a.slope * -0.5), 1),
    "cube": (lambda a: a**3, lambda a: Dual(a.value**3, 3 * a.value**2 * a.slope), 1),
}

#: A program: each step picks its operands among the inputs and all earlier results, so results
#: are used several times, or not at all.
programs = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 50), st.integers(0, 50)),
    min_size=1,
    max_size=12,
)


def run(program: list[tuple[str, int, int]], values: list[Any], in_duals: bool) -> Any:
    values = list(values)
    for name, *picks in program:
        step = STEPS[name][1 if in_duals else 0]
        values.append(step(*[values[-1 - pick % len(values)] for pick in picks[: STEPS[name][2]]]))
    return values[-1]


@given(program=programs, values=st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_any_program_has_the_slopes_that_forward_mode_finds(
    program: list[tuple[str, int, int]], values: list[float]
) -> None:
    inputs = [leaf(value) for value in values]
    output = run(program, inputs, in_duals=False)
    assume(abs(output.data) < 1e6)
    expected = []
    for position in range(3):
        duals = [Dual(v, float(position == i)) for i, v in enumerate(values)]
        expected.append(run(program, duals, in_duals=True))
    assert math.isclose(output.data, expected[0].value, rel_tol=1e-12, abs_tol=1e-12)
    if output.requires_grad:
        output.backward()
    for x, dual in zip(inputs, expected):
        assert math.isclose(x.derivative or 0.0, dual.slope, rel_tol=1e-9, abs_tol=1e-9)


@given(program=programs, values=st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_any_program_passes_the_derivative_check(
    program: list[tuple[str, int, int]], values: list[float]
) -> None:
    assume(abs(run(program, [Scalar(v) for v in values], in_duals=False).data) < 1e3)
    derivative_check(
        lambda *xs: run(program, list(xs), in_duals=False), *values, atol=1e-2, rtol=1e-3
    )


@given(program=programs, values=st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_a_program_computes_the_same_without_recording(
    program: list[tuple[str, int, int]], values: list[float]
) -> None:
    recorded = run(program, [leaf(v) for v in values], in_duals=False)
    with no_grad():
        plain = run(program, [leaf(v) for v in values], in_duals=False)
    assert same(plain.data, recorded.data)
    assert plain.grad_fn is None
