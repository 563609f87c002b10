"""The compiled loops themselves, on inputs so small that `fast` would leave them to numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numba import config

from minitorch_autodiff import operators as ops
from minitorch_backends.fast import (
    backend,
    choices,
    get_num_threads,
    set_num_threads,
    thresholds,
    winograd,
)
from minitorch_tensor import TensorData, Window, float32, float64, get_backend
from minitorch_tensor.derived import Convolution
from minitorch_tensor.dtypes import bool_

fast, reference = get_backend("fast"), get_backend("numpy")

#: Every operator that has both a numpy loop and a compiled one.
OPERATORS = sorted(choices.COSTLY | choices.CHEAP, key=lambda fn: fn.__name__)
UNARY = [fn for fn in OPERATORS if fn.__code__.co_argcount == 1]
BINARY = [fn for fn in OPERATORS if fn.__code__.co_argcount == 2]
IDENTITY = {ops.add: 0, ops.mul: 1, ops.max: -np.inf}
COMPARISONS = {ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne}


@pytest.fixture(autouse=True, scope="module")
def _everything_compiled():
    chosen = choices.map_choice, choices.zip_choice
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COMPILED", "COMPILED_TRANSCENDENTAL", "COMPILED_REDUCTION", "DIRECT_PRODUCT"):
            patch.setattr(thresholds, name, 0)
        patch.setattr(backend, "_SMALL", 0)
        patch.setattr(thresholds, "TILED", 0)
        for choice in chosen:
            choice.cache_clear()
        yield
    for choice in chosen:
        choice.cache_clear()


def data(shape, seed=0, dtype=np.float32) -> TensorData:
    return fast.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(dtype))


def same(got: TensorData, expected: TensorData, tolerance=1e-5) -> None:
    assert got.shape == expected.shape
    assert got.dtype is expected.dtype
    a, b = fast.to_numpy(got), fast.to_numpy(expected)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@st.composite
def operands(draw):
    """Two views that broadcast to one shape: sliced, turned over, permuted, repeated."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=0, max_size=5)))
    found = []
    for seed in (1, 2):
        own = tuple(
            draw(st.sampled_from([1, n])) for n in shape[draw(st.integers(0, len(shape))) :]
        )
        order = draw(st.permutations(range(len(own))))
        stored = [0] * len(own)
        for place, dim in enumerate(order):
            stored[dim] = own[place] * 2
        x = data(tuple(stored), seed).permute(*order)
        for dim, size in enumerate(own):
            step = draw(st.sampled_from([1, 2, -1]))
            start = size * abs(step) - 1 if step < 0 else 0
            x = x.slice(dim, start, size, step)
        found.append(x)
    if draw(st.booleans()):
        found = [x.expand(np.broadcast_shapes(found[0].shape, found[1].shape)) for x in found]
    return found


@given(operands(), st.sampled_from([ops.add, ops.sub, ops.lt, ops.relu_back]))
def test_zip_broadcasts_operands_of_any_layout(pair, fn):
    dtype = bool_ if fn in COMPARISONS else float32
    same(fast.zip(fn, *pair, dtype), reference.zip(fn, *pair, dtype))


@pytest.mark.parametrize("fn", UNARY, ids=lambda fn: fn.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_compiled_operator_agrees_with_numpys(fn, dtype):
    x = fast.from_numpy(np.abs(fast.to_numpy(data((5, 7), 3, dtype))) + dtype(0.1))
    kind = float32 if dtype is np.float32 else float64
    same(fast.map(fn, x, kind), reference.map(fn, x, kind), 1e-6 if kind is float32 else 1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("fn", BINARY, ids=lambda fn: fn.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_compiled_operator_of_two_numbers_agrees_with_numpys(fn, dtype):
    x, y = data((5, 7), 3, dtype), data((5, 7), 4, dtype)
    kind = float32 if dtype is np.float32 else float64
    out = bool_ if fn in COMPARISONS else kind
    same(fast.zip(fn, x, y, out), reference.zip(fn, x, y, out), 1e-4 if kind is float32 else 1e-12)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.data(),
    st.sampled_from([(ops.add, 0.0), (ops.max, -np.inf), (ops.mul, 1.0)]),
)
def test_reductions_fold_any_dimensions(shape, draw, fold):
    fn, start = fold
    x = data(tuple(shape), 5).permute(*draw.draw(st.permutations(range(len(shape)))))
    dims = draw.draw(st.lists(st.integers(0, len(shape) - 1), unique=True))
    got = fast.reduce_dims(fn, x, dims, start, float32)
    same(got, reference.reduce_dims(fn, x, dims, start, float32))


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 127, 128, 129, 1000, 8191, 8192, 8193, 100_000])
@pytest.mark.parametrize("inner", [1, 3, 200])
@pytest.mark.parametrize(("fn", "start"), [(ops.add, 0.0), (ops.max, -np.inf)])
def test_reductions_of_any_length_take_every_element_once(size, inner, fn, start):
    x = fast.from_numpy(np.arange(size * inner, dtype=np.float64).reshape(1, size, inner) % 1009)
    same(fast.reduce(fn, x, 1, start, float64), reference.reduce(fn, x, 1, start, float64), 1e-13)


def test_a_long_sum_is_as_exact_as_its_format_allows():
    x = np.random.default_rng(0).uniform(0.5, 1.5, 1 << 22).astype(np.float32)
    exact = x.astype(np.float64).sum()
    got = fast.to_numpy(fast.reduce(ops.add, fast.from_numpy(x), 0, 0.0, float32))[0]
    assert abs(got - exact) / exact < 3e-7


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("nan", [np.nan, -np.nan])
def test_an_extreme_of_numbers_and_a_nan_is_nan(nan, dtype):
    x = np.zeros((3, 5000), dtype.numpy)
    x[1, 4321] = nan
    x[2, :2] = np.inf, -np.inf
    for fn, start, last in ((ops.max, -np.inf, np.inf), (ops.min, np.inf, -np.inf)):
        got = fast.to_numpy(fast.reduce(fn, fast.from_numpy(x), 1, start, dtype))
        np.testing.assert_array_equal(got.ravel(), [0.0, np.nan, last])


@given(
    hnp.arrays(np.float32, st.integers(1, 300), elements=st.floats(width=32)),
    st.sampled_from([(ops.max, -np.inf, np.max), (ops.min, np.inf, np.min)]),
)
def test_an_extreme_is_the_one_of_numpy_for_any_numbers(x, how):
    fn, start, expected = how
    got = fast.to_numpy(fast.reduce(fn, fast.from_numpy(x), 0, start, float32))
    np.testing.assert_array_equal(got, [expected(x)])


@pytest.mark.slow
@given(
    st.integers(1, 3), st.integers(3, 9), st.integers(3, 9),
    st.tuples(st.integers(0, 2), st.integers(0, 2)), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_winograds_convolution_and_its_adjoints_agree_with_the_derived_ones(
    n, height, width, padding, dtype
):
    window = Window((3, 3), (1, 1), padding, (1, 1))
    x, weight = data((n, 24, height, width), 0, dtype), data((48, 24, 3, 3), 1, dtype)
    assert winograd.suits(Convolution(window), weight.shape, winograd.WORTHWHILE_FOR_WEIGHT)
    out = fast.conv2d(x, weight, Convolution(window))
    tolerance = 2e-4 if dtype is np.float32 else 1e-12
    same(out, reference.conv2d(x, weight, Convolution(window)), tolerance)
    d = data(out.shape, 2, dtype)
    for name, other, shape in (
        ("conv2d_input_grad", weight, x.shape),
        ("conv2d_weight_grad", x, weight.shape),
    ):
        got = getattr(fast, name)(d, other, shape, Convolution(window))
        same(got, getattr(reference, name)(d, other, shape, Convolution(window)), tolerance)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("place", [(4, 1, 1, 1), (4, 1, 0, 0), (7, 2, 2, 0)])
def test_an_infinite_weight_makes_no_nan_in_the_gradient_of_the_input(place, padding):
    window = Window((3, 3), (1, 1), (padding, padding), (1, 1))
    weight = np.ones((8, 3, 3, 3), np.float32)
    weight[place] = np.inf
    size = 4 + 2 * padding
    d = fast.from_numpy(np.ones((2, 8, size, size), np.float32))
    got, want = (
        backend.to_numpy(
            backend.conv2d_input_grad(
                d, backend.from_numpy(weight), (2, 3, 6, 6), Convolution(window, 1)
            )
        )
        for backend in (fast, reference)
    )
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("where", ["x", "weight", "gradient"])
def test_winograds_differences_make_no_nan_of_an_infinity(where, odd, samples):
    """It reaches the results that depend on it, and no others."""
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    x, weight, d = (
        np.random.default_rng(i).uniform(0.1, 0.2, shape).astype(np.float32)
        for i, shape in enumerate([(samples, 32, 12, 12), (32, 32, 3, 3), (samples, 32, 12, 12)])
    )
    assert winograd.suits(Convolution(window), weight.shape, winograd.WORTHWHILE_FOR_WEIGHT)
    changed, place = {
        "x": (x, (-1, 4, 5, 6)),
        "weight": (weight, (3, 4, 1, 1)),
        "gradient": (d, (-1, 7, 0, 3)),
    }[where]
    changed[place] = odd
    a, b, c = (fast.from_numpy(array) for array in (x, weight, d))
    for name, arguments in (
        ("conv2d", (a, b)),
        ("conv2d_input_grad", (c, b, x.shape)),
        ("conv2d_weight_grad", (c, a, weight.shape)),
    ):
        got, want = (
            backend.to_numpy(getattr(backend, name)(*arguments, Convolution(window)))
            for backend in (fast, reference)
        )
        np.testing.assert_allclose(got, want, rtol=1e-4, err_msg=name)


@pytest.mark.skipif(config.NUMBA_NUM_THREADS < 2, reason="wants two threads")
@pytest.mark.parametrize("fn", [ops.add, ops.mul, ops.max])
@pytest.mark.parametrize(
    ("shape", "dims"),
    [((300_000,), (0,)), ((300, 700), (1,)), ((700, 300), (0,)), ((3, 70_000), (1,)),
     ((40, 70, 80), (0, 2)), ((20_000, 3), (0,)), ((2, 9000, 10), (1,))],
)  # fmt: skip
def test_a_reduction_does_not_depend_on_the_number_of_threads(shape, dims, fn):
    x, expected = data(shape), []
    before = get_num_threads()
    try:
        for number in (1, 2):
            set_num_threads(number)
            expected.append(fast.to_numpy(fast.reduce_dims(fn, x, dims, IDENTITY[fn], float32)))
    finally:
        set_num_threads(before)
    assert expected[0].tobytes() == expected[1].tobytes()
    wide = fast.cast(x, float64)
    exact = fast.to_numpy(reference.reduce_dims(fn, wide, dims, IDENTITY[fn], float64))
    np.testing.assert_allclose(expected[0], exact, rtol=1e-4, atol=2e-4)


@given(st.data())
def test_a_copy_in_order_is_the_same_elements(drawn):
    shape = tuple(drawn.draw(st.lists(st.sampled_from([1, 2, 5, 16, 17, 40]), max_size=5)))
    shape = shape if np.prod(shape) < 1e5 else shape[:2]
    dtype = drawn.draw(st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]))
    array = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    order = drawn.draw(st.permutations(range(len(shape))))
    x = fast.from_numpy(array).permute(*order)
    if shape and drawn.draw(st.booleans()):
        x = x.slice(0, x.shape[0] // 2, x.shape[0] - x.shape[0] // 2)
        array = array.transpose(order)[array.shape[order[0]] // 2 :]
    else:
        array = array.transpose(order)
    copy = fast.contiguous(x)
    assert copy.base is None
    np.testing.assert_array_equal(fast.to_numpy(copy), array)


@pytest.mark.parametrize("shape", [(1, 3), (5, 64), (3, 1000)])
def test_cross_entropy_and_its_gradient_agree_with_the_derived_ones(shape):
    x = data(shape, 7)
    target = fast.from_numpy(np.random.default_rng(8).integers(0, shape[1], shape[0]))
    losses, y = fast.cross_entropy(x, target)
    expected, expected_y = reference.cross_entropy(x, target)
    same(losses, expected)
    same(y, expected_y)
    d = data(losses.shape, 9)
    same(fast.cross_entropy_backward(y, target, d), reference.cross_entropy_backward(y, target, d))


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_keeps_its_digits_far_from_zero(name, dim):
    x = fast.from_numpy(np.float32([[1000, 1000, 999], [-2000, -1999, -2000], [3e4, 3e4, 3e4]]))
    wide = fast.from_numpy(fast.to_numpy(x).astype(np.float64))
    got = fast.to_numpy(getattr(fast, name)(x, dim))
    np.testing.assert_allclose(
        got, fast.to_numpy(getattr(reference, name)(wide, dim)), rtol=1e-5, atol=1e-7
    )
