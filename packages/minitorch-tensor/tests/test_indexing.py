"""x[key] and x[key] = value: numpy's meaning, for every expression."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor.testing import LAYOUTS, arrange, assert_close

#: What numpy raises for a wrong key; of an array without elements its earlier versions only warn.
WRONG = (IndexError, DeprecationWarning)

shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@st.composite
def keys(draw, shape: tuple[int, ...]) -> Any:
    """An index expression for arrays of that shape, as a person might write it; it may fail."""
    places = draw(st.integers(0, len(shape)))
    key: list[Any] = []
    common = draw(st.sampled_from([(), (1,), (2,), (2, 1)]))
    for size in shape[:places]:
        kind = draw(st.sampled_from(["int", "slice", "slice", "list", "array", "mask"]))
        if kind == "int":
            key.append(draw(st.integers(-size - 1, size)))
        elif kind == "slice":
            key.append(draw(st.slices(size)))
        elif kind == "list" and size:
            key.append(draw(st.lists(st.integers(-size, size - 1), max_size=3)))
        elif kind == "array" and size:
            flat = [draw(st.integers(-size, size - 1)) for _ in range(math.prod(common))]
            key.append(np.array(flat, draw(st.sampled_from([np.int64, np.int32]))).reshape(common))
        elif kind == "mask":
            key.append(np.array([draw(st.booleans()) for _ in range(size)], bool))
    for extra in draw(st.lists(st.sampled_from([None, ...]), max_size=2)):
        key.insert(draw(st.integers(0, len(key))), extra)
    if len(key) == 1 and draw(st.booleans()):
        return key[0]
    return tuple(key)


@st.composite
def arrays_and_keys(draw) -> tuple[np.ndarray, Any]:
    shape = draw(shapes)
    return np.arange(math.prod(shape), dtype=np.float64).reshape(shape), draw(keys(shape))


def with_tensors(key: Any) -> Any:
    """The key with tensors in place of arrays."""
    if isinstance(key, tuple):
        return tuple([with_tensors(k) for k in key])
    return mt.tensor(key) if isinstance(key, np.ndarray) else key


@given(arrays_and_keys(), st.sampled_from(sorted(LAYOUTS)), st.sampled_from(["simple", "numpy"]))
def test_indexing_gives_what_numpy_gives(case, layout, name):
    array, key = case
    x = arrange(array, layout, mt.get_backend(name))
    try:
        expected = array[key]
    except WRONG:
        with pytest.raises(IndexError, match=r"^index: "):
            x[key]
        return
    for k in (key, with_tensors(key)):
        assert_close(x[k], np.asarray(expected))


@given(arrays_and_keys(), st.sampled_from(sorted(LAYOUTS)), st.data())
def test_assignment_changes_what_numpy_changes(case, layout, data):
    array, key = case
    if layout == "expanded":
        layout = "contiguous"
    for name in ("simple", "numpy"):
        x = arrange(array, layout, mt.get_backend(name))
        expected = array.copy()
        try:
            place = expected[key]
        except WRONG:
            with pytest.raises(IndexError, match=r"^index: "):
                x[key] = 0
            continue
        value: Any = 7.5
        if np.ndim(place) and data.draw(st.booleans()):
            value = np.arange(place.shape[-1], dtype=np.float64) + 100
        expected[key] = value
        x[with_tensors(key)] = value if isinstance(value, float) else mt.tensor(value)
        assert_close(x, expected)
        assert x._changed_at > 0


@given(arrays_and_keys())
def test_the_gradient_of_indexing_lands_where_elements_were_taken(case):
    array, key = case
    x = mt.tensor(array, requires_grad=True)
    counts = np.zeros(array.shape)
    try:
        np.add.at(counts, key, 1.0)
    except WRONG:
        return
    x[key].sum().backward()
    assert_close(x.grad, counts)


def test_slices_are_views_and_arrays_copy(iota):
    x = iota(3, 4)
    for key in (0, slice(1, None), (..., -1), (None, 1), (slice(None), slice(None, None, -1))):
        assert np.shares_memory(x[key].numpy(), x.numpy())
    for key in ([0, 1], mt.tensor([0]), x > 3, True):
        assert not np.shares_memory(x[key].numpy(), x.numpy())


def test_a_zero_dimensional_integer_tensor_indexes_like_a_number(iota):
    x = iota(3, 4)
    assert x[mt.tensor(1)].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert x[mt.tensor(1) : mt.tensor(3)].tolist() == [[4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]]
    assert x[mt.tensor(-1), mt.tensor(2)].tolist() == 10.0
    assert [10, 20, 30][mt.tensor(2)] == 30
    with pytest.raises(TypeError, match="only integer tensors can index, this one is float32"):
        [10, 20][mt.tensor(1.0)]


def test_uint8_indices_are_indices():
    assert mt.tensor([5, 6, 7])[mt.tensor([2, 0], dtype="uint8")].tolist() == [7, 5]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (3, IndexError, r"index: 3 is out of range for dimension 0 of size 3 .*\(3, 4\)"),
        ((0, -5), IndexError, "index: -5 is out of range for dimension 1 of size 4"),
        ((0, 0, 0), IndexError, r"index: 3 indices are too many for a tensor of shape \(3, 4\)"),
        ((..., ...), IndexError, r"only one \.\.\. may stand in an index"),
        ([0, 9], IndexError, "index 9 is out of bounds"),
        (np.array([True, False]), IndexError, "boolean index did not match"),
        (1.5, TypeError, "index: got float; wanted an integer, a slice"),
        ("a", TypeError, "index: got str"),
        ([0.5], TypeError, "arrays of indices must be integer or bool, got float64"),
        (mt.tensor([0.5]), TypeError, "must be integer or bool, got float32"),
        (slice(None, None, 0), ValueError, "index: slice step cannot be zero"),
        (slice(1.5), TypeError, "index: slice indices must be integers"),
    ],
)
def test_wrong_keys_are_explained(key, error, message, iota):
    with pytest.raises(error, match=message):
        iota(3, 4)[key]


def test_a_value_that_does_not_fit_its_place_is_explained(iota, backend):
    x = iota(3, 4)
    for key in (0, [0, 1]):
        with pytest.raises(
            ValueError, match=r"setitem: a value of shape \(3,\) does not broadcast"
        ):
            x[key] = mt.ones(3)
    assert_close(x, iota(3, 4))
    x[0] = mt.ones(1, 1, 4)  # leading ones are free, as in numpy and PyTorch
    x[1:, 0] = [8, 9]
    x[x > 8] = -1
    assert_close(x, [[1, 1, 1, 1], [8, 5, 6, 7], [-1, -1, -1, -1]])


def test_assignment_converts_to_the_dtype_of_the_tensor(iota):
    x = iota(3, dtype=mt.int64)
    x[0] = 7.9
    x[1] = mt.tensor(8.9)
    assert x.tolist() == [7, 8, 2]


def test_assignment_from_itself_reads_before_it_writes(iota, backend):
    x = iota(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]
    x[:] = x.flip(0)
    assert x.tolist() == [3, 2, 1, 0, 0]


def test_a_view_of_a_view_writes_through(iota, backend):
    x = iota(3, 4)
    x.t()[1:][::-2][0] = -1
    assert_close(x[:, 3], [-1, -1, -1])


# -- by dimension ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gather", "scatter_add", "scatter", "index_select"])
def test_indices_out_of_range_are_refused_before_anything_is_read(name, backend):
    x = mt.ones(3)
    for bad in (3, -1):
        index = mt.tensor([0, bad])
        args = (mt.ones(2),) if "scatter" in name else ()
        with pytest.raises(
            IndexError, match=rf"{name}: indices lie in .* but must lie in \[0, 2\]"
        ):
            getattr(x, name)(0, index, *args)
    with pytest.raises(TypeError, match=f"{name}: indices must be integers, got float32"):
        getattr(x, name)(0, mt.ones(2), *args)


def test_gather_of_a_number_is_that_number():
    x = mt.tensor(5.0)
    assert x.gather(0, mt.tensor(0)).item() == 5.0
    assert x.index_select(0, mt.tensor([0, 0])).tolist() == [5.0, 5.0]
    assert x.max(0).values.item() == 5.0
    assert x.sort().indices.item() == 0


def test_scatter_wants_matching_sources():
    x, index = mt.zeros(3, 4), mt.tensor([[0, 1]])
    with pytest.raises(ValueError, match=r"scatter: index \(1, 2\) must lie within src \(1, 1\)"):
        x.scatter(1, index, mt.ones(1, 1))
    with pytest.raises(TypeError, match="scatter_add: src is float64, x is float32"):
        x.scatter_add(1, index, mt.ones(1, 2, dtype="float64"))
    with pytest.raises(ValueError, match=r"gather: index \(2,\) must have as many dimensions"):
        x.gather(0, mt.tensor([0, 1]))


def test_iteration_and_membership_follow_the_first_dimension(iota):
    x = iota(3, 2)
    assert [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    assert (len(x), 5 in x, 9 in x) == (3, True, False)
    for wrong in (len, list):
        with pytest.raises(TypeError, match="zero-dimensional"):
            wrong(mt.tensor(1.0))


def test_indices_may_be_ranges_and_lists_beside_tensors():
    x = mt.arange(6).reshape(2, 3)
    assert x[range(2), mt.tensor([1, 2])].tolist() == [1, 5]
    assert x[[0, 1], mt.tensor([1, 2])].tolist() == [1, 5]
    assert x[range(1, 2)].tolist() == [[3, 4, 5]]
    x[range(2), mt.tensor([1, 2])] = -1
    assert x.tolist() == [[0, -1, 2], [3, 4, -1]]
