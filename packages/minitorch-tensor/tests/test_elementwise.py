"""elementwise: a scalar function, traced, differentiated, and run on tensors."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import sys
import types
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_autodiff
import minitorch_tensor as mt
from minitorch_autodiff import Scalar, central_difference, operators
from minitorch_autodiff.operators import exp, relu, sigmoid
from minitorch_tensor.testing import Draw, assert_close, gradcheck, gradgradcheck
from minitorch_tensor.tracing import COMPOSED, DIFFERENTIABLE, FLAT, TracingError


def gelu(x):
    return 0.5 * x * (1.0 + operators.erf(x / math.sqrt(2.0)))


def silu(x):
    return x * sigmoid(x)


def softplus(x):
    return operators.max(x, 0.0) + operators.log1p(exp(-abs(x)))


def mish(x):
    return x * operators.tanh(softplus(x))


def elu(x):
    return operators.where(x > 0, x, exp(operators.min(x, 0.0)) - 1.0)


def huber(x, y):
    a = abs(x - y)
    return operators.where(a < 1.0, 0.5 * a * a, a - 0.5)


def hypotenuse(x, y):
    return (x**2 + y**2) ** 0.5


def lstm_cell(i, f, g, c):
    return sigmoid(f) * c + sigmoid(i) * operators.tanh(g)


def horner(x):
    total = 0.0
    for coefficient in (1.0, -2.0, 0.5, 3.0):
        total = total * x + coefficient
    return total


#: The derivative of each in its argument, worked out by hand.
CLOSED_FORMS = {
    gelu: lambda x: (
        0.5 * (1 + math.erf(x / math.sqrt(2))) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    ),
    silu: lambda x: (s := 1 / (1 + math.exp(-x))) * (1 + x * (1 - s)),
    softplus: lambda x: 1 / (1 + math.exp(-x)),
    elu: lambda x: 1.0 if x > 0 else math.exp(x),
    horner: lambda x: 3 * x * x - 4 * x + 0.5,
}
FUNCTIONS = [gelu, silu, softplus, mish, elu, huber, hypotenuse, lstm_cell, horner]


def tensors(function: Any, *shapes: tuple[int, ...]) -> list[mt.Tensor]:
    """float64 arguments that broadcast together, as many as the function takes."""
    draw = Draw(mt.float64)
    shapes = shapes or ((3,), (2, 1), (1,), ())
    count = len(inspect.signature(function).parameters)
    return [mt.tensor(draw(*shape), requires_grad=True) for shape in shapes[:count]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_function_of_tensors_is_the_function_of_every_element(function, backend):
    inputs = tensors(function)
    arrays = np.broadcast_arrays(*[x.numpy(force=True) for x in inputs])
    expected = np.vectorize(function, otypes=[np.float64])(*arrays)
    out = mt.elementwise(function)(*inputs)
    assert_close(out, expected, rtol=1e-12, atol=1e-12)
    assert (out.requires_grad, out.backend) == (True, backend)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_derivatives_of_first_and_second_order_are_exact(function, backend):
    traced = mt.elementwise(function)
    assert gradcheck(traced, tensors(function))
    assert gradgradcheck(traced, tensors(function))


@pytest.mark.parametrize("function", CLOSED_FORMS)
def test_derivatives_are_those_worked_out_by_hand(function, backend):
    x = mt.linspace(-3, 3, 24, dtype="float64", requires_grad=True)
    mt.elementwise(function)(x).sum().backward()
    expected = [CLOSED_FORMS[function](v) for v in x.tolist()]
    assert_close(x.grad, expected, rtol=1e-12, atol=1e-12)


def test_derivatives_of_any_order():
    x = mt.tensor(0.7, dtype="float64", requires_grad=True)
    y = mt.elementwise(lambda x: exp(2.0 * x))(x)
    for order in range(1, 6):
        (y,) = mt.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(2.0**order * math.exp(1.4))


def test_float32_stays_float32_and_integers_become_it(backend):
    traced = mt.elementwise(silu)
    assert_close(traced(mt.tensor([1.0])), np.array([silu(1.0)], np.float32))
    assert traced(mt.tensor([1, 2])).dtype is mt.float32
    assert traced(mt.tensor([True])).dtype is mt.float32
    pair = mt.elementwise(huber)(mt.ones(2), mt.zeros(2, dtype="float64"))
    assert pair.dtype is mt.float64


def test_arguments_may_be_numbers():
    x = mt.tensor([0.0, 3.0], requires_grad=True)
    out = mt.elementwise(huber)(x, 1)
    assert_close(out, np.array([0.5, 1.5], np.float32))
    out.sum().backward()
    assert_close(x.grad, [-1.0, 1.0])
    assert mt.elementwise(huber)(3.0, 1) == 1.5
    assert mt.elementwise(gelu)(1.0) == gelu(1.0)


def test_the_decorated_function_keeps_its_name_and_words():
    @mt.elementwise
    def cube(x):
        """x * x * x."""
        return x * x * x

    assert (cube.__name__, cube.__doc__) == ("cube", "x * x * x.")
    assert repr(cube) == "<elementwise cube(x)>"
    assert "cube backward" in repr(cube(mt.ones(1, requires_grad=True)).grad_fn)


@mt.elementwise
def cube(x):
    return x * x * x


def test_it_is_copied_and_pickled_as_a_function_is(monkeypatch):
    assert copy.deepcopy([cube])[0] is cube
    monkeypatch.setitem(sys.modules, cube.__module__, types.SimpleNamespace(cube=cube))
    assert pickle.loads(pickle.dumps(cube)) is cube


def test_keyword_only_arguments_are_constants_compiled_in(backend):
    @mt.elementwise
    def leaky_relu(x, *, slope=0.01):
        return operators.max(x, 0.0) + slope * operators.min(x, 0.0)

    x = mt.tensor([-2.0, 3.0], requires_grad=True)
    assert_close(leaky_relu(x), np.array([-0.02, 3.0], np.float32))
    out = leaky_relu(x, slope=0.5)
    assert_close(out, np.array([-1.0, 3.0], np.float32))
    out.sum().backward()
    assert_close(x.grad, [0.5, 1.0])
    assert "0.25" in leaky_relu.expression(slope=0.25).source
    with pytest.raises(TypeError, match="slop"):
        leaky_relu(x, slop=1)


def test_defaults_of_arguments_are_numbers():
    power = mt.elementwise(lambda x, y=2.0: x**y)
    assert_close(power(mt.tensor([3.0])), np.array([9.0], np.float32))
    assert_close(power(mt.tensor([3.0]), y=mt.tensor([3.0])), np.array([27.0], np.float32))


# -- what a traced function may use ---------------------------------------------------------------

SCALE = 3.0


def scaled(x):
    return SCALE * x


class Names:
    """Operators under other names, as attributes are."""

    ops = operators


def test_helpers_closures_modules_and_math_are_traced(backend):
    factor = 2.0

    def helper(x):
        def inner(y):
            return exp(y) * factor

        return inner(scaled(x))

    functions = [
        (lambda x: helper(x), lambda x: math.exp(3 * x) * 2),
        (lambda x: minitorch_autodiff.operators.exp(x), math.exp),
        (lambda x: math.exp(x) + math.sin(x), lambda x: math.exp(x) + math.sin(x)),
        (lambda x: math.sqrt(math.pi) * x, lambda x: math.sqrt(math.pi) * x),
        (lambda x: relu(x) + operators.square(x), lambda x: max(x, 0) + x * x),
        (lambda x: x.sigmoid() * x.exp().log(), lambda x: x / (1 + math.exp(-x))),
        (lambda x: pow(abs(-x), 3) / 2 - -x, lambda x: abs(x) ** 3 / 2 + x),
        (lambda x: 2**x - x // 2 + x % 2, lambda x: 2**x - x // 2 + x % 2),
        (lambda x: (x > 0) * x + (x == 0), lambda x: max(x, 0) + (x == 0)),
        (lambda x: sum([x, x, 1.0]), lambda x: 2 * x + 1),
        (lambda x: operators.sigmoid_back(operators.sigmoid(x), 2.0), None),
    ]
    for function, expected in functions:
        x = mt.tensor([0.6, 1.3, -1.2] if expected is not math.sqrt else [1.0], dtype="float64")
        out = mt.elementwise(function)(x)
        if expected is not None:
            assert_close(out, [expected(v) for v in x.tolist()])
        assert gradcheck(mt.elementwise(function), x.detach().requires_grad_())


def test_traced_functions_call_each_other():
    inner = mt.elementwise(silu)
    outer = mt.elementwise(lambda x, y: inner(x) * inner(y + 1.0))
    x, y = mt.tensor([0.5], dtype="float64"), mt.tensor([-1.0], dtype="float64")
    assert_close(outer(x, y), [silu(0.5) * silu(0.0)])
    assert gradcheck(outer, [x.requires_grad_(), y.requires_grad_()])


ALL_OPERATORS = {**DIFFERENTIABLE, **dict.fromkeys(FLAT), **COMPOSED}


@pytest.mark.parametrize("operator", ALL_OPERATORS, ids=lambda op: op.__name__)
def test_every_operator_can_be_traced_and_has_its_derivative(operator, backend):
    count = operator.__code__.co_argcount
    positive = ("log", "log1p", "log2", "log10", "sqrt", "pow")
    low, high = (0.2, 0.9) if operator.__name__ in positive else (-0.9, 0.9)
    if operator.__name__ == "acosh":
        low, high = 1.2, 3.0
    draw = Draw(mt.float64)
    inputs = [mt.tensor(draw(4, low=low, high=high), requires_grad=True) for _ in range(count)]
    traced = mt.elementwise(operator)
    expected = [operator(*values) for values in zip(*[x.tolist() for x in inputs])]
    assert_close(traced(*inputs), [float(v) for v in expected], rtol=1e-12, atol=1e-12)
    assert gradcheck(traced, inputs)
    assert gradgradcheck(traced, inputs)


def test_every_operator_of_autodiff_can_be_traced():
    scalar = {
        function
        for name, function in vars(operators).items()
        if inspect.isfunction(function)
        and function.__module__ == operators.__name__
        and name not in ("map", "zipWith", "reduce", "negList", "addLists", "sum", "prod")
        and not name.startswith(("int_", "bitwise_"))
    }
    for operator in scalar:
        count = operator.__code__.co_argcount
        inputs = [mt.full((2,), 0.4 + 0.1 * i, dtype="float64") for i in range(count)]
        out = mt.elementwise(operator)(*inputs)
        expected = operator(*[0.4 + 0.1 * i for i in range(count)])
        assert_close(out, [expected] * 2, rtol=1e-12, atol=1e-12, equal_nan=True)


def test_kinks_have_the_gradients_of_the_tensor_functions(backend):
    values = [0.0, 1.0, -1.0]
    for name in ("relu", "abs", "sign"):
        x = mt.tensor(values, requires_grad=True)
        y = mt.tensor(values, requires_grad=True)
        mt.elementwise(getattr(operators, name))(x).sum().backward()
        getattr(y, name)().sum().backward()
        assert_close(0.0 if x.grad is None else x.grad, y.grad if name != "sign" else 0.0)
    for name, other in [("max", mt.maximum), ("min", mt.minimum)]:
        a, b, c, d = (mt.tensor(v, requires_grad=True) for v in (values, [0.0, 0.0, 2.0]) * 2)
        mt.elementwise(getattr(operators, name))(a, b).sum().backward()
        other(c, d).sum().backward()
        assert_close((a.grad, b.grad), (c.grad, d.grad))
    x = mt.tensor([0.0], requires_grad=True)
    mt.elementwise(lambda x, n: x**n)(x, 0.0).sum().backward()
    assert_close(x.grad, [0.0])


def test_special_values_pass_through(backend):
    x = mt.tensor([math.inf, -math.inf, math.nan, 0.0], dtype="float64")
    traced = mt.elementwise(lambda x: operators.where(x > 0, operators.log(x), 1 / x))
    assert_close(traced(x), [math.inf, -0.0, math.nan, math.inf], equal_nan=True)


# -- what it cannot use ---------------------------------------------------------------------------


def conditional(x):
    return x if x > 0 else 0.1 * x


def looped(x):
    while x > 1.0:
        x = x / 2
    return x


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (conditional, r"a Python condition .* needs to know a number.*operators\.max.*where"),
        (looped, "a Python condition"),
        (lambda x: max(x, 0.0), r"a Python condition \(.*max\(\)"),
        (lambda x: x and 1.0, "a Python condition"),
        (lambda x: float(x), r"a conversion \(float\(\), int\(\)"),
        (lambda x: math.gamma(x), r"another library"),
        (lambda x: math.remainder(x, 2.0), r"another library"),  # which is not operators.remainder
        (lambda x: sum(x for _ in range(int(x))), r"a conversion \(int\(\), range\(\)\)"),
        (lambda x: (x, x), "function must return one number, got tuple"),
        (lambda x: None, "must return one number, got NoneType"),
        (lambda x: x * mt.ones(2), "got Tensor beside a traced value.*make it an argument"),
        (lambda x: operators.exp(x) + "a", "got str beside a traced value"),
    ],
)
def test_what_cannot_be_traced_is_explained(function, message):
    with pytest.raises(TypeError, match=message):
        mt.elementwise(function)(mt.ones(2))


def test_functions_without_a_fixed_number_of_arguments_are_refused():
    with pytest.raises(TypeError, match=r"takes \*values; name every argument"):
        mt.elementwise(lambda *values: 0.0)
    with pytest.raises(TypeError, match="has no argument"):
        mt.elementwise(lambda: 0.0)


def test_operands_are_checked_as_everywhere():
    traced = mt.elementwise(huber)
    with pytest.raises(ValueError, match=r"huber: shapes \(2,\) and \(3,\) do not broadcast"):
        traced(mt.ones(2), mt.ones(3))
    with pytest.raises(RuntimeError, match="huber: operands are on different backends"):
        traced(mt.ones(2, device="simple"), mt.ones(2, device="numpy"))
    with pytest.raises(TypeError, match="huber: wanted tensors, got list"):
        traced(mt.ones(2), [1.0])
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        traced(mt.ones(2))
    with pytest.raises(TracingError, match="got ndarray beside a traced value"):
        mt.elementwise(lambda x: x * np.ones(2))(mt.ones(2))


# -- expressions ----------------------------------------------------------------------------------


def test_the_source_is_plain_python_and_computes_the_function():
    expression = mt.elementwise(gelu).expression()
    assert (
        str(expression)
        == expression.source
        == (
            "def gelu(x):\n"
            "    t1 = x * 0.5\n"
            "    t2 = div(x, 1.4142135623730951)\n"
            "    t3 = erf(t2)\n"
            "    t4 = t3 + 1.0\n"
            "    t5 = t1 * t4\n"
            "    return t5\n"
        )
    )
    assert expression.function(0.3) == pytest.approx(gelu(0.3))
    assert inspect.getsource(expression.function) == expression.source


def test_the_derivative_is_a_function_of_the_inputs_it_needs_and_d():
    product = mt.elementwise(lambda x, y: x * y)
    assert product.derivative(0).source == (
        "def function_d_x(y, d):\n    t1 = y * d\n    return t1\n"
    )
    assert mt.elementwise(lambda x: operators.sign(x)).derivative() is None
    assert mt.elementwise(lambda x, y: x + 0.0 * 1.0).derivative(1) is None


def test_a_subexpression_is_computed_once():
    source = mt.elementwise(lambda x: exp(x) * exp(x) + exp(x + 0.0) * 1.0).expression().source
    assert source.count("exp(") == 1


@pytest.mark.parametrize(
    ("function", "source"),
    [
        (lambda x: x * 1.0 + 0.0, "return x"),
        (lambda x: x - 0.0, "return x"),
        (lambda x: 0.0 - x, "t1 = -x"),
        (lambda x: x / 1.0, "return x"),
        (lambda x: x**-1, "t1 = div(1.0, x)"),
        (lambda x: x**3, "t2 = x * t1"),
        (lambda x: x**1, "return x"),
        (lambda x: x**0, "return 1.0"),
        (lambda x: x**2, "t1 = x * x"),
        (lambda x: x**0.5, "t1 = sqrt(x)"),
        (lambda x: operators.neg(-x), "return x"),
        (lambda x: x * -1.0, "t1 = -x"),
        (lambda x: x + (2.0 * 3.0 - 1.0), "t1 = x + 5.0"),
        (lambda x: x * -2.0, "t1 = x * (-2.0)"),
        (lambda x: x + math.inf, "t1 = x + inf"),
        (lambda x: x * math.nan, "t1 = x * (nan)"),
    ],
)
def test_expressions_are_written_in_simplest_form(function, source):
    assert source in mt.elementwise(function).expression().source


def test_names_of_arguments_do_not_clash_with_names_in_the_source():
    def awkward(exp, t1, d, inf):
        return operators.exp(exp) * t1 + d * inf

    inputs = [mt.tensor([v], dtype="float64", requires_grad=True) for v in (0.1, 0.2, 0.3, 0.4)]
    assert gradcheck(mt.elementwise(awkward), inputs)


def test_expressions_of_many_values_run_in_steps_of_two():
    expression = mt.elementwise(lstm_cell).expression()
    assert [places for _, places in expression.steps] == [(1, 3), (0, 2), (4, 5)]
    assert all(len(part.inputs) <= 2 for part, _ in expression.steps)
    assert len(mt.elementwise(huber).expression().steps) == 1


def test_arguments_that_are_not_used_still_broadcast(backend):
    x, y = mt.ones(3, requires_grad=True), mt.ones(2, 1, requires_grad=True)
    for function, expected in [
        (lambda x, y: x * 2.0, 2.0),
        (lambda x, y: x, 1.0),
        (lambda x, y: 7.0, 7.0),
    ]:
        out = mt.elementwise(function)(x, y)
        assert_close(out, np.full((2, 3), expected, np.float32))
    (mt.elementwise(lambda x, y: x * 2.0)(x, y)).sum().backward()
    assert_close(x.grad, [4.0, 4.0, 4.0])


def test_the_result_of_an_identity_has_memory_of_its_own(backend):
    x = mt.ones(3)
    mt.elementwise(lambda x: x)(x).zero_()
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_long_function_is_traced_without_recursion():
    def long(x):
        for _ in range(3000):
            x = x * 0.999 + 0.001
        return x

    traced = mt.elementwise(long)
    x = mt.tensor([2.0], dtype="float64", requires_grad=True)
    out = traced(x)
    out.backward()
    assert_close(out, [1 + 0.999**3000])
    assert_close(x.grad, [0.999**3000])


def test_a_function_is_traced_once():
    calls = []

    def counted(x):
        calls.append(x)
        return x * x

    traced = mt.elementwise(counted)
    for _ in range(3):
        traced(mt.ones(2, requires_grad=True)).sum().backward()
    assert len(calls) == 1
    assert traced.expression().function is traced.expression().function


# -- any function ---------------------------------------------------------------------------------

leaves = st.sampled_from(["x", "y", "z", "0.5", "2.0", "-1.5"])
formulas = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*"]), parts, parts).map(
            lambda t: f"({t[1]} {t[0]} {t[2]})"
        ),
        st.tuples(
            st.sampled_from(["sin", "tanh", "sigmoid", "exp_of_sin", "relu", "abs"]), parts
        ).map(lambda t: f"{t[0]}({t[1]})" if t[0] != "exp_of_sin" else f"exp(sin({t[1]}))"),
        st.tuples(st.sampled_from(["max", "min"]), parts, parts).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
    ),
    max_leaves=12,
)


@given(formulas)
def test_any_formula_runs_and_differentiates(formula):
    function = eval(f"lambda x, y, z: {formula}", dict(vars(operators)))
    traced = mt.elementwise(function)
    at = (0.37, -0.81, 1.13)
    plain = float(function(*at))
    expression = traced.expression()
    assert expression.function(*at) == pytest.approx(plain, rel=1e-9, abs=1e-9)
    for name in ("simple", "numpy"):
        inputs = [mt.tensor([[v]], dtype="float64", device=name, requires_grad=True) for v in at]
        out = traced(*inputs)
        assert out.item() == pytest.approx(plain, rel=1e-9, abs=1e-9)
        if not out.requires_grad:
            continue
        out.backward()
        for arg, x in enumerate(inputs):
            exact = 0.0 if x.grad is None else x.grad.item()
            left, right = (
                central_difference(function, *[v + step for v in at], arg=arg)
                for step in (-1e-5, 1e-5)
            )
            if abs(left - right) < 1e-3 * (1 + abs(left)):  # no kink here
                assert exact == pytest.approx(left, rel=1e-2, abs=1e-3)


def test_a_symbol_is_a_scalar_to_whoever_asks():
    seen = []
    mt.elementwise(lambda x: seen.append(isinstance(x, Scalar)) or x)(mt.ones(1))
    assert seen == [True]
