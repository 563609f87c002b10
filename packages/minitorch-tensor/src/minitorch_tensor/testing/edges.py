"""Calls at the edges of the numbers, with results and gradients worked out on paper.

Infinities and NaN, the ends of a dtype's range, kinks, empty tensors: where an implementation that
is right elsewhere goes wrong. Each row is a call of a namespace (`t`), so that it runs on every
backend, and on PyTorch, whose results are the same but where a row says why they are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_tensor.testing.comparison import assert_close
from minitorch_tensor.testing.samples import Array

INF, NAN = math.inf, math.nan


@dataclass(frozen=True)
class Edge:
    """A call and its result.

    Attributes:
        name: unique in the table: the function, and after a dot the edge.
        call: the result, a tensor or several, of a namespace of functions and the arguments.
        inputs: the arguments, float32 or int64 unless they are arrays.
        want: the result, or results.
        grads: the gradients of the first result's sum, one an argument; None is not looked at.
        second: the gradients of the sum of the first argument's gradient, likewise.
        tolerance: relative, where the default one does not say what is promised.
        torch: empty, or why PyTorch's result is another one.
    """

    name: str
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    want: Any
    grads: tuple[Any, ...] | None = None
    second: tuple[Any, ...] | None = None
    tolerance: float | None = None
    torch: str = ""

    def __str__(self) -> str:
        return self.name

    def check(self, t: Any, tensor: Callable[[Array], Any], grad: Callable[..., Any]) -> None:
        """Run the call and compare its results and gradients.

        Args:
            t: the namespace: a module with the functions.
            tensor: makes a tensor of that namespace from an array.
            grad: the gradients of one tensor in several, as `t.grad(output, inputs)`.

        Raises: AssertionError that names the row and says where they differ.
        """
        inputs = [tensor(_array(x)) for x in self.inputs]
        for x in inputs:
            x.requires_grad_(x.is_floating_point())
        results = self.call(t, *inputs)
        several = isinstance(results, tuple)
        got = [y.detach().numpy() for y in (results if several else (results,))]
        want = self.want if isinstance(self.want, tuple) else (self.want,)
        assert len(got) == len(want), f"{self.name}: {len(got)} results, expected {len(want)}."
        for y, expected in zip(got, want):
            self._compare(y, np.asarray(expected), "")
        first = results[0] if several else results
        if self.grads is None:
            return
        found = grad(first.sum(), inputs, create_graph=self.second is not None)
        self._compare_gradients(found, self.grads, "gradient")
        if self.second is not None:
            slope = found[0].sum()
            again = [None for _ in inputs]
            if slope.requires_grad:  # else it is constant
                again = grad(slope, inputs, allow_unused=True)
            known = [
                tensor(np.zeros(x.shape, np.float32)) if g is None else g
                for g, x in zip(again, inputs)
            ]
            self._compare_gradients(known, self.second, "second gradient")

    def _compare_gradients(self, got: Any, want: tuple[Any, ...], what: str) -> None:
        for i, (g, expected) in enumerate(zip(got, want, strict=True)):
            array, shown = g.detach().numpy(), np.array(expected, object)
            looked_at = np.asarray(shown != None)  # noqa: E711 - of every element
            wanted = shown[looked_at].astype(np.float64)
            assert array.shape == shown.shape, f"{self.name}: {what} {i} is {array.shape}."
            self._compare(array[looked_at], wanted, f", {what} {i}")

    def _compare(self, got: Array, want: Array, part: str) -> None:
        exact = None if self.tolerance is None else 0.0
        assert_close(
            got,
            want,
            rtol=self.tolerance,
            atol=exact,
            equal_nan=True,
            check_dtype=False,
            msg=f"{self.name}{part}",
        )


def _array(x: Any) -> Array:
    if isinstance(x, np.ndarray):
        return x.copy()
    array = np.array(x)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


_LARGE = [1e20 + 1e19 * x for x in (-1.0, 0.0, 1.0, 2.0)]  # of variance 5/3 e38
_SMALL = [1e-30 * x for x in (-1.0, 0.0, 1.0, 2.0)]
_DEVIATION = math.sqrt(5 / 3)

_SCANS = [
    Edge(
        "cumprod.zero",
        lambda t, x: t.cumprod(x, 0),
        ([1e20, 0.0, 1e30, 1e30],),
        [1e20, 0, 0, 0],
        # out[i] depends on x[1] by x[0] x[2] ... x[i], which overflows from i = 2 on.
        ([1.0, INF, 0.0, 0.0],),
    ),
    Edge(
        "cumprod.down_and_up",
        lambda t, x: t.cumprod(x, 0)[[31, 63, 95, 127]],
        ([0.1] * 64 + [10.0] * 64,),
        [1e-32, 0, 1e-32, 1],
        tolerance=1e-5,
    ),
    Edge(
        "cumprod.zeros",
        lambda t, x: t.cumprod(x, 0),
        ([2.0, 0.0, 3.0, 0.0, 5.0],),
        [2, 0, 0, 0, 0],
        ([1.0, 2 + 6, 0.0, 0.0, 0.0],),
    ),
    Edge(
        "cumprod.int64",
        lambda t, x: t.cumprod(x, 0),
        ([3, 2**31, 2**30 + 1],),
        [3, 3 * 2**31, 3 * 2**31 * (2**30 + 1)],
    ),
    Edge(
        "cumsum.many",
        lambda t, x: t.cumsum(x, 0)[-1],
        (np.full(1_000_000, 0.0005, np.float32),),
        500.0,
        tolerance=3e-6,
    ),
    Edge(
        "cumsum.cancels",
        lambda t, x: t.cumsum(x, 0),
        ([1e8, 1.0, -1e8, 1.0],),
        [1e8, 1e8, 1, 2],
    ),
    Edge("cumsum.inf", lambda t, x: t.cumsum(x, 0), ([1.0, INF, 1.0, -INF],), [1, INF, INF, NAN]),
    Edge(
        "cumsum.int64",
        lambda t, x: t.cumsum(x, 0),
        ([2**53, 1, 1],),
        [2**53, 2**53 + 1, 2**53 + 2],
    ),
    Edge(
        "logcumsumexp.inf",
        lambda t, x: t.logcumsumexp(x, 0),
        ([-INF, -INF, 0.0, -INF, 0.0],),
        [-INF, -INF, 0, 0, math.log(2)],
        ([0.0, 0.0, 2.5, 0.0, 0.5],),
        torch="its gradient of a sum with -inf in it is NaN",
    ),
    Edge(
        "logcumsumexp.many",
        lambda t, x: t.logcumsumexp(x, 0)[-1],
        (np.zeros(100_000, np.float32),),
        math.log(100_000),
        tolerance=3e-6,
    ),
    Edge(
        "cummax.nan",
        lambda t, x: t.cummax(x, 0)[0],
        ([1.0, NAN, 3.0, -INF],),
        [1, NAN, NAN, NAN],
    ),
]

_TENTH = np.full((50_000, 2), 0.1, np.float32)
_FOLDS = [
    Edge("mean.rows", lambda t, x: t.mean(x, 0), (_TENTH,), [0.1, 0.1], tolerance=3e-6),
    Edge("sum.rows", lambda t, x: t.sum(x, 0), (_TENTH,), [5e3, 5e3], tolerance=3e-6),
    Edge("sum.columns", lambda t, x: t.sum(x.T, 1), (_TENTH,), [5e3, 5e3], tolerance=3e-6),
    Edge("sum.all", lambda t, x: t.sum(x), (_TENTH,), 1e4, tolerance=3e-6),
    Edge(
        "sum.middle",
        lambda t, x: t.sum(x, 1),
        (_TENTH.reshape(2, 25_000, 2),),
        [[2.5e3, 2.5e3], [2.5e3, 2.5e3]],
        tolerance=3e-6,
    ),
    Edge(
        "sum.first_and_second",
        lambda t, x: t.sum(x, (0, 1)),
        (_TENTH.reshape(200, 250, 2),),
        [5e3, 5e3],
        tolerance=3e-6,
    ),
    Edge("nanmean.rows", lambda t, x: t.nanmean(x, 0), (_TENTH,), [0.1, 0.1], tolerance=3e-6),
    Edge(
        "var.rows",
        lambda t, x: t.var(x, 0),
        (np.tile(np.array([[0.9], [1.1]], np.float32), (10_000, 2)),),
        [0.01 * 20_000 / 19_999] * 2,
        tolerance=2e-5,
    ),
    Edge(
        "norm.rows",
        lambda t, x: t.norm(x, 2, 0),
        (_TENTH,),
        [0.1 * math.sqrt(50_000)] * 2,
        tolerance=3e-6,
        torch="it adds the squares up one by one",
    ),
    Edge(
        "std.large",
        lambda t, x: t.std(x, 0),
        (_LARGE,),
        1e19 * _DEVIATION,
        (
            [
                -1.5 / (3 * _DEVIATION),
                -0.5 / (3 * _DEVIATION),
                0.5 / (3 * _DEVIATION),
                1.5 / (3 * _DEVIATION),
            ],
        ),
        tolerance=1e-5,
    ),
    Edge(
        "std.small",
        lambda t, x: t.std(x, 0),
        (_SMALL,),
        1e-30 * _DEVIATION,
        (
            [
                -1.5 / (3 * _DEVIATION),
                -0.5 / (3 * _DEVIATION),
                0.5 / (3 * _DEVIATION),
                1.5 / (3 * _DEVIATION),
            ],
        ),
        tolerance=1e-5,
    ),
    Edge("var.large", lambda t, x: t.var(x, 0), (_LARGE,), 1e38 * 5 / 3, tolerance=1e-5),
    Edge(
        "var_mean.large",
        lambda t, x: t.var_mean(x, 0),
        (_LARGE,),
        (1e38 * 5 / 3, 1.05e20),
        tolerance=1e-5,
    ),
    Edge(
        "std_mean.small",
        lambda t, x: t.std_mean(x, 0),
        (_SMALL,),
        (1e-30 * _DEVIATION, 0.5e-30),
        tolerance=1e-5,
    ),
    Edge("std.equal", lambda t, x: t.std(x, 0), ([1.0, 1.0],), 0.0, ([0.0, 0.0],)),
    Edge("std.inf", lambda t, x: t.std(x, 0), ([1.0, INF],), NAN),
    Edge("mean.inf", lambda t, x: t.mean(x, 0), ([1.0, INF],), INF, ([0.5, 0.5],)),
    Edge("max.nan", lambda t, x: t.max(x), ([NAN, 0.0, NAN],), NAN, ([0.5, 0.0, 0.5],)),
    Edge("prod.zeros", lambda t, x: t.prod(x), ([0.0, 0.0, 2.0],), 0.0, ([0.0, 0.0, 0.0],)),
    Edge("prod.zero", lambda t, x: t.prod(x), ([0.0, 3.0, 2.0],), 0.0, ([6.0, 0.0, 0.0],)),
]

_NORMS = [
    Edge("norm.half", lambda t, x: t.norm(x, 0.5), ([0.0, 4.0],), 4.0, ([0.0, 1.0],)),
    Edge("norm.half_of_zeros", lambda t, x: t.norm(x, 0.5), ([0.0, 0.0],), 0.0, ([0.0, 0.0],)),
    Edge("norm.one_and_a_half", lambda t, x: t.norm(x, 1.5), ([0.0, 4.0],), 4.0, ([0.0, 1.0],)),
    Edge("norm.three", lambda t, x: t.norm(x, 3), ([0.0, -4.0],), 4.0, ([0.0, -1.0],)),
    Edge("norm.three_of_zeros", lambda t, x: t.norm(x, 3), ([0.0, 0.0],), 0.0, ([0.0, 0.0],)),
    Edge("norm.two_of_zeros", lambda t, x: t.norm(x, 2), ([0.0, 0.0],), 0.0, ([0.0, 0.0],)),
    Edge("norm.one", lambda t, x: t.norm(x, 1), ([0.0, -4.0],), 4.0, ([0.0, -1.0],)),
    Edge(
        "norm.largest",
        lambda t, x: t.norm(x, INF),
        ([3.0, 4.0, -4.0],),
        4.0,
        ([0.0, 0.5, -0.5],),
    ),
    *[
        Edge(
            f"cdist.p_{p}",
            lambda t, x, y, p=p: t.cdist(x, y, p),
            ([[0.0], [4.0]], [[0.0]]),
            [[0], [4]],
            ([[0.0], [1.0]], [[-1.0]]),
        )
        for p in (0.5, 1.0, 1.5, 2.0, 3.0, INF)
    ],
]

_KINKS = [
    Edge(
        "maximum.nan",
        lambda t, x, y: t.maximum(x, y),
        ([NAN, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, NAN]),
        [NAN, 0, 1, NAN],
        ([1.0, 0.5, 1.0, None], [None, 0.5, 0.0, 1.0]),
    ),
    Edge(
        "fmax.nan",
        lambda t, x, y: t.fmax(x, y),
        ([NAN, 0.5, 1.0], [0.0, 0.0, NAN]),
        [0, 0.5, 1],
        ([0.0, 1.0, 1.0], [1.0, 0.0, 0.0]),
    ),
    Edge("sign.nan", lambda t, x: t.sign(x), ([0.0, -0.0, -INF],), [0, 0, -1], ([0.0, 0.0, 0.0],)),
    Edge(
        "nan_to_num.nan",
        lambda t, x: t.nan_to_num(x),
        ([NAN, 0.0, INF],),
        [0, 0, np.finfo(np.float32).max],
        ([0.0, 1.0, 0.0],),
    ),
    Edge(
        "pow.zero",
        lambda t, x: x**0,
        ([0.0, NAN, INF],),
        [1, 1, 1],
        ([0.0, 0.0, 0.0],),
        ([0.0, 0.0, 0.0],),
    ),
    Edge("pow.one", lambda t, x: x**1, ([0.0, 2.0],), [0, 2], ([1.0, 1.0],), ([0.0, 0.0],)),
    Edge(
        "pow.tensor",
        lambda t, x, y: x**y,
        ([0.0, NAN, 2.0, 0.0, -2.0], [0.0, 0.0, 0.0, 2.0, 3.0]),
        [1, 1, 1, 0, -8],
        ([0.0, 0.0, 0.0, 0.0, 12.0], [0.0, NAN, math.log(2), 0.0, NAN]),
        ([0.0, 0.0, 0.0, 2.0, -12.0], [0.0, None, 0.5, 0.0, NAN]),
        torch="its second derivatives at y = 0 are NaN, or 0 where y x**(y - 1) grows with y",
    ),
    Edge(
        "abs.nan",
        lambda t, x: t.abs(x),
        ([NAN, 0.0, -0.0, -INF],),
        [NAN, 0, 0, INF],
        ([0.0, 0.0, 0.0, -1.0],),
        ([0.0, 0.0, 0.0, 0.0],),
    ),
    Edge("norm.nan", lambda t, x: t.norm(x, 1), ([NAN, -2.0, 0.0],), NAN, ([0.0, -1.0, 0.0],)),
    Edge(
        "relu.nan",
        lambda t, x: t.relu(x),
        ([NAN, 0.0, -1.0, INF],),
        [NAN, 0, 0, INF],
        ([1.0, 0.0, 0.0, 1.0],),
        ([0.0, 0.0, 0.0, 0.0],),
    ),
    Edge(
        "clamp.nan",
        lambda t, x: t.clamp(x, -1.0, 1.0),
        ([NAN, -1.0, 1.0, -INF],),
        [NAN, -1, 1, -1],
        ([0.0, 1.0, 1.0, 0.0],),
    ),
    Edge(
        "clamp_min.nan",
        lambda t, x: t.clamp(x, min=0.0),
        ([NAN, 0.0, -1.0, 1.0],),
        [NAN, 0, 0, 1],
        ([0.0, 1.0, 0.0, 1.0],),
    ),
    Edge(
        "clamp_max.nan",
        lambda t, x: t.clamp(x, max=0.0),
        ([NAN, 0.0, -1.0, 1.0],),
        [NAN, 0, -1, 0],
        ([0.0, 1.0, 1.0, 0.0],),
    ),
    Edge(
        "clamp.nan_limits",
        lambda t, x, low, high: t.clamp(x, low, high),
        ([0.0, 0.0, NAN, 1.0], [NAN, 0.0, 0.0, 2.0], [1.0, NAN, 1.0, 0.0]),
        [NAN, NAN, NAN, 0],
        ([0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]),
    ),
    Edge(
        "tanh.second",
        lambda t, x: t.tanh(x),
        ([0.0, INF],),
        [0, 1],
        ([1.0, 0.0],),
        ([0.0, 0.0],),
    ),
    Edge(
        "hypot.second",
        lambda t, x, y: t.hypot(x, y),
        ([3.0, 0.0], [4.0, 1.0]),
        [5, 1],
        ([0.6, 0.0], [0.8, 1.0]),
        ([16 / 125, 1.0], [-12 / 125, 0.0]),
    ),
    Edge(
        "xlogy.second",
        lambda t, x, y: t.xlogy(x, y),
        ([0.0, 2.0], [2.0, 3.0]),
        [0, 2 * math.log(3)],
        ([math.log(2), math.log(3)], [0.0, 2 / 3]),
        ([0.0, 0.0], [0.5, 1 / 3]),
    ),
    Edge("pow.half", lambda t, x: x**0.5, ([0.0, 4.0],), [0, 2], ([INF, 0.25],)),
    Edge("sqrt.zero", lambda t, x: t.sqrt(x), ([0.0, 4.0],), [0, 2], ([INF, 0.25],)),
    Edge(
        "sinc.zero",
        lambda t, x: t.sinc(x),
        ([0.0, 1.0],),
        [1, 0],
        ([0.0, -1.0],),
        ([-(math.pi**2) / 3, 2.0],),
        torch="its second derivative at 0 is NaN",
    ),
    Edge(
        "logaddexp.inf",
        lambda t, x, y: t.logaddexp(x, y),
        ([INF, -INF, 0.0], [0.0, 0.0, 0.0]),
        [INF, 0, math.log(2)],
        ([None, 0.0, 0.5], [None, 1.0, 0.5]),
        ([0.0, None, 0.25], [0.0, None, -0.25]),
    ),
    Edge(
        "logaddexp.tie",
        lambda t, x, y: t.logaddexp(x, y),
        ([0.5, -30.0], [0.5, -30.0]),
        [0.5 + math.log(2), -30 + math.log(2)],
        ([0.5, 0.5], [0.5, 0.5]),
        ([0.25, 0.25], [-0.25, -0.25]),
    ),
    Edge(
        "logcumsumexp.tie",
        lambda t, x, y: t.logcumsumexp(t.stack([x, y]), 0)[1],
        (0.5, 0.5),
        0.5 + math.log(2),
        (0.5, 0.5),
        (0.25, -0.25),
    ),
]


def _order(name: str, call: Callable[..., Any], values: Any, want: Any, torch: str = "") -> Edge:
    return Edge(name, call, (values,), want, torch=torch)


_BESIDE = "it interpolates by inf - inf"
_ORDER = [
    _order(
        "quantile.lower",
        lambda t, x: t.quantile(x, 0.4, interpolation="lower"),
        [0.0, INF],
        0.0,
    ),
    _order(
        "quantile.higher",
        lambda t, x: t.quantile(x, 0.4, interpolation="higher"),
        [-INF, 0.0],
        0.0,
    ),
    _order(
        "quantile.nearest",
        lambda t, x: t.quantile(x, 0.4, interpolation="nearest"),
        [0.0, INF],
        0.0,
    ),
    _order("quantile.first", lambda t, x: t.quantile(x, 0.0), [0.0, INF], 0.0),
    _order("quantile.last", lambda t, x: t.quantile(x, 1.0), [-INF, 0.0], 0.0),
    _order("quantile.linear", lambda t, x: t.quantile(x, 0.4), [0.0, INF], INF),
    _order("quantile.minus", lambda t, x: t.quantile(x, 0.4), [-INF, 0.0], -INF, _BESIDE),
    _order("quantile.equal", lambda t, x: t.quantile(x, 0.5), [INF, INF], INF, _BESIDE),
    _order("quantile.opposite", lambda t, x: t.quantile(x, 0.5), [-INF, INF], NAN),
    _order("quantile.nan", lambda t, x: t.quantile(x, 0.0), [0.0, NAN], NAN),
    Edge(
        "quantile.gradient",
        lambda t, x: t.quantile(x, 0.25, interpolation="lower"),
        ([0.0, 1.0, INF],),
        0.0,
        ([1.0, 0.0, 0.0],),
    ),
    *[
        _order(f"{name}.nan_{i}", lambda t, x, call=call: call(t, x), values, want)
        for name, call, cases in (
            (
                "median",
                lambda t, x: tuple(t.median(x, 0)),
                [
                    ([NAN, 2.0, NAN, 1.0], (NAN, 0)),
                    ([1.0, NAN, NAN], (NAN, 1)),
                    ([3.0, 1.0, 2.0, INF], (2.0, 2)),
                ],
            ),
            (
                "sort",
                lambda t, x: tuple(t.sort(x, stable=True)),
                [([NAN, 2.0, NAN, 1.0, -INF], ([-INF, 1, 2, NAN, NAN], [4, 3, 1, 0, 2]))],
            ),
            ("max", lambda t, x: tuple(t.max(x, 0)), [([1.0, NAN, NAN], (NAN, 1))]),
            ("argmin", lambda t, x: t.argmin(x), [([2.0, NAN, NAN], 1)]),
            (
                "kthvalue",
                lambda t, x: tuple(t.kthvalue(x, 2, 0)),
                [([NAN, 2.0, INF], (INF, 2))],
            ),
        )
        for i, (values, want) in enumerate(cases)
    ],
]

_SIZES = [
    Edge(
        "chunk.empty",
        lambda t, x: t.chunk(x, 3),
        (np.zeros(0, np.float32),),
        tuple(np.zeros(0, np.float32) for _ in range(3)),
    ),
    Edge(
        "split.empty",
        lambda t, x: t.split(x, 3),
        (np.zeros(0, np.float32),),
        (np.zeros(0, np.float32),),
    ),
    Edge(
        "arange.large",
        lambda t: t.arange(0, 2**62 + 1, 2**61),
        (),
        [0, 2**61, 2**62],
    ),
    Edge("arange.odd", lambda t: t.arange(2**53 + 1, 2**53 + 3), (), [2**53 + 1, 2**53 + 2]),
    Edge(
        "arange.down",
        lambda t: t.arange(2**62 + 1, 2**62 - 2, -2),
        (),
        [2**62 + 1, 2**62 - 1],
    ),
    Edge("full.odd", lambda t: t.full((1,), 2**53 + 1), (), [2**53 + 1]),
    Edge("tensor.odd", lambda t: t.tensor([2**53 + 1, 2**63 - 1]), (), [2**53 + 1, 2**63 - 1]),
    Edge("sum.odd", lambda t, x: t.sum(x), ([2**53, 1],), 2**53 + 1),
    Edge("prod.odd", lambda t, x: t.prod(x), ([2**53 + 1, 1],), 2**53 + 1),
    Edge("clamp.odd", lambda t, x: t.clamp(x, max=2**53 + 1), ([2**53 + 3],), [2**53 + 1]),
    Edge("remainder.odd", lambda t, x: t.remainder(x, 2**53), ([2**53 + 1],), [1]),
    Edge("floor_divide.odd", lambda t, x: x // 1, ([2**53 + 1],), [2**53 + 1]),
]

_BEYOND = [1e20, -1e20, 1e10, -1e10, 3e9, 300.7, -1.5, INF, -INF, NAN]
_CONVERSIONS = [
    Edge(
        f"to.{name}_from_{source}",
        lambda t, x, name=name: x.to(getattr(t, name)),
        (np.array(_BEYOND, source),),
        want,
    )
    for name, want in (
        (
            "int64",
            [-(2**63), -(2**63), 10**10, -(10**10), 3 * 10**9, 300, -1, *[-(2**63)] * 3],
        ),
        ("int32", [*[-(2**31)] * 5, 300, -1, *[-(2**31)] * 3]),
        ("uint8", [0, 0, 0, 0, 3 * 10**9 % 256, 44, 255, 0, 0, 0]),
    )
    for source in ("float32", "float64")
]

EDGES: list[Edge] = [
    *_SCANS,
    *_FOLDS,
    *_NORMS,
    *_KINKS,
    *_ORDER,
    *_SIZES,
    *_CONVERSIONS,
]
