"""An operator means the same compiled as it does in Python."""

import inspect
import itertools
import math

import numpy as np
import pytest

from minitorch_autodiff import operators
from minitorch_backends.fast.compile import scalar

INTERESTING = [
    -math.inf, -1e308, -750.0, -3.0, -1.0, -0.5, -1e-310, -0.0,
    0.0, 1e-310, 0.3, 1.0, 2.0, 89.0, 709.0, 710.0, 1e308, math.inf, math.nan,
]  # fmt: skip

#: Functions of lists and functions are for reading; they are not handed to backends.
OF_LISTS = {"map", "zipWith", "reduce", "negList", "addLists", "sum", "prod"}

SCALAR = {
    name: function
    for name, function in inspect.getmembers(operators, inspect.isfunction)
    if function.__module__ == operators.__name__
    and not name.startswith("_")
    and name not in OF_LISTS
}

#: Those of integers; divisors and exponents are at least 1, as their callers make sure.
OF_INTEGERS = {name for name in SCALAR if name.startswith(("int_", "bitwise_"))}


@pytest.mark.parametrize("name", sorted(SCALAR.keys() - OF_INTEGERS))
def test_a_compiled_operator_agrees_with_python(name):
    function = SCALAR[name]
    compiled = scalar(function)
    arity = len(inspect.signature(function).parameters)
    for arguments in itertools.product(INTERESTING, repeat=arity):
        expected, got = function(*arguments), compiled(*arguments)
        assert np.isclose(got, expected, rtol=1e-12, atol=0.0, equal_nan=True), arguments


@pytest.mark.parametrize("name", sorted(OF_INTEGERS))
def test_a_compiled_operator_on_integers_agrees_with_python(name):
    function = SCALAR[name]
    compiled = scalar(function)
    operands = [range(-20, 21), range(1, 8)][: len(inspect.signature(function).parameters)]
    for arguments in itertools.product(*operands):
        assert compiled(*arguments) == function(*arguments), arguments
