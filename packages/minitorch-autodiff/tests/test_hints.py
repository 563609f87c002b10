"""A module that lacks a name says where it is, and is as any other module in all else."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from importlib import import_module
from importlib.util import find_spec

import pytest

import minitorch_autodiff
from minitorch_autodiff import hints
from minitorch_autodiff.hints import Lacking


def said(module: str, name: str) -> str:
    with pytest.raises(AttributeError) as caught:
        getattr(import_module(module), name)
    return str(caught.value)


def test_a_misspelled_name_is_told_the_nearest() -> None:
    assert said("minitorch_autodiff", "Scalr") == (
        "module 'minitorch_autodiff' has no attribute 'Scalr'. Did you mean 'Scalar'?"
    )


def test_a_name_that_nothing_resembles_is_only_missing() -> None:
    plain = "module 'minitorch_autodiff' has no attribute 'xyzzy'"
    assert said("minitorch_autodiff", "xyzzy") == plain
    for name in ("__wrapped__", "_Scalar"):
        assert said("minitorch_autodiff", name).endswith(f"has no attribute {name!r}")


def test_what_is_not_installed_is_told_with_its_distribution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(hints.PARTS, "elsewhere", "minitorch_of_tomorrow.part")
    assert said("minitorch_autodiff", "elsewhere").endswith(
        ". It is called minitorch_of_tomorrow.part here, after pip install minitorch-of-tomorrow."
    )
    assert said("minitorch_autodiff", "elsewher").endswith(
        "Did you mean 'minitorch_of_tomorrow.part'?"
    )


@pytest.mark.parametrize("module", [*hints.MODULES, *hints.PARTS.values()])
def test_the_modules_that_hints_name_exist(module: str) -> None:
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is of a distribution that is not installed")
    import_module(module)


def test_python_sees_an_ordinary_missing_attribute() -> None:
    assert not hasattr(minitorch_autodiff, "Scalr")
    assert getattr(minitorch_autodiff, "Scalr", 7) == 7
    with pytest.raises(ImportError, match="cannot import name 'Scalr'"):
        exec("from minitorch_autodiff import Scalr")
    error = Lacking("minitorch_autodiff", "Scalr")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), error.name) == (Lacking, str(error), "Scalr")


def test_python_adds_no_suggestion_to_ours() -> None:
    with pytest.raises(AttributeError) as caught:
        minitorch_autodiff.Scalr  # noqa: B018
    assert "".join(traceback.format_exception(caught.value)).count("Did you mean") == 1


def test_a_question_that_nobody_reads_imports_nothing() -> None:
    code = (
        "import sys, minitorch_autodiff; before = set(sys.modules); "
        "hasattr(minitorch_autodiff, 'optim'), hasattr(minitorch_autodiff, 'Linear'); "
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
