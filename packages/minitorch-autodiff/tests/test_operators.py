"""The scalar functions: what they mean everywhere, extremes included, and their derivatives."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from minitorch_autodiff import operators as ops

INF, NAN = math.inf, math.nan
TINY, HUGE = 5e-324, 1.7976931348623157e308

ON_LISTS = {"map", "zipWith", "reduce", "negList", "addLists", "sum", "prod"}
#: name -> what Python computes of integers
ON_INTEGERS: dict[str, Callable[..., int]] = {
    "int_floor_divide": lambda x, y: x // y,
    "int_remainder": lambda x, y: x % y,
    "int_pow": lambda x, y: x**y,
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "bitwise_xor": lambda x, y: x ^ y,
    "bitwise_not": lambda x: ~x,
    "bitwise_left_shift": lambda x, y: x << y,
    "bitwise_right_shift": lambda x, y: x >> y,
}
OPERATORS: dict[str, Callable[..., float]] = {
    name: function
    for name, function in inspect.getmembers(ops, inspect.isfunction)
    if function.__module__ == ops.__name__ and name not in ON_LISTS | ON_INTEGERS.keys()
}

anything = st.floats()
finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-5.0, 5.0)
integers = st.integers(-(10**6), 10**6).map(float)


def same(x: float, y: float) -> bool:
    """Equal, the signs of zeros and NaN included."""
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return x == y and math.copysign(1.0, x) == math.copysign(1.0, y)


def arity(function: Callable[..., float]) -> int:
    return len(inspect.signature(function).parameters)


# -- every operator ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_answers_for_every_pair_of_special_numbers(name: str) -> None:
    special = [0.0, 0.5, 1.0, 2.0, 3.0, 709.0, 710.0, 1024.0, 1e16, TINY, 1e-160, 1e160, HUGE, INF]
    numbers = [*special, *[-x for x in special], NAN]
    for arguments in itertools.product(numbers, repeat=arity(OPERATORS[name])):
        assert isinstance(OPERATORS[name](*arguments), float), arguments


@pytest.mark.parametrize("name", sorted(OPERATORS))
@settings(max_examples=30)
@given(data=st.data())
def test_an_operator_never_raises(name: str, data: st.DataObject) -> None:
    function = OPERATORS[name]
    arguments = [data.draw(anything) for _ in range(arity(function))]
    assert isinstance(function(*arguments), float)


#: name -> (what Python computes, where it agrees and does not raise)
PYTHON: dict[str, tuple[Callable[..., float], st.SearchStrategy[float]]] = {
    "id": (lambda x: x, anything),
    "neg": (lambda x: -x, anything),
    "add": (lambda x, y: x + y, anything),
    "sub": (lambda x, y: x - y, anything),
    "mul": (lambda x, y: x * y, anything),
    "div": (lambda x, y: x / y, anything.filter(bool)),
    "inv": (lambda x: 1.0 / x, anything.filter(bool)),
    "abs": (math.fabs, anything),
    "square": (lambda x: x * x, anything),
    "lt": (lambda x, y: float(x < y), anything),
    "le": (lambda x, y: float(x <= y), anything),
    "gt": (lambda x, y: float(x > y), anything),
    "ge": (lambda x, y: float(x >= y), anything),
    "eq": (lambda x, y: float(x == y), anything),
    "ne": (lambda x, y: float(x != y), anything),
    "isnan": (lambda x: float(math.isnan(x)), anything),
    "signbit": (lambda x: float(math.copysign(1.0, x) == -1.0), anything),
    "copysign": (math.copysign, anything),
    "isinf": (lambda x: float(math.isinf(x)), anything),
    "logical_not": (lambda x: float(not x), anything),
    "logical_and": (lambda x, y: float(bool(x) and bool(y)), anything),
    "logical_or": (lambda x, y: float(bool(x) or bool(y)), anything),
    "logical_xor": (lambda x, y: float(bool(x) != bool(y)), anything),
    "exp": (math.exp, st.floats(-INF, 709.0)),
    "expm1": (math.expm1, st.floats(-INF, 709.0)),
    "log": (math.log, st.floats(TINY, INF)),
    "log1p": (math.log1p, st.floats(-1.0, INF, exclude_min=True)),
    "sqrt": (math.sqrt, st.floats(0.0, INF)),
    "sin": (math.sin, st.floats(allow_infinity=False)),
    "cos": (math.cos, st.floats(allow_infinity=False)),
    "tanh": (math.tanh, anything),
    "erf": (math.erf, anything),
    "erfc": (math.erfc, anything),
    "log2": (math.log2, st.floats(TINY, INF)),
    "log10": (math.log10, st.floats(TINY, INF)),
    "tan": (math.tan, st.floats(allow_infinity=False)),
    "asin": (math.asin, st.floats(-1.0, 1.0)),
    "acos": (math.acos, st.floats(-1.0, 1.0)),
    "atan": (math.atan, anything),
    "atan2": (math.atan2, anything),
    "sinh": (math.sinh, st.floats(-709.0, 709.0)),
    "cosh": (math.cosh, st.floats(-709.0, 709.0)),
    "asinh": (math.asinh, anything),
    "acosh": (math.acosh, st.floats(1.0, INF)),
    "atanh": (math.atanh, st.floats(-1.0, 1.0, exclude_min=True, exclude_max=True)),
    "floor": (lambda x: math.copysign(float(math.floor(x)), x), finite),
    "ceil": (lambda x: math.copysign(float(math.ceil(x)), x), finite),
    "trunc": (lambda x: math.copysign(float(math.trunc(x)), x), finite),
    "round": (lambda x: math.copysign(float(round(x)), x), finite),
    "fmod": (math.fmod, finite.filter(bool)),
    "remainder": (lambda x, y: x % y, finite.filter(bool)),
    "floor_divide": (lambda x, y: x // y, finite.filter(lambda x: 1e-100 < abs(x) < 1e100)),
    "where": (lambda condition, x, y: x if condition else y, anything),
}


@pytest.mark.parametrize("name", sorted(PYTHON))
@settings(max_examples=50)
@given(data=st.data())
def test_an_operator_is_what_python_computes(name: str, data: st.DataObject) -> None:
    expected, numbers = PYTHON[name]
    arguments = [data.draw(numbers) for _ in range(arity(OPERATORS[name]))]
    assert same(OPERATORS[name](*arguments), expected(*arguments))


@pytest.mark.parametrize("name", sorted(ON_INTEGERS))
@given(x=st.integers(-60, 60), y=st.integers(1, 9))
def test_an_operator_on_integers_is_what_python_computes(name: str, x: int, y: int) -> None:
    function = getattr(ops, name)
    arguments = [x, y][: arity(function)]
    assert function(*arguments) == ON_INTEGERS[name](*arguments)


#: Where Python raises, and other corners. Signs of zeros count.
EXTREMES: list[tuple[str, tuple[float, ...], float]] = [
    ("inv", (0.0,), INF),
    ("inv", (-0.0,), -INF),
    ("inv", (-INF,), -0.0),
    ("inv", (TINY,), INF),
    ("div", (1.0, 0.0), INF),
    ("div", (1.0, -0.0), -INF),
    ("div", (-1.0, 0.0), -INF),
    ("div", (-INF, -0.0), INF),
    ("div", (0.0, 0.0), NAN),
    ("div", (NAN, 0.0), NAN),
    ("div", (0.0, -3.0), -0.0),
    ("div", (INF, INF), NAN),
    ("div", (HUGE, 0.5), INF),
    ("abs", (0.0,), 0.0),
    ("abs", (-0.0,), 0.0),
    ("abs", (-INF,), INF),
    ("sign", (3.0,), 1.0),
    ("sign", (-TINY,), -1.0),
    ("sign", (-INF,), -1.0),
    ("sign", (0.0,), 0.0),
    ("sign", (-0.0,), 0.0),
    ("sign", (NAN,), NAN),
    ("square", (-1e200,), INF),
    ("mul", (0.0, INF), NAN),
    ("add", (INF, -INF), NAN),
    ("exp", (709.782712893384,), math.exp(709.782712893384)),
    ("exp", (709.7827128933841,), INF),
    ("exp", (INF,), INF),
    ("exp", (-INF,), 0.0),
    ("exp", (-746.0,), 0.0),
    ("exp", (NAN,), NAN),
    ("expm1", (1e-300,), 1e-300),
    ("expm1", (-0.0,), -0.0),
    ("expm1", (710.0,), INF),
    ("expm1", (-INF,), -1.0),
    ("log", (0.0,), -INF),
    ("log", (-0.0,), -INF),
    ("log", (-1.0,), NAN),
    ("log", (-INF,), NAN),
    ("log", (INF,), INF),
    ("log", (1.0,), 0.0),
    ("log", (NAN,), NAN),
    ("log1p", (-1.0,), -INF),
    ("log1p", (-1.5,), NAN),
    ("log1p", (-0.0,), -0.0),
    ("log1p", (1e-300,), 1e-300),
    ("sqrt", (-1.0,), NAN),
    ("sqrt", (-0.0,), -0.0),
    ("sqrt", (INF,), INF),
    ("sqrt", (-INF,), NAN),
    ("sin", (INF,), NAN),
    ("sin", (-0.0,), -0.0),
    ("cos", (-INF,), NAN),
    ("cos", (0.0,), 1.0),
    ("tanh", (-INF,), -1.0),
    ("tanh", (1000.0,), 1.0),
    ("erf", (INF,), 1.0),
    ("erf", (-30.0,), -1.0),
    ("sigmoid", (0.0,), 0.5),
    ("sigmoid", (INF,), 1.0),
    ("sigmoid", (-INF,), 0.0),
    ("sigmoid", (-800.0,), 0.0),
    ("sigmoid", (800.0,), 1.0),
    ("sigmoid", (NAN,), NAN),
    ("relu", (-INF,), 0.0),
    ("relu", (-0.0,), 0.0),
    ("relu", (INF,), INF),
    ("relu", (NAN,), NAN),
    ("max", (NAN, 1.0), NAN),
    ("max", (1.0, NAN), NAN),
    ("max", (-INF, 1.0), 1.0),
    ("min", (NAN, 1.0), NAN),
    ("min", (1.0, NAN), NAN),
    ("min", (-INF, 1.0), -INF),
    ("is_close", (1.0, 1.0099), 1.0),
    ("is_close", (1.0, 1.0101), 0.0),
    ("is_close", (INF, INF), 0.0),
    ("is_close", (NAN, NAN), 0.0),
    ("eq", (NAN, NAN), 0.0),
    ("ne", (NAN, NAN), 1.0),
    ("eq", (0.0, -0.0), 1.0),
    ("logical_not", (NAN,), 0.0),
    ("logical_not", (-0.0,), 1.0),
    ("keep_if", (1.0, NAN), NAN),
    ("keep_if", (NAN, 2.0), 2.0),
    ("keep_if", (0.0, INF), -0.0),
    ("relu_back", (0.0, 3.0), 0.0),
    ("relu_back", (-1.0, INF), 0.0),
    ("relu_back", (1.0, 3.0), 3.0),
    ("relu_back", (NAN, 3.0), 3.0),
    ("abs_back", (0.0, 3.0), 0.0),
    ("abs_back", (NAN, 3.0), 0.0),
    ("abs_back", (-INF, 3.0), -3.0),
    ("sigmoid_back", (1.0, 5.0), 0.0),
    ("tanh_back", (-1.0, 5.0), 0.0),
    ("log2", (0.0,), -INF),
    ("log10", (-1.0,), NAN),
    ("asin", (1.5,), NAN),
    ("acos", (NAN,), NAN),
    ("tan", (INF,), NAN),
    ("sinh", (-711.0,), -INF),
    ("cosh", (-711.0,), INF),
    ("acosh", (0.5,), NAN),
    ("atanh", (1.0,), INF),
    ("atanh", (-1.0,), -INF),
    ("atanh", (2.0,), NAN),
    ("remainder", (-1.0, 3.0), 2.0),
    ("remainder", (1.0, 0.0), NAN),
    ("fmod", (-1.0, 3.0), -1.0),
    ("fmod", (1.0, 0.0), NAN),
    ("floor_divide", (-1.0, 3.0), -1.0),
    ("floor_divide", (1.0, 0.0), INF),
    ("round", (0.5,), 0.0),
    ("round", (1.5,), 2.0),
    ("round", (-2.5,), -2.0),
    ("floor", (-INF,), -INF),
    ("trunc", (NAN,), NAN),
    ("where", (NAN, 1.0, 2.0), 1.0),
    ("logaddexp", (-INF, -INF), -INF),
    ("logaddexp", (1000.0, 0.0), 1000.0),
    ("logaddexp", (INF, -INF), INF),
    ("logaddexp", (NAN, 0.0), NAN),
]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    EXTREMES,
    ids=[f"{name}{arguments}" for name, arguments, _ in EXTREMES],
)
def test_extremes_follow_ieee_754(name: str, arguments: tuple[float, ...], expected: float) -> None:
    assert same(OPERATORS[name](*arguments), expected)


def test_every_operator_is_tested_against_something() -> None:
    tested = {*PYTHON, *BACK, *(name for name, _, _ in EXTREMES), "pow"}
    assert set(OPERATORS) - tested == set()


# -- pow -----------------------------------------------------------------------------------------


#: The special cases of IEEE 754-2019, 9.2.1 (C23, F.10.4.5).
POWERS = [
    (NAN, 0.0, 1.0),
    (INF, -0.0, 1.0),
    (0.0, 0.0, 1.0),
    (1.0, NAN, 1.0),
    (1.0, -INF, 1.0),
    (-1.0, INF, 1.0),
    (-1.0, -INF, 1.0),
    (0.0, -3.0, INF),
    (-0.0, -3.0, -INF),
    (-0.0, -2.0, INF),
    (-0.0, -0.5, INF),
    (0.0, -INF, INF),
    (-0.0, -INF, INF),
    (-0.0, -1e300, INF),
    (-0.0, 3.0, -0.0),
    (-0.0, 2.0, 0.0),
    (0.0, 0.5, 0.0),
    (0.0, INF, 0.0),
    (-8.0, 1.0 / 3.0, NAN),
    (-2.0, 0.5, NAN),
    (-2.0, -1e-20, NAN),
    (-2.0, NAN, NAN),
    (NAN, 2.0, NAN),
    (0.5, INF, 0.0),
    (-0.5, -INF, INF),
    (-2.0, INF, INF),
    (2.0, -INF, 0.0),
    (-INF, -3.0, -0.0),
    (-INF, -2.0, 0.0),
    (-INF, 3.0, -INF),
    (-INF, 2.0, INF),
    (-INF, 0.5, INF),
    (INF, -1.0, 0.0),
    (INF, 2.0, INF),
    (2.0, 1023.0, 2.0**1023),
    (2.0, 1024.0, INF),
    (-2.0, 1023.0, -(2.0**1023)),
    (-2.0, 1025.0, -INF),
    (-2.0, 1024.0, INF),
    (2.0, -1074.0, TINY),
    (2.0, -1080.0, 0.0),
    (-2.0, -1081.0, -0.0),
    (10.0, 308.0, 1e308),
    (10.0, 309.0, INF),
    (1e-200, -2.0, INF),
    (-3.0, 1e300, INF),
    (HUGE, 1.0, HUGE),
    (HUGE, HUGE, INF),
    (TINY, HUGE, 0.0),
]


@pytest.mark.parametrize(("x", "y", "expected"), POWERS)
def test_pow_has_the_special_cases_of_ieee_754(x: float, y: float, expected: float) -> None:
    result = ops.pow(x, y)
    if 0 < abs(expected) < INF:
        assert math.isclose(result, expected, rel_tol=1e-15)
    else:
        assert same(result, expected)


@given(x=st.floats(allow_nan=False, allow_infinity=False), y=st.floats(-400.0, 400.0))
@example(x=2.0, y=1023.999999)
@example(x=-1.0000001, y=7.0e9)
def test_pow_is_pythons_power(x: float, y: float) -> None:
    try:
        expected = x**y if x >= 0 or y % 1 == 0 else NAN
    except OverflowError:
        expected = -INF if x < 0 and y % 2 == 1 else INF
    except ZeroDivisionError:
        expected = math.copysign(INF, x) if y % 2 == 1 else INF
    if 0 < abs(expected) < INF:
        assert math.isclose(ops.pow(x, y), expected, rel_tol=1e-15)
    else:
        assert same(ops.pow(x, y), expected)


# -- laws ----------------------------------------------------------------------------------------


@given(x=st.floats(-700.0, 700.0))
def test_sigmoid_is_symmetric_about_one_half(x: float) -> None:
    assert math.isclose(ops.sigmoid(-x), 1.0 - ops.sigmoid(x), abs_tol=1e-15)


@given(x=moderate)
def test_sigmoid_is_half_of_one_plus_tanh_of_half(x: float) -> None:
    assert math.isclose(ops.sigmoid(x), (1.0 + math.tanh(x / 2)) / 2, rel_tol=1e-13)


@given(x=st.floats(allow_nan=False))
def test_relu_is_the_larger_of_x_and_zero(x: float) -> None:
    assert ops.relu(x) == ops.max(x, 0.0)


@given(x=anything, y=anything)
def test_max_and_min_mirror_each_other(x: float, y: float) -> None:
    low, high = ops.min(x, y), -ops.max(-x, -y)
    assert low == high or (math.isnan(low) and math.isnan(high))


@given(condition=anything, x=anything, y=anything)
def test_two_keep_ifs_select_without_a_trace(condition: float, x: float, y: float) -> None:
    kept = ops.keep_if(condition, x) + ops.keep_if(ops.logical_not(condition), y)
    assert same(kept, x if condition != 0 else y)


# -- derivatives ---------------------------------------------------------------------------------

away_from_zero = st.floats(0.1, 5.0) | st.floats(-5.0, -0.1)

#: f_back -> (f, where f is smooth, whether f_back takes f(x) in place of x)
BACK: dict[str, tuple[Callable[[float], float], st.SearchStrategy[float], bool]] = {
    "abs_back": (ops.abs, away_from_zero, False),
    "relu_back": (ops.relu, away_from_zero, True),
    "sigmoid_back": (ops.sigmoid, moderate, True),
    "tanh_back": (ops.tanh, moderate, True),
}


@pytest.mark.parametrize("name", sorted(BACK))
@given(data=st.data(), d=moderate)
def test_back_is_d_times_the_slope(name: str, data: st.DataObject, d: float) -> None:
    function, numbers, takes_result = BACK[name]
    x = data.draw(numbers)
    epsilon = 1e-6
    slope = (function(x + epsilon) - function(x - epsilon)) / (2 * epsilon)
    back = OPERATORS[name](function(x) if takes_result else x, d)
    assert math.isclose(back, d * slope, rel_tol=1e-5, abs_tol=1e-6)


def test_every_back_has_its_slope_tested() -> None:
    assert {name for name in OPERATORS if name.endswith("_back")} == set(BACK)


# -- functions of functions and lists ------------------------------------------------------------

lists = st.lists(integers, max_size=8)


@given(values=st.lists(anything))
def test_map_of_id_changes_nothing(values: list[float]) -> None:
    assert all(same(x, y) for x, y in zip(ops.map(ops.id)(values), values, strict=True))


@given(values=lists)
def test_map_of_a_composition_is_the_composition_of_maps(values: list[float]) -> None:
    together = ops.map(lambda x: ops.neg(ops.square(x)))(values)
    assert together == ops.map(ops.neg)(ops.map(ops.square)(values))


@given(left=lists, right=lists)
def test_zip_with_combines_pairs_until_the_shorter_list_ends(
    left: list[float], right: list[float]
) -> None:
    combined = ops.zipWith(ops.sub)(left, right)
    assert len(combined) == min(len(left), len(right))
    assert all(combined[i] == left[i] - right[i] for i in range(len(combined)))


@given(values=lists, start=integers)
def test_reduce_folds_from_the_left(values: list[float], start: float) -> None:
    expected = start
    for value in values:
        expected = 2 * expected - value
    assert ops.reduce(lambda total, x: 2 * total - x, start)(values) == expected


def test_reduce_of_nothing_is_its_start() -> None:
    assert ops.reduce(ops.add, 7.0)([]) == 7.0
    assert (ops.sum([]), ops.prod([])) == (0.0, 1.0)


def test_list_functions_take_any_iterable() -> None:
    assert ops.map(ops.neg)(iter([1.0, 2.0])) == [-1.0, -2.0]
    assert ops.zipWith(ops.mul)((x for x in (2.0, 3.0)), (4.0, 5.0)) == [8.0, 15.0]
    assert ops.sum(x for x in (1.0, 2.0, 3.0)) == 6.0


@given(values=lists)
def test_neg_list_twice_changes_nothing(values: list[float]) -> None:
    assert ops.negList(ops.negList(values)) == values
    assert ops.addLists(values, ops.negList(values)) == [0.0] * len(values)


@given(pairs=st.lists(st.tuples(integers, integers), max_size=8))
def test_sum_of_added_lists_is_the_sum_of_sums(pairs: list[tuple[float, float]]) -> None:
    left, right = [x for x, _ in pairs], [y for _, y in pairs]
    assert ops.sum(ops.addLists(left, right)) == ops.sum(left) + ops.sum(right)


small = st.lists(st.integers(-9, 9).map(float), max_size=6)


@given(left=small, right=small)
def test_prod_of_a_joined_list_is_the_product_of_prods(
    left: list[float], right: list[float]
) -> None:
    assert ops.prod(left + right) == ops.prod(left) * ops.prod(right)
    assert ops.prod(left) == math.prod(left)


@given(values=st.lists(st.floats(-1e6, 1e6), max_size=8))
def test_sum_is_the_sum(values: list[float]) -> None:
    assume(values)
    assert math.isclose(ops.sum(values), math.fsum(values), rel_tol=1e-9, abs_tol=1e-6)
