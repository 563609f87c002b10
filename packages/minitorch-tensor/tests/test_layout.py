"""Layout arithmetic: where elements lie, and which views need no copy."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_tensor import layout
from minitorch_tensor.tensor_data import TensorData, as_array, from_array

shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
filled_shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@st.composite
def views(draw, shapes=shapes):
    """The same view of the same memory, as tensor data and as a numpy array."""
    shape = draw(shapes)
    array = np.arange(math.prod(shape)).reshape(shape)
    data = from_array(array)
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["permute", "slice", "expand", "reshape"]))
        if kind == "permute":
            order = draw(st.permutations(range(array.ndim)))
            array, data = array.transpose(order), data.permute(*order)
        elif kind == "slice" and array.ndim:
            dim = draw(st.integers(0, array.ndim - 1))
            size = array.shape[dim]
            cut = draw(st.slices(size))
            start, _, step = cut.indices(size)
            length = len(range(*cut.indices(size)))
            array = array[(*[slice(None)] * dim, cut)]
            data = data.slice(dim, start, length, step)
        elif kind == "expand":
            lead = draw(st.integers(0, 1))
            wider = tuple(
                draw(st.integers(1, 3)) if n == 1 else n for n in (1,) * lead + array.shape
            )
            array, data = np.broadcast_to(array, wider), data.expand(wider)
        elif kind == "reshape":
            merged = data.reshape((array.size,))
            if merged is not None:
                array, data = array.reshape(-1), merged
    return data, array


@given(shapes)
def test_contiguous_strides_are_numpys(shape):
    expected = np.empty(shape, np.int8).strides
    if 0 not in shape:
        assert layout.contiguous_strides(shape) == expected


@given(views())
def test_tensor_data_reads_the_elements_that_numpy_reads(view):
    data, array = view
    np.testing.assert_array_equal(as_array(data), array)


@given(views())
def test_positions_are_where_numpy_finds_the_elements(view):
    data, array = view
    storage = data.buffer.reshape(-1)
    found = [storage[p] for p in layout.positions(data.shape, data.strides, data.offset)]
    assert found == array.ravel().tolist()


@given(views())
def test_is_contiguous_is_numpys_notion(view):
    data, array = view
    assert data.is_contiguous() == array.flags.c_contiguous


@given(views(filled_shapes), st.randoms(use_true_random=False))
def test_reshape_needs_a_copy_just_where_numpy_needs_one(view, rng: random.Random):
    data, array = view
    assume(array.size > 0)
    shape = _another_shape(array.size, rng)
    seen = data.reshape(shape)
    reshaped = array.reshape(shape)
    assert (seen is not None) == np.shares_memory(reshaped, array)
    if seen is not None:
        np.testing.assert_array_equal(as_array(seen), reshaped)
        assert seen.buffer is data.buffer


def _another_shape(size: int, rng: random.Random) -> tuple[int, ...]:
    """A random way to write a number as a product, with some ones strewn in."""
    shape = []
    while size > 1:
        factor = rng.choice([n for n in range(2, size + 1) if size % n == 0])
        shape.append(factor)
        size //= factor
    for _ in range(rng.randint(0, 2)):
        shape.insert(rng.randint(0, len(shape)), 1)
    return tuple(shape)


@given(shapes, shapes)
def test_broadcast_shapes_is_numpys(a, b):
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ValueError, match="do not broadcast"):
            layout.broadcast_shapes(a, b)
    else:
        assert layout.broadcast_shapes(a, b) == expected


@given(shapes, st.lists(st.integers(-1, 6), max_size=4).map(tuple))
def test_infer_shape_is_numpys(shape, wanted):
    array = np.empty(shape, np.int8)
    try:
        expected = array.reshape(wanted).shape
    except ValueError:
        with pytest.raises(ValueError, match="elements do not fit shape"):
            layout.infer_shape(wanted, array.size, "reshape")
    else:
        assert layout.infer_shape(wanted, array.size, "reshape") == expected


@given(st.integers(-5, 5), st.integers(0, 4))
def test_normalize_dim_counts_from_either_end(dim, ndim):
    bound = max(ndim, 1)
    if -bound <= dim < bound:
        assert layout.normalize_dim(dim, ndim, "f") == range(bound)[dim]
    else:
        with pytest.raises(IndexError, match=f"f: dim {dim} is out of range"):
            layout.normalize_dim(dim, ndim, "f")


@pytest.mark.parametrize("dim", [5, (0, 5), -2])
def test_a_dim_out_of_range_is_refused_also_for_a_number(dim):
    with pytest.raises(IndexError, match="out of range"):
        mt.tensor(1.0).sum(dim)


@pytest.mark.parametrize("dim", [0, -1, (0,), None, ()])
def test_a_number_has_one_place_to_name(dim):
    assert mt.tensor(2.0).sum(dim).item() == 2.0
    assert mt.tensor(2.0).sum(dim).shape == ()


def test_a_dimension_named_twice_is_refused():
    with pytest.raises(ValueError, match=r"sum: dim \(0, -2\) names a dimension twice"):
        mt.ones(2, 3).sum((0, -2))


def test_a_dim_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match="dim must be an integer, got 'x'"):
        mt.ones(2).sum("x")


@given(views())
def test_owners_and_views_know_each_other(view):
    data, _ = view
    assert data.owner.base is None
    assert data.owner.buffer is data.buffer
    assert data.owner.is_contiguous()


# -- views of tensors ---------------------------------------------------------------------------


def test_views_share_memory_and_copies_do_not(iota):
    x = iota(2, 3, 4)
    for view in (
        x.permute(2, 0, 1),
        x.transpose(0, 1),
        x[1, ::2],
        x[None, ..., ::-1],
        x.expand(5, 2, 3, 4),
        x.reshape(6, 4),
        x.view(-1),
        x.flatten(1),
        x.unflatten(2, (2, 2)),
        x.unsqueeze(0),
        x.unsqueeze(0).squeeze(0),
        x.narrow(1, 0, 2),
        x.select(2, 1),
        x.split(2, 1)[1],
        x.diagonal(),
        x.detach(),
        x.mT,
    ):
        assert np.shares_memory(view.numpy(), x.numpy())
    for copy in (
        x.clone(),
        x.permute(2, 0, 1).contiguous(),
        x.permute(2, 0, 1).reshape(-1),
        x.flip(0),
        x.repeat(1, 1, 1),
        x[[0, 1]],
        x + 0,
        x.double(),
    ):
        assert not np.shares_memory(copy.numpy(), x.numpy())


def test_view_refuses_what_takes_a_copy(iota):
    with pytest.raises(ValueError, match=r"view: shape \(3, 2\) with strides \(1, 3\)"):
        iota(2, 3).t().view(6)


def test_strides_and_offset_are_in_elements(iota):
    x = iota(3, 4)
    assert (x.stride(), x.storage_offset()) == ((4, 1), 0)
    assert (x.t().stride(), x.t().stride(0)) == ((1, 4), 1)
    assert (x[1:, ::-2].stride(), x[1:, ::-2].storage_offset()) == ((4, -2), 7)
    assert (x[0].expand(2, 4).stride(), x.size(), x.size(-1)) == ((0, 1), (3, 4), 4)


def test_tensor_data_says_what_it_is():
    data = TensorData(np.arange(6), mt.int64, (2, 3))
    assert repr(data.transpose()) == "TensorData(int64, shape=(3, 2), strides=(1, 3), offset=0)"
    assert (data.size, data.ndim) == (6, 2)
