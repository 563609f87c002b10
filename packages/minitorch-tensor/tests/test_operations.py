"""Every function of the table, beyond its values, which the conformance kit checks."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import FunctionType

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import functions
from minitorch_tensor.testing import OPERATIONS, Draw, Operation, assert_close, operations
from minitorch_tensor.testing.checks import compare


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_results_stay_on_the_backend_of_their_arguments(operation: Operation, backend: mt.Backend):
    other = "numpy" if backend.name == "simple" else "simple"
    sample = operation.samples(Draw(operation.dtypes[-1]))[0]
    args, kwargs = sample.map(lambda x: mt.tensor(x))
    with mt.use_backend(other):
        result = operation.function(*args, **kwargs)
    for y in result if isinstance(result, tuple) else [result]:
        assert y.backend is backend


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_arguments_are_left_as_they_were(operation: Operation, backend: mt.Backend):
    for sample in operation.samples(Draw(operation.dtypes[-1])):
        tensors: list[mt.Tensor] = []

        def keep(x: np.ndarray, tensors: list[mt.Tensor] = tensors) -> mt.Tensor:
            tensors.append(mt.tensor(x))
            return tensors[-1]

        args, kwargs = sample.map(keep)
        before = [x.numpy().copy() for x in tensors]
        operation.function(*args, **kwargs)
        assert_close(tensors, before, equal_nan=True)
        assert [x._changed_at for x in tensors] == [0] * len(tensors)


#: The method `x.where(condition, y)` takes its arguments in another order, as PyTorch's does.
METHODS = [
    op for op in OPERATIONS if hasattr(mt.Tensor, op.name.split(".")[0]) and op.name != "where"
]


@pytest.mark.parametrize("operation", METHODS, ids=str)
def test_methods_are_the_functions(operation: Operation):
    name = operation.name.split(".")[0]
    dtype = operation.dtypes[-1]
    for sample in operation.samples(Draw(dtype)):
        args, kwargs = sample.map(mt.tensor)
        if not isinstance(args[0], mt.Tensor):
            continue
        by_method = getattr(args[0], name)(*args[1:], **kwargs)
        if getattr(mt, name, None) is operation.function:
            expected = operation.function(*args, **kwargs)
            assert_close(by_method, expected, equal_nan=True)
        else:  # what there is as a method alone is not compared with itself
            given, named = sample.map(np.copy)
            compare(by_method, operation.reference(*given, **named), dtype, str(operation))


#: Methods that take sizes or dimensions one by one as well as together.
VARIADIC = {"repeat", "tile", "expand", "reshape", "permute", "flip"}


@pytest.mark.parametrize(
    "operation", [op for op in METHODS if op.name.split(".")[0] in VARIADIC], ids=str
)
def test_sizes_may_be_given_one_by_one(operation: Operation):
    for sample in operation.samples(Draw(operation.dtypes[-1])):
        args, kwargs = sample.map(mt.tensor)
        if len(args) == 2 and isinstance(args[1], tuple) and args[1]:
            method = getattr(args[0], operation.name.split(".")[0])
            expected = method(args[1], **kwargs)
            assert_close(method(list(args[1]), **kwargs), expected)
            assert_close(method(*args[1], **kwargs), expected)


def test_the_method_where_keeps_its_tensor_where_the_condition_holds():
    x, y, condition = mt.arange(3), mt.tensor([7, 8, 9]), mt.tensor([True, False, True])
    assert x.where(condition, y).tolist() == mt.where(condition, x, y).tolist() == [0, 8, 2]


#: Functions of the families that give no tensor, or none of their own: tested by themselves.
WITHOUT_ROWS = {
    *("allclose", "equal", "broadcast_tensors", "elementwise", "numel", "is_floating_point")
}


def test_the_table_has_every_function_of_the_families():
    table = {op.function for op in OPERATIONS}
    families = [
        importlib.import_module(f"{functions.__name__}.{module.name}")
        for module in pkgutil.iter_modules(functions.__path__)
    ]
    public = {name for family in families for name in getattr(family, "__all__", ())}
    assert {name for name in public if getattr(mt, name) not in table} == WITHOUT_ROWS
    elsewhere = ("creation", "derivatives", "dtypes", "printing", "random", "registry")
    elsewhere += ("serialization",)
    for name in set(mt.__all__) - public:
        if isinstance(getattr(mt, name), FunctionType):
            home = getattr(mt, name).__module__
            assert home.startswith("minitorch_autodiff.") or home.split(".")[-1] in elsewhere, name


@pytest.mark.parametrize(
    "family", [m.name for m in pkgutil.iter_modules(operations.__path__) if m.name != "row"]
)
def test_rows_lie_in_the_family_of_their_function(family):
    rows = importlib.import_module(f"{operations.__name__}.{family}").ROWS
    assert rows
    assert {row.name for row in rows} <= {row.name for row in OPERATIONS}
    for row in rows:
        home = inspect.unwrap(row.function).__module__
        assert home in (f"minitorch_tensor.functions.{family}", f"{operations.__name__}.{family}")
