"""The functions of `vector_math` are as exact as their docstring says, also at the extremes."""

import math

import numpy as np
import pytest
from numba import njit

from minitorch_backends.fast import vector_math

#: The functions, exact ones to compare with (in a wider format), and where they are defined.
EXACT = {
    "exp": (np.exp, -110.0, 95.0),
    "expm1": (np.expm1, -110.0, 95.0),
    "log": (np.log, 1e-44, 3e38),
    "log1p": (np.log1p, -0.99999, 3e38),
    "sigmoid": (lambda x: np.exp(-np.logaddexp(0, -x)), -110.0, 95.0),
    "tanh": (np.tanh, -30.0, 30.0),
    "erf": (np.vectorize(math.erf, otypes=[np.longdouble]), -6.0, 6.0),
}

SPECIAL = [
    -math.inf, -1e30, -104.0, -89.0, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1.0, 88.0, 89.0, 1e30,
    math.inf, math.nan,
]  # fmt: skip


def compiled(name):
    function = getattr(vector_math, name)

    @njit(error_model="numpy")
    def apply(out, x):
        for i in range(out.size):
            out[i] = function(x[i])

    def call(x):
        out = np.empty_like(x)
        apply(out, x)
        return out

    return call


def inputs(low, high, dtype):
    """Numbers of all magnitudes between two."""
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(math.log(1e-44), math.log(max(abs(low), high)), 20_000))
    spread = np.concatenate([sizes, -sizes, rng.uniform(low, min(high, 100.0), 20_000)])
    return spread[(spread >= low) & (spread <= high)].astype(dtype)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 2.5e-7), (np.float64, 6e-16)])
def test_relative_errors_stay_within_some_units_in_the_last_place(name, dtype, bound):
    exact, low, high = EXACT[name]
    x = inputs(low, high, dtype)
    with np.errstate(all="ignore"):
        expected = exact(x.astype(np.longdouble))
        got = compiled(name)(x).astype(np.longdouble)
    finite = np.abs(expected) <= np.finfo(dtype).max
    # Numbers below the smallest normal one have fewer digits.
    scale = np.maximum(np.abs(expected), np.finfo(dtype).smallest_normal)[finite]
    assert (np.abs(got - expected)[finite] / scale).max() < bound
    assert np.isinf(got[~finite]).all()


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_numbers_come_out_as_ieee_754_says(name, dtype):
    x = np.array(SPECIAL, dtype)
    with np.errstate(all="ignore"):
        expected = EXACT[name][0](x.astype(np.float64)).astype(dtype)
    got = compiled(name)(x)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-44)
    zero = (x == 0) & (expected == 0)
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("name", EXACT)
def test_called_from_python_a_function_says_where_it_belongs(name):
    with pytest.raises(TypeError, match="compiled code only"):
        getattr(vector_math, name)(1.0)
