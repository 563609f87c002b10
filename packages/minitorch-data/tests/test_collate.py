"""Batches of examples."""

from __future__ import annotations

from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_data import default_collate, default_convert

Point = namedtuple("Point", "x y")


def values(thing):
    """Tensors as (dtype, lists), within containers."""
    if isinstance(thing, mt.Tensor):
        return str(thing.dtype), thing.tolist()
    if isinstance(thing, dict):
        return {key: values(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)) and not isinstance(thing, str):
        return [values(value) for value in thing]
    return thing


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([1, 2], ("int64", [1, 2])),
        ([True, False], ("bool", [True, False])),
        ([0.5, 2.0], ("float64", [0.5, 2.0])),
        ([np.float32(0.5), np.float32(2)], ("float32", [0.5, 2.0])),
        ([np.int64(3), np.int64(4)], ("int64", [3, 4])),
        ([np.ones(2), np.zeros(2)], ("float64", [[1.0, 1.0], [0.0, 0.0]])),
        ([mt.ones(2), mt.zeros(2)], ("float32", [[1.0, 1.0], [0.0, 0.0]])),
        (["a", "b"], ["a", "b"]),
        ([b"a", b"b"], [b"a", b"b"]),
        ([(1, "a"), (2, "b")], [("int64", [1, 2]), ["a", "b"]]),
        ([[1, 2.0], [3, 4.0]], [("int64", [1, 3]), ("float64", [2.0, 4.0])]),
        ([{"a": 1}, {"a": 2}], {"a": ("int64", [1, 2])}),
        ([{"a": 1}, {"a": 2, "b": 3}], {"a": ("int64", [1, 2])}),
        ([1, 2.5], ("float32", [1.0, 2.5])),
        ([{}], {}),
        ([{"a": (1, "x")}], {"a": [("int64", [1]), ["x"]]}),
    ],
)
def test_a_batch_is_pytorchs(batch, expected):
    assert values(default_collate(batch)) == expected


def test_containers_keep_their_type():
    point = default_collate([Point(1, 2), Point(3, 4)])
    assert isinstance(point, Point) and point.y.tolist() == [2, 4]
    ordered = default_collate([OrderedDict(a=1), OrderedDict(a=2)])
    assert isinstance(ordered, OrderedDict)
    ends = default_collate([deque([1, 2]), deque([3, 4])])
    assert isinstance(ends, deque)
    assert [place.tolist() for place in ends] == [[1, 3], [2, 4]]


@given(st.lists(st.tuples(st.integers(-9, 9), st.floats(-1, 1)), min_size=1, max_size=6))
def test_what_was_put_together_can_be_taken_apart(batch):
    whole, parts = default_collate(batch)
    assert list(zip(whole.tolist(), parts.tolist())) == batch


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([mt.ones(2), mt.ones(3)], RuntimeError, r"shapes \(2,\) and \(3,\) make no batch"),
        ([np.ones(2), np.ones(3)], RuntimeError, r"shapes \(2,\) and \(3,\) make no batch"),
        ([(1, 2), (3,)], RuntimeError, "sequences of 1 and 2 elements make no batch"),
        ([{"a": 1}, {"b": 1}], KeyError, "'a' is in the first example, not in all"),
        ([None, None], TypeError, "got NoneType. Pass collate_fn="),
        ([np.array(["a"])], TypeError, "wanted arrays of numbers"),
    ],
)
def test_examples_that_are_not_alike_are_refused(batch, error, message):
    with pytest.raises(error, match=message):
        default_collate(batch)


def test_conversion_leaves_everything_but_arrays_as_it_is():
    converted = default_convert({"a": np.ones(2), "b": (np.int64(3), "text", 4)})
    assert values(converted) == {"a": ("float64", [1.0, 1.0]), "b": [("int64", 3), "text", 4]}
    assert default_convert(Point(np.ones(1), 2)).x.tolist() == [1.0]
