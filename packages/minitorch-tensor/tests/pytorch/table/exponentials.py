"""Exponentials, logarithms, trigonometry, and the activations made of them."""

from __future__ import annotations

from collections.abc import Iterator

from .row import INF, INTEGERS, NAN, Case, case, unary, v, x

ORIGIN = {"gradients": "PyTorch's gradient at the origin is NaN, ours 0, as that of its norm"}


def rows() -> Iterator[Case]:
    """The rows."""
    yield from unary("exp", -2, 2, [-INF, -800.0, 0.0, 800.0, INF, NAN])
    yield from unary("exp2", -2, 2, [-INF, -2000.0, 0.0, 2000.0, INF, NAN])
    yield from unary("expm1", -2, 2, [-INF, -800.0, -1e-12, 0.0, 1e-12, 800.0, INF, NAN])
    yield from unary("log", 0.2, 3, [-1.0, 0.0, 1e-30, 1.0, INF, NAN])
    yield from unary("log1p", -0.8, 3, [-2.0, -1.0, -1e-12, 0.0, 1e-12, INF, NAN])
    yield from unary("log2", 0.2, 3, [-1.0, 0.0, 1.0, 8.0, INF, NAN])
    yield from unary("log10", 0.2, 3, [-1.0, 0.0, 1.0, 1000.0, INF, NAN])
    yield from unary("sin", -3, 3, [-INF, 0.0, 100.0, INF, NAN])
    yield from unary("cos", -3, 3, [-INF, 0.0, 100.0, INF, NAN])
    yield from unary("tan", -1.2, 1.2, [-INF, 0.0, 100.0, INF, NAN])
    yield from unary("asin", -0.9, 0.9, [-2.0, -1.0, 0.0, 1.0, INF, NAN])
    yield from unary("acos", -0.9, 0.9, [-2.0, -1.0, 0.0, 1.0, INF, NAN])
    yield from unary("atan", -3, 3, [-INF, -1e30, 0.0, 1e30, INF, NAN])
    yield from unary("sinh", -3, 3, [-INF, -800.0, 0.0, 800.0, INF, NAN])
    yield from unary("cosh", -3, 3, [-INF, -800.0, 0.0, 800.0, INF, NAN])
    yield from unary("tanh", -2, 2, [-INF, -40.0, 0.0, 40.0, INF, NAN])
    yield from unary("sigmoid", -3, 3, [-INF, -800.0, -80.0, 0.0, 80.0, 800.0, INF, NAN])
    yield from unary("erf", -2, 2, [-INF, -9.0, 0.0, 1e-12, 9.0, INF, NAN])
    yield from unary("asinh", -3, 3, [-INF, -1e30, 0.0, 1e-12, 1e30, INF, NAN])
    yield from unary("acosh", 1.2, 3, [0.0, 1.0, 1e30, INF, NAN])
    yield from unary("atanh", -0.9, 0.9, [-2.0, -1.0, 0.0, 1e-12, 1.0, INF, NAN])
    yield from unary("erfc", -2, 2, [-INF, -9.0, 0.0, 0.3, 1.0, 3.0, 9.0, 26.0, INF, NAN])
    yield from unary("logit", 0.1, 0.9, [-1.0, 0.0, 0.5, 1.0, 2.0, NAN])
    yield from unary("sinc", -3, 3, [0.0, 0.5, 1e-12, NAN], in_place=False)
    yield from unary("relu", -2, 2, [-INF, -0.0, 0.0, INF], integers="same")
    for name in ("exp", "tanh", "relu"):
        yield case(name, x())
        yield case(name, x(2, 0, 3))
    yield case("relu", v([NAN]))
    yield case("atan2", x(2, 1), x(3))
    yield case(
        "atan2", v([0.0, -0.0, 0.0, -0.0, INF, -INF, NAN]), v([1.0, -1.0, 0.0, 0.0, INF, INF, 1.0])
    )
    yield case("atan2", x(3), x(3, low=1, high=5), dtypes=("int64",))
    yield case("hypot", x(2, 1), x(3))
    yield case("hypot", v([1e30, INF]), v([1e30, 1.0]), dtypes=("float32",))
    yield case("hypot", v([0.0]), v([0.0]), differs=ORIGIN)
    yield case("logaddexp", x(2, 1), x(3))
    yield case("logaddexp", v([800.0, -INF, INF, 1.0]), v([800.0, 1.0, 2.0, NAN]))
    yield case("xlogy", x(2, 1, low=0.5), x(3, low=0.5))
    yield case("xlogy", v([0.0, 0.0, 1.0, 2.0]), v([0.0, NAN, 0.0, -1.0]))
    yield case("xlogy", v([0, 1, 2]), v([0, 3, 5]), dtypes=INTEGERS)
    yield case("logit", v([0.0, 0.2, 1.0], grad=False), eps=0.1)
    yield case("logit", x(4, low=0.2, high=0.8), 0.1)
