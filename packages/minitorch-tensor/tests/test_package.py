"""The package as a whole: light to import, silent, typed, and complete."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import pkgutil
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import pytest

import minitorch_tensor as mt
from minitorch_tensor import creation, functions


def test_importing_loads_no_compiler_and_no_plug_in_and_prints_nothing():
    code = (
        "import sys, minitorch_tensor, minitorch_tensor.testing; "
        "bad = [m for m in sys.modules if m.split('.')[0] in ('numba', 'llvmlite', "
        "'minitorch_backends', 'minitorch_nn', 'pytest', 'hypothesis', 'scipy', 'torch')]; "
        "sys.exit(repr(bad) if bad else 0)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_the_version_is_the_distributions():
    assert mt.__version__ == version("minitorch-tensor")


MODULES = [m.name for m in pkgutil.walk_packages(mt.__path__, "minitorch_tensor.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_package_is_typed():
    assert resources.files(mt).joinpath("py.typed").is_file()


def test_all_names_exist_and_are_sorted():
    assert sorted(mt.__all__) == sorted(set(mt.__all__))
    for name in mt.__all__:
        assert hasattr(mt, name)


def test_every_public_function_and_method_explains_itself():
    for name in mt.__all__:
        thing = getattr(mt, name)
        if callable(thing) and not isinstance(thing, mt.DType):
            assert thing.__doc__, name
    families = [c for c in mt.Tensor.__mro__ if c.__module__.partition(".")[0] == mt.__name__]
    methods = [item for family in families for item in vars(family).items()]
    assert len(methods) > 300
    for name, thing in methods:
        if not name.startswith("_") and (callable(thing) or isinstance(thing, property)):
            assert thing.__doc__, name


def imports(statements, inside=False):
    """(module, name, within a function) of what statements import of the package when they run."""
    for node in statements:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(mt.__name__):
            yield from ((node.module, alias.name, inside) for alias in node.names)
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            in_function = inside or isinstance(node, ast.FunctionDef)
            yield from imports(ast.iter_child_nodes(node), in_function)


def test_modules_import_each_other_in_one_direction_and_at_the_top():
    names = {m.name for m in pkgutil.walk_packages(mt.__path__, f"{mt.__name__}.")}
    graph = {}
    for module in names:
        source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")
        found = list(imports(ast.parse(source).body))
        assert not [wanted for wanted, _, inside in found if inside], module
        graph[module] = {f"{m}.{name}" if f"{m}.{name}" in names else m for m, name, _ in found}
    assert len(graph["minitorch_tensor.tensor"]) > 15
    list(TopologicalSorter(graph).static_order())  # raises for a circle


FAMILIES = [
    importlib.import_module(f"minitorch_tensor.functions.{module.name}")
    for module in pkgutil.iter_modules(functions.__path__)
]


@pytest.mark.parametrize("family", [*FAMILIES, creation], ids=lambda module: module.__name__)
def test_what_a_family_lists_is_what_the_package_exports(family):
    for name in getattr(family, "__all__", ()):
        assert getattr(mt, name) is getattr(family, name), name


def test_a_method_is_the_function_without_its_guard():
    assert mt.exp.unguarded is mt.Tensor.exp
    methods = [item for c in mt.Tensor.__mro__ for item in vars(c).items()]
    guarded = [name for name, method in methods if hasattr(method, "unguarded")]
    assert not guarded


@pytest.mark.parametrize(("name", "version"), [("BACKEND_INTERFACE", 2), ("STORAGE_INTERFACE", 1)])
def test_the_pinned_interfaces_have_versions(name, version):
    assert getattr(mt, name) == version
