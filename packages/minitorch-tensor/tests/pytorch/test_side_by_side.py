"""Every row of the table, run beside PyTorch; and that what is stored of it is what it gives.

`tox -e pytorch` has PyTorch. Elsewhere `test_stored.py` stands for this.
"""

from __future__ import annotations

from operator import attrgetter
from types import ModuleType
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor.testing import OPERATIONS, Draw, Operation, assert_close
from minitorch_tensor.testing.edges import EDGES, Edge

pytest.importorskip("torch", reason="PyTorch is not installed; `tox -e pytorch` has it")


@pytest.fixture(scope="session")
def pytorch(runner: ModuleType) -> Any:
    return runner.PyTorch()


def test_a_row_agrees_with_pytorch(
    case: Any, library: Any, pytorch: Any, runner: ModuleType
) -> None:
    complaints = []
    for dtype in case.dtypes:
        ours, theirs = runner.run(case, dtype, library), runner.run(case, dtype, pytorch)
        if complaint := runner.complaint(case, ours, theirs):
            complaints.append(f"{dtype}: {complaint}")
    assert not complaints, "\n".join(complaints)


def test_what_is_stored_of_a_row_is_up_to_date(case: Any, pytorch: Any, runner: ModuleType) -> None:
    stored = runner.read_once()
    for key, (_, dtype) in runner.rows([case]).items():
        outcome = runner.run(case, dtype, pytorch)
        assert key in stored and outcome.inputs == stored[key].inputs, key
        assert not runner.differences(stored[key], outcome), key


def test_the_stored_signatures_are_up_to_date(pytorch: Any, signatures: ModuleType) -> None:
    stored = signatures.read()
    assert stored == {name: signatures.theirs(name, pytorch.torch) for name in stored}


# The table that backends are tested with has references in numpy. Most of its functions are
# PyTorch's as well, and then PyTorch must agree with them, on other numbers than above.

SWEEP = [operation for operation in OPERATIONS if operation.torch is not None]

#: Of integers, PyTorch gives other dtypes; the table here has a row for each, with the reason.
OTHER_INTEGERS = ("all", "any", "einsum")


@pytest.mark.parametrize("operation", SWEEP, ids=str)
def test_a_sample_for_backends_agrees_with_pytorch(operation: Operation, pytorch: Any) -> None:
    function: Any = operation.function
    if not operation.name.startswith("getitem"):
        path = operation.torch or operation.name.split(".")[0]
        function = attrgetter(path)(pytorch.torch)
    compared = 0
    for dtype in operation.dtypes:
        for sample in operation.samples(Draw(dtype)):
            if operation.name == "getitem.arrays" and any(arg is ... for arg in sample.args):
                continue  # the table has a row for this one as well
            args, kwargs = sample.map(pytorch.torch.tensor)
            try:
                expected = as_arrays(function(*args, **kwargs))
            except TypeError:  # some of PyTorch's functions take no plain number beside a tensor
                assert isinstance(args[1], (bool, int, float)), f"{dtype} {sample}"
                continue
            args, kwargs = sample.map(mt.tensor)
            actual = as_arrays(operation.function(*args, **kwargs))
            loose = operation.name in OTHER_INTEGERS and dtype.kind == "int"
            assert_close(
                actual, expected, equal_nan=True, check_dtype=not loose, msg=f"{dtype} {sample}"
            )
            compared += 1
    assert compared


def as_arrays(value: Any) -> Any:
    """A tensor of either library as an array, also in sequences."""
    if isinstance(value, (tuple, list)):
        return [as_arrays(item) for item in value]
    return value.numpy() if hasattr(value, "numpy") else value


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_pytorch_agrees_at_the_edges_of_the_numbers_but_where_a_row_says_why_not(
    edge: Edge, pytorch: Any
) -> None:
    torch = pytorch.torch

    def compared() -> None:
        edge.check(torch, torch.from_numpy, torch.autograd.grad)

    if not edge.torch:
        compared()
        return
    with pytest.raises(AssertionError):
        compared()
