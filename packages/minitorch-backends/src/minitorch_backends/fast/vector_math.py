"""Exponentials and logarithms that vectorise.

The C library's `exp` takes one number per call, so a loop that calls it is not vectorised: 16
million numbers take 28 ms per core. The functions here consist of products, sums and a few bit
operations, without branches, so that a compiled loop over them handles 8 or 16 numbers at a time:
3.5 ms.

`exp`, `expm1`, `log`, `log1p`, `sigmoid`, `tanh` and `erf` are called from compiled code, with a
float32 (relative error about 1e-7, two units in the last place) or a float64 (about 4e-16; `erf`
there is the C library's). Infinities, NaN, overflow to inf, gradual underflow and signed zeros
follow IEEE 754. Each function is written once: both precisions use the same steps, with longer
series in the wider one.

Sources: W. J. Cody and W. Waite, "Software Manual for the Elementary Functions", 1980, chapters 5
and 6, for the reductions of the argument; `log` and its error bound: FreeBSD's msun, e_log.c.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from llvmlite import ir
from numba import extending
from numba import types as numba_types

#: Products and sums may be fused into one rounding, which is faster and more accurate; nothing
#: may be reordered, because the range reductions rely on the order.
FUSED = {"fastmath": {"contract"}, "error_model": "numpy", "forceinline": True}


# numba's annotations do not cover our use of these.
types: Any = numba_types
intrinsic: Any = extending.intrinsic
overload: Any = extending.overload

#: A function of a Format that returns the steps of one of the functions in that format.
Steps: TypeAlias = "Callable[[Format], Any]"


class Format(NamedTuple):
    """A floating-point format: its layout, and the constants of the series in it."""

    number: Any  # the numba type
    scalar: Any  # the numpy type, in which constants are written
    mantissa: int  # bits after the point
    bias: int  # of the exponent
    shifter: Any  # 1.5 * 2**mantissa: added to a number, it leaves the nearest integer in its bits
    log2e: Any
    ln2_high: Any  # ln 2 cut short, so that its product with any exponent is exact
    ln2_low: Any  # the rest of ln 2
    lowest: Any  # e**lowest is 0
    highest: Any  # e**highest is inf
    smallest: Any  # the smallest normal number
    exponential: tuple[Any, ...]  # (e**r - 1 - r) / r**2 in r, for |r| <= ln(2) / 2
    logarithm: tuple[Any, ...]  # 2/3, 2/5, ...: (log((1 + s) / (1 - s)) / s - 2) / s**2 in s**2
    erf_near_0: tuple[Any, ...]  # erf(x) / x in x**2
    erf_far: tuple[Any, ...]  # (1 - erf(x)) e**(x**2) / t in t = 1 / (1 + 0.3275911 x)


#: ln 2, to 40 digits.
_LN2 = Fraction(6931471805599453094172321214581765680755, 10**40)


def _exponential_series(terms: int) -> Any:
    """1/2! + r/3! + r**2/4! + ..., as the polynomial that agrees with the whole series at the
    Chebyshev points: as accurate as the truncated series with two more terms."""
    radius = 0.5 * math.log(2.0)
    at = np.cos((np.arange(terms) + 0.5) * math.pi / terms)  # in units of the radius
    whole = sum((radius * at) ** k / math.factorial(k + 2) for k in range(20))
    return np.linalg.solve(np.vander(at, increasing=True), whole) / radius ** np.arange(terms)


def _format(number: Any, scalar: Any, kept: int, degree: int, terms: int) -> Format:
    info = np.finfo(scalar)
    high = Fraction(int(_LN2 * 2**kept), 2**kept)
    return Format(
        number=number,
        scalar=scalar,
        mantissa=info.nmant,
        bias=-int(info.minexp) + 1,
        shifter=scalar(1.5 * 2.0**info.nmant),
        log2e=scalar(1.0 / math.log(2.0)),
        ln2_high=scalar(float(high)),
        ln2_low=scalar(float(_LN2 - high)),
        lowest=scalar((float(info.minexp) - info.nmant - 2) * math.log(2.0)),
        highest=scalar((float(info.maxexp) + 0.5) * math.log(2.0)),
        smallest=scalar(info.smallest_normal),
        exponential=tuple([scalar(c) for c in _exponential_series(terms=degree - 1)]),
        logarithm=tuple([scalar(2.0 / (2 * k + 3)) for k in range(terms)]),
        erf_near_0=tuple(
            [
                scalar(2.0 / math.sqrt(math.pi) * (-1) ** k / (math.factorial(k) * (2 * k + 1)))
                for k in range(11)
            ]
        ),
        erf_far=tuple(
            [scalar(c) for c in (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)]
        ),
    )


FORMATS = {
    types.float32: _format(types.float32, np.float32, kept=15, degree=6, terms=5),
    types.float64: _format(types.float64, np.float64, kept=41, degree=11, terms=10),
}


# -- operations on bits --------------------------------------------------------------------------


def _bits(number: Any) -> ir.Type:
    """The integer type of the same width as a floating-point type."""
    return ir.IntType(number.bitwidth)


@intrinsic  # type: ignore[untyped-decorator]
def power_of_two(typing_context: Any, shifted: Any, times: Any) -> Any:
    """2**n * times, a normal number, for an n that was added to `shifter`; times is a power of two
    as well."""
    form = FORMATS[shifted]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = _bits(shifted)
        bits, start = (builder.bitcast(argument, integer) for argument in arguments)
        # Shift the bits of n to the exponent; those of the shifter fall off.
        exponent = builder.shl(bits, integer(form.mantissa))
        return builder.bitcast(builder.add(exponent, start), context.get_value_type(shifted))

    return shifted(shifted, shifted), generate


@intrinsic  # type: ignore[untyped-decorator]
def halves(typing_context: Any, shifted: Any) -> Any:
    """(a, b) with a * b = 2**n, for an n that was added to `shifter`.

    Two factors, so that n may be any exponent of a result: a number times both overflows, or
    loses bits below the smallest normal number, at the last product and by IEEE 754's rules.
    """
    form = FORMATS[shifted]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer, value = _bits(shifted), context.get_value_type(shifted)
        offset = int(form.shifter.view(f"i{shifted.bitwidth // 8}"))
        n = builder.sub(builder.bitcast(arguments[0], integer), integer(offset))
        half = builder.ashr(n, integer(1))
        factors = []
        for part in (half, builder.sub(n, half)):
            biased = builder.add(part, integer(form.bias))
            factors.append(builder.bitcast(builder.shl(biased, integer(form.mantissa)), value))
        return context.make_tuple(builder, signature.return_type, factors)

    return types.UniTuple(shifted, 2)(shifted), generate


@intrinsic  # type: ignore[untyped-decorator]
def rank(typing_context: Any, x: Any) -> Any:
    """An integer that grows with x and is largest for NaN. The bit patterns of positive numbers are
    in order already, those of negative numbers in reverse order."""
    width = x.bitwidth

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = _bits(x)
        most = integer((1 << (width - 1)) - 1)
        bits = builder.bitcast(arguments[0], integer)
        ordered = builder.xor(bits, builder.and_(builder.ashr(bits, integer(width - 1)), most))
        infinity = integer(int(FORMATS[x].scalar(math.inf).view(f"i{width // 8}")))
        nan = builder.icmp_unsigned(">", builder.and_(bits, most), infinity)
        return builder.select(nan, most, ordered)

    return types.Integer.from_bitwidth(width)(x), generate


@intrinsic  # type: ignore[untyped-decorator]
def of_rank(typing_context: Any, ranked: Any, like: Any) -> Any:
    """The inverse of `rank`, in the type of `like`."""
    width = like.bitwidth

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer, bits = _bits(like), arguments[0]
        most = integer((1 << (width - 1)) - 1)
        bits = builder.xor(bits, builder.and_(builder.ashr(bits, integer(width - 1)), most))
        return builder.bitcast(bits, context.get_value_type(like))

    return like(ranked, like), generate


@intrinsic  # type: ignore[untyped-decorator]
def split(typing_context: Any, x: Any) -> Any:
    """(n, m) with x = 2**n * m and m between sqrt(1/2) and sqrt(2), for a normal positive x."""
    form = FORMATS[x]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer, value = _bits(x), context.get_value_type(x)
        root = int(form.scalar(math.sqrt(0.5)).view(f"i{x.bitwidth // 8}"))
        bits = builder.bitcast(arguments[0], integer)
        n = builder.ashr(builder.sub(bits, integer(root)), integer(form.mantissa))
        m = builder.bitcast(builder.sub(bits, builder.shl(n, integer(form.mantissa))), value)
        return context.make_tuple(builder, signature.return_type, [builder.sitofp(n, value), m])

    return types.UniTuple(x, 2)(x), generate


@intrinsic  # type: ignore[untyped-decorator]
def with_sign(typing_context: Any, magnitude: Any, sign: Any) -> Any:
    """magnitude with the sign of another number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.get_value_type(magnitude)
        takes = ir.FunctionType(value, [value, value])
        function = builder.module.declare_intrinsic("llvm.copysign", [value], takes)
        return builder.call(function, arguments)

    return magnitude(magnitude, magnitude), generate


# -- the functions -------------------------------------------------------------------------------


def _series(name: str) -> Any:
    """A function for compiled code: a series of FORMATS at x, by Horner's rule."""

    @intrinsic  # type: ignore[untyped-decorator]
    def horner(typing_context: Any, x: Any) -> Any:
        coefficients = getattr(FORMATS[x], name)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = context.get_value_type(x)
            total = value(float(coefficients[-1]))
            for coefficient in reversed(coefficients[:-1]):
                product = builder.fmul(total, arguments[0], flags=["contract"])
                total = builder.fadd(product, value(float(coefficient)), flags=["contract"])
            return total

        return x(x), generate

    return horner


_exponential, _logarithm = _series("exponential"), _series("logarithm")
_erf_near_0, _erf_far = _series("erf_near_0"), _series("erf_far")


def _compiled(function: Any, widest: Any = None) -> Callable[[Steps], Steps]:
    """Decorate a function of a Format that returns the steps of `function` in that format.

    `widest` is what computes a float64 where the series are too short for it.
    """

    def decorate(steps: Steps) -> Steps:
        made = {form.number: steps(form) for form in FORMATS.values()}
        if widest is not None:
            made[types.float64] = lambda x: widest(x)
        overload(function, jit_options=FUSED)(lambda x: made.get(x))
        return steps

    return decorate


def exp(x: float) -> float:
    """e**x = 2**n e**r, with n the integer nearest to x / ln 2, so that |r| <= ln(2) / 2."""
    raise TypeError(_FROM_COMPILED)


def expm1(x: float) -> float:
    """e**x - 1, exact near 0: 2**n (e**r - 1) + (2**n - 1)."""
    raise TypeError(_FROM_COMPILED)


def log(x: float) -> float:
    """log x = n ln 2 + log m, with log m = 2 artanh(s), s = (m - 1) / (m + 1)."""
    raise TypeError(_FROM_COMPILED)


def log1p(x: float) -> float:
    """log(1 + x), exact near 0: the rounding error of u = 1 + x is corrected to first order."""
    raise TypeError(_FROM_COMPILED)


def sigmoid(x: float) -> float:
    """1 / (1 + e**-x), by way of e**-|x|, which cannot overflow."""
    raise TypeError(_FROM_COMPILED)


def tanh(x: float) -> float:
    """tanh x = m / (m + 2) with m = e**(2 x) - 1."""
    raise TypeError(_FROM_COMPILED)


def erf(x: float) -> float:
    """The error function: its Maclaurin series up to 1, beyond it 1 - t p(t) e**(-x**2) with
    t = 1 / (1 + 0.3275911 x) (Abramowitz and Stegun 1964, 7.1.26, error below 1.5e-7)."""
    raise TypeError(_FROM_COMPILED)


_FROM_COMPILED = "the functions of vector_math are called from compiled code only"


def reduced(x: float) -> tuple[float, float]:
    """(n + shifter, r) with x = n ln 2 + r, n an integer and |r| <= ln(2) / 2."""
    raise TypeError(_FROM_COMPILED)


@_compiled(reduced)
def _reduced(form: Format) -> Any:
    log2e, shifter, high, low = form.log2e, form.shifter, form.ln2_high, form.ln2_low

    def steps(x):  # type: ignore[no-untyped-def]
        shifted = x * log2e + shifter
        n = shifted - shifter
        return shifted, (x - n * high) - n * low

    return steps


@_compiled(exp)
def _exp(form: Format) -> Any:
    lowest, highest, one = form.lowest, form.highest, form.scalar(1)

    def steps(x):  # type: ignore[no-untyped-def]
        x = lowest if x < lowest else x  # in this order NaN passes through
        x = highest if x > highest else x
        shifted, r = reduced(x)
        a, b = halves(shifted)
        return (one + r * (one + r * _exponential(r))) * a * b

    return steps


@_compiled(sigmoid)
def _sigmoid(form: Format) -> Any:
    lowest, zero, one = form.lowest, form.scalar(0), form.scalar(1)
    up, down = (form.scalar(2.0 ** (s * (form.mantissa + 2))) for s in (1, -1))

    def steps(x):  # type: ignore[no-untyped-def]
        y = -abs(x)
        y = lowest if y < lowest else y
        shifted, r = reduced(y)
        # As `exp`, but 2**n is 1 at most. That leaves room to compute 2**(n + mantissa + 2), which
        # is a normal number for all n, and to go down from there in one step.
        power = power_of_two(shifted, up)
        e = (one + r * (one + r * _exponential(r))) * power * down
        positive = one / (one + e)
        return positive if x >= zero else e * positive

    return steps


@_compiled(expm1)
def _expm1(form: Format) -> Any:
    # Below `lowest` the result is -1.
    lowest, highest = form.scalar(-(form.mantissa + 2) * math.log(2.0)), form.highest
    one = form.scalar(1)

    def steps(x):  # type: ignore[no-untyped-def]
        y = lowest if x < lowest else x
        y = highest if y > highest else y
        shifted, r = reduced(y)
        a, b = halves(shifted)
        return with_sign((a * (r + r * r * _exponential(r)) + (a - one / b)) * b, x)

    return steps


@_compiled(tanh)
def _tanh(form: Format) -> Any:
    # Beyond `limit` the result is 1. With -limit < x < limit all powers of two are normal numbers.
    limit = form.scalar((form.mantissa + 4) * math.log(2.0) / 2.0)
    one, two = form.scalar(1), form.scalar(2)

    def steps(x):  # type: ignore[no-untyped-def]
        y = -limit if x < -limit else x
        y = limit if y > limit else y
        shifted, r = reduced(y + y)
        power = power_of_two(shifted, one)
        m = power * (r + r * r * _exponential(r)) + (power - one)
        return with_sign(m / (m + two), x)

    return steps


@_compiled(log)
def _log(form: Format) -> Any:
    zero, half, one, two = (form.scalar(value) for value in (0.0, 0.5, 1.0, 2.0))
    inf, nan = form.scalar(math.inf), form.scalar(math.nan)
    smallest, high, low = form.smallest, form.ln2_high, form.ln2_low
    shift = form.scalar(form.mantissa + 2)
    scale = form.scalar(2.0 ** (form.mantissa + 2))

    def steps(x):  # type: ignore[no-untyped-def]
        tiny = x < smallest  # and not a normal number
        n, m = split(x * scale if tiny else x)
        n = n - shift if tiny else n
        f = m - one
        s = f / (f + two)
        z = s * s
        h = half * f * f
        # f - (h - s (h + rest)) = log m, but loses nothing where f is small.
        value = n * high - ((h - (s * (h + z * _logarithm(z)) + n * low)) - f)
        special = inf if x > zero else (-inf if x == zero else nan)
        return value if (x > zero) & (x < inf) else special

    return steps


@_compiled(log1p)
def _log1p(form: Format) -> Any:
    zero, one, inf = form.scalar(0), form.scalar(1), form.scalar(math.inf)

    def steps(x):  # type: ignore[no-untyped-def]
        u = one + x
        lost = (x - (u - one)) / u
        return with_sign(log(u) + (lost if (u > zero) & (u < inf) else zero), x)

    return steps


@_compiled(erf, widest=math.erf)
def _erf(form: Format) -> Any:
    one, p = form.scalar(1), form.scalar(0.3275911)

    def steps(x):  # type: ignore[no-untyped-def]
        z, square = abs(x), x * x
        t = one / (one + p * z)
        far = with_sign(one - t * _erf_far(t) * exp(-square), x)
        return x * _erf_near_0(square) if z < one else far

    return steps
