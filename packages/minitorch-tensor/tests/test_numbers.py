"""What numbers are: special values, integers, dtypes and how they combine."""

from __future__ import annotations

import math
import threading
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_autodiff import operators
from minitorch_tensor import dtypes
from minitorch_tensor.testing import assert_close

INF, NAN = math.inf, math.nan
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    2.0,
    3.0,
    1e-30,
    -1e30,
    1e300,
    800.0,
    -800.0,
    INF,
    -INF,
    NAN,
]
DTYPES = dtypes.ALL

UNARY = [
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf", "sigmoid"),
    *("relu", "abs", "neg", "sign", "square", "floor", "ceil", "trunc", "round", "isnan"),
    *("isinf", "isfinite", "logical_not"),
]
BINARY = [
    *("add", "sub", "mul", "div", "pow", "maximum", "minimum", "lt", "le", "gt", "ge", "eq", "ne"),
    *("floor_divide", "remainder", "fmod", "logical_and", "logical_or", "logical_xor"),
]
NUMPYS = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "neg": "negative",
    "div": "divide",
    "pow": "power",
    "sub": "subtract",
    "mul": "multiply",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
OWN: dict[str, Any] = {
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "erf": np.vectorize(math.erf),
}


def numpys(name: str) -> Any:
    return OWN.get(name) or getattr(np, NUMPYS.get(name, name))


@pytest.mark.parametrize("name", UNARY)
def test_special_values_give_numpys_answers_without_a_warning(name, backend):
    x = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        expected = numpys(name)(x)
    assert_close(getattr(mt, name)(mt.tensor(x)), expected, equal_nan=True, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", BINARY)
def test_special_pairs_give_numpys_answers_without_a_warning(name, backend):
    x, y = np.array(SPECIAL)[:, None], np.array(SPECIAL)
    with np.errstate(all="ignore"):
        expected = numpys(name)(x, y)
    actual = getattr(mt, name)(mt.tensor(x), mt.tensor(y))
    assert_close(actual, expected, equal_nan=True, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "mean"])
def test_reductions_of_special_values_give_numpys_answers(name, backend):
    x = np.array([[1.0, INF, 2.0], [-INF, INF, 1.0], [NAN, 1.0, 2.0], [-0.0, 0.0, -1.0]])
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, axis=1)
    assert_close(getattr(mt, name)(mt.tensor(x), 1), expected, equal_nan=True)


def test_the_first_nan_is_the_largest_and_the_smallest(backend):
    x = mt.tensor([1.0, NAN, 3.0, NAN])
    assert (x.argmax().item(), x.argmin().item()) == (1, 1)
    assert (x.max(0).indices.item(), math.isnan(x.min().item())) == (1, True)
    assert x.sort().indices.tolist() == [0, 2, 1, 3]
    assert x.sort(descending=True).indices.tolist() == [1, 3, 2, 0]


def test_float32_overflow_is_infinite_in_silence(backend):
    x = mt.tensor([3e38, 1e-30])
    assert_close(x * x, [INF, 0.0])
    assert_close((x * 1e300), [INF, INF])
    assert_close(mt.tensor([1e300], dtype="float64").float(), [INF])


# -- integers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [mt.uint8, mt.int32, mt.int64], ids=str)
def test_integers_wrap(dtype, backend):
    info = np.iinfo(dtype.numpy)
    top = mt.tensor([info.max], dtype=dtype)
    assert (top + 1).item() == info.min
    assert (top * top).item() == 1
    assert (mt.tensor([info.min], dtype=dtype) - 1).item() == info.max
    assert (-mt.tensor([1], dtype=dtype)).item() == (info.max if info.min == 0 else -1)


@given(st.integers(-(2**61), 2**61), st.integers(-(2**61), 2**61))
def test_large_integers_are_exact(x, y):
    for name in ("simple", "numpy"):
        a, b = (mt.tensor(v, device=name) for v in (x, y))
        assert (a + b).item() == x + y
        assert (a - b).item() == x - y
        assert (a < b).item() == (x < y)
        assert (a == b).item() == (x == y)
        if y:
            assert (a // b).item() == x // y
            assert (a % b).item() == x % y
            assert mt.fmod(a, b).item() == int(math.copysign(1, x)) * (abs(x) % abs(y))
            assert mt.div(a, b, rounding_mode="trunc").item() == (
                abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
            )


def test_integer_powers_are_exact(backend):
    assert (mt.tensor(3) ** 39).item() == 3**39
    assert (mt.tensor([2, 3]) ** mt.tensor([5, 4])).tolist() == [32, 81]
    assert (mt.tensor(3) ** 41).item() == (3**41 + 2**63) % 2**64 - 2**63
    for exponent in (-1, mt.tensor([2, -1])):
        with pytest.raises(ValueError, match=r"pow: an integer to a negative power.*\.float\(\)"):
            mt.tensor([2, 3]) ** exponent


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integers_do_not_divide_by_zero(name, backend):
    function = getattr(mt, name)
    for zero in (0, mt.tensor([1, 0])):
        with pytest.raises(ZeroDivisionError, match=f"{name}: integers have no quotient by 0"):
            function(mt.tensor([3, 4]), zero)
    with pytest.raises(TypeError, match=rf"{name}: bool tensors do not divide.*\.int\(\)"):
        function(mt.tensor([True]), mt.tensor([True]))


def test_division_of_integers_gives_fractions(backend):
    assert_close(mt.tensor([1, 2]) / 2, np.array([0.5, 1.0], np.float32))
    assert_close(1 / mt.tensor([2, 0]), np.array([0.5, INF], np.float32))
    assert_close(mt.tensor([7, -7]) // 2, np.array([3, -4]))
    assert_close(7 // mt.tensor([2, -2]), np.array([3, -4]))
    assert_close(mt.tensor([7, -7]) % 3, np.array([1, 2]))
    assert_close(-7 % mt.tensor([3]), np.array([2]))
    assert_close(mt.tensor([7.0, -7.0]) // 2, np.array([3, -4], np.float32))


def test_bits_are_combined_bit_by_bit(backend):
    x, y = mt.tensor([12, -1]), mt.tensor([10, 6])
    assert ((x & y).tolist(), (x | y).tolist(), (x ^ y).tolist()) == ([8, 6], [14, -1], [6, -7])
    assert ((~x).tolist(), (x & 4).tolist(), (1 | y).tolist()) == ([-13, 0], [4, 4], [11, 7])
    a, b = mt.tensor([True, False]), mt.tensor([True, True])
    assert ((a & b).tolist(), (a ^ b).tolist(), (~a).tolist()) == (
        [True, False],
        [False, True],
        [False, True],
    )
    for wrong in (lambda: mt.ones(2) & mt.ones(2), lambda: ~mt.ones(2), lambda: 1.5 | x):
        with pytest.raises(TypeError, match="wanted integers or bool, got float32"):
            wrong()


def test_bool_arithmetic_is_pytorchs(backend):
    x = mt.tensor([True, False])
    assert_close(x + x, np.array([True, False]))
    assert_close(x * x, np.array([True, False]))
    assert_close(x + 1, np.array([2, 1]))
    assert_close(x.square(), np.array([1, 0]))
    assert_close(x.sum(), np.array(1))
    for wrong, hint in [(lambda: x - x, r"\^"), (lambda: -x, "~"), (x.relu, r"\.float\(\)")]:
        with pytest.raises(TypeError, match=hint):
            wrong()


# -- dtypes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", DTYPES, ids=str)
@pytest.mark.parametrize("y", DTYPES, ids=str)
def test_promotion_is_the_array_api_standards(x, y):
    expected = np.result_type(x.numpy, y.numpy)
    if {x.kind, y.kind} == {"int", "float"}:  # the standard leaves it open; PyTorch does not
        expected = (x if x.kind == "float" else y).numpy
    assert mt.promote(x, y).numpy == expected
    assert (mt.ones(2, dtype=x) + mt.ones(2, dtype=y)).dtype is mt.promote(x, y)


@pytest.mark.parametrize(
    ("dtype", "number", "expected"),
    [
        (mt.float64, 2, mt.float64),
        (mt.float32, 2.5, mt.float32),
        (mt.float32, np.float64(2.5), mt.float32),
        (mt.int32, 2, mt.int32),
        (mt.uint8, True, mt.uint8),
        (mt.int64, 2.5, mt.float32),
        (mt.bool_, 2, mt.int64),
        (mt.bool_, 2.5, mt.float32),
        (mt.bool_, True, mt.bool_),
        (mt.int32, np.int64(2), mt.int32),
    ],
)
def test_a_plain_number_changes_the_kind_but_not_the_width(dtype, number, expected):
    assert (mt.ones(2, dtype=dtype) + number).dtype is expected
    assert (number + mt.ones(2, dtype=dtype)).dtype is expected


def test_a_number_that_does_not_fit_is_refused_rather_than_wrapped():
    x = mt.tensor([100], dtype="uint8")
    for wrong in (lambda: x + 300, lambda: x < 300, lambda: -1 * x, lambda: x == 2**70):
        with pytest.raises(OverflowError, match=r"does not fit in uint8, which holds 0 to 255"):
            wrong()


@pytest.mark.parametrize("source", DTYPES, ids=str)
@pytest.mark.parametrize("target", DTYPES, ids=str)
def test_casts_are_numpys(source, target, backend):
    values = np.array([0, 1, 2, 200]).astype(source.numpy)
    if source.kind == "float":
        values = np.array([0.0, 0.5, -0.5, 1.7, 200.9]).astype(source.numpy)
    assert_close(mt.tensor(values).to(target), values.astype(target.numpy))


@pytest.mark.parametrize("source", [mt.float32, mt.float64], ids=str)
def test_a_float_that_does_not_fit_becomes_the_lowest_integer(source, backend):
    """As in PyTorch on x86-64; uint8 is the low byte of what int64 is."""
    values = mt.tensor([3e9, -3e9, 1e20, INF, -INF, NAN, 300.7, -1.0], dtype=source)
    for dtype, want in (
        (mt.int64, [3 * 10**9, -3 * 10**9, *[-(2**63)] * 4, 300, -1]),
        (mt.int32, [*[-(2**31)] * 6, 300, -1]),
        (mt.uint8, [3 * 10**9 % 256, -3 * 10**9 % 256, 0, 0, 0, 0, 44, 255]),
    ):
        assert values.to(dtype).tolist() == want
        assert mt.zeros(8, dtype=dtype).copy_(values).tolist() == want
        assert mt.tensor(values.numpy(), dtype=dtype).tolist() == want
    assert mt.tensor([NAN, 0.0, INF]).bool().tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (mt.uint8, 300),
        (mt.uint8, -1),
        (mt.uint8, 256.5),
        (mt.int32, 2**31),
        (mt.int64, 2**63),
        (mt.int64, -(2**63) - 1),
        (mt.int64, 2.0**63),
        (mt.int64, INF),
        (mt.int32, NAN),
        (mt.int64, 10**400),
    ],
)
def test_a_number_that_does_not_fit_is_refused_wherever_one_is_written(dtype, value, backend):
    x = mt.ones(2, 2, dtype=dtype)
    mask, row = mt.tensor([[True, False], [False, False]]), mt.tensor([0])
    index = mt.tensor([[0, 0]])

    def at(key):
        return lambda: x.__setitem__(key, value)

    ways = [
        lambda: mt.tensor(value, dtype=dtype),
        lambda: mt.tensor([[0, value]], dtype=dtype),
        lambda: mt.full((2,), value, dtype=dtype),
        lambda: mt.full_like(x, value),
        lambda: x.new_full((2,), value),
        lambda: x.new_tensor([value]),
        lambda: x.fill_(value),
        lambda: x.copy_(value),
        lambda: x.fill_diagonal_(value),
        lambda: x.masked_fill(mask, value),
        lambda: x.masked_fill_(mask, value),
        lambda: x.index_fill(0, row, value),
        lambda: x.index_fill_(0, row, value),
        lambda: x.scatter(0, index, value),
        lambda: x.scatter_(0, index, value=value),
        lambda: mt.pad(x, (1, 1), value=value),
        at((0, 0)),
        at(0),
        at(slice(None)),
        at(mask),
        at(row),
    ]
    if isinstance(value, int):
        ways += [
            lambda: mt.where(mask, x, value),
            lambda: x.clamp(0, value) if value > 0 else x.clamp(value, 0),
            lambda: mt.arange(min(value - 1, 0), max(value + 1, 0), abs(value), dtype=dtype),
        ]
    for i, way in enumerate(ways):
        with pytest.raises(OverflowError, match=rf"does not fit in {dtype}, which holds"):
            way()
            pytest.fail(f"way {i} was taken")
        assert x.tolist() == [[1, 1], [1, 1]]


def test_random_integers_that_may_not_fit_are_refused(backend):
    x = mt.zeros(3, dtype=mt.uint8)
    for way in (
        lambda: mt.randint(0, 300, (3,), dtype=mt.uint8),
        lambda: mt.randint(-1, 3, (3,), dtype=mt.uint8),
        lambda: mt.randint_like(x, 300),
        lambda: mt.randperm(300, dtype=mt.uint8),
        lambda: x.random_(0, 300),
        lambda: mt.tril_indices(300, 1, dtype=mt.uint8),
        lambda: mt.triu_indices(1, 300, dtype=mt.uint8),
    ):
        with pytest.raises(OverflowError, match="does not fit in uint8, which holds 0 to 255"):
            way()
    assert mt.randint(0, 256, (3,), dtype=mt.uint8).dtype is mt.uint8
    assert sorted(mt.randperm(256, dtype=mt.uint8).tolist()) == list(range(256))


def test_integers_beyond_int64_are_no_floats(backend):
    for data in (2**63, [2**63], [2**63, -1], [[-(2**63) - 1]], [2**70, 0]):
        with pytest.raises(OverflowError, match="does not fit in int64"):
            mt.tensor(data)
    assert mt.tensor([2**63 - 1, -(2**63)]).tolist() == [2**63 - 1, -(2**63)]
    assert mt.tensor([2.0**63, 1]).dtype is mt.float32
    assert mt.tensor([2**70], dtype=mt.float64).tolist() == [2.0**70]
    with pytest.raises(OverflowError, match="does not fit"):
        mt.tensor(10**400, dtype=mt.float32)


def test_dtypes_can_be_named_in_many_ways():
    for name in ("float64", float, np.float64, np.dtype("f8"), mt.float64):
        assert mt.zeros(2, dtype=name).dtype is mt.float64
        assert mt.zeros(2).to(name).dtype is mt.float64
    assert mt.zeros(2, dtype=bool).dtype is mt.bool_
    for wrong in ("float16", "nonsense", np.complex64, object()):
        with pytest.raises(TypeError, match="wanted one of bool, uint8, int32"):
            mt.zeros(2, dtype=wrong)


def test_conversions_by_name():
    x = mt.tensor([1.7, 0.0])
    assert [y.dtype for y in (x.double(), x.float(), x.int(), x.long(), x.bool())] == [
        mt.float64,
        mt.float32,
        mt.int32,
        mt.int64,
        mt.bool_,
    ]
    assert x.float() is x
    assert x.type(mt.int64).tolist() == [1, 0]
    assert x.to(mt.tensor([1])).dtype is mt.int64
    assert (x.element_size(), x.double().element_size()) == (4, 8)


# -- closeness ------------------------------------------------------------------------------------


def test_isclose_and_allclose_follow_numpy(backend):
    x = mt.tensor([1.0, 1.0, INF, INF, NAN, 0.0])
    y = mt.tensor([1.000001, 1.1, INF, -INF, NAN, 1e-9])
    assert x.isclose(y).tolist() == [True, False, True, False, False, True]
    assert x.isclose(y, equal_nan=True)[4].item()
    assert mt.allclose(x[:1], y[:1])
    assert not mt.allclose(x[:2], y[:2])
    assert mt.isclose(mt.tensor([5, 6]), mt.tensor([5, 7])).tolist() == [True, False]


def test_equal_wants_shape_and_elements(backend):
    assert mt.equal(mt.tensor([1, 2]), mt.tensor([1.0, 2.0]))
    assert not mt.equal(mt.tensor([1, 2]), mt.tensor([[1, 2]]))
    assert not mt.equal(mt.tensor([1, 2]), mt.tensor([1, 3]))


# -- arithmetic is silent, whatever numpy is told to do --------------------------------------------

EXTREME = [0.0, -0.0, 1.0, -1.0, 1e-40, 1e300, -1e300, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("mode", ["raise", "warn", "ignore"])
def test_results_do_not_depend_on_the_errstate_of_the_caller(mode, backend):
    unary = ["exp", "log", "sqrt", "rsqrt", "reciprocal", "sin", "tan", "acosh", "atanh", "erf"]
    binary = ["add", "sub", "mul", "div", "pow", "remainder", "fmod", "floor_divide", "atan2"]

    def results():
        x = mt.tensor(EXTREME, dtype="float64")
        y = x.reshape(-1, 1)
        yield from (getattr(mt, name)(x) for name in unary)
        yield from (getattr(mt, name)(x, y) for name in binary)
        yield from (x.float(), x.float() * 1e30, (x.float() * 3e38).sum(), x.prod(), x.cumsum(0))
        yield from (y @ y.t(), x.std(), x.softmax(0), x.logsumexp(0), mt.tensor(1e300).float())
        yield mt.zeros(2, dtype="float32").fill_(1e300)
        yield mt.zeros(3).index_add(0, mt.tensor([0, 0]), mt.tensor([3e38, 3e38]))
        yield mt.tensor([math.nan, 1e30]).long().bool()
        yield mt.elementwise(lambda v: operators.exp(v) / v)(x)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = [r.numpy() for r in results()]
        with np.errstate(all=mode):
            actual = [r.numpy() for r in results()]
            kept = np.geterr()["divide"]
    assert kept == mode
    assert_close(actual, expected, equal_nan=True, rtol=0, atol=0)


def test_threads_compute_silently_side_by_side():
    x = mt.zeros(50_000)
    failures: list[Exception] = []

    def work() -> None:
        try:
            with np.errstate(all="raise"):
                for _ in range(50):
                    assert mt.div(x, x).isnan().all()
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "exact"), [("erf", math.erf), ("erfc", math.erfc)])
def test_erf_is_right_to_the_last_places_in_arrays_of_any_size(name, exact, dtype):
    random = np.random.default_rng(0)
    spread = [random.uniform(-7, 7, 20_000), random.uniform(-28, 28, 5000)]
    edges = [
        random.uniform(c - 0.01, c + 0.01, 3000) for c in (0.25, 0.84375, 1.25, 1 / 0.35, 4, 6)
    ]
    small = random.choice([-1, 1], 2000) * 10.0 ** random.uniform(-37, 0, 2000)
    x = np.concatenate([*spread, *edges, small, [0.0, -0.0, math.inf, -math.inf]]).astype(dtype)
    expected = np.array([exact(v) for v in x.tolist()]).astype(dtype)
    for values, wanted in ((x, expected), (x[:3], expected[:3]), (x.reshape(-1, 2)[:, 0], None)):
        actual = getattr(mt.tensor(values), name)().numpy()
        wanted = expected.reshape(-1, 2)[:, 0] if wanted is None else wanted
        normal = np.abs(wanted) > np.finfo(dtype).tiny
        ulps = np.abs(actual - wanted)[normal] / np.spacing(np.abs(wanted[normal]))
        assert ulps.max() <= (6 if name == "erfc" else 2)
        assert_close(actual[~normal], wanted[~normal], rtol=0, atol=float(np.finfo(dtype).tiny))
    assert np.isnan(getattr(mt.tensor(np.full(3000, np.nan, dtype)), name)().numpy()).all()


# -- scalar operators -----------------------------------------------------------------------------

doubles = st.floats(allow_nan=True, allow_infinity=True)


@given(doubles, doubles)
def test_scalar_remainders_are_numpys(x, y):
    for ours, theirs in [
        (operators.remainder, np.remainder),
        (operators.fmod, np.fmod),
        (operators.floor_divide, np.floor_divide),
    ]:
        with np.errstate(all="ignore"):
            expected = theirs(np.float64(x), np.float64(y))
        assert_close(ours(x, y), float(expected), equal_nan=True, rtol=0, atol=0, msg=str(ours))


@given(doubles)
def test_scalar_rounding_is_numpys(x):
    for name in ("floor", "ceil", "trunc", "round"):
        expected = float(getattr(np, "rint" if name == "round" else name)(x))
        actual = getattr(operators, name)(x)
        assert_close(actual, expected, equal_nan=True)
        if actual == 0:
            assert math.copysign(1, actual) == math.copysign(1, expected)


def test_any_scalar_function_can_be_mapped_on_any_dtype(backend):
    def odd(x: float) -> float:
        return operators.sin(x) if x > 1 else x

    x = np.array([0, 1, 2])
    for dtype in (mt.int32, mt.float32, mt.float64):
        out = backend.map(odd, mt.tensor(x, dtype=dtype)._data, mt.float64)
        assert_close(backend.to_numpy(out), np.array([0.0, 1.0, math.sin(2.0)]))
