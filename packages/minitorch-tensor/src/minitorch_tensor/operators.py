"""Scalar mathematics beyond `minitorch_autodiff.operators`: rounding, remainders, bits, and more
functions of the library kind.

The rules are the same: plain numbers in and out, total, and nothing that numba cannot compile.
"""

from __future__ import annotations

import math

#: From here on every double is an integer.
_ALL_INTEGERS = 4503599627370496.0

# -- rounding -----------------------------------------------------------------------------------


def floor(x: float) -> float:
    """The largest integer not above x."""
    if not math.fabs(x) < _ALL_INTEGERS:  # also infinities and NaN
        return x
    return math.copysign(float(math.floor(x)), x)


def ceil(x: float) -> float:
    """The smallest integer not below x."""
    if not math.fabs(x) < _ALL_INTEGERS:
        return x
    return math.copysign(float(math.ceil(x)), x)


def trunc(x: float) -> float:
    """x without its fraction: the nearest integer towards 0."""
    if not math.fabs(x) < _ALL_INTEGERS:
        return x
    return math.copysign(float(math.floor(math.fabs(x))), x)


def round(x: float) -> float:
    """The nearest integer; the even one of two as near."""
    if not math.fabs(x) < _ALL_INTEGERS:
        return x
    magnitude = math.fabs(x)
    below = float(math.floor(magnitude))
    rest = magnitude - below
    if rest > 0.5 or (rest == 0.5 and below % 2.0 == 1.0):
        below += 1.0
    return math.copysign(below, x)


# -- choice -------------------------------------------------------------------------------------


def where(condition: float, x: float, y: float) -> float:
    """x where the condition is nonzero, else y."""
    return x if condition != 0 else y


# -- division with remainder ----------------------------------------------------------------------


def remainder(x: float, y: float) -> float:
    """x - y * floor(x / y): of y's sign, as Python's %; NaN for y = 0."""
    rest = fmod(x, y)
    if rest == 0:
        return math.copysign(0.0, y)
    return rest + y if (rest < 0) != (y < 0) else rest


def fmod(x: float, y: float) -> float:
    """x - y * trunc(x / y): of x's sign, as C's fmod; NaN for y = 0."""
    if y == 0 or math.isinf(x):
        return math.nan
    # Of positive numbers Python's % is C's fmod, which numba does not have.
    return math.copysign(math.fabs(x) % math.fabs(y), x)


def floor_divide(x: float, y: float) -> float:
    """floor(x / y), exact where x / y itself would round up; infinite for y = 0, NaN for 0 / 0."""
    if y == 0:
        if x == 0 or x != x:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1.0, y)
    rest = fmod(x, y)
    quotient = (x - rest) / y
    if rest != 0 and (rest < 0) != (y < 0):
        quotient -= 1.0
    below = floor(quotient)
    return below + 1.0 if quotient - below > 0.5 else below


# -- integers: exact, and wrapped when stored. The caller checks for zero divisors and negative
# -- exponents ---------------------------------------------------------------------------------


def int_floor_divide(x: int, y: int) -> int:
    """x // y."""
    return x // y


def int_remainder(x: int, y: int) -> int:
    """x % y, of y's sign."""
    return x % y


def int_pow(x: int, y: int) -> int:
    """x ** y, for y >= 0."""
    result: int = x**y
    return result


def bitwise_and(x: int, y: int) -> int:
    """The bits set in both."""
    return x & y


def bitwise_or(x: int, y: int) -> int:
    """The bits set in any."""
    return x | y


def bitwise_xor(x: int, y: int) -> int:
    """The bits set in just one."""
    return x ^ y


def bitwise_not(x: int) -> int:
    """The bits not set."""
    return ~x


# -- library functions ----------------------------------------------------------------------------


def log2(x: float) -> float:
    """Logarithm to base 2; -inf at 0, NaN below."""
    if x == 0:
        return -math.inf
    if x < 0:
        return math.nan
    return math.log2(x)


def log10(x: float) -> float:
    """Logarithm to base 10; -inf at 0, NaN below."""
    if x == 0:
        return -math.inf
    if x < 0:
        return math.nan
    return math.log10(x)


def tan(x: float) -> float:
    """Tangent of x radians; NaN at an infinity."""
    if math.isinf(x):
        return math.nan
    return math.tan(x)


def asin(x: float) -> float:
    """The angle in [-pi / 2, pi / 2] whose sine is x; NaN outside of [-1, 1]."""
    if x < -1 or x > 1:
        return math.nan
    return math.asin(x)


def acos(x: float) -> float:
    """The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1]."""
    if x < -1 or x > 1:
        return math.nan
    return math.acos(x)


def atan(x: float) -> float:
    """The angle in [-pi / 2, pi / 2] whose tangent is x."""
    return math.atan(x)


def sinh(x: float) -> float:
    """Hyperbolic sine; infinite where that overflows."""
    if math.fabs(x) > 709.0:  # e**|x| / 2, in an order that cannot overflow before its time
        root = math.exp(0.5 * min(math.fabs(x), 1418.0))
        return math.copysign(0.5 * root * root, x)
    return math.sinh(x)


def cosh(x: float) -> float:
    """Hyperbolic cosine; infinite where that overflows."""
    if math.fabs(x) > 709.0:
        root = math.exp(0.5 * min(math.fabs(x), 1418.0))
        return 0.5 * root * root
    return math.cosh(x)


def asinh(x: float) -> float:
    """The number whose hyperbolic sine is x."""
    return math.asinh(x)


def acosh(x: float) -> float:
    """The number, not negative, whose hyperbolic cosine is x; NaN below 1."""
    if x < 1:
        return math.nan
    return math.acosh(x)


def atanh(x: float) -> float:
    """The number whose hyperbolic tangent is x; infinite at -1 and 1, NaN outside of [-1, 1]."""
    if x < -1 or x > 1:
        return math.nan
    if x == -1 or x == 1:
        return math.copysign(math.inf, x)
    return math.atanh(x)


def atan2(y: float, x: float) -> float:
    """The angle in [-pi, pi] of the point (x, y)."""
    return math.atan2(y, x)


def erfc(x: float) -> float:
    """1 - erf(x), exact where that is near 0."""
    return math.erfc(x)


def logaddexp(x: float, y: float) -> float:
    """log(e**x + e**y), without overflow."""
    if x == y:  # also equal infinities, whose difference is NaN
        return x + math.log(2.0)
    return max(x, y) + math.log1p(math.exp(-math.fabs(x - y)))
