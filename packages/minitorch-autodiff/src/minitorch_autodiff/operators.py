"""Scalar functions: they define every elementwise operation, one number at a time.

Each function takes and returns plain numbers, is total (an out-of-range argument gives the IEEE
754 answer, inf or NaN, where Python's `math` would raise), and uses only what numba compiles for
CPU and GPU alike: a backend can pass any of them, or any function composed of them, to `map`, `zip`
and `reduce`. For functions that backends differentiate often, `f_back` is d times the derivative of
f in one pass; `derivatives` has the derivative of every operator.

The second part is functions of functions and lists: `map`, `zipWith`, `reduce`.
"""

from __future__ import annotations

import math
from builtins import abs as magnitude
from collections.abc import Callable, Iterable

#: 2**52: every double at least this large is an integer.
_ALL_INTEGERS = 4503599627370496.0

#: The largest x whose e**x is a finite double.
MAX_EXPONENT = 709.782712893384

# -- arithmetic --------------------------------------------------------------------------------


def id(x: float) -> float:
    """x."""
    return x


def neg(x: float) -> float:
    """-x."""
    return -x


def add(x: float, y: float) -> float:
    """x + y."""
    return x + y


def sub(x: float, y: float) -> float:
    """x - y."""
    return x - y


def mul(x: float, y: float) -> float:
    """x * y."""
    return x * y


def inv(x: float) -> float:
    """1 / x; a signed infinity at a signed zero."""
    if x == 0:
        return math.copysign(math.inf, x)
    return 1.0 / x


def div(x: float, y: float) -> float:
    """x / y; infinite for y = 0, NaN for 0 / 0."""
    if y == 0:
        if x == 0 or x != x:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1.0, y)
    return x / y


def abs(x: float) -> float:
    """The magnitude of x."""
    return magnitude(x)


def abs_back(x: float, d: float) -> float:
    """d times the sign of x; 0 at 0, the middle of all slopes, and at NaN."""
    if x > 0:
        return d
    if x < 0:
        return -d
    return d * 0.0


def sign(x: float) -> float:
    """-1, 0 or 1, without a sign of its own for -0.0; NaN for NaN."""
    if x > 0:
        return 1.0
    if x < 0:
        return -1.0
    return x * x


def square(x: float) -> float:
    """x * x."""
    return x * x


def pow(x: float, y: float) -> float:
    """x ** y; NaN for a negative x and a fractional y, a signed infinity for 0 ** -odd.

    The special cases are those of IEEE 754, 9.2.1: 1 if y = 0 or x = 1, even if the other operand
    is NaN.
    """
    if x == 0 and y < 0:
        return math.copysign(math.inf, x) if y % 2.0 == 1 else math.inf
    if not (math.isfinite(x) and math.isfinite(y)):
        return math.pow(x, y)
    remainder = y % 2.0  # 0 for an even y, 1 for an odd one
    if x < 0 and remainder != 0 and remainder != 1:
        return math.nan
    # math.pow raises where the result overflows; a product silently becomes infinite.
    if x != 0:
        exponent = y * math.log(math.fabs(x))
        if exponent > 709.0:
            root = math.inf if exponent > 710.0 else math.pow(math.fabs(x), 0.5 * y)
            return -root * root if x < 0 and remainder == 1 else root * root
    return math.pow(x, y)


# -- comparison and logic: 1.0 for true, 0.0 for false -------------------------------------------


def lt(x: float, y: float) -> float:
    """x < y."""
    return 1.0 if x < y else 0.0


def le(x: float, y: float) -> float:
    """x <= y."""
    return 1.0 if x <= y else 0.0


def gt(x: float, y: float) -> float:
    """x > y."""
    return 1.0 if x > y else 0.0


def ge(x: float, y: float) -> float:
    """x >= y."""
    return 1.0 if x >= y else 0.0


def eq(x: float, y: float) -> float:
    """x == y."""
    return 1.0 if x == y else 0.0


def ne(x: float, y: float) -> float:
    """x != y."""
    return 1.0 if x != y else 0.0


def is_close(x: float, y: float) -> float:
    """|x - y| < 0.01: the course's notion of close."""
    return 1.0 if math.fabs(x - y) < 1e-2 else 0.0


def isnan(x: float) -> float:
    """1 if x is NaN, else 0."""
    return 1.0 if x != x else 0.0


def isinf(x: float) -> float:
    """1 if x is infinite, else 0."""
    return 1.0 if math.isinf(x) else 0.0


def signbit(x: float) -> float:
    """1 if x has a minus sign, as -0.0 and some NaN do, else 0."""
    return 1.0 if math.copysign(1.0, x) < 0 else 0.0


def logical_not(x: float) -> float:
    """1 if x is zero, else 0."""
    return 1.0 if x == 0 else 0.0


def logical_and(x: float, y: float) -> float:
    """1 if both are nonzero, else 0."""
    return 1.0 if x != 0 and y != 0 else 0.0


def logical_or(x: float, y: float) -> float:
    """1 if either is nonzero, else 0."""
    return 1.0 if x != 0 or y != 0 else 0.0


def logical_xor(x: float, y: float) -> float:
    """1 if exactly one is nonzero, else 0."""
    return 1.0 if (x != 0) != (y != 0) else 0.0


def keep_if(condition: float, x: float) -> float:
    """x where the condition is nonzero, else -0.0, the exact identity of addition.

    `keep_if(c, x) + keep_if(not c, y)` selects, also among infinities, NaN and signed zeros.
    """
    return x if condition != 0 else -0.0


def max(x: float, y: float) -> float:
    """The larger; NaN if any is NaN."""
    return x if x > y or x != x else y


def min(x: float, y: float) -> float:
    """The smaller; NaN if any is NaN."""
    return x if x < y or x != x else y


# -- exponentials --------------------------------------------------------------------------------


def exp(x: float) -> float:
    """e ** x; infinite where that overflows."""
    if x > MAX_EXPONENT:
        return math.inf
    return math.exp(x)


def expm1(x: float) -> float:
    """e ** x - 1, exact near 0."""
    if x > MAX_EXPONENT:
        return math.inf
    return math.expm1(x)


def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
    if x == 0:
        return -math.inf
    if x < 0:
        return math.nan
    return math.log(x)


def log1p(x: float) -> float:
    """log(1 + x), exact near 0; -inf at -1, NaN below."""
    if x == -1:
        return -math.inf
    if x < -1:
        return math.nan
    return math.log1p(x)


def sqrt(x: float) -> float:
    """Square root; NaN below 0."""
    if x < 0:
        return math.nan
    return math.sqrt(x)


# -- trigonometry and friends ----------------------------------------------------------------------


def sin(x: float) -> float:
    """Sine of x radians; NaN at an infinity."""
    if math.isinf(x):
        return math.nan
    return math.sin(x)


def cos(x: float) -> float:
    """Cosine of x radians; NaN at an infinity."""
    if math.isinf(x):
        return math.nan
    return math.cos(x)


def tanh(x: float) -> float:
    """Hyperbolic tangent."""
    return math.tanh(x)


def tanh_back(y: float, d: float) -> float:
    """d (1 - y**2), with y = tanh(x)."""
    return d * (1.0 - y * y)


def erf(x: float) -> float:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    return math.erf(x)


# -- activations -----------------------------------------------------------------------------------


def sigmoid(x: float) -> float:
    """1 / (1 + e**-x), in the form whose exponential cannot overflow for x's sign."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def sigmoid_back(y: float, d: float) -> float:
    """d y (1 - y), with y = sigmoid(x)."""
    return d * y * (1.0 - y)


def relu(x: float) -> float:
    """x where positive, else 0; NaN stays NaN."""
    return 0.0 if x <= 0 else x


def relu_back(y: float, d: float) -> float:
    """0 where y = relu(x) is 0, else d; x may be passed instead of y."""
    return 0.0 if y <= 0 else d


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
    """The nearest integer; ties go to the even one."""
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
    if quotient == 0:
        return math.copysign(0.0, x / y)
    below = floor(quotient)
    return below + 1.0 if quotient - below > 0.5 else below


# -- integers ------------------------------------------------------------------------------------
# Exact, and wrapped when stored. The caller checks for zero divisors and negative exponents.


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
    """The bits set in either."""
    return x | y


def bitwise_xor(x: int, y: int) -> int:
    """The bits set in exactly one."""
    return x ^ y


def bitwise_not(x: int) -> int:
    """The bits not set."""
    return ~x


def bitwise_left_shift(x: int, y: int) -> int:
    """x 2**y, for y >= 0, of which the lowest 64 bits count."""
    return x << y if y < 64 else x ^ x


def bitwise_right_shift(x: int, y: int) -> int:
    """floor(x / 2**y), for y >= 0."""
    return x >> (y if y < 64 else 63)


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
    if math.fabs(x) > 709.0:  # e**|x| / 2, in an order that overflows only if the result does
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


def copysign(x: float, y: float) -> float:
    """|x| with y's sign."""
    return math.copysign(x, y)


def erfc(x: float) -> float:
    """1 - erf(x), accurate where the result is near 0."""
    return math.erfc(x)


def logaddexp(x: float, y: float) -> float:
    """log(e**x + e**y), without overflow."""
    if x == y:  # also equal infinities, whose difference is NaN
        return x + math.log(2.0)
    return max(x, y) + math.log1p(math.exp(-math.fabs(x - y)))


# -- functions of functions and lists ----------------------------------------------------------


def map(fn: Callable[[float], float]) -> Callable[[Iterable[float]], list[float]]:
    """A function that applies fn to every element of a list."""

    def apply(values: Iterable[float]) -> list[float]:
        return [fn(value) for value in values]

    return apply


def zipWith(
    fn: Callable[[float, float], float],
) -> Callable[[Iterable[float], Iterable[float]], list[float]]:
    """A function that combines two lists element by element, up to the end of the shorter."""

    def apply(left: Iterable[float], right: Iterable[float]) -> list[float]:
        return [fn(x, y) for x, y in zip(left, right)]

    return apply


def reduce(fn: Callable[[float, float], float], start: float) -> Callable[[Iterable[float]], float]:
    """A function that folds a list from the left: fn(... fn(fn(start, v0), v1) ..., vn)."""

    def apply(values: Iterable[float]) -> float:
        total = start
        for value in values:
            total = fn(total, value)
        return total

    return apply


def negList(values: Iterable[float]) -> list[float]:
    """Every element negated."""
    return map(neg)(values)


def addLists(left: Iterable[float], right: Iterable[float]) -> list[float]:
    """Two lists added element by element."""
    return zipWith(add)(left, right)


def sum(values: Iterable[float]) -> float:
    """The sum of a list; 0 for an empty one."""
    return reduce(add, 0.0)(values)


def prod(values: Iterable[float]) -> float:
    """The product of a list; 1 for an empty one."""
    return reduce(mul, 1.0)(values)
