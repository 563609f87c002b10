"""Hooks that see the gradients of a module's inputs and outputs."""

from __future__ import annotations

import pytest

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_tensor.testing import assert_close


class Two(nn.Module):
    """Two outputs of two inputs, and a number that is no tensor."""

    def forward(self, x, y, scale):
        return x * y * scale, x + y


def test_a_hook_sees_the_gradients_of_inputs_and_outputs():
    x, y = mt.tensor([2.0, 3.0], requires_grad=True), mt.tensor([5.0, 7.0], requires_grad=True)
    told = []
    module = Two()
    handle = module.register_full_backward_hook(lambda *given: told.append(given))
    product, total = module(x, y, 10.0)
    assert_close(product, [100.0, 210.0])
    (product.sum() + (total * 4).sum()).backward()
    (seen, of_inputs, of_outputs) = told[0]
    assert seen is module and len(told) == 1
    assert_close(of_outputs[0], [1.0, 1.0])
    assert_close(of_outputs[1], [4.0, 4.0])
    assert_close(of_inputs[0], [54.0, 74.0])
    assert_close(of_inputs[1], [24.0, 34.0])
    assert len(of_inputs) == 3 and of_inputs[2] is None
    assert_close(x.grad, of_inputs[0])
    handle.remove()
    sum(out.sum() for out in module(x, y, 1.0)).backward()
    assert len(told) == 1


def test_what_a_hook_returns_replaces_the_gradients_of_the_inputs():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    module = nn.Tanh()
    module.register_full_backward_hook(lambda m, given, out: (given[0] * 0 + 3,))
    module.register_full_backward_hook(lambda m, given, out: given[0] * 2)
    module(x).sum().backward()
    assert_close(x.grad, [6.0, 6.0])


def test_without_gradients_of_inputs_the_hook_is_called_with_none():
    module = nn.Linear(2, 3)
    told = []
    module.register_full_backward_hook(lambda m, given, out: told.append((given, out)))
    module(mt.ones(4, 2)).sum().backward()
    ((given, out),) = told
    assert given == (None,)
    assert_close(out[0], mt.ones(4, 3))
    assert_close(module.bias.grad, [4.0, 4.0, 4.0])


def test_hooks_change_neither_values_nor_second_derivatives():
    x = mt.tensor([0.3, -0.7], requires_grad=True)
    plain, hooked = nn.Sequential(nn.Tanh(), nn.Sigmoid()), nn.Sequential(nn.Tanh(), nn.Sigmoid())
    for module in hooked.modules():
        module.register_full_backward_hook(lambda *given: None)
    second = []
    for module in (plain, hooked):
        (first,) = mt.grad(module(x).sum(), x, create_graph=True)
        second.append(mt.grad((first * first).sum(), x)[0])
    assert_close(second[0], second[1])
    with mt.no_grad():
        assert_close(plain(x), hooked(x))


def test_the_wrong_number_of_gradients_is_refused():
    x = mt.ones(2, requires_grad=True)
    module = nn.Tanh()
    module.register_full_backward_hook(lambda m, given, out: (given[0], given[0]))
    with pytest.raises(RuntimeError, match="the hook gave 2 gradients for 1 inputs"):
        module(x).sum().backward()
