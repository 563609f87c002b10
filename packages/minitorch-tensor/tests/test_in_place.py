"""Changes in place of tensors without history, or under no_grad(), and how they are noticed.

Those that are recorded are in `test_writing.py`."""

from __future__ import annotations

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import Draw, assert_close

METHODS = [
    ("add_", (2.0,), lambda x: x + 2),
    ("add_", (mt.tensor([1.0, 2.0], device="numpy"),), lambda x: np.add(x, [1, 2])),
    ("sub_", (2.0,), lambda x: x - 2),
    ("mul_", (2.0,), lambda x: x * 2),
    ("div_", (2.0,), lambda x: x / 2),
    ("pow_", (2,), lambda x: x**2),
    ("neg_", (), lambda x: -x),
    ("clamp_", (0.0, 1.0), lambda x: x.clip(0, 1)),
    ("zero_", (), lambda x: 0 * x),
    ("fill_", (3.0,), lambda x: 0 * x + 3),
    ("copy_", (mt.tensor([5.0, 6.0], device="numpy"),), lambda x: 0 * x + [5, 6]),
]


@pytest.mark.parametrize(("name", "args", "expected"), METHODS)
def test_in_place_methods_change_the_memory_that_views_share(name, args, expected, backend):
    args = tuple(a.to(backend) if isinstance(a, mt.Tensor) else a for a in args)
    values = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
    x = mt.tensor(values)
    view = x.t()
    assert getattr(x, name)(*args) is x
    assert_close(view.t(), expected(values).astype(np.float32))
    assert x._changed_at == view._changed_at > 0


@pytest.mark.parametrize(("name", "args", "expected"), METHODS)
def test_a_view_that_is_changed_changes_its_base(name, args, expected, backend):
    args = tuple(a.to(backend) if isinstance(a, mt.Tensor) else a for a in args)
    values = Draw(mt.float32)(3, 4)
    x = mt.tensor(values)
    getattr(x[::2, 3:1:-1], name)(*args)
    changed = values.copy()
    changed[::2, 3:1:-1] = expected(values[::2, 3:1:-1])
    assert_close(x, changed)


@pytest.mark.parametrize(("name", "args", "expected"), METHODS)
def test_a_leaf_that_requires_a_gradient_is_changed_under_no_grad_only(name, args, expected):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=rf"{name}: a leaf Variable that requires.*no_grad"):
        getattr(x, name)(*args)
    with pytest.raises(RuntimeError, match=rf"{name}: a view of a leaf Variable.*no_grad"):
        getattr(x[:], name)(*args)
    assert x.tolist() == [1.0, 2.0]
    with mt.no_grad():
        getattr(x, name)(*args)
    assert_close(x, expected(np.array([1.0, 2.0])), check_dtype=False)
    assert (x.requires_grad, x.is_leaf) == (True, True)


def test_under_no_grad_only_the_elements_are_written():
    x, y = mt.zeros(2), mt.ones(2, requires_grad=True)
    with mt.no_grad():
        x.copy_(y)
        x[1] += y[1]
    assert (x.tolist(), x.requires_grad) == ([1.0, 2.0], False)


def test_augmented_assignment_is_in_place_without_history(backend):
    x = mt.ones(3)
    same = x
    x += 1
    x -= mt.tensor([0.0, 1.0, 2.0])
    x *= 2
    x /= 4
    x **= 2
    assert x is same
    assert_close(same, np.array([1.0, 0.25, 0.0], np.float32))


def test_augmented_assignment_with_history_is_in_place_too():
    weight = mt.tensor([1.0, 2.0], requires_grad=True)
    total = 0
    for factor in (1.0, 2.0):
        total += (weight * factor).sum()
    total *= 2
    total.backward()
    assert_close(weight.grad, [6.0, 6.0])

    x = same = mt.zeros(2)
    x += weight
    assert (x is same, x.requires_grad, same.tolist()) == (True, True, [1.0, 2.0])


def test_augmented_assignment_does_not_change_a_leaf():
    weight = mt.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"add_: a leaf Variable that requires grad"):
        weight += 1
    with mt.no_grad():
        weight -= 0.5 * mt.ones(2)
    assert_close(weight, [0.5, 0.5])


SAVING = {
    "Mul": lambda x: x * x,
    "Div": lambda x: 1 / x,
    "Pow": lambda x: x**3,
    "Exp": lambda x: x.exp(),
    "Sqrt": lambda x: x.sqrt(),
    "Sigmoid": lambda x: x.sigmoid(),
    "ReLU": lambda x: x.relu(),
    "Amax": lambda x: x.amax(),
    "Prod": lambda x: x.prod(),
    "MatMul": lambda x: x @ x,
    "Softmax": lambda x: x.softmax(0),
    "Where": lambda x: mt.where(x > 1, x, 0.0),
}


@pytest.mark.parametrize("name", SAVING)
def test_changing_what_backward_needs_is_detected_and_named(name):
    x = mt.tensor([1.5, 2.0], requires_grad=True)
    middle = x * 1
    y = SAVING[name](middle)
    with mt.no_grad():
        if name == "Where":
            middle = y.grad_fn._saved[0]
            middle.fill_(False)
        else:
            middle.add_(1)
            y.add_(1)
    with pytest.raises(
        RuntimeError,
        match=rf"^{name}: a value that it saved for backward \(a \w+ tensor of shape .*\) was "
        r"changed in place afterwards\.",
    ):
        y.sum().backward()


def test_a_change_through_a_view_is_detected_too():
    x = mt.ones(2, 2, requires_grad=True)
    y = x.exp()
    z = y.sum()
    with mt.no_grad():
        y.t()[0].mul_(2)
    with pytest.raises(RuntimeError, match="changed in place afterwards"):
        z.backward()


def test_what_backward_does_not_need_may_change():
    x = mt.ones(2, requires_grad=True)
    y = x + 1
    z = y.sum()
    with mt.no_grad():
        y.zero_()
    z.backward()
    assert_close(x.grad, [1.0, 1.0])


def test_elements_that_share_a_place_are_not_written(backend):
    x = mt.zeros(1, 3)
    wide = x.expand(2, 3)
    with pytest.raises(RuntimeError, match=r"several elements .* one place.* clone\(\)"):
        wide.add_(1)
    with pytest.raises(RuntimeError, match="one place in memory"):
        wide[0:2] = 1
    wide[0] = 1  # one row of it is no trouble
    assert x.tolist() == [[1.0, 1.0, 1.0]]


def test_results_that_do_not_fit_the_dtype_are_refused():
    x = mt.tensor([1, 2])
    for change in (lambda: x.add_(0.5), lambda: x.div_(2), lambda: mt.tensor([True]).add_(1)):
        with pytest.raises(TypeError, match="result does not fit in"):
            change()
    assert mt.ones(2).add_(mt.ones(2, dtype="float64")).dtype is mt.float32


def test_results_that_do_not_fit_the_shape_are_refused():
    for change in (lambda: mt.ones(1, 3).add_(mt.ones(2, 3)), lambda: mt.ones(3).copy_(mt.ones(2))):
        with pytest.raises(ValueError, match=r"(add|copy)_: "):
            change()


def test_copying_crosses_dtypes_backends_and_overlaps():
    x = mt.zeros(4)
    x.copy_(mt.tensor([1, 2, 3, 4], device="simple"))
    x[1:].copy_(x[:-1])
    assert x.tolist() == [1.0, 1.0, 2.0, 3.0]


def test_masked_fill_in_place():
    x = mt.zeros(3)
    x.masked_fill_(mt.tensor([True, False, True]), 5)
    assert x.tolist() == [5.0, 0.0, 5.0]


def test_every_function_that_keeps_its_tensors_shape_has_a_method_that_writes_into_it():
    x = np.array([[0.3, 0.6], [0.9, 0.2]], np.float32)
    args = {"lerp": (mt.ones(2), 0.5), "pow": (2.0,), "logit": (0.1,)}
    args |= dict.fromkeys(("add", "sub", "mul", "div", "fmod", "remainder"), (0.7,))
    args |= dict.fromkeys(("clamp_min", "clamp_max", "floor_divide"), (0.4,))
    args |= dict.fromkeys(("cumsum", "cumprod"), (0,))
    for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "relu", "erf", "abs", "floor", *args):
        tensor = mt.tensor(x)
        expected = getattr(mt, name)(tensor, *args.get(name, ()))
        method = getattr(tensor, f"{name}_")
        assert method(*args.get(name, ())) is tensor
        assert method.__name__ == f"{name}_"
        assert_close(tensor, expected)


def test_other_names_for_a_function_are_that_function():
    pairs = [("absolute", "abs"), ("multiply", "mul"), ("concat", "cat"), ("greater", "gt")]
    pairs += [("swapdims", "transpose"), ("arctan2", "atan2"), ("clip", "clamp"), ("ger", "outer")]
    for other, name in pairs:
        assert getattr(mt, other) is getattr(mt, name)
        if other != "concat":
            assert getattr(mt.Tensor, other) is getattr(mt.Tensor, name)
    assert mt.Tensor.multiply_ is mt.Tensor.mul_


def test_setting_data_writes_into_the_memory_and_is_noticed():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    x.data -= 0.5
    assert_close(x, np.array([0.5, 1.5], np.float32))
    view = x.detach()
    x.data = mt.tensor([3.0, 4.0])
    assert_close(view, np.array([3.0, 4.0], np.float32))
    assert (x.requires_grad, x.is_leaf) == (True, True)
    y = x * x
    x.data = mt.tensor([5.0, 6.0])
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()
    with pytest.raises(
        ValueError, match=r"data: wanted a tensor of shape \(2,\), got shape \(3,\)"
    ):
        x.data = mt.ones(3)


def test_the_diagonal_is_filled_through_any_layout(backend):
    x = mt.zeros(3, 4)
    x.t()[1:].fill_diagonal_(5.0)
    expected = np.zeros((3, 4), np.float32)
    np.fill_diagonal(expected.T[1:], 5)
    assert_close(x, expected)
    with pytest.raises(ValueError, match="fill_diagonal_: wanted two dimensions"):
        mt.zeros(3).fill_diagonal_(1.0)
