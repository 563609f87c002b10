"""Depth and memory: graphs of any depth, freed as early as they can be, without cycles."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minitorch_autodiff import Context, Function, Scalar, detect_anomaly, grad, jvp, vjp
from minitorch_autodiff.graph import draw


@pytest.fixture(autouse=True)
def without_the_garbage_collector() -> Iterator[None]:
    """Reference counts alone must free a graph: a cycle in it would live until a collection."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.slow
def test_a_chain_of_a_million_operations_needs_no_recursion() -> None:
    x, one = Scalar(2.0, requires_grad=True), Scalar(1.0)
    y = x
    for _ in range(250_000):
        y = y * one + one - one + one
    node = weakref.ref(y.grad_fn)
    y.backward()
    assert x.derivative == 1.0
    del y
    assert node() is None


def test_a_deep_graph_that_was_never_swept_is_freed_without_recursion() -> None:
    x = Scalar(2.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * y.sin()
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_a_deep_graph_of_a_gradient_is_freed_without_recursion() -> None:
    x = Scalar(0.5, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y.sin()
    (slope,) = grad(y, x, create_graph=True)
    node = weakref.ref(slope.grad_fn)
    del y, slope
    assert node() is None


def test_the_sweep_frees_saved_values_as_it_passes() -> None:
    x = Scalar(1.0, requires_grad=True)
    saved: list[weakref.ref[Scalar]] = []
    y = x * 1.0
    alive: list[list[bool]] = []
    for _ in range(4):
        y.register_hook(lambda _: alive.append([ref() is not None for ref in saved]))
        saved.append(weakref.ref(y))
        y = y * 1.0  # saves the one before
    y.backward()
    # The hook of the last value runs first, when all but what came after it is still needed.
    assert alive == [
        [True, True, True, False],
        [True, True, False, False],
        [True, False, False, False],
        [False, False, False, False],
    ]


def test_the_sweep_frees_gradients_as_it_passes() -> None:
    x = Scalar(1.0, requires_grad=True)
    seen: list[weakref.ref[Scalar]] = []
    most = 0

    def watch(gradient: Scalar) -> None:
        nonlocal most
        seen.append(weakref.ref(gradient))
        most = max(most, sum(ref() is not None for ref in seen))

    y = x
    for _ in range(50):
        y = y * 2.0
        y.register_hook(watch)
    y.backward()
    assert len(seen) == 50
    assert most <= 2


def test_retain_graph_keeps_what_was_saved() -> None:
    x = Scalar(1.0, requires_grad=True)
    inner = x * 1.0
    saved = weakref.ref(inner)
    y = inner * 1.0
    del inner
    y.backward(retain_graph=True)
    assert saved() is not None
    y.backward()
    assert saved() is None


class ExpOfOutput(Function):
    """Saves its own output, which points back at the call."""

    @staticmethod
    def forward(ctx: Context, x: Scalar) -> Scalar:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Context, d: Scalar) -> Scalar:
        return d * ctx.saved_tensors[0]


class Both(Function):
    @staticmethod
    def forward(ctx: Context, x: Scalar) -> tuple[Scalar, Scalar]:
        sine, cosine = x.sin(), x.cos()
        ctx.save_for_backward(sine, cosine)
        return sine, cosine

    @staticmethod
    def backward(ctx: Context, d_sine: Scalar, d_cosine: Scalar) -> Scalar:
        sine, cosine = ctx.saved_tensors
        return d_sine * cosine - d_cosine * sine


def plain(x: Scalar) -> Scalar:
    return x * x + x.exp()


def of_saved_outputs(x: Scalar) -> Scalar:
    sine, cosine = Both.apply(x)
    return ExpOfOutput.apply(sine) * cosine  # type: ignore[no-any-return]


def with_hooks(x: Scalar) -> Scalar:
    y = x * x
    y.register_hook(lambda d: d * 2.0).remove()
    y.register_hook(lambda d: d * 2.0)
    y.retain_grad()
    return y.exp()


def watched(x: Scalar) -> Scalar:
    with detect_anomaly():
        return plain(x)


def only_built(y: Scalar, x: Scalar) -> None:
    pass


def swept(y: Scalar, x: Scalar) -> None:
    y.backward()


def swept_twice(y: Scalar, x: Scalar) -> None:
    y.backward(retain_graph=True)
    y.backward()


def differentiated_twice(y: Scalar, x: Scalar) -> None:
    (slope,) = grad(y, x, create_graph=True)
    slope.backward()


@pytest.mark.parametrize("use", [only_built, swept, swept_twice, differentiated_twice])
@pytest.mark.parametrize("build", [plain, of_saved_outputs, with_hooks, watched])
def test_dropping_the_output_frees_the_whole_graph(
    build: Callable[[Scalar], Scalar], use: Callable[[Scalar, Scalar], None]
) -> None:
    x = Scalar(0.5, requires_grad=True)
    inner = x * 1.0
    first = weakref.ref(inner.grad_fn)
    y = build(inner)
    last = weakref.ref(y.grad_fn)
    del inner
    use(y, x)
    assert last() is not None
    assert first() is not None
    del y
    assert last() is None
    assert first() is None


def test_a_failed_sweep_leaves_nothing_behind() -> None:
    class Fails(Function):
        @staticmethod
        def forward(ctx: Context, x: Scalar) -> Scalar:
            return Scalar(x.data)

        @staticmethod
        def backward(ctx: Context, d: Scalar) -> Scalar:
            raise ZeroDivisionError

    x = Scalar(0.5, requires_grad=True)
    y = Fails.apply(x) * 2.0
    node = weakref.ref(y.grad_fn)
    with pytest.raises(ZeroDivisionError):
        y.backward()
    del y
    assert node() is None


def test_products_with_jacobians_free_their_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: list[weakref.ref[Any]] = []

    def function(x: Scalar) -> Scalar:
        y = (x * x).sin()
        nodes.append(weakref.ref(y.grad_fn))
        return y

    _, pull_back = vjp(function, Scalar(0.5))
    pull_back(1.0)
    assert nodes[0]() is not None
    del pull_back
    jvp(function, (Scalar(0.5),), (1.0,))
    assert [node() for node in nodes] == [None, None]


def test_drawing_a_graph_does_not_keep_it(tmp_path: Path) -> None:
    y = plain(Scalar(0.5, requires_grad=True))
    node = weakref.ref(y.grad_fn)
    draw(y, tmp_path / "y.svg")
    del y
    assert node() is None
