"""The package as a whole: light to import, true to its README, complete in its names."""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import minitorch_nn
import minitorch_nn as nn

README = Path(__file__).parent.parent / "README.md"
MODULES = [
    info.name for info in pkgutil.walk_packages(minitorch_nn.__path__, prefix="minitorch_nn.")
]


def test_importing_is_light_and_silent() -> None:
    code = (
        "import sys, minitorch_nn; "
        "heavy = {'numba', 'tqdm', 'minitorch_backends', 'minitorch_datasets'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_it_runs_where_no_other_layer_is_installed() -> None:
    # Imports of anything beyond the declared dependencies fail, as if it were not there.
    code = """
import sys
for name in ("numba", "minitorch_backends", "minitorch_datasets", "PIL"):
    sys.modules[name] = None
import minitorch_nn as nn, minitorch_tensor as mt
from minitorch_nn import checkpoint, training
mt.use_backend("numpy")
print(nn.Linear(2, 1)(mt.zeros(1, 2)).shape)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("(1, 1)\n", "")


def test_the_version_is_the_distributions() -> None:
    assert minitorch_nn.__version__ == importlib.metadata.version("minitorch-nn")


@pytest.mark.parametrize("module", [nn, nn.functional, nn.optim], ids=lambda m: m.__name__)
def test_every_public_name_exists_and_says_what_it_is(module: object) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        if callable(value):
            assert inspect.getdoc(value), name


def test_every_layer_documents_itself_and_its_shapes() -> None:
    for name in nn.__all__:
        value = getattr(nn, name)
        if inspect.isclass(value) and issubclass(value, nn.Module) and value is not nn.Module:
            assert value.__doc__, f"{name} has no docstring of its own"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_the_examples_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, str(README), "exec"), {})
    expected = re.findall(r"print\(.*?\)  # (.*)", "".join(examples))
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in expected if line not in printed] == []


@pytest.mark.parametrize("module", [nn, nn.functional], ids=lambda m: m.__name__)
def test_what_a_family_lists_is_exported_and_nothing_else_defines_layers(module: Any) -> None:
    folder = "layers" if module is nn else "functional"
    families = [
        importlib.import_module(name)
        for name in MODULES
        if name.startswith(f"minitorch_nn.{folder}.")
    ]
    listed = [name for family in families for name in getattr(family, "__all__", ())]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(module.__all__)
    for family in families:
        for name in getattr(family, "__all__", ()):
            assert getattr(module, name) is getattr(family, name)
    layers = {n for n, v in vars(nn).items() if inspect.isclass(v) and issubclass(v, nn.Module)}
    assert module is not nn or layers - {"Module"} == set(listed)


def test_the_readme_names_every_family() -> None:
    text = README.read_text(encoding="utf-8")
    for name in MODULES:
        if name.startswith("minitorch_nn.layers."):
            assert f"](src/{name.replace('.', '/')}.py)" in text, name
    for name in nn.optim.__all__:
        assert f"`{name}`" in text, name
