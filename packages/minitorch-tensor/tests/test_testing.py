"""assert_close and the gradient checks: they pass what is right, and tell what is wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import (
    LAYOUTS,
    OPERATIONS,
    Draw,
    arrange,
    assert_close,
    gradcheck,
    gradgradcheck,
)

# -- assert_close -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (mt.tensor([1.0, 2.0]), [1.0, 2.0]),
        (mt.tensor([1.0]), np.array([1.0000001], np.float32)),
        (1.0, 1.0 + 1e-9),
        ((mt.ones(2), 3), (np.ones(2, np.float32), 3)),
        (mt.tensor([math.inf, -math.inf]), [math.inf, -math.inf]),
        (mt.tensor([0.0]), [-0.0]),
        (mt.tensor([], dtype="float64"), np.array([])),
        (2**62 + 1, 2**62 + 1),
        (mt.ones(2, requires_grad=True), [1.0, 1.0]),
    ],
)
def test_what_is_close_passes(actual, expected):
    assert_close(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (mt.tensor([1.0, 2.0]), [1.0, 2.001]),
        (mt.tensor([math.nan]), [math.nan]),
        (mt.tensor([math.inf]), [1e300]),
        (mt.tensor([1e300], dtype="float64"), [math.inf]),
        (mt.tensor([math.inf]), [-math.inf]),
        (mt.tensor([1]), [2]),
        (2**62 + 1, 2**62),
        (mt.tensor([True]), [False]),
    ],
)
def test_what_is_not_close_fails(actual, expected):
    with pytest.raises(AssertionError, match=r"1 of [12] elements differ"):
        assert_close(actual, expected)


def test_nan_is_equal_on_request():
    assert_close(mt.tensor([math.nan, 1.0]), [math.nan, 1.0], equal_nan=True)
    with pytest.raises(AssertionError):
        assert_close(mt.tensor([math.nan, 1.0]), [1.0, math.nan], equal_nan=True)


def test_a_failure_says_how_many_where_and_by_how_much():
    actual = np.zeros((10, 10))
    actual[3, 4] = 0.5
    actual[5, :] = 1e-3
    with pytest.raises(AssertionError) as error:
        assert_close(actual, np.zeros((10, 10)), msg="zeros")
    text = str(error.value)
    assert text.startswith(
        "zeros: 11 of 100 elements differ (rtol 1e-07, atol 1e-07), most at [3, 4]: 0.5, expected "
        "0.0 (difference 0.5)"
    )
    assert "\n  [5, 0]: 0.001, expected 0.0 (difference 0.001)" in text
    assert text.endswith("\n  ... and 6 more")


def test_shapes_dtypes_and_lengths_are_compared_first():
    with pytest.raises(AssertionError, match=r"shapes differ: \(2,\), expected \(3,\)"):
        assert_close(mt.ones(2), np.ones(3))
    with pytest.raises(AssertionError, match="dtypes differ: float32, expected float64"):
        assert_close(mt.ones(2), np.ones(2))
    assert_close(mt.ones(2), np.ones(2), check_dtype=False)
    with pytest.raises(AssertionError, match="wanted a sequence of 2 values, got 1"):
        assert_close((1,), (1, 2))
    with pytest.raises(AssertionError, match=r"item 1: 1 of 1 elements differ"):
        assert_close((1, 2), (1, 3))
    with pytest.raises(ValueError, match="give both rtol and atol"):
        assert_close(1, 1, rtol=0.1)


# -- gradient checks ----------------------------------------------------------------------------


class WrongSquare(mt.Function):
    """x * x, whose backward forgets the 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        return d * x


class WrongSecond(mt.Function):
    """x ** 3, whose backward is right once, and cut off from x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, d):
        (x,) = ctx.saved_tensors
        return d * 3 * x.detach() ** 2


def leaf(*values: float) -> mt.Tensor:
    return mt.tensor(values, dtype="float64", requires_grad=True)


def test_right_gradients_pass():
    assert gradcheck(lambda x: x * x, leaf(1.0, 2.0))
    assert gradcheck(lambda x, n, y: x**n * y, [leaf(1.0, 2.0), 3, leaf(3.0)])
    assert gradcheck(lambda x: (x.exp(), x.argmax(), x.sum()), leaf(1.0, 2.0))
    assert gradgradcheck(lambda x: x**3, leaf(1.0, 2.0))


def test_wrong_gradients_show_both_numbers():
    with pytest.raises(AssertionError) as error:
        gradcheck(WrongSquare.apply, leaf(1.0, 3.0))
    assert "2 derivatives are wrong" in str(error.value)
    assert (
        "output 0 [1] with respect to input 0 [1]: backward gives 3, central difference 6"
        in str(error.value)
    )
    assert not gradcheck(WrongSquare.apply, leaf(1.0, 3.0), raise_exception=False)


def test_wrong_second_derivatives_are_found():
    assert gradcheck(WrongSecond.apply, leaf(1.0, 2.0))
    with pytest.raises(AssertionError, match=r"backward gives 0, central difference"):
        gradgradcheck(WrongSecond.apply, leaf(1.0, 2.0))


def test_a_gradient_that_was_cut_off_is_found():
    with pytest.raises(AssertionError, match="backward gives 0, central difference 2"):
        gradcheck(lambda x: x.detach() * 2, leaf(1.0))
    assert gradcheck(lambda x: x.floor() * 2, leaf(1.5))
    assert gradcheck(lambda x: mt.ones(2, dtype="float64"), leaf(1.5))


def test_inputs_that_cannot_be_checked_are_refused():
    with pytest.raises(ValueError, match=r"gradcheck: input 1 is float32, too coarse.*float64"):
        gradcheck(lambda x, y: x * y, [leaf(1.0), mt.ones(1, requires_grad=True)])
    with pytest.raises(ValueError, match="no input requires a gradient"):
        gradcheck(lambda x: x, mt.ones(2))


def test_checking_leaves_the_inputs_alone():
    x = leaf(1.0, 2.0)
    gradcheck(lambda x: x * x, x)
    gradgradcheck(lambda x: x * x, x)
    assert (x.grad, x._changed_at, x.tolist()) == (None, 0, [1.0, 2.0])


# -- the tables -----------------------------------------------------------------------------------


def test_names_in_the_table_are_unique():
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_samples_are_the_same_every_time():
    for operation in OPERATIONS:
        first, second = (operation.samples(Draw(operation.dtypes[-1])) for _ in range(2))
        for a, b in zip(first, second, strict=True):
            arrays: list[list[np.ndarray]] = []
            for sample in (a, b):
                arrays.append([])
                frozen = sample.map(lambda x, found=arrays[-1]: found.append(x) or str(x.dtype))
                arrays[-1].append(np.frombuffer(repr(frozen).encode(), np.uint8))
            for one, other in zip(*arrays, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=operation.name, strict=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_hold_the_elements_they_are_given(layout, backend):
    for shape in [(), (3,), (2, 3), (1, 3), (0, 2), (2, 3, 4)]:
        values = Draw(mt.float64)(*shape)
        x = arrange(values, layout, backend)
        assert_close(x, values)
    constant = np.ones((2, 3))
    x = arrange(constant, layout, backend)
    expected = {
        "contiguous": (3, 1),
        "permuted": (1, 2),
        "offset": (6, 1),
        "stepped": (14, 2),
        "reversed": (-3, -1),
        "expanded": (0, 0),
    }
    assert x.stride() == expected[layout]
