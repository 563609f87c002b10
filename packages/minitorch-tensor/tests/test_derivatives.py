"""jacobian and hessian: whole matrices of derivatives, of tensors and of Scalars."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_autodiff import Scalar
from minitorch_tensor.testing import assert_close

A = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 4.0]])


def doubles(*values: object) -> list[mt.Tensor]:
    return [mt.tensor(v, dtype="float64") for v in values]


def test_the_jacobian_of_a_linear_map_is_its_matrix(backend):
    a, x = doubles(A, [1.0, 2.0, 3.0])
    assert_close(mt.jacobian(lambda x: a @ x, x), A)


def test_the_jacobian_has_the_shape_of_the_output_then_that_of_the_input(backend):
    (x,) = doubles(np.arange(6.0).reshape(2, 3))
    j = mt.jacobian(lambda x: x.sin().t(), x)
    assert j.shape == (3, 2, 2, 3)
    for i in range(2):
        for k in range(3):
            expected = np.zeros((2, 3))
            expected[i, k] = math.cos(3 * i + k)
            assert_close(j[k, i], expected)


def test_several_inputs_and_outputs_give_a_block_for_every_two():
    x, y = doubles([1.0, 2.0], [3.0, 4.0, 5.0])
    one = mt.jacobian(lambda x, y: x.unsqueeze(1) * y, (x, y))
    assert [block.shape for block in one] == [(2, 3, 2), (2, 3, 3)]
    (a, b), (c, d) = mt.jacobian(lambda x, y: (x.sum() * y, x * 2), (x, y))
    assert_close(a, np.outer([3.0, 4.0, 5.0], [1.0, 1.0]))
    assert_close(b, 3.0 * np.eye(3))
    assert_close(c, 2.0 * np.eye(2))
    assert_close(d, np.zeros((2, 3)))
    ((e,),) = mt.jacobian(lambda x: (x * x,), (x,))
    assert_close(e, np.diag([2.0, 4.0]))


def test_the_hessian_of_a_quadratic_form_is_twice_its_symmetric_part(backend):
    q, x = doubles([[2.0, 1.0], [0.0, 3.0]], [0.3, -0.7])
    assert_close(mt.hessian(lambda x: x @ q @ x, x), [[4.0, 1.0], [1.0, 6.0]])
    assert_close(mt.hessian(lambda x: (x @ q @ x).reshape(1), x), [[4.0, 1.0], [1.0, 6.0]])


def test_the_hessian_of_several_inputs_has_a_block_for_every_two():
    x, y = doubles([1.0, 2.0], [[3.0], [4.0]])
    (xx, xy), (yx, yy) = mt.hessian(lambda x, y: (x @ y).sum() * x.sum(), (x, y))
    assert [h.shape for h in (xx, xy, yx, yy)] == [(2, 2), (2, 2, 1), (2, 1, 2), (2, 1, 2, 1)]
    assert_close(xx, [[6.0, 7.0], [7.0, 8.0]])
    assert_close(xy.squeeze(-1), [[4.0, 2.0], [1.0, 5.0]])
    assert_close(yx.squeeze(1), [[4.0, 1.0], [2.0, 5.0]])
    assert_close(yy, np.zeros((2, 1, 2, 1)))


def test_a_linear_function_has_a_hessian_of_zeros():
    (x,) = doubles([1.0, 2.0])
    assert_close(mt.hessian(lambda x: x.sum(), x), np.zeros((2, 2)))


def test_zero_dimensional_and_empty_tensors_have_derivatives():
    (x,) = doubles(3.0)
    assert_close(mt.jacobian(lambda x: x**3, x), 27.0, check_dtype=False)
    assert_close(mt.hessian(lambda x: x**3, x), 18.0, check_dtype=False)
    empty = mt.zeros(0, dtype="float64")
    assert mt.jacobian(lambda x: x * 2, empty).shape == (0, 0)
    assert mt.jacobian(lambda x: x.sum(), empty).shape == (0,)
    assert mt.hessian(lambda x: x.sum(), empty).shape == (0, 0)


def test_scalars_have_them_too():
    x, y = Scalar(2.0), Scalar(3.0)
    assert float(mt.jacobian(lambda x: x * x * x, x)) == 12.0
    first = mt.jacobian(lambda x, y: (x * y, x.exp()), (x, y))
    assert [[float(v) for v in row] for row in first] == [[3.0, 2.0], [math.exp(2.0), 0.0]]
    second = mt.hessian(lambda x, y: x * x * y + y, (x, y))
    assert [[float(v) for v in row] for row in second] == [[6.0, 4.0], [4.0, 0.0]]


def test_inputs_and_their_gradients_are_left_alone():
    (x,) = doubles([1.0, 2.0])
    x.requires_grad_()
    j = mt.jacobian(lambda x: x * x, x)
    h = mt.hessian(lambda x: (x * x).sum(), x)
    assert x.grad is None and not j.requires_grad and not h.requires_grad


def test_with_create_graph_they_are_differentiated_again():
    (x,) = doubles([1.0, 2.0])
    x.requires_grad_()
    mt.jacobian(lambda x: x**3, x, create_graph=True).sum().backward()
    assert_close(x.grad, [6.0, 12.0])
    x.grad = None
    mt.hessian(lambda x: (x**3).sum(), x, create_graph=True).sum().backward()
    assert_close(x.grad, [6.0, 6.0])


def test_they_work_under_no_grad():
    (x,) = doubles([1.0, 2.0])
    with mt.no_grad():
        assert_close(mt.jacobian(lambda x: x * x, x), [[2.0, 0.0], [0.0, 4.0]])


def test_mistakes_are_named():
    (x,) = doubles([1.0, 2.0])
    with pytest.raises(RuntimeError, match="jacobian: output 0 does not depend on input 1"):
        mt.jacobian(lambda x, y: x, (x, x.clone()), strict=True)
    with pytest.raises(ValueError, match=r"hessian: the function must give a single number, got "):
        mt.hessian(lambda x: x * 2, x)
    with pytest.raises(TypeError, match="jacobian: input 0 must be a tensor or Scalar, got list"):
        mt.jacobian(lambda x: x, [[1.0]])
    with pytest.raises(TypeError, match="jacobian: output 0 must be a tensor or Scalar, got float"):
        mt.jacobian(lambda x: x.sum().item(), x)
