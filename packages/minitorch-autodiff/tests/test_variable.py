"""What every value offers: hooks, retain_grad, requires_grad_, detach; grad, vjp and jvp."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import Scalar, Variable, grad, jvp, no_grad, vjp

numbers = st.floats(-2.0, 2.0)


def leaf(value: float) -> Scalar:
    return Scalar(value, requires_grad=True)


# -- hooks ---------------------------------------------------------------------------------------


def test_a_hook_sees_the_whole_gradient_of_a_leaf_once() -> None:
    x = leaf(3.0)
    seen: list[Scalar] = []
    x.register_hook(seen.append)
    (x * x + x).backward()
    assert seen == [Scalar(7.0)]
    assert x.derivative == 7.0


def test_a_hook_on_an_inner_value_replaces_what_goes_on() -> None:
    x = leaf(3.0)
    y = x * 2.0
    y.register_hook(lambda d: d * 10.0)
    (y * y).backward()  # dz/dy = 12
    assert x.derivative == 2.0 * 10.0 * 12.0


def test_hooks_run_in_order_each_on_what_the_last_returned() -> None:
    x = leaf(1.0)
    seen: list[float] = []
    x.register_hook(lambda d: d + 1.0)
    x.register_hook(lambda d: seen.append(d.data))
    x.register_hook(lambda d: 3.0 * d)
    (x * 4.0).backward()
    assert seen == [5.0]
    assert x.derivative == 15.0


def test_a_hook_may_return_a_plain_number() -> None:
    x = leaf(1.0)
    x.register_hook(lambda d: 2)
    (x * 4.0).backward()
    assert x.grad == Scalar(2.0)
    assert isinstance(x.grad, Scalar)


def test_a_removed_hook_is_not_called() -> None:
    x = leaf(1.0)
    y = x * 1.0
    for value in (x, y):
        handle = value.register_hook(lambda d: d * 100.0)
        handle.remove()
        handle.remove()
    y.backward()
    assert x.derivative == 1.0


def test_removing_one_of_two_equal_hooks_leaves_the_other() -> None:
    def double(d: Scalar) -> Scalar:
        return d * 2.0

    x = leaf(1.0)
    first, second = x.register_hook(double), x.register_hook(double)
    first.remove()
    first.remove()
    (x * 1.0).backward()
    assert x.derivative == 2.0
    second.remove()
    (x * 1.0).backward()
    assert x.derivative == 3.0


def test_a_hook_may_remove_itself_while_it_runs() -> None:
    x = leaf(1.0)
    calls: list[str] = []

    def once(d: Scalar) -> None:
        calls.append("once")
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda d: calls.append("always"))
    for _ in range(2):
        (x * 1.0).backward()
    assert calls == ["once", "always", "always"]


def test_grad_returns_what_hooks_made_of_the_gradient() -> None:
    x = leaf(1.0)
    y = x * 2.0
    y.register_hook(lambda d: d * 10.0)
    x.register_hook(lambda d: d + 1.0)
    assert [g.data for g in grad(y * 3.0, [x, y])] == [61.0, 30.0]


def test_a_hook_takes_part_in_create_graph() -> None:
    x = leaf(2.0)
    y = x * x
    handle = y.register_hook(lambda d: d * y)
    (slope,) = grad(y * 1.0, x, create_graph=True)  # x**2 * 2x
    handle.remove()
    assert (slope.data, grad(slope, x)[0].data) == (16.0, 24.0)


def test_register_hook_refuses_what_never_gets_a_gradient_and_what_is_no_function() -> None:
    with pytest.raises(RuntimeError, match=r"^register_hook: .*requires_grad_\(\)"):
        Scalar(1.0).register_hook(print)
    with pytest.raises(TypeError, match=r"^register_hook: expected a function .* got int\.$"):
        leaf(1.0).register_hook(3)  # type: ignore[arg-type]


# -- retain_grad ---------------------------------------------------------------------------------


def test_retain_grad_keeps_the_gradient_of_an_inner_value() -> None:
    x = leaf(3.0)
    y = x * x
    y.retain_grad()
    y.retain_grad()
    z = y * 5.0
    z.backward(retain_graph=True)
    assert (y.derivative, z.grad) == (5.0, None)
    z.backward()
    assert y.derivative == 10.0


def test_retain_grad_keeps_what_all_hooks_made_of_it_whenever_they_were_registered() -> None:
    x = leaf(3.0)
    y = x * x
    y.register_hook(lambda d: d + 1.0)
    y.retain_grad()
    y.register_hook(lambda d: d * 2.0)
    (y * 5.0).backward()
    assert y.derivative == 12.0


def test_retain_grad_of_a_leaf_changes_nothing() -> None:
    x = leaf(3.0)
    x.retain_grad()
    (x * 2.0).backward()
    assert x.derivative == 2.0


def test_retain_grad_refuses_what_never_gets_a_gradient() -> None:
    with pytest.raises(RuntimeError, match=r"^retain_grad: .*requires_grad_\(\)"):
        Scalar(1.0).retain_grad()


# -- leaves and history --------------------------------------------------------------------------


def test_requires_grad_can_be_switched_on_a_leaf() -> None:
    x = Scalar(2.0)
    assert x.requires_grad_() is x
    (x * x).backward()
    assert x.derivative == 4.0
    assert (x.requires_grad_(False) * x).grad_fn is None


def test_an_inner_value_cannot_be_told_to_need_no_gradient() -> None:
    y = leaf(2.0) * 3.0
    assert y.requires_grad_() is y
    with pytest.raises(RuntimeError, match=r"^requires_grad_: .*use detach\(\)"):
        y.requires_grad_(False)


def test_only_what_is_differentiable_can_require_a_gradient() -> None:
    class Count(Scalar):
        @property
        def _differentiable(self) -> bool:
            return False

    with pytest.raises(
        RuntimeError, match=r"^requires_grad_: only floating-point .*Scalar\(2\.0\)"
    ):
        Count(2.0).requires_grad_()
    assert not Count(2.0).requires_grad_(False).requires_grad


def test_detach_cuts_the_history() -> None:
    x = leaf(2.0)
    y = x * x
    cut = y.detach()
    assert (cut.data, cut.requires_grad, cut.grad_fn) == (4.0, False, None)
    (y.detach() * x).backward()
    assert x.derivative == 4.0


def test_a_value_knows_whether_it_is_a_leaf() -> None:
    x = leaf(2.0)
    y = x * 2.0
    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.grad_fn is not None
    assert y.grad_fn.name == "Mul"
    with no_grad():
        assert (x * 2.0).is_leaf


def test_a_subclass_that_defines_nothing_is_told_what_it_must() -> None:
    class Bare(Variable):
        requires_grad = True

    with pytest.raises(NotImplementedError, match="Bare must define _ones_like"):
        Bare().backward()
    with pytest.raises(NotImplementedError, match="Bare must define _alias"):
        Bare().detach()


# -- backward and grad ---------------------------------------------------------------------------


def test_backward_refuses_what_has_no_history() -> None:
    with no_grad():
        unrecorded = leaf(2.0) * 3.0
    for value in (Scalar(2.0), unrecorded):
        with pytest.raises(RuntimeError, match=r"^backward: Scalar\(.*requires_grad=True"):
            value.backward()
        with pytest.raises(RuntimeError, match=r"^grad: Scalar\(.*requires_grad=True"):
            grad(value, leaf(1.0))


@pytest.mark.parametrize("gradient", ["1", [1.0]])
def test_backward_refuses_a_gradient_that_is_no_number(gradient: Any) -> None:
    with pytest.raises(TypeError, match=r"^gradient: expected a Scalar or a plain number, got "):
        (leaf(2.0) * 3.0).backward(gradient)


def test_grad_of_what_is_not_used_must_be_allowed() -> None:
    x, unused = leaf(2.0), leaf(3.0)
    with pytest.raises(RuntimeError, match=r"^grad: .* input 1\. Pass allow_unused=True"):
        grad(x * x, [x, unused])
    to_x, to_unused = grad(x * x, [x, unused], allow_unused=True)
    assert (to_x.data, to_unused) == (4.0, None)


def test_grad_names_the_input_that_requires_none() -> None:
    x = leaf(2.0)
    with pytest.raises(RuntimeError, match=r"^grad: input 1 does not require a gradient"):
        grad(x * x, [x, Scalar(1.0)])


def test_grad_refuses_what_is_no_value() -> None:
    x = leaf(2.0)
    with pytest.raises(TypeError, match=r"^grad: output 0 is not a value of a graph, got float"):
        grad(3.0, x)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^grad: input 1 is not a value of a graph, got str"):
        grad(x * x, [x, "x"])  # type: ignore[list-item]


def test_grad_wants_one_gradient_for_each_output() -> None:
    x = leaf(2.0)
    with pytest.raises(ValueError, match=r"^grad: got 2 outputs but 1 grad_outputs"):
        grad([x * x, x * 3.0], x, [1.0])


def test_grad_weighs_outputs_by_their_gradients() -> None:
    x = leaf(2.0)
    assert grad([x * x, x * 3.0], x, [10.0, None])[0].data == 43.0


@given(x=numbers, y=numbers)
def test_a_gradient_of_gradients_is_the_hessian(x: float, y: float) -> None:
    a, b = leaf(x), leaf(y)
    to_a, to_b = grad(a.sin() * b * b, [a, b], create_graph=True)
    aa, ab = grad(to_a, [a, b], retain_graph=True)
    ba, bb = grad(to_b, [a, b])
    assert aa.data == pytest.approx(-math.sin(x) * y * y)
    assert ab.data == pytest.approx(2 * math.cos(x) * y)
    assert ba.data == pytest.approx(ab.data)
    assert bb.data == pytest.approx(2 * math.sin(x))


def test_without_create_graph_gradients_have_no_history() -> None:
    x = leaf(2.0)
    (plain,) = grad(y := x * x, x, retain_graph=True)
    (recorded,) = grad(y, x, create_graph=True)
    assert (plain.grad_fn, recorded.grad_fn is None) == (None, False)


def test_backward_with_create_graph_leaves_a_gradient_to_differentiate() -> None:
    x = leaf(3.0)
    (x * x * x).backward(create_graph=True)
    slope = x.grad
    assert slope is not None
    x.grad = None
    slope.backward()
    assert x.derivative == 18.0


def test_backward_under_no_grad_works_the_same() -> None:
    x = leaf(3.0)
    y = x * x
    with no_grad():
        y.backward()
    assert x.derivative == 6.0


# -- vjp and jvp ---------------------------------------------------------------------------------


def function(x: Scalar, y: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    return x * y, (x * x).sin(), y + 1.0


def jacobian(x: float, y: float) -> list[list[float]]:
    return [[y, x], [2 * x * math.cos(x * x), 0.0], [0.0, 1.0]]


@given(x=numbers, y=numbers, u=st.tuples(numbers, numbers, numbers))
def test_vjp_is_the_product_of_a_vector_with_the_jacobian(
    x: float, y: float, u: tuple[float, float, float]
) -> None:
    outputs, pull_back = vjp(function, Scalar(x), Scalar(y))
    assert [out.data for out in outputs] == [out.data for out in function(Scalar(x), Scalar(y))]
    for _ in range(2):  # as often as wanted
        pulled = pull_back(*u)
        for column in range(2):
            expected = sum(u[row] * jacobian(x, y)[row][column] for row in range(3))
            assert float(pulled[column]) == pytest.approx(expected, abs=1e-9)


@given(x=numbers, y=numbers, v=st.tuples(numbers, numbers))
def test_jvp_is_the_product_of_the_jacobian_with_a_vector(
    x: float, y: float, v: tuple[float, float]
) -> None:
    _, pushed = jvp(function, (Scalar(x), Scalar(y)), v)
    for row in range(3):
        expected = sum(jacobian(x, y)[row][column] * v[column] for column in range(2))
        assert float(pushed[row]) == pytest.approx(expected, abs=1e-9)


@given(x=numbers, y=numbers, u=st.tuples(numbers, numbers, numbers), v=st.tuples(numbers, numbers))
def test_vjp_and_jvp_are_adjoint(
    x: float, y: float, u: tuple[float, float, float], v: tuple[float, float]
) -> None:
    pulled = vjp(function, Scalar(x), Scalar(y))[1](*u)
    pushed = jvp(function, (Scalar(x), Scalar(y)), v)[1]
    left = sum(a * float(b) for a, b in zip(u, pushed, strict=True))
    right = sum(float(a) * b for a, b in zip(pulled, v, strict=True))
    assert left == pytest.approx(right, abs=1e-9)


def test_one_output_comes_without_a_tuple_and_without_history() -> None:
    output, pull_back = vjp(lambda x: x * x, Scalar(3.0))
    assert (output, output.requires_grad) == (Scalar(9.0), False)
    assert pull_back(2.0) == (Scalar(12.0),)
    output, pushed = jvp(lambda x: x * x, (Scalar(3.0),), (2.0,))
    assert (output, output.requires_grad, pushed) == (Scalar(9.0), False, Scalar(12.0))


def test_vjp_and_jvp_record_even_under_no_grad() -> None:
    with no_grad():
        assert vjp(lambda x: x * x, Scalar(3.0))[1](1.0) == (Scalar(6.0),)
        assert jvp(lambda x: x * x, (Scalar(3.0),), (1.0,))[1] == Scalar(6.0)


def test_what_does_not_depend_on_a_primal_has_no_slope_along_it() -> None:
    assert vjp(lambda x, y: x * 1.0, Scalar(3.0), Scalar(4.0))[1](1.0) == (Scalar(1.0), None)
    assert vjp(lambda x: Scalar(2.0), Scalar(3.0))[1](1.0) == (None,)
    assert jvp(lambda x: Scalar(2.0), (Scalar(3.0),), (1.0,)) == (Scalar(2.0), Scalar(0.0))
    assert jvp(lambda x: (x, Scalar(2.0)), (Scalar(3.0),), (5.0,))[1] == (Scalar(5.0), Scalar(0.0))


def test_primals_stay_as_they_were() -> None:
    x = leaf(3.0)
    vjp(lambda a: a * a, x)[1](1.0)
    jvp(lambda a: a * a, (x,), (1.0,))
    assert x.grad is None


def test_vjp_and_jvp_count_their_arguments() -> None:
    with pytest.raises(ValueError, match=r"^jvp: got 1 primals but 2 tangents"):
        jvp(lambda x: x, (Scalar(1.0),), (1.0, 2.0))
    with pytest.raises(ValueError, match=r"^vjp: the function has 1 outputs, got 2 gradients"):
        vjp(lambda x: x, Scalar(1.0))[1](1.0, 2.0)
    with pytest.raises(TypeError, match=r"^vjp: primal 0 is not a value of a graph, got float"):
        vjp(lambda x: x, 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^jvp: output 0 is not a value of a graph, got float"):
        jvp(lambda x: x.data, (Scalar(1.0),), (1.0,))


def test_derivatives_of_a_function_leave_its_primals_as_they_were() -> None:
    plain, leaf = Scalar(3.0), Scalar(2.0, requires_grad=True)
    inner = leaf * 2.0
    made_by = inner.grad_fn
    _, pull_back = vjp(lambda x, y: x * y, plain, inner)
    assert [g.data for g in pull_back(1.0)] == [4.0, 3.0]
    _, pushed = jvp(lambda x, y: x * y, (plain, inner), (Scalar(1.0), Scalar(1.0)))
    assert pushed.data == 7.0
    assert (plain.requires_grad, plain.grad, leaf.grad, inner.grad) == (False, None, None, None)
    assert inner.grad_fn is made_by
    inner.backward()
    assert leaf.grad.data == 2.0
