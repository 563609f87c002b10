"""The sweep: the chain rule over any graph, for any client that keeps the protocol."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_autodiff import Scalar, grad, topological_order
from minitorch_autodiff.clock import tick
from minitorch_autodiff.engine import run_backward
from minitorch_autodiff.protocol import Edge, Hook, Node


def leaf(value: float, name: str = "") -> Scalar:
    return Scalar(value, requires_grad=True, name=name)


# -- the chain rule over shapes of graphs --------------------------------------------------------


def test_a_diamond_adds_what_both_sides_send_back() -> None:
    x = leaf(3.0)
    left, right = x * 2.0, x * x
    (left * right).backward()  # 2 x**3
    assert x.derivative == 6 * 3.0**2


def test_an_operand_used_twice_gets_both_slopes() -> None:
    x = leaf(3.0)
    (x * x).backward()
    assert x.derivative == 6.0


def test_stacked_diamonds_take_one_step_for_each_node() -> None:
    calls = 0

    def count(gradient: Scalar) -> None:
        nonlocal calls
        calls += 1

    x = leaf(1.0)
    y = x
    for _ in range(60):  # 2**60 paths
        y = y + y
        y.register_hook(count)
    y.backward()
    assert x.derivative == 2.0**60
    assert calls == 60


def test_a_shared_subgraph_is_swept_once_for_all_outputs() -> None:
    x, y = leaf(2.0), leaf(5.0)
    shared = (x * y).exp()
    assert [g.data for g in grad([shared * 2.0, shared * 3.0], [x])] == [
        pytest.approx(5.0 * 5.0 * shared.data)
    ]


def test_constants_receive_nothing() -> None:
    x, constant = leaf(2.0), Scalar(7.0)
    (x * constant + constant).backward()
    assert x.derivative == 7.0
    assert constant.grad is None


def test_a_leaf_is_its_own_derivative() -> None:
    x = leaf(2.0)
    x.backward()
    x.backward(3.0)
    assert x.derivative == 4.0


def test_gradients_of_several_sweeps_accumulate() -> None:
    x = leaf(2.0)
    for _ in range(3):
        (x * x).backward()
    assert x.derivative == 12.0
    x.grad = None
    (x * x).backward()
    assert x.derivative == 4.0


@given(seeds=st.lists(st.floats(-4.0, 4.0), min_size=1, max_size=4))
def test_the_sweep_is_linear_in_its_seed(seeds: list[float]) -> None:
    x = leaf(0.5)
    y = (x * x).sin()
    for seed in seeds:
        y.backward(seed, retain_graph=True)
    (slope,) = grad(y, x)
    assert x.derivative == pytest.approx(sum(seeds) * slope.data, abs=1e-12)


def test_an_output_inside_the_graph_of_another_is_summed() -> None:
    x = leaf(2.0)
    inner = x * x
    outer = inner * 3.0
    assert grad([inner, outer], x, retain_graph=True)[0].data == 4.0 + 12.0
    assert grad([outer, outer], [x])[0].data == 24.0


def test_leaves_of_one_sum_keep_gradients_of_their_own() -> None:
    x, y = leaf(1.0), leaf(2.0)
    (x + y).backward()
    assert x.grad is not y.grad
    x.grad.data = 9.0
    assert y.derivative == 1.0


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=3), min_size=1, max_size=12),
)
def test_the_order_has_every_node_once_and_before_what_it_uses(
    picks: list[list[int]],
) -> None:
    values: list[Scalar] = [leaf(1.0)]
    for chosen in picks:
        total: Any = 0.0
        for pick in chosen:
            total = total + values[pick % len(values)]
        values.append(total)
    order = topological_order([values[-1]._edge[0]])
    places = {id(node): place for place, node in enumerate(order)}
    assert len(places) == len(order)
    for node in order:
        for edge in node.edges:
            assert edge is None or places[id(node)] < places[id(edge[0])]


# -- freeing and keeping -------------------------------------------------------------------------


def test_a_second_sweep_needs_retain_graph() -> None:
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.derivative == 8.0
    with pytest.raises(RuntimeError, match=r"Mul: its saved values were freed .*retain_graph=True"):
        y.backward()


def test_what_saves_nothing_can_be_swept_again() -> None:
    x = leaf(2.0)
    y = x + 1.0
    y.backward()
    y.backward()
    assert x.derivative == 2.0


def test_create_graph_keeps_the_graph_unless_told_otherwise() -> None:
    x = leaf(2.0)
    y = x * x
    grad(y, x, create_graph=True)
    grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="freed"):
        grad(y, x)


def test_grad_frees_and_asks_only_the_calls_on_the_way() -> None:
    x = leaf(2.0)
    inner = x * x
    beside = leaf(3.0)
    square = beside * beside
    outer = inner * square * beside
    seen: list[Any] = []
    for value in (beside, square):
        value.register_hook(seen.append)
    assert grad(outer, inner)[0].data == 27.0
    assert seen == []
    inner.backward()  # what lies behind the inner value was not freed,
    square.backward()  # nor what lies beside
    assert (x.derivative, beside.derivative) == (4.0, 6.0)


def test_grad_leaves_grad_untouched() -> None:
    x, y = leaf(2.0), leaf(3.0)
    z = x * y
    assert grad(z, [x])[0].data == 3.0
    assert (x.grad, y.grad, z.grad) == (None, None, None)


def test_grad_of_an_inner_value_and_a_leaf_behind_it() -> None:
    x = leaf(2.0)
    inner = x * x
    to_inner, to_x, to_output = grad(out := inner * 5.0, [inner, x, out])
    assert (to_inner.data, to_x.data, to_output.data) == (5.0, 20.0, 1.0)


# -- another client ------------------------------------------------------------------------------


class Exact:
    """A client of the engine that is no Scalar: fractions, differentiated without rounding.

    Its nodes have the members of `protocol.Node` and slots, so nothing else can be asked of them.
    """

    def __init__(self, value: Fraction, node: Node) -> None:
        self.value, self.node = value, node

    def __add__(self, other: Exact) -> Exact:
        return Exact(
            self.value + other.value,
            ExactCall([(self.node, 0), (other.node, 0)], lambda d: (d, d)),
        )

    def __mul__(self, other: Exact) -> Exact:
        x, y = self.value, other.value
        return Exact(x * y, ExactCall([(self.node, 0), (other.node, 0)], lambda d: (d * y, d * x)))

    def inverse(self) -> Exact:
        y = 1 / self.value
        return Exact(y, ExactCall([(self.node, 0), None], lambda d: (-d * y * y, None)))

    def split(self) -> tuple[Exact, Exact]:
        """A call with two outputs: the third and the two thirds."""
        call = ExactCall([(self.node, 0)], lambda a, b: ((a or 0) / 3 + (b or 0) * 2 / 3,), 2)
        first, second = Exact(self.value / 3, call), Exact(self.value * 2 / 3, call)
        second.node = Second(call)  # type: ignore[assignment]
        return first, second


class Second:
    """How this client remembers that a value is the second output of its call."""

    def __init__(self, call: ExactCall) -> None:
        self.call = call


class ExactLeaf:
    __slots__ = ("edges", "exact", "hooks", "is_leaf", "n_outputs", "time", "total")

    def __init__(self) -> None:
        self.is_leaf, self.n_outputs, self.exact, self.time = True, 1, False, 0
        self.edges: Sequence[Edge | None] = ()
        self.hooks: list[tuple[int, Hook]] | None = None
        self.total: Any = None

    def fit(self, gradient: Any, index: int) -> Any:
        return gradient

    def send_back(self, received: Any, keep: bool) -> Sequence[Any]:
        raise AssertionError("a leaf sends nothing back")

    def accumulate(self, gradient: Any) -> None:
        self.total = gradient if self.total is None else self.total + gradient


class ExactCall:
    __slots__ = ("back", "edges", "exact", "hooks", "is_leaf", "n_outputs", "released", "time")

    def __init__(self, edges: Sequence[Edge | None], back: Any, n_outputs: int = 1) -> None:
        self.is_leaf, self.n_outputs, self.exact, self.time = False, n_outputs, False, tick()
        self.edges = [
            (edge[0].call, 1) if edge and isinstance(edge[0], Second) else edge for edge in edges
        ]
        self.hooks: list[tuple[int, Hook]] | None = None
        self.back, self.released = back, False

    def fit(self, gradient: Any, index: int) -> Any:
        assert 0 <= index < self.n_outputs
        return gradient

    def send_back(self, received: Any, keep: bool) -> Sequence[Any]:
        assert not self.released
        self.released = not keep
        return self.back(*(received if self.n_outputs > 1 else (received,)))  # type: ignore[no-any-return]

    def accumulate(self, gradient: Any) -> None:
        raise AssertionError("a call accumulates nothing")


def test_the_engine_asks_no_more_than_the_protocol_of_another_client() -> None:
    x, y = (Exact(Fraction(n, 7), ExactLeaf()) for n in (2, 3))
    assert isinstance(x.node, Node)
    z = x * y + (x * x + y).inverse() * x
    assert isinstance(z.node, Node)
    run_backward([((z.node, 0), Fraction(1))])
    a, b = x.value, y.value
    assert x.node.total == b + 1 / (a * a + b) - a * 2 * a / (a * a + b) ** 2
    assert y.node.total == a - a / (a * a + b) ** 2
    assert z.node.released


def test_outputs_of_one_call_are_told_apart_in_another_client() -> None:
    x = Exact(Fraction(6), ExactLeaf())
    third, rest = x.split()
    seen: list[Any] = []
    third.node.hooks = [(1, seen.append), (0, lambda d: d * 10)]
    z = third * third + rest
    run_backward([((z.node, 0), Fraction(1))])
    assert x.node.total == 10 * 2 * Fraction(2) / 3 + Fraction(2, 3)
    assert seen == [1]


def test_capture_works_for_another_client() -> None:
    x, y = (Exact(Fraction(n), ExactLeaf()) for n in (2, 3))
    z = x * y
    w = z * z
    captured = run_backward(
        [((w.node, 0), Fraction(1))], capture=[(z.node, 0), (x.node, 0)], retain_graph=True
    )
    assert captured == [12, 36]
    assert (x.node.total, w.node.released) == (None, False)


def test_an_error_on_the_way_leaves_every_leaf_as_it_was() -> None:
    x, y = (Exact(Fraction(n), ExactLeaf()) for n in (2, 3))
    broken = Exact(x.value, ExactCall([(x.node, 0)], lambda d: 1 / 0))
    z = broken + y
    with pytest.raises(ZeroDivisionError):
        run_backward([((z.node, 0), Fraction(1))])
    assert (x.node.total, y.node.total) == (None, None)


def test_gradients_are_fitted_unless_the_call_that_sends_them_is_exact() -> None:
    x = Exact(Fraction(2), ExactLeaf())
    fitted = []

    class Fitting(ExactLeaf):
        def fit(self, gradient: Any, index: int) -> Any:
            fitted.append((gradient, index))
            return gradient * 10

    x.node = Fitting()
    z = x + x
    run_backward([((z.node, 0), Fraction(1))])
    assert (x.node.total, fitted) == (20, [(1, 0), (1, 0)])
    z = x + x
    z.node.exact = True
    run_backward([((z.node, 0), Fraction(1))])
    assert (x.node.total, len(fitted)) == (22, 2)


# -- threads -------------------------------------------------------------------------------------


def test_threads_sweep_their_own_graphs_at_once() -> None:
    n_threads, rounds = 8, 30
    barrier = threading.Barrier(n_threads)
    found: dict[int, list[float]] = {}

    def work(k: int) -> None:
        barrier.wait()
        slopes = []
        for _ in range(rounds):
            x = leaf(float(k))
            y = x
            for _ in range(50):
                y = y * 1.0 + x
            (slope,) = grad(y * y, x, create_graph=True)
            slope.backward()  # d/dx 2 * 51**2 x
            slopes.append(x.derivative)
        found[k] = slopes

    threads = [threading.Thread(target=work, args=(k,)) for k in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {k: [2.0 * 51**2] * rounds for k in range(n_threads)}


def test_a_graph_built_in_one_thread_is_swept_in_another() -> None:
    x = leaf(3.0)
    y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join()
    assert x.derivative == 6.0
