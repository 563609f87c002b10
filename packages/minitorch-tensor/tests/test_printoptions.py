"""Options of printing, with PyTorch 2.13's results."""

from __future__ import annotations

import pytest

import minitorch_tensor as mt


@pytest.fixture(autouse=True)
def _default():
    yield
    mt.set_printoptions(profile="default")


X = [1.23456789, -20.5, 1e-3]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "tensor([ 1.2346e+00, -2.0500e+01,  1.0000e-03])"),
        ({"precision": 2}, "tensor([ 1.23e+00, -2.05e+01,  1.00e-03])"),
        ({"sci_mode": False}, "tensor([  1.2346, -20.5000,   0.0010])"),
        ({"sci_mode": False, "precision": 1}, "tensor([  1.2, -20.5,   0.0])"),
        ({"profile": "short", "sci_mode": False}, "tensor([  1.23, -20.50,   0.00])"),
        ({"linewidth": 30, "sci_mode": False}, "tensor([  1.2346, -20.5000,\n          0.0010])"),
    ],
)
def test_numbers_are_printed_as_the_options_say(options, text):
    mt.set_printoptions(**options)
    assert repr(mt.tensor(X)) == text


def test_a_threshold_summarizes_and_full_does_not():
    x = mt.arange(10)
    mt.set_printoptions(threshold=5, edgeitems=2)
    assert repr(x) == "tensor([0, 1,  ..., 8, 9])"
    mt.set_printoptions(precision=3)
    assert repr(x) == "tensor([0, 1,  ..., 8, 9])"
    mt.set_printoptions(profile="full")
    assert "..." not in repr(mt.arange(2000))
    mt.set_printoptions(profile="default")
    assert repr(mt.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"


def test_sci_mode_is_reset_by_the_next_call():
    mt.set_printoptions(sci_mode=True)
    assert repr(mt.tensor([1.5])) == "tensor([1.5000e+00])"
    mt.set_printoptions(precision=4)
    assert repr(mt.tensor([1.5])) == "tensor([1.5000])"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "tall"}, "profile must be one of default, short, full, got 'tall'"),
        ({"precision": -1}, "precision must be at least 0, got -1"),
        ({"edgeitems": 0}, "edgeitems must be at least 1, got 0"),
        ({"linewidth": 0}, "linewidth must be at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_refused_and_change_nothing(options, message):
    with pytest.raises(ValueError, match=message):
        mt.set_printoptions(threshold=1, **options)
    assert repr(mt.arange(3)) == "tensor([0, 1, 2])"
