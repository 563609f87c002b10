"""The numerical checks: they pass what is right, and show both numbers where it is not."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import Context, Function, Scalar, central_difference, derivative_check


class WrongSquare(Function):
    """x * x, with a slope that is one too large."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * (2.0 * x + 1.0)


class RightOnce(Function):
    """x**3, whose slope is right but made of plain numbers: its own slope is lost."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (x,) = ctx.saved_tensors
        return d * (3.0 * x.data**2)


@given(x=st.floats(-100.0, 100.0), y=st.floats(-100.0, 100.0))
def test_the_central_difference_of_a_quadratic_is_its_slope(x: float, y: float) -> None:
    def quadratic(a: float, b: float) -> float:
        return a * a + 3.0 * a * b

    for arg, slope in ((0, 2 * x + 3 * y), (1, 3 * x), (-1, 3 * x)):
        found = central_difference(quadratic, x, y, arg=arg, epsilon=1e-3)
        assert found == pytest.approx(slope, abs=1e-5)


def test_its_error_falls_with_the_square_of_epsilon() -> None:
    errors = [abs(central_difference(math.exp, 1.0, epsilon=e) - math.e) for e in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100.0, rel=1e-2)


def test_it_divides_by_the_step_that_rounding_left() -> None:
    assert central_difference(lambda x: 3.0 * x, 1e9) == pytest.approx(3.0, rel=1e-6)


def test_it_takes_functions_of_scalars_too() -> None:
    assert central_difference(lambda x: Scalar(x).sin(), 0.0) == pytest.approx(1.0)


def test_it_refuses_what_it_cannot_answer() -> None:
    with pytest.raises(ValueError, match=r"^central_difference: arg is 2, but there are 1 values"):
        central_difference(math.sin, 1.0, arg=2)
    with pytest.raises(ValueError, match=r"^central_difference: epsilon 1e-06 vanishes beside 1e"):
        central_difference(math.sin, 1e20)


def test_a_wrong_slope_is_shown_beside_the_right_one() -> None:
    with pytest.raises(AssertionError) as caught:
        derivative_check(WrongSquare.apply, 3.0)
    first, second = str(caught.value).splitlines()
    assert first == "derivative_check: apply(3.0,)"
    assert re.fullmatch(
        r"  argument 0 = 3\.0: backward gives 7, central difference (6|6\.0\d+|5\.9\d+)", second
    )


def test_each_wrong_argument_is_named() -> None:
    with pytest.raises(AssertionError) as caught:
        derivative_check(
            lambda x, y, z: WrongSquare.apply(x) * y + WrongSquare.apply(z), 1.0, 2.0, 3.0
        )
    lines = str(caught.value).splitlines()[1:]
    assert [line.split()[1] for line in lines] == ["0", "2"]


def test_a_lost_second_derivative_is_found_by_order_two_only() -> None:
    derivative_check(RightOnce.apply, 2.0)
    with pytest.raises(
        AssertionError, match=r"  derivative 0, argument 0 = 2\.0: backward gives 0, "
    ):
        derivative_check(RightOnce.apply, 2.0, order=2)


def test_a_slope_of_nan_is_never_right() -> None:
    with pytest.raises(AssertionError, match="backward gives nan"):
        derivative_check(lambda x: (x * 0.0).sqrt() + x, 1.0)


def test_functions_without_slopes_pass() -> None:
    derivative_check(lambda x: 3.0, 1.0, order=2)
    derivative_check(lambda x: Scalar(3.0), 1.0, order=2)
    derivative_check(lambda x, y: y * 2.0, 1.0, 2.0, order=2)
    derivative_check(lambda x: x, 1.0, order=2)


def test_scalars_stand_for_their_values_and_keep_their_gradients() -> None:
    x = Scalar(2.0, requires_grad=True)
    derivative_check(lambda a: a * a, x)
    assert x.grad is None


def test_there_is_no_third_order() -> None:
    with pytest.raises(ValueError, match="order must be 1 or 2, got 3"):
        derivative_check(lambda x: x, 1.0, order=3)
