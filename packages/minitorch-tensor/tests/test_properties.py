"""Laws that hold for every shape, layout and dtype, searched by hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minitorch_tensor as mt
from minitorch_tensor.dtypes import ALL
from minitorch_tensor.testing import LAYOUTS, Draw, arrange, assert_close

layouts = st.sampled_from(sorted(LAYOUTS))
dtypes = st.sampled_from(ALL)
names = st.sampled_from(["simple", "numpy"])
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
seeds = st.integers(0, 99)


@st.composite
def arrays(draw, shapes=shapes, dtypes=dtypes) -> np.ndarray:
    """An array of any shape and dtype."""
    return Draw(draw(dtypes), draw(seeds))(*draw(shapes))


@st.composite
def tensors(draw, shapes=shapes, dtypes=dtypes) -> tuple[mt.Tensor, np.ndarray]:
    """A tensor in any layout on any built-in backend, and its elements as an array."""
    array = draw(arrays(shapes, dtypes))
    return arrange(array, draw(layouts), mt.get_backend(draw(names))), array


floats = st.sampled_from([mt.float32, mt.float64])
filled = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-4}

BINARY = {
    "add": np.add,
    "mul": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "lt": np.less,
    "ge": np.greater_equal,
    "eq": np.equal,
    "logical_xor": np.logical_xor,
}


@given(
    st.data(),
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3),
    st.sampled_from(sorted(BINARY)),
)
def test_operands_of_any_two_shapes_and_dtypes_combine_as_in_numpy(data, shapes, name):
    backend = mt.get_backend(data.draw(names))
    x, y = (data.draw(arrays(st.just(shape))) for shape in shapes.input_shapes)
    common = mt.promote(mt.tensor(x).dtype, mt.tensor(y).dtype).numpy
    expected = BINARY[name](x.astype(common), y.astype(common))
    a, b = (arrange(z, data.draw(layouts), backend) for z in (x, y))
    assert_close(getattr(mt, name)(a, b), expected)
    assert expected.shape == shapes.result_shape


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3), names)
def test_gradients_of_stretched_operands_count_the_repetitions(shapes, name):
    with mt.use_backend(name):
        x, y = (mt.ones(shape, requires_grad=True) for shape in shapes.input_shapes)
        out = x * y
        out.sum().backward()
    for z in (x, y):
        expected = out.numel() / z.numel() if z.numel() else 0.0
        assert_close(z.grad, np.full(z.shape, expected, np.float32))


REDUCTIONS = {
    "sum": lambda x, **k: np.sum(x, dtype=x.dtype if x.dtype.kind == "f" else np.int64, **k),
    "prod": lambda x, **k: np.prod(x, dtype=x.dtype if x.dtype.kind == "f" else np.int64, **k),
    "amax": np.max,
    "amin": np.min,
    "all": np.all,
    "any": np.any,
    "count_nonzero": lambda x, axis, keepdims: np.count_nonzero(x, axis=axis),
}


@given(tensors(), st.data(), st.sampled_from(sorted(REDUCTIONS)), st.booleans())
def test_reductions_over_any_dimensions_are_numpys(case, data, name, keepdim):
    x, array = case
    dims = data.draw(st.sets(st.integers(0, max(array.ndim - 1, 0)))) if array.ndim else set()
    dim = tuple(d - data.draw(st.sampled_from([0, array.ndim])) for d in sorted(dims)) or None
    folded = sorted(dims) or range(array.ndim)
    if name in ("amax", "amin") and any(array.shape[d] == 0 for d in folded):
        with pytest.raises(ValueError, match=f"{name}: .* has nothing to choose from"):
            getattr(x, name)(dim, keepdim)
        return
    expected = np.asarray(REDUCTIONS[name](array, axis=dim, keepdims=keepdim))
    options = {} if name == "count_nonzero" else {"keepdim": keepdim}
    assert_close(getattr(x, name)(dim, **options), expected, **CLOSE)


@given(
    st.data(),
    hnp.mutually_broadcastable_shapes(
        signature="(m,k),(k,n)->(m,n)", max_dims=2, min_side=0, max_side=3
    ),
)
def test_matrix_products_of_any_batches_are_numpys(data, shapes):
    backend = mt.get_backend(data.draw(names))
    dtype = data.draw(st.sampled_from([mt.int64, mt.float32, mt.float64]))
    x, y = (data.draw(arrays(st.just(s), st.just(dtype))) for s in shapes.input_shapes)
    a, b = (arrange(z, data.draw(layouts), backend) for z in (x, y))
    assert_close(a @ b, np.matmul(x, y), **CLOSE)


@st.composite
def equations(draw) -> tuple[str, list[tuple[int, ...]]]:
    """An einsum of one to three operands, and their shapes."""
    sizes = dict(zip("abcde", draw(st.lists(st.integers(1, 3), min_size=5, max_size=5))))
    terms = draw(st.lists(st.text("abcde", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    result = draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))]
    equation = ",".join(terms) + "->" + "".join(result)
    return equation, [tuple(sizes[c] for c in term) for term in terms]


@given(equations(), st.data())
def test_any_einsum_is_numpys(case, data):
    equation, shapes = case
    backend = mt.get_backend(data.draw(names))
    operands = [data.draw(arrays(st.just(s), st.just(mt.float64))) for s in shapes]
    given = [arrange(x, data.draw(layouts), backend) for x in operands]
    assert_close(mt.einsum(equation, *given), np.einsum(equation, *operands), **CLOSE)


# -- what undoes what ------------------------------------------------------------------------------


@given(tensors(), st.data())
def test_a_permutation_is_undone_by_its_inverse(case, data):
    x, array = case
    order = data.draw(st.permutations(range(x.ndim)))
    moved = x.permute(order)
    assert_close(moved, array.transpose(order))
    assert_close(moved.permute(np.argsort(order).tolist()), array)


@given(tensors(shapes=filled), st.data())
def test_joining_undoes_splitting(case, data):
    x, array = case
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size = data.draw(st.integers(1, 4))
    assert_close(mt.cat(x.split(size, dim), dim), array)
    assert_close(mt.cat(x.chunk(size, dim), dim), array)
    assert_close(mt.stack(x.unbind(dim), dim), array)


@given(tensors(shapes=filled), st.data())
def test_turning_and_rolling_are_undone(case, data):
    x, array = case
    dims = sorted(data.draw(st.sets(st.integers(0, x.ndim - 1))))
    assert_close(x.flip(dims), np.flip(array, tuple(dims)))
    assert_close(x.flip(dims).flip(dims), array)
    shift = data.draw(st.integers(-5, 5))
    dim = data.draw(st.integers(0, x.ndim - 1))
    assert_close(x.roll(shift, dim), np.roll(array, shift, dim))
    assert_close(x.roll(shift, dim).roll(-shift, dim), array)


@given(tensors(shapes=filled), st.data())
def test_padding_is_undone_by_negative_padding(case, data):
    x, array = case
    sides = data.draw(st.lists(st.integers(0, 2), min_size=2 * x.ndim, max_size=2 * x.ndim))
    framed = mt.pad(x, sides, value=1)
    assert framed.numel() - framed.count_nonzero().item() == (array == 0).sum()
    assert_close(mt.pad(framed, [-n for n in sides]), array)


@given(tensors(shapes=filled), st.data())
def test_sorting_orders_and_keeps_every_element(case, data):
    x, array = case
    dim = data.draw(st.integers(0, x.ndim - 1))
    descending = data.draw(st.booleans())
    values, indices = x.sort(dim, descending)
    assert_close(values, np.flip(np.sort(array, dim), dim) if descending else np.sort(array, dim))
    assert_close(x.take_along_dim(indices, dim), values)
    assert_close(x.topk(1, dim, largest=descending).values, values.narrow(dim, 0, 1))


@given(tensors(shapes=filled, dtypes=floats), st.data())
def test_differences_undo_running_sums(case, data):
    x, array = case
    dim = data.draw(st.integers(0, x.ndim - 1))
    sums = x.cumsum(dim)
    n = x.shape[dim]
    steps = sums.narrow(dim, 1, n - 1) - sums.narrow(dim, 0, n - 1)
    assert_close(steps, array.take(range(1, n), axis=dim), **CLOSE)


@given(tensors(), st.data())
def test_reshaping_keeps_the_order_of_elements(case, data):
    x, array = case
    flat = x.reshape(-1) if x.numel() else x.reshape(0)
    assert_close(flat, array.reshape(-1))
    assert_close(flat.reshape(x.shape), array)
    assert_close(x.contiguous().view(x.numel()), array.reshape(-1))


@given(tensors(shapes=filled, dtypes=st.just(mt.float64)), st.data())
def test_summing_is_the_adjoint_of_stretching(case, data):
    x, _ = case
    kept = tuple(data.draw(st.sampled_from([1, n])) for n in x.shape)
    small = x[tuple(slice(n) for n in kept)]
    wide = small.expand(x.shape)
    assert ((wide * x).sum() - (small * x.sum_to_size(kept)).sum()).abs().item() < 1e-9


@given(tensors(), st.sampled_from(ALL))
def test_a_cast_there_and_back_is_the_identity_where_nothing_is_lost(case, dtype):
    x, array = case
    if mt.promote(x.dtype, dtype) is dtype and dtype is not mt.float32:
        assert_close(x.to(dtype).to(x.dtype), array)
    assert x.to(dtype).dtype is dtype


@given(tensors())
def test_what_is_written_is_what_is_read(case):
    x, array = case
    y = mt.empty_like(x)
    y.copy_(x)
    assert_close(y, array)
    assert_close(mt.tensor(x.tolist(), dtype=x.dtype).reshape(x.shape), array)
    assert_close(mt.tensor(x), array)
    assert_close(x.clone(), array)
