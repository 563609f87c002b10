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

import pytest

import minitorch_cli

README = Path(__file__).parent.parent / "README.md"
MODULES = [
    info.name for info in pkgutil.walk_packages(minitorch_cli.__path__, prefix="minitorch_cli.")
]


def test_importing_is_light_and_silent() -> None:
    code = (
        "import sys, minitorch_cli; "
        "heavy = {'numba', 'tqdm', 'pytest', 'minitorch_backends'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_it_runs_where_only_what_it_declares_is_installed() -> None:
    # Imports of anything beyond the declared dependencies fail, as if it were not there.
    code = """
import sys
for name in ("numba", "minitorch_backends", "minitorch_datasets", "PIL", "pytest"):
    sys.modules[name] = None
import minitorch_cli as cli
show = cli.Command("show", "it", lambda parser: None, lambda args: print(args.backend))
cli.main("app", "1", "Does things.", [show], ["--backend", "numpy"])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("numpy\n", "")


def test_the_version_is_the_distributions() -> None:
    assert minitorch_cli.__version__ == importlib.metadata.version("minitorch-cli")


def test_every_public_name_is_documented_and_listed_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    for name in set(minitorch_cli.__all__) - {"__version__"}:
        value = getattr(minitorch_cli, name)
        assert not callable(value) or inspect.getdoc(value), name
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_the_examples_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shared: dict[str, object] = {"__name__": "example"}
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, str(README), "exec"), shared)
    assert capsys.readouterr().out.splitlines() == [
        "wrote model.npz",
        "Linear(in_features=2, out_features=1, bias=True) 1.0",
        "saved runs/line",
    ]
