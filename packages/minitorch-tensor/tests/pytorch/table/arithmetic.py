"""Arithmetic, powers, rounding, remainders, extremes of two."""

from __future__ import annotations

from collections.abc import Iterator

from .row import INF, INTEGERS, NAN, NUMBERS, SIGNED, Case, case, mask, unary, v, x

SIGN_OF_NAN = "sign(NaN) is NaN by the array API standard, 0 in PyTorch"


def rows() -> Iterator[Case]:
    """The rows."""
    yield from unary("sqrt", 0.2, 3, [-1.0, 0.0, 4.0, INF, NAN])
    yield from unary("rsqrt", 0.2, 3, [-1.0, 0.0, 4.0, INF, NAN])
    yield from unary("reciprocal", 0.2, 3, [-INF, -2.0, 0.0, INF, NAN])
    yield from unary("abs", -2, 2, [-INF, -0.0, 0.0, INF], integers="same")
    yield from unary("neg", -2, 2, [-INF, 0.0, INF, NAN], integers="same")
    yield from unary("sign", -2, 2, [-INF, -0.0, 0.0, INF], integers="same")
    yield from unary("square", -2, 2, [-INF, -1e30, 0.0, INF, NAN], integers="same")
    yield from unary(
        "floor", -2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN], integers="same"
    )
    yield from unary(
        "ceil", -2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN], integers="same"
    )
    yield from unary(
        "trunc", -2, 2, [-INF, -1.5, -1.0, -0.5, 0.0, 2.5, 1e30, INF, NAN], integers="same"
    )
    yield from unary(
        "round", -2, 2, [-INF, -1.5, -1.0, -0.5, 0.5, 1.5, 2.5, 1e30, INF, NAN], integers="same"
    )
    yield from unary("frac", -2, 2, [-1.5, -1.0, -0.5, 0.0, 2.5], integers=None)
    yield case("copysign", x(2, 1, low=0.5), x(3))
    yield case("copysign", v([1.0, -2.0, 0.0, -0.0]), v([-0.0, 0.0, -1.0, 1.0]))
    yield case("copysign", v([INF, NAN, 1.0], grad=False), v([-INF, -1.0, -INF], grad=False))
    yield case("copysign", x(3), -0.5)
    yield case("copysign", v([1, 2, 3]), v([0, -1, 1]), dtypes=SIGNED)
    plain = v([1.0, -2.0, 0.0, 0.0, INF], grad=False)
    yield case("nextafter", plain, v([2.0, -INF, -1.0, 1.0, 0.0], grad=False))
    for shape in ((), (2, 0, 3)):
        yield case("abs", x(*shape))
    yield case("sign", v([NAN]), differs={"values": SIGN_OF_NAN})
    yield case("abs", v([NAN]))
    yield case("square", mask(3), dtypes=("bool",))
    yield case("round", v([0.125, -2.675, 1234.5678, 0.05]), decimals=2)
    yield case("round", v([15.0, 25.0, -35.0, 1449.0]), decimals=-1)
    for name in ("add", "sub", "mul", "div"):
        yield case(name, x(2, 3, layout="permuted"), x(2, 3))
        yield case(name, x(2, 1, low=0.5), x(3, low=0.5))
        yield case(name, x(2, 3, layout="expanded"), x())
        yield case(name, x(0, 3), x(1))
        yield case(name, x(2, 2), 1.75)
        yield case(name, x(4, low=1, high=5), x(4, low=1, high=5), dtypes=INTEGERS)
        yield case(name, x(4, low=1, high=5), 2.5, dtypes=("int32", "int64"))
    yield case("add", mask(4), mask(4), dtypes=("bool",))
    yield case("mul", mask(4), mask(4), dtypes=("bool",))
    yield case("div", v([0, 1, 1, 0]), v([1, 1, 0, 0]), dtypes=("bool", "int64"))
    yield case("add", x(2, 3), x(3), alpha=3, dtypes=NUMBERS)
    yield case("sub", x(2, 3, low=3, high=5), x(3), alpha=0.5)
    yield case("add", v([200, 100, 255]), v([100, 100, 1]), dtypes=("uint8",))
    yield case("mul", v([2**31 - 1, -(2**31), 3]), v([2, 2, 7]), dtypes=("int32",))
    yield case("div", v([1.0, -1.0, 0.0, INF, NAN]), v([0.0, 0.0, 0.0, INF, 1.0]))
    for mode in ("floor", "trunc"):
        yield case(
            "div", v([7, -7, 7, -7, 6]), v([2, 2, -2, -2, 3]), rounding_mode=mode, dtypes=SIGNED
        )
        yield case("div", v([7, 250, 9]), v([2, 100, 3]), rounding_mode=mode, dtypes=("uint8",))
        yield case("div", x(2, 3), x(3, low=0.5), rounding_mode=mode)
        yield case("div", v([1.0, -1.0, 0.0, INF]), v([0.0, 0.0, 0.0, 2.0]), rounding_mode=mode)
    for name in ("floor_divide", "remainder", "fmod"):
        graded = name != "floor_divide"  # which has no gradient in PyTorch
        sevens, twos = v([7, -7, 7, -7, 6], grad=graded), v([2, 2, -2, -2, 3], grad=graded)
        yield case(name, sevens, twos, dtypes=SIGNED)
        yield case(name, v([7, 250, 9]), v([2, 100, 3]), dtypes=("uint8",))
        if graded:
            yield case(name, x(2, 3), x(3, low=0.5))
            yield case(name, x(3, low=-5, high=5), 1.5)
        yield case(name, v([1.0, -1.0, 0.0, INF], grad=False), v([0.0, 0.0, 0.0, 2.0], grad=False))
        yield case(name, v([-3.0, 3.0], grad=False), v([INF, -INF], grad=False))
    yield case("pow", x(2, 3, low=0.2), x(3))
    yield case("pow", x(2, 1, low=0.2, layout="reversed"), x(2, 3, layout="permuted"))
    yield case("pow", v([0.0, 0.0, 0.0, -2.0, -2.0]), v([0.0, 2.0, -1.0, 3.0, 0.5]))
    for exponent in (0, 1, 2, 3, -1, -2, 0.5, 2.5, -1.5):
        yield case("pow", x(4, low=0.2), exponent)
    yield case("pow", v([0.0, -2.0, INF, -INF, NAN]), 2)
    yield case("pow", v([0.0, -2.0, INF, -INF, NAN]), 3)
    yield case("pow", v([0.0, 4.0, INF, NAN]), 0.5)
    yield case("pow", v([0.0, 4.0, INF, NAN]), 0)
    yield case("pow", v([0.0, 2.0, -1.0]), 1.0)
    yield case("pow", x(4, low=0, high=3), x(4, low=0, high=3), dtypes=INTEGERS)
    yield case("pow", x(4, low=0, high=5), 2, dtypes=INTEGERS)
    yield case("pow", x(4, low=0, high=5), 0.5, dtypes=("int32", "int64"))
    yield case("pow", 2.0, x(4))
    yield case("pow", 2, x(4, low=0, high=3), dtypes=INTEGERS)
    yield case("pow", 0.0, v([0.0, 1.0, 2.0]))
    for name in ("maximum", "minimum"):
        yield case(name, x(2, 1), x(3))
        yield case(name, v([1.0, NAN, 2.0, INF]), v([1.0, 1.0, NAN, -INF]))
        yield case(name, x(4), x(4), dtypes=("bool", *INTEGERS))
    yield case("clamp", x(2, 3), -1, 1, dtypes=SIGNED)
    yield case("clamp", x(2, 3), min=0.5)
    yield case("clamp", x(2, 3, layout="permuted"), max=0.5)
    yield case("clamp", v([-1.0, 0.0, 1.0, INF]), -1.0, 1.0)
    yield case("clamp", v([NAN]), -1.0, 1.0)
    yield case("clamp", v([0.0, 1.0]), 2.0, -2.0)
    yield case("clamp", x(2, 3), x(2, 1, high=0), x(3, low=0))
    yield case("clamp", x(2, 3), max=x(3))
    yield case("clamp", v([1.0, 2.0, 3.0]), v([1.0, 2.5, 0.0]), v([5.0, 2.0, 3.0]))
    yield case("clamp", x(4), 0.5, dtypes=("int64",))
    yield case("clamp", x(4), 1, dtypes=("uint8",))
    for name in ("fmax", "fmin"):
        yield case(name, x(2, 1), x(3))
        yield case(name, v([1.0, NAN, 2.0, NAN]), v([1.0, 1.0, NAN, NAN]))
        yield case(name, x(4), x(4), dtypes=INTEGERS)
    yield case("lerp", x(2, 3), x(3), 0.3)
    yield case("lerp", x(2, 3), x(3), 1.5)
    yield case("lerp", x(2, 3), x(2, 1), x(3, low=0, high=1))
    for name in ("addcmul", "addcdiv"):
        yield case(name, x(2, 3), x(3), x(2, 1, low=0.5), value=1.5)
        yield case(name, x(3), x(3), x(3, low=0.5))
    yield case("addcmul", x(3), x(3), x(3), value=2, dtypes=INTEGERS)
    for name in ("clamp_min", "clamp_max"):
        yield case(name, x(2, 3), 0.5)
        yield case(name, x(2, 3), x(3))
