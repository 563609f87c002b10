"""`fast` computes what `simple` defines, and what the derived defaults say."""

import threading

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minitorch_autodiff import operators as ops
from minitorch_backends.fast.pooling import SIDE_BY_SIDE
from minitorch_tensor import TensorData, Window, get_backend
from minitorch_tensor.derived import AdamStep, Convolution, SGDStep
from minitorch_tensor.dtypes import float32, float64, int64

fast, simple, reference = get_backend("fast"), get_backend("simple"), get_backend("numpy")


def close(x: TensorData, y: TensorData, rtol: float = 1e-5, atol: float = 1e-5) -> None:
    assert x.shape == y.shape
    assert x.dtype is y.dtype
    np.testing.assert_allclose(fast.to_numpy(x), fast.to_numpy(y), rtol=rtol, atol=atol)


def data(shape, seed=0, dtype=np.float32) -> TensorData:
    return fast.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(dtype))


@st.composite
def views(draw, min_dims=0, max_dims=4):
    """Tensor data of any layout: permuted, sliced with steps, expanded."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=min_dims, max_size=max_dims)))
    x = data(tuple(n * 2 for n in shape), draw(st.integers(0, 99)))
    for dim, size in enumerate(shape):
        if draw(st.booleans()):
            x = x.slice(dim, 2 * size - 1, size, -2)
        else:
            x = x.slice(dim, draw(st.integers(0, 1)), size, 2)
    x = x.permute(*draw(st.permutations(range(len(shape)))))
    if x.ndim < max_dims and draw(st.booleans()):
        x = x.expand((draw(st.integers(1, 3)), *x.shape))
    return x


def cubic(x):
    return 0.5 * x * (1.0 + ops.tanh(0.8 * (x + 0.04 * x * x * x)))


def hypotenuse(x, y):
    return ops.sqrt(x * x + y * y)


def larger_magnitude(x, y):
    return ops.max(ops.abs(x), ops.abs(y))


@given(views())
def test_map_compiles_any_scalar_function(x):
    close(fast.map(cubic, x, float32), simple.map(cubic, x, float32))


@given(views(max_dims=3), st.data())
def test_zip_compiles_any_scalar_function_and_broadcasts(x, draw):
    shape = tuple(draw.draw(st.sampled_from([1, n])) for n in x.shape)
    y = data(shape, 7)
    close(fast.zip(hypotenuse, x, y, float32), simple.zip(hypotenuse, x, y, float32))


@given(views(min_dims=1), st.data())
def test_reduce_compiles_any_scalar_function(x, draw):
    dim = draw.draw(st.integers(0, x.ndim - 1))
    got = fast.reduce(larger_magnitude, x, dim, 0.0, float32)
    close(got, simple.reduce(larger_magnitude, x, dim, 0.0, float32))


@given(views(min_dims=1), st.data())
def test_softmax_and_its_logarithm_agree_with_the_definition(x, draw):
    dim = draw.draw(st.integers(0, x.ndim - 1))
    close(fast.softmax(x, dim), simple.softmax(x, dim))
    close(fast.log_softmax(x, dim), simple.log_softmax(x, dim))


@pytest.mark.parametrize(
    "row", [[1e30, -1e30, 0.0], [np.inf, 0.0], [-np.inf, 0.0], [-np.inf] * 2, [np.nan, 0.0], [5.0]]
)
def test_softmax_of_extremes_agrees_with_the_definition(row):
    x = fast.from_numpy(np.array([row], np.float32))
    close(fast.softmax(x, 1), simple.softmax(x, 1))
    close(fast.log_softmax(x, 1), simple.log_softmax(x, 1))


@st.composite
def windows(draw, size=(7, 6)):
    """A window that fits an input of that size at least once."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    window = Window(
        kernel,
        draw(st.just((1, 1)) | st.tuples(st.integers(1, 3), st.integers(1, 3))),
        tuple(draw(st.integers(0, k // 2)) for k in kernel),
        draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
    )
    assert min(window.output_size(size)) >= 1
    return window


@given(
    windows(), st.sampled_from([2, 250]), st.sampled_from([1, 2]), st.sampled_from([4, 16]),
    st.sampled_from([6, 60]), st.booleans(),
)  # fmt: skip
@example(Window((3, 3), (1, 1), (1, 1), (2, 2)), 250, 1, 4, 6, False)  # a product for each row
@example(Window((3, 3), (1, 1), (1, 1), (2, 2)), 250, 2, 16, 6, False)  # for each place of a window
def test_convolution_and_its_adjoints_agree_with_the_derived_ones(
    window, samples, groups, channels, outputs, permuted
):
    shape = samples, channels, 7, 6
    x = data((*shape[:2], 6, 7)).permute(0, 1, 3, 2) if permuted else data(shape)
    weight = data((outputs, channels // groups, *window.kernel), 1)
    conv = Convolution(window, groups)
    out = fast.conv2d(x, weight, conv)
    close(out, reference.conv2d(x, weight, conv), atol=1e-4)
    d = data(out.shape, 2)
    for name, other, shape in (
        ("conv2d_input_grad", weight, x.shape),
        ("conv2d_weight_grad", x, weight.shape),
    ):
        got = getattr(fast, name)(d, other, shape, conv)
        expected = getattr(reference, name)(d, other, shape, conv)
        close(got, expected, rtol=1e-4, atol=1e-3)


@given(windows())
def test_pooling_agrees_with_the_derived_one(window):
    x = data((2, 3, 6, 7)).permute(0, 1, 3, 2)
    values, indices = fast.max_pool2d(x, window)
    expected_values, expected_indices = reference.max_pool2d(x, window)
    close(values, expected_values)
    close(indices, expected_indices)
    close(
        fast.max_pool2d_backward(values, indices, x.shape, window),
        reference.max_pool2d_backward(values, indices, x.shape, window),
    )
    means = fast.avg_pool2d(x, window._replace(dilation=(1, 1)))
    close(means, reference.avg_pool2d(x, window._replace(dilation=(1, 1))))
    close(
        fast.avg_pool2d_backward(means, x.shape, window._replace(dilation=(1, 1))),
        reference.avg_pool2d_backward(means, x.shape, window._replace(dilation=(1, 1))),
    )


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("window", [Window((2, 3), (2, 1), (1, 1), (1, 1)), SIDE_BY_SIDE])
def test_max_pooling_of_special_values_agrees_with_the_derived_one(window, special):
    array = np.random.default_rng(0).normal(size=(1, 2, 6, 6)).astype(np.float32)
    array[0, 0, 2:, 1:4] = special
    x = fast.from_numpy(array)
    for got, expected in zip(fast.max_pool2d(x, window), reference.max_pool2d(x, window)):
        close(got, expected)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(2, 9), st.integers(1, 20))
def test_max_pooling_by_four_agrees_with_the_derived_one(n, channels, height, columns):
    x = data((n, channels, height, 2 * columns))
    got, expected = fast.max_pool2d(x, SIDE_BY_SIDE), reference.max_pool2d(x, SIDE_BY_SIDE)
    for a, b in zip(got, expected):
        close(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_steps_agree_with_the_derived_ones(dtype, momentum, nesterov):
    results = []
    for backend in (fast, reference):
        p, velocity = data((5, 3), 1, dtype), data((5, 3), 2, dtype) if momentum else None
        for step in range(3):
            g = data((3, 5), step, dtype).transpose()
            backend.sgd_step_(p, g, velocity, SGDStep(0.1, momentum, 0.1, 0.01, nesterov))
        results.append((p, velocity))
    close(results[0][0], results[1][0])
    if momentum:
        close(results[0][1], results[1][1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decoupled", [False, True])
def test_adam_steps_agree_with_the_derived_ones(dtype, decoupled):
    results = []
    for backend in (fast, reference):
        p = data((4, 6), 1, dtype)
        mean, square = (backend.full(p.shape, 0.0, p.dtype) for _ in range(2))
        for step in range(1, 5):
            settings = AdamStep(step, 0.01, 0.9, 0.999, 1e-8, 0.1, decoupled)
            backend.adam_step_(p, data((4, 6), step, dtype), mean, square, settings)
        results.append((p, mean, square))
    for got, expected in zip(*results):
        close(got, expected)


def test_optimizer_steps_write_through_views():
    whole = data((4, 6), 3)
    untouched = fast.to_numpy(whole)[:, ::2].copy()
    fast.sgd_step_(whole.slice(1, 1, 3, 2), fast.full((4, 3), 1.0, float32), None, SGDStep(1.0))
    expected = fast.to_numpy(data((4, 6), 3))[:, 1::2] - 1.0
    np.testing.assert_allclose(fast.to_numpy(whole)[:, 1::2], expected)
    np.testing.assert_array_equal(fast.to_numpy(whole)[:, ::2], untouched)


def test_float64_is_computed_in_double_precision():
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    x, weight = data((1, 2, 5, 5), 0, np.float64), data((3, 2, 3, 3), 1, np.float64)
    for got, expected in (
        (
            fast.conv2d(x, weight, Convolution(window)),
            reference.conv2d(x, weight, Convolution(window)),
        ),
        (fast.log_softmax(x, 1), reference.log_softmax(x, 1)),
        (fast.map(cubic, x, float64), simple.map(cubic, x, float64)),
        (fast.avg_pool2d(x, window), reference.avg_pool2d(x, window)),
    ):
        close(got, expected, rtol=1e-13, atol=1e-13)


def test_results_are_new_memory_and_arguments_stay_as_they_were():
    x = data((2, 3, 4, 4))
    before = fast.to_numpy(x).copy()
    window = Window((1, 1), (1, 1), (0, 0), (1, 1))
    for result in (
        fast.map(cubic, x, float32),
        fast.zip(hypotenuse, x, x, float32),
        fast.softmax(x, 1),
        fast.avg_pool2d(x, window),
        *fast.max_pool2d(x, window),
        fast.fold2d(fast.unfold2d(x, window), (4, 4), window),
    ):
        assert not np.shares_memory(result.buffer, x.buffer)
        assert result.base is None
    np.testing.assert_array_equal(fast.to_numpy(x), before)


def test_repeated_runs_agree_bit_for_bit():
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    x, weight = data((8, 16, 20, 20)), data((32, 16, 3, 3), 1)
    grad = fast.conv2d(x, weight, Convolution(window))
    for compute in (
        lambda: fast.conv2d(x, weight, Convolution(window)),
        lambda: fast.conv2d_input_grad(grad, weight, x.shape, Convolution(window)),
        lambda: fast.conv2d_weight_grad(grad, x, weight.shape, Convolution(window)),
        lambda: fast.map(cubic, x, float32),
    ):
        assert fast.to_numpy(compute()).tobytes() == fast.to_numpy(compute()).tobytes()


def test_kernels_may_be_called_from_several_threads_at_once():
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    x, weight = data((4, 8, 16, 16)), data((8, 8, 3, 3), 1)
    expected = fast.to_numpy(fast.conv2d(x, weight, Convolution(window))).copy()
    wrong = []

    def compute() -> None:
        for _ in range(10):
            got = fast.to_numpy(fast.conv2d(x, weight, Convolution(window)))
            if not np.array_equal(got, expected):
                wrong.append(got)

    threads = [threading.Thread(target=compute) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("shape", [(0, 3, 5, 5), (2, 0, 5, 5)])
def test_empty_batches_and_channels_pass_through(shape):
    x, window = data(shape), Window((2, 2), (2, 2), (0, 0), (1, 1))
    close(fast.avg_pool2d(x, window), reference.avg_pool2d(x, window))
    values, indices = fast.max_pool2d(x, window)
    for got, expected in zip((values, indices), reference.max_pool2d(x, window)):
        close(got, expected)
    assert indices.dtype is int64
    close(fast.map(cubic, x, float32), x)  # nothing is something else
