"""A value takes over the history of what was written into it."""

from __future__ import annotations

import math

import pytest

from minitorch_autodiff import Context, Function, Scalar
from minitorch_autodiff.clock import changes, tick
from minitorch_autodiff.rewriting import kept_by, results_saved_by, take_over


class Cell(Scalar):
    """A number that can be changed, as far as the engine is concerned."""

    changed = 0

    @property
    def _changed_at(self) -> int:
        return self.changed


class Times(Function):
    """x * y, which says what each gradient reads."""

    reads = (1,), (0,)

    @staticmethod
    def forward(ctx: Context, x: Scalar, y: Scalar) -> Scalar:
        ctx.save_for_backward(x, y)
        return Scalar(x.item() * y.item())

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> tuple[Scalar, Scalar]:
        x, y = ctx.saved_tensors
        return d * y, d * x


class Exponential(Function):
    """exp(x), which saves its result."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        y = Scalar(math.exp(x.item()))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        (y,) = ctx.saved_tensors
        return d * y


def test_uses_before_the_change_keep_the_old_history_and_later_ones_get_the_new() -> None:
    w = Scalar(3.0, requires_grad=True)
    x = w * 1.0
    before = x * 10.0
    take_over(x, (w * 5.0).exp().log())
    after = x * 10.0
    (before + after).backward()
    assert w.grad is not None
    assert w.grad.item() == pytest.approx(10.0 + 50.0)


def test_hooks_stay_with_the_old_history_and_what_is_retained_goes_with_the_value() -> None:
    w = Scalar(3.0, requires_grad=True)
    x = w * 1.0
    seen = []
    x.retain_grad()
    x.register_hook(lambda g: seen.append(g.item()))
    take_over(x, x * 5.0)
    (x * 2.0).backward()
    assert (seen, x.grad, w.grad) == ([10.0], Scalar(2.0), Scalar(10.0))


def test_a_plain_value_requires_a_gradient_from_then_on() -> None:
    w, x = Scalar(3.0, requires_grad=True), Scalar(0.0)
    take_over(x, w * 2.0)
    assert x.requires_grad and not x.is_leaf


def test_only_calls_since_a_tick_that_lead_to_the_result_count_as_keeping_a_value() -> None:
    x = Scalar(3.0, requires_grad=True) * 1.0
    early = x * x
    since = tick()
    other = x * x
    assert kept_by((early * 1.0 + other).exp(), x, since)
    assert not kept_by((early * 1.0).exp(), x, since)
    assert not kept_by(x + 1.0, x, since)


def test_what_stands_for_a_result_that_was_saved_is_found() -> None:
    x = Scalar(3.0, requires_grad=True)
    y, z = Exponential.apply(x), Times.apply(x, x)
    (saved,) = results_saved_by(y.grad_fn)
    assert saved is not y and saved.item() == y.item()
    assert results_saved_by(z.grad_fn) == []


@pytest.mark.parametrize("first_requires_grad", [True, False])
def test_a_saved_value_may_change_if_no_wanted_gradient_reads_it(first_requires_grad: bool) -> None:
    values = [
        Cell(2.0, requires_grad=first_requires_grad),
        Cell(3.0, requires_grad=not first_requires_grad),
    ]
    unread, read = values if first_requires_grad else values[::-1]
    z = Times.apply(*values)
    unread.changed = changes.record()
    z.backward(retain_graph=True)
    read.changed = changes.record()
    with pytest.raises(RuntimeError, match="Times: a value that it saved"):
        z.backward()
