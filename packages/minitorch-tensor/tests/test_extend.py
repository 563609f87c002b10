"""The door for authors of operations: its worked example runs as written, and its parts hold."""

from __future__ import annotations

import doctest
from types import SimpleNamespace

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import extend
from minitorch_tensor.testing import (
    LAYOUTS,
    Draw,
    arrange,
    assert_close,
    gradcheck,
    gradgradcheck,
)

# -- the worked example ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example():
    """What the example of the page defines, run as a stranger would: from nothing but its text."""
    test = doctest.DocTestParser().get_doctest(extend.__doc__, {}, "extend", None, None)
    with mt.use_backend("numpy"):
        result = doctest.DocTestRunner().run(test, clear_globs=False)
    assert result.failed == 0 and result.attempted > 10
    return SimpleNamespace(**test.globs)


def by_hand(array, decay):
    out = array.copy()
    for t in range(1, array.shape[-1]):
        out[..., t] += decay * out[..., t - 1]
    return out


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_example_computes_what_it_says_on_every_backend_and_layout(example, backend, layout):
    array = Draw(mt.float64)(3, 5)
    x = arrange(array, layout, backend)
    assert_close(example.leaky_sum(x, 0.25), by_hand(array, 0.25))


def test_the_example_differentiates_to_the_second_order_on_every_backend(example, backend):
    x = mt.tensor(Draw(mt.float64)(2, 4), requires_grad=True)
    assert gradcheck(lambda x: example.leaky_sum(x, 0.3) ** 2, x)
    assert gradgradcheck(lambda x: example.leaky_sum(x, 0.3) ** 2, x)


def test_a_backend_with_a_kernel_of_its_own_is_asked_for_it(example, monkeypatch):
    chosen = mt.get_backend("numpy")
    calls = []

    def leaky_sum(x, decay, reverse):
        calls.append(reverse)
        return example.leaky_sum_on(chosen, x, decay, reverse)

    monkeypatch.setattr(chosen, "leaky_sum", leaky_sum, raising=False)
    x = mt.ones(3, requires_grad=True)
    example.leaky_sum(x).sum().backward()
    assert calls == [False, True]
    assert_close(x.grad, np.float32([1.75, 1.5, 1.0]))


def test_the_example_takes_integers_and_refuses_what_is_no_tensor(example):
    assert example.leaky_sum(mt.tensor([2, 2])).tolist() == [2.0, 3.0]
    with pytest.raises(TypeError, match="leaky_sum: wanted tensors, got list"):
        example.leaky_sum([1.0, 2.0])


# -- its parts -----------------------------------------------------------------------------------


def test_the_page_names_everything_that_it_exports():
    assert extend.__all__ == sorted(extend.__all__)
    for name in extend.__all__:
        thing = getattr(extend, name)
        assert thing.__doc__, name
        assert name in extend.__doc__ or isinstance(thing, type), name


def test_operands_are_made_alike_and_an_operation_of_any_name_complains():
    x, y, none = extend.alike("blend", mt.tensor([1.0]), 2, None)
    assert (x.tolist(), y.item(), y.dtype, none) == ([1.0], 2.0, mt.float32, None)
    with pytest.raises(ValueError, match="blend: "):
        extend.alike("blend", mt.zeros(2), mt.zeros(3))
    with pytest.raises(RuntimeError, match="blend: operands are on different backends"):
        extend.alike("blend", mt.zeros(2), mt.zeros(2, device="simple"))
    with pytest.raises(OverflowError, match="blend: 300 does not fit in uint8"):
        extend.number("blend", 300, beside=mt.tensor([1], dtype=mt.uint8))
    with pytest.raises(TypeError, match=r"blend: a tensor combines with .* got str"):
        extend.number("blend", "x", beside=mt.zeros(1))


def test_storage_goes_out_to_a_backend_and_comes_back(backend):
    x = mt.tensor([1.0, -2.0])
    data = backend.map(abs, x.tensor_data, x.dtype)
    assert isinstance(data, mt.TensorData)
    y = x.wrap(data)
    assert (y.tensor_data is data, y.backend, y.tolist()) == (True, backend, [1.0, 2.0])
    other = mt.get_backend("simple" if backend.name == "numpy" else "numpy")
    moved = x.wrap(other.from_numpy(x.numpy()), other)
    assert (moved.backend, moved.tolist()) == (other, [1.0, -2.0])


def test_what_a_kernel_changed_in_place_is_not_used_by_a_graph_that_saved_it():
    x, y = mt.tensor([1.0, 2.0], requires_grad=True), mt.tensor([3.0])
    for several in (False, True):
        out = (x * y).sum()
        y.backend.copy_(y.tensor_data, mt.tensor([4.0]).tensor_data)
        extend.increment_version([x, y] if several else y)
        with pytest.raises(RuntimeError, match="changed in place"):
            out.backward()


# -- set_ ----------------------------------------------------------------------------------------


def test_a_tensor_that_is_set_stays_itself_and_shares_the_sources_memory():
    x = mt.zeros(2, requires_grad=True)
    source = mt.tensor([[1.0], [2.0], [3.0]], dtype=mt.float64, device="simple")
    with mt.no_grad():
        assert x.set_(source) is x
    assert (x.shape, x.dtype, x.backend.name) == ((3, 1), mt.float64, "simple")
    assert (x.requires_grad, x.is_leaf) == (True, True)
    source[1] = 7.0
    assert x.tolist() == [[1.0], [7.0], [3.0]]


def test_a_graph_that_saved_a_tensor_notices_that_it_was_set():
    x, y = mt.tensor([1.0], requires_grad=True), mt.tensor([3.0])
    out = (x * y).sum()
    y.set_(mt.tensor([4.0]))
    with pytest.raises(RuntimeError, match="changed in place"):
        out.backward()


def test_a_tensor_that_is_set_to_what_it_has_is_not_changed():
    x, y = mt.tensor([2.0], requires_grad=True), mt.tensor([3.0])
    out = (x * y).sum()
    y.set_(y.detach())
    out.backward()
    assert_close(x.grad, np.float32([3.0]))


def test_setting_what_would_falsify_a_gradient_is_refused():
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"set_: this tensor requires a gradient.*no_grad"):
        x.set_(mt.zeros(2))
    with pytest.raises(RuntimeError, match=r"set_: the source requires a gradient.*detach"):
        mt.zeros(2).set_(x)
    with mt.no_grad(), pytest.raises(RuntimeError, match=r"set_: .* which int64 does not have"):
        x.set_(mt.zeros(2, dtype=mt.int64))
    computed = x * 2
    with mt.no_grad(), pytest.raises(RuntimeError, match="set_: this tensor was computed"):
        computed.set_(mt.zeros(2))
    with pytest.raises(TypeError, match="set_: wanted a tensor, got list"):
        mt.zeros(2).set_([1.0])
    assert (x.tolist(), computed.tolist()) == ([1.0, 1.0], [2.0, 2.0])
