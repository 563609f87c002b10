"""Gradients: exact for every function, twice, and delivered by the engine's rules."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import (
    OPERATIONS,
    Draw,
    Operation,
    assert_close,
    gradgradcheck,
)
from minitorch_tensor.testing.checks import as_function

DIFFERENTIABLE = [op for op in OPERATIONS if op.differentiable and mt.float64 in op.dtypes]


@pytest.mark.parametrize("operation", DIFFERENTIABLE, ids=str)
def test_second_derivatives_agree_with_differences(operation: Operation):
    for sample in operation.samples(Draw(mt.float64)):
        assert gradgradcheck(*as_function(operation, sample))


@pytest.mark.parametrize("operation", DIFFERENTIABLE, ids=str)
def test_a_gradient_has_the_shape_and_dtype_of_its_value(operation: Operation):
    for dtype in (mt.float32, mt.float64):
        for sample in operation.samples(Draw(dtype)):
            function, inputs = as_function(operation, sample)
            results = function(*inputs)
            results = results if isinstance(results, tuple) else [results]
            total = sum(y.sum() for y in results if y.requires_grad)
            total.backward()
            for x in inputs:
                assert x.grad is not None
                assert (x.grad.shape, x.grad.dtype) == (x.shape, dtype)


# -- broadcasting and promotion are undone -------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "other"),
    [((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((1, 1, 1), (2, 3)), ((2, 0), (1, 1))],
)
def test_the_gradient_of_a_stretched_operand_is_summed_back(shape, other, backend):
    x = mt.ones(shape, requires_grad=True)
    y = mt.ones(other, requires_grad=True)
    out = x * y
    out.sum().backward()
    assert_close(x.grad, np.full(shape, out.numel() / max(x.numel(), 1), np.float32))
    assert_close(y.grad, np.full(other, out.numel() / max(y.numel(), 1), np.float32))


def test_the_gradient_of_a_converted_operand_is_converted_back():
    x = mt.ones(3, requires_grad=True)
    y = mt.ones(3, dtype="float64", requires_grad=True)
    (x * y).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (mt.float32, mt.float64)


def test_a_gradient_goes_back_to_the_backend_it_came_from():
    x = mt.ones(3, device="simple", requires_grad=True)
    (x.to("numpy") * 2).sum().backward()
    assert x.grad.backend.name == "simple"
    assert_close(x.grad, np.full(3, 2, np.float32))


def test_a_gradient_of_a_wrong_shape_is_refused_by_name():
    class Wrong(mt.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, d):
            return mt.ones(7)

    with pytest.raises(ValueError, match=r"a gradient of shape \(7,\) arrived at .* \(3,\)"):
        Wrong.apply(mt.ones(3, requires_grad=True)).sum().backward()


# -- leaves and inner values ----------------------------------------------------------------------


def test_gradients_add_up_over_uses_and_over_calls():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    (x * x + 3 * x).sum().backward()
    assert_close(x.grad, [5.0, 7.0])
    (2 * x).sum().backward()
    assert_close(x.grad, [7.0, 9.0])


def test_only_leaves_get_a_gradient_unless_asked():
    x = mt.ones(2, requires_grad=True)
    y = x * 2
    z = y * 3
    y.retain_grad()
    z.sum().backward()
    assert_close(y.grad, [3.0, 3.0])
    assert z.grad is None
    assert (x.is_leaf, y.is_leaf) == (True, False)
    assert "Mul" in repr(y.grad_fn)


def test_integers_take_no_part_in_gradients():
    with pytest.raises(RuntimeError, match=r"only floating-point.*\.float\(\)"):
        mt.tensor([1, 2], requires_grad=True)
    x = mt.ones(3, requires_grad=True)
    for y in (x > 0, x.argmax(), x.long(), x.isnan(), x == x):
        assert not y.requires_grad
    (x * mt.tensor([1, 2, 3])).sum().backward()
    assert_close(x.grad, [1.0, 2.0, 3.0])


def test_backward_of_many_numbers_wants_a_gradient_of_their_shape():
    y = mt.ones(2, 3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"shape \(2, 3\) needs a gradient to start from"):
        y.backward()
    with pytest.raises(ValueError, match=r"output's shape \(2, 3\), got shape \(3,\)"):
        y.backward(mt.ones(3))
    y.backward(mt.ones(2, 3))


def test_backward_through_a_freed_graph_says_how_to_keep_it():
    x = mt.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_retained_graphs_can_be_walked_again():
    x = mt.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert_close(x.grad, [4.0, 4.0])


def test_detached_values_and_no_grad_cut_the_graph():
    x = mt.ones(2, requires_grad=True)
    assert not x.detach().requires_grad
    with mt.no_grad():
        assert not (x * 2).requires_grad
        with mt.enable_grad():
            assert (x * 2).requires_grad
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        x.detach().sum().backward()


def test_create_graph_gives_derivatives_of_any_order():
    x = mt.tensor(2.0, dtype="float64", requires_grad=True)
    y = x**5
    for order, expected in enumerate([80.0, 160.0, 240.0, 240.0, 120.0], 1):
        (y,) = mt.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(expected), order


def test_a_hook_sees_the_whole_gradient_and_may_replace_it():
    x = mt.ones(2, requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(seen.append)
    y.register_hook(lambda d: d * 10)
    (y + y).sum().backward()
    assert_close(seen[0], [2.0, 2.0])
    assert_close(x.grad, [40.0, 40.0])


def test_vjp_and_jvp_are_adjoint():
    draw = Draw(mt.float64)
    x, v, d = mt.tensor(draw(4)), mt.tensor(draw(4)), mt.tensor(draw(3))
    matrix = mt.tensor(draw(3, 4))

    def f(x: mt.Tensor) -> mt.Tensor:
        return (matrix @ x).tanh()

    _, pull_back = mt.vjp(f, x)
    _, pushed = mt.jvp(f, [x], [v])
    assert (pushed * d).sum().item() == pytest.approx((pull_back(d)[0] * v).sum().item())


# -- memory ---------------------------------------------------------------------------------------


def test_the_graph_dies_with_its_result_without_the_garbage_collector():
    gc.disable()
    try:
        x = mt.ones(3, requires_grad=True)
        y = ((x.exp() * x).softmax(0) @ x).relu().max()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_saved_values_are_freed_as_backward_passes():
    x = mt.ones(3, requires_grad=True)
    middle = x * 2
    buffer = weakref.ref(middle._data.buffer)
    y = (middle * middle).sum()
    del middle
    assert buffer() is not None
    y.backward()
    assert buffer() is None


# -- gradients are nobody else's memory -----------------------------------------------------------


def sharing(*tensors: mt.Tensor | None) -> bool:
    arrays = [t.numpy(force=True) for t in tensors if t is not None]
    return any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[i + 1 :])


@pytest.mark.parametrize(
    "combine",
    [
        lambda x, y: x + y,
        lambda x, y: x - (-y),
        lambda x, y: (x + y).reshape(4),
        lambda x, y: mt.cat([x, y]),
        lambda x, y: mt.stack([x.t(), y.t()]),
        lambda x, y: x.clone() + y.clone(),
        lambda x, y: x.double() + y.double(),
        lambda x, y: (x + y).t() + (x + y),
        lambda x, y: x.contiguous() + y.permute(1, 0),
        lambda x, y: mt.where(x > 5, x, y) + x,
        lambda x, y: x.expand(3, 2, 2) + y,
    ],
)
def test_gradients_of_two_leaves_share_no_memory(combine, backend):
    x, y = mt.ones(2, 2, requires_grad=True), mt.ones(2, 2, requires_grad=True)
    out = combine(x, y)
    start = mt.ones_like(out)
    middle = out * 1
    middle.retain_grad()
    middle.backward(start)
    assert not sharing(x.grad, y.grad, middle.grad, start, x, y)
    kept = y.grad.numpy().copy()
    x.grad.zero_()
    start.zero_()
    assert_close(y.grad, kept)


def test_the_gradient_given_to_backward_is_not_taken_over():
    x = mt.ones(3, requires_grad=True)
    start = mt.tensor([1.0, 2.0, 3.0])
    x.clone().backward(start)
    x.grad.zero_()
    assert_close(start, [1.0, 2.0, 3.0])


def test_clearing_a_gradient_leaves_an_earlier_one_alone():
    x = mt.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert_close(first, np.full(3, 2, np.float32))
    assert_close(x.grad, np.full(3, 5, np.float32))


# -- special points -------------------------------------------------------------------------------


def gradient(function: Any, *values: Any) -> list[list[float]]:
    inputs = [mt.tensor(v, dtype="float64", requires_grad=True) for v in values]
    function(*inputs).sum().backward()
    return [x.grad.tolist() for x in inputs]


def test_kinks_have_pytorchs_gradients():
    assert gradient(lambda x: x.abs(), [0.0, -0.0]) == [[0.0, 0.0]]
    assert gradient(lambda x: x.relu(), [0.0, -1.0]) == [[0.0, 0.0]]
    assert gradient(mt.maximum, [1.0, 2.0], [1.0, 3.0]) == [[0.5, 0.0], [0.5, 1.0]]
    assert gradient(mt.minimum, [1.0, 2.0], [1.0, 3.0]) == [[0.5, 1.0], [0.5, 0.0]]
    assert gradient(lambda x: x.clamp(0, 1), [0.0, 1.0, 2.0, -1.0]) == [[1.0, 1.0, 0.0, 0.0]]
    assert gradient(lambda x: x.amax(), [3.0, 1.0, 3.0]) == [[0.5, 0.0, 0.5]]
    assert gradient(lambda x: x.max(0).values, [3.0, 1.0, 3.0]) == [[1.0, 0.0, 0.0]]


def test_the_origin_has_no_infinite_gradients_where_pytorch_has_none():
    assert gradient(lambda x: x.norm(), [0.0, 0.0]) == [[0.0, 0.0]]
    assert gradient(lambda x: x.norm(3), [0.0, 0.0]) == [[0.0, 0.0]]
    assert gradient(lambda x: x.std(), [2.0, 2.0]) == [[0.0, 0.0]]
    assert gradient(lambda x: x**0, [0.0]) == [[0.0]]
    assert gradient(lambda x: x**1, [0.0]) == [[1.0]]
    assert gradient(lambda x: x**2, [0.0]) == [[0.0]]
    assert gradient(lambda x, y: x**y, [0.0], [2.0]) == [[0.0], [0.0]]
    assert gradient(lambda x: x.logsumexp(0), [-np.inf, -np.inf]) == [[0.0, 0.0]]


def test_products_have_exact_gradients_at_zeros():
    assert gradient(lambda x: x.prod(), [2.0, 0.0, 3.0]) == [[0.0, 6.0, 0.0]]
    assert gradient(lambda x: x.prod(), [2.0, 0.0, 0.0]) == [[0.0, 0.0, 0.0]]


def test_large_logits_have_finite_gradients():
    (found,) = gradient(lambda x: x.log_softmax(0)[1], [1000.0, -1000.0])
    assert_close(found, [-1.0, 1.0])
    (found,) = gradient(lambda x: x.logsumexp(0), [1000.0, 1000.0])
    assert_close(found, [0.5, 0.5])
    (found,) = gradient(lambda x: x.sigmoid(), [1000.0, -1000.0])
    assert_close(found, [0.0, 0.0])
