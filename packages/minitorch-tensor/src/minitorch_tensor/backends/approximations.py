"""erf and erfc of whole arrays, for which numpy has no ufuncs.

For float64 these are rational approximations on intervals, with the method and coefficients of
Sun's `s_erf.c` (fdlibm 5.3, 1993, freely distributable; https://www.netlib.org/fdlibm/s_erf.c): erf
is accurate to one unit in the last place, erfc to a few. For float32 there is one rational
approximation of erf, evaluated in double precision. All are evaluated a block of elements at a
time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: Elements per block, small enough that intermediate results stay in the cache.
_BLOCK = 8192

#: Up to this many elements, calling the C library's function on each is faster.
_FEW, _FEW_SINGLE = 2000, 250

# Coefficients of polynomials from the highest power down; the denominators' constant term is 1.

#: |x| < 0.84375: erf(x) = x + x P(x**2) / Q(x**2).
_SMALL = (
    (-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02,
     -3.25042107247001499370e-01, 1.28379167095512558561e-01),
    (-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03,
     6.50222499887672944485e-02, 3.97917223959155352819e-01, 1.0),
)  # fmt: skip

#: 0.84375 <= |x| < 1.25: erf(|x|) = c + P(|x| - 1) / Q(|x| - 1), with c next to erf(1).
_NEAR_ONE = 8.45062911510467529297e-01
_MIDDLE = (
    (-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01,
     3.18346619901161753674e-01, -3.72207876035701323847e-01, 4.14856118683748331666e-01,
     -2.36211856075265944077e-03),
    (1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01,
     7.18286544141962662868e-02, 5.40397917702171048937e-01, 1.06420880400844228286e-01, 1.0),
)  # fmt: skip

#: 1.25 <= |x| < 1 / 0.35: erfc(|x|) = exp(-x**2 - 0.5625 + P(1 / x**2) / Q(1 / x**2)) / |x|.
_LARGE = (
    (-9.81432934416914548592e00, -8.12874355063065934246e01, -1.84605092906711035994e02,
     -1.62396669462573470355e02, -6.23753324503260060396e01, -1.05586262253232909814e01,
     -6.93858572707181764372e-01, -9.86494403484714822705e-03),
    (-6.04244152148580987438e-02, 6.57024977031928170135e00, 1.08635005541779435134e02,
     4.29008140027567833386e02, 6.45387271733267880336e02, 4.34565877475229228821e02,
     1.37657754143519042600e02, 1.96512716674392571292e01, 1.0),
)  # fmt: skip

#: 1 / 0.35 <= |x| < 28: the same.
_HUGE = (
    (-4.83519191608651397019e02, -1.02509513161107724954e03, -6.37566443368389627722e02,
     -1.60636384855821916062e02, -1.77579549177547519889e01, -7.99283237680523006574e-01,
     -9.86494292470009928597e-03),
    (-2.24409524465858183362e01, 4.74528541206955367215e02, 2.55305040643316442583e03,
     3.19985821950859553908e03, 1.53672958608443695994e03, 3.25792512996573918826e02,
     3.03380607434824582924e01, 1.0),
)  # fmt: skip


#: |x| <= 4, beyond which erf rounds to 1 in float32: erf(x) = x P(x**2) / Q(x**2), relative error
#: 2.1e-9. Fitted to erf(x) / x on 4000 Chebyshev nodes, by least squares reweighted to level the
#: errors.
_SINGLE = (
    (-1.3200360881075307e-08, 4.6843787350250375e-06, 3.7959654216411374e-04,
     3.8496848122861423e-03, 5.4316956152006324e-02, 1.8520605545726565e-01,
     1.1283791693561438),
    (6.31068244362746e-05, 1.307568305711228e-03, 1.546219346019457e-02, 1.1395929427542421e-01,
     4.974680066176375e-01, 1.0),
)  # fmt: skip


def erf(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x, in x's dtype."""
    if x.dtype == np.float32:
        return _by_blocks(math.erf, _erf_single, x, _FEW_SINGLE)
    return _by_blocks(math.erf, _erf, x, _FEW)


def erfc(x: Array) -> Array:
    """1 - erf(x), accurate where the result is near 0, in x's dtype."""
    return _by_blocks(math.erfc, _erfc, x, _FEW)


def _by_blocks(
    one: Callable[[float], float], function: Callable[[Array], Array], x: Array, few: int
) -> Array:
    if x.size <= few:
        return np.array([one(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)
    out = np.empty(x.shape, x.dtype)
    source, target = np.ascontiguousarray(x).reshape(-1), out.reshape(-1)
    for start in range(0, source.size, _BLOCK):
        target[start : start + _BLOCK] = function(source[start : start + _BLOCK].astype(np.float64))
    return out


def _erf_single(x: Array) -> Array:
    inside = np.clip(x, -4.0, 4.0)
    return inside * _ratio(_SINGLE, inside * inside)


def _erf(x: Array) -> Array:
    magnitude = np.abs(x)
    small, middle, large = _intervals(magnitude)
    result = np.copysign(1.0, x)  # rounded, from 6 on
    result[x != x] = np.nan
    if small.size:
        at = x[small]
        result[small] = at + at * _ratio(_SMALL, at * at)
    if middle.size:
        above = _NEAR_ONE + _ratio(_MIDDLE, magnitude[middle] - 1.0)
        result[middle] = np.copysign(above, x[middle])
    if large.size:
        result[large] = np.copysign(1.0 - _tail(magnitude[large]), x[large])
    return result


def _erfc(x: Array) -> Array:
    magnitude = np.abs(x)
    small, middle, large = _intervals(magnitude)
    result = 1.0 - np.copysign(1.0, x)
    result[x != x] = np.nan
    if small.size:
        at = x[small]
        ratio = at * _ratio(_SMALL, at * at)
        result[small] = np.where(at < 0.25, 1.0 - (at + ratio), 0.5 - (at - 0.5 + ratio))
    if middle.size:
        above = _ratio(_MIDDLE, magnitude[middle] - 1.0)
        low, high = 1.0 - _NEAR_ONE - above, 1.0 + (_NEAR_ONE + above)
        result[middle] = np.where(x[middle] > 0, low, high)
    if large.size:
        tail = _tail(magnitude[large])
        result[large] = np.where(x[large] > 0, tail, 2.0 - tail)
    return result


def _intervals(magnitude: Array) -> tuple[Array, Array, Array]:
    """Masks of the elements in [0, 0.84375), [0.84375, 1.25) and [1.25, 28)."""
    return (
        np.flatnonzero(magnitude < 0.84375),
        np.flatnonzero((magnitude >= 0.84375) & (magnitude < 1.25)),
        np.flatnonzero((magnitude >= 1.25) & (magnitude < 28.0)),
    )


def _tail(x: Array) -> Array:
    """erfc of 1.25 <= x < 28."""
    s = 1.0 / (x * x)
    ratio = np.where(x < 1 / 0.35, _ratio(_LARGE, s), _ratio(_HUGE, s))
    # exp(-x**2) as a product, of which the first factor's square is exact: z is x with the lower
    # half of its bits cleared.
    z = (x.view(np.uint64) & np.uint64(0xFFFFFFFF00000000)).view(np.float64)
    result: Array = np.exp(-z * z - 0.5625) * np.exp((z - x) * (z + x) + ratio) / x
    return result


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    """P(x) / Q(x)."""
    return _polynomial(coefficients[0], x) / _polynomial(coefficients[1], x)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """By Horner's rule, in place."""
    result = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        result += coefficient
        result *= x
    result += coefficients[-1]
    return result
