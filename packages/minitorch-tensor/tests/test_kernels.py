"""The operations of backends: against loops, by the interface's rules, and as adjoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_autodiff import operators
from minitorch_tensor.tensor_data import TensorData
from minitorch_tensor.testing import KERNELS, Draw, Kernel, arrange, assert_close, check_kernel
from minitorch_tensor.testing.kernels import WINDOWS


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_every_backend_computes_what_the_loops_say_by_the_rules(
    kernel: Kernel, backend: mt.Backend
):
    check_kernel(kernel, backend)


# -- adjoints: <f(x), d> = <x, f*(d)> for every linear f ----------------------------------------


def inner(x: Any, y: Any) -> float:
    return float((np.asarray(x) * np.asarray(y)).sum())


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("groups", [1, 2])
def test_the_gradients_of_a_convolution_are_its_adjoints(window, groups, backend):
    draw = Draw(mt.float64)
    x, weight = draw(2, 4, 5, 6), draw(6, 4 // groups, *window.kernel)
    d = draw(2, 6, *window.output_size((5, 6)))
    data = [arrange(a, "permuted", backend)._data for a in (x, weight, d)]
    out = backend.to_numpy(backend.conv2d(data[0], data[1], window, groups))
    to_x = backend.conv2d_input_grad(data[2], data[1], x.shape, window, groups)
    to_weight = backend.conv2d_weight_grad(data[2], data[0], weight.shape, window, groups)
    assert inner(out, d) == pytest.approx(inner(x, backend.to_numpy(to_x)))
    assert inner(out, d) == pytest.approx(inner(weight, backend.to_numpy(to_weight)))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_average_pooling_backward_is_the_adjoint_of_forward(window, backend):
    draw = Draw(mt.float64)
    x, d = draw(2, 3, 5, 6), draw(2, 3, *window.output_size((5, 6)))
    out = backend.avg_pool2d(arrange(x, "offset", backend)._data, window)
    back = backend.avg_pool2d_backward(arrange(d, "permuted", backend)._data, x.shape, window)
    assert inner(backend.to_numpy(out), d) == pytest.approx(inner(x, backend.to_numpy(back)))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_folding_is_the_adjoint_of_padding_and_unfolding(window, backend):
    draw = Draw(mt.float64)
    x = draw(2, 3, 5, 6)
    windows = draw(2, 3, *window.kernel, *window.output_size((5, 6)))
    padded = backend.pad2d(arrange(x, "stepped", backend)._data, window.padding, 0.0)
    out = backend.to_numpy(backend.unfold2d(padded, window))
    back = backend.fold2d(arrange(windows, "permuted", backend)._data, (5, 6), window)
    assert inner(out, windows) == pytest.approx(inner(x, backend.to_numpy(back)))


def test_max_pooling_sends_the_gradient_to_the_indices_it_names(backend):
    window = WINDOWS[2]
    x = Draw(mt.float64)(2, 3, 5, 6)
    values, indices = backend.max_pool2d(arrange(x, "contiguous", backend)._data, window)
    named = np.take_along_axis(x.reshape(2, 3, 30), backend.to_numpy(indices).reshape(2, 3, -1), 2)
    assert_close(backend.to_numpy(values).reshape(2, 3, -1), named)


def test_an_empty_batch_convolves_and_pools_to_an_empty_batch(backend):
    window = WINDOWS[2]
    x = backend.full((0, 2, 5, 6), 0.0, mt.float32)
    weight = backend.full((3, 2, 3, 3), 0.0, mt.float32)
    out = backend.conv2d(x, weight, window, 1)
    assert out.shape == (0, 3, 5, 3)
    assert backend.conv2d_input_grad(out, weight, x.shape, window, 1).shape == x.shape
    to_weight = backend.conv2d_weight_grad(out, x, weight.shape, window, 1)
    assert_close(backend.to_numpy(to_weight), np.zeros(weight.shape, np.float32))
    assert [y.shape for y in backend.max_pool2d(x, window)] == [(0, 2, 5, 3)] * 2
    assert backend.avg_pool2d(x, window).shape == (0, 2, 5, 3)


# -- softmax ------------------------------------------------------------------------------------


def test_softmax_rows_add_up_to_one_however_large(backend):
    x = mt.tensor([[1e4, -1e4, 1e4], [0.0, 0.0, 0.0], [-1e30, -1e30, -1e30]], dtype="float64")
    assert_close(x.softmax(1).sum(1), np.ones(3))
    assert_close(x.log_softmax(1).exp().sum(1), np.ones(3))


def test_softmax_is_unmoved_by_a_shift(backend):
    x = mt.tensor(Draw(mt.float64)(3, 4))
    assert_close((x + 700.0).softmax(1), x.softmax(1))
    assert_close((x - 700.0).log_softmax(1), x.log_softmax(1), rtol=1e-10, atol=1e-10)


# -- constants ----------------------------------------------------------------------------------


def test_constants_of_either_zero_are_told_apart(backend):
    for value in (0.0, -0.0):
        constant = backend.to_numpy(backend.constant(value, mt.float64))
        assert np.signbit(constant) == np.signbit(value)


def test_a_backend_of_the_core_alone_has_every_operation():
    """The derived defaults need nothing but the required methods."""
    simple = mt.get_backend("simple")

    class Core(mt.Backend):
        name = "core"
        interface_version = mt.BACKEND_INTERFACE

        def empty(self, shape, dtype):
            return simple.empty(shape, dtype)

        def from_numpy(self, array):
            return simple.from_numpy(array)

        def to_numpy(self, x):
            return simple.to_numpy(x)

        def copy_(self, out, x):
            simple.copy_(out, x)

        def map(self, fn, x, dtype):
            return simple.map(fn, x, dtype)

        def zip(self, fn, x, y, dtype):
            return simple.zip(fn, x, y, dtype)

        def reduce(self, fn, x, dim, start, dtype):
            return simple.reduce(fn, x, dim, start, dtype)

        def matmul(self, x, y):
            return simple.matmul(x, y)

    core = Core()
    for kernel in KERNELS:
        check_kernel(first_sample_only(kernel), core)


def first_sample_only(kernel: Kernel) -> Kernel:
    return dataclasses.replace(kernel, samples=lambda draw: kernel.samples(draw)[:1])


# -- the kit itself -------------------------------------------------------------------------------


def wrong(change: Callable[[mt.Backend, TensorData], TensorData]) -> mt.Backend:
    """`numpy` with another `contiguous`."""

    class Wrong(type(mt.get_backend("numpy"))):
        def contiguous(self, x):
            return change(self, x)

    return Wrong()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda backend, x: x, "a result (is a view|shares memory with an argument)"),
        (lambda backend, x: backend.zip(operators.add, x, x, x.dtype), "elements differ"),
        (lambda backend, x: backend.cast(x, mt.float64), "dtypes differ: float64"),
        (
            lambda backend, x: backend.cast(x, x.dtype).as_strided(x.shape, (1, 2, 6)[: x.ndim], 0),
            "elements differ|a result is a view",
        ),
        (lambda backend, x: spoiled(backend, x), "arguments: .* elements differ"),
    ],
)
def test_the_kit_finds_what_breaks_the_rules(change, message):
    kernel = next(kernel for kernel in KERNELS if kernel.name == "contiguous")
    with pytest.raises(AssertionError, match=message):
        check_kernel(kernel, wrong(change))


def spoiled(backend: mt.Backend, x: TensorData) -> TensorData:
    """A copy of x, and x overwritten."""
    result = backend.cast(x, x.dtype)
    backend.copy_(x, backend.full(x.shape, 0, x.dtype))
    return result
