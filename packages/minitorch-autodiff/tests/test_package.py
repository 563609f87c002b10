"""The package as a whole: light to import, documented, and pinned."""

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

import minitorch_autodiff
from minitorch_autodiff import Context, Node, Scalar, Variable

MODULES = [name for _, name, _ in pkgutil.iter_modules(minitorch_autodiff.__path__)]


def test_importing_loads_no_numpy_nor_any_other_distribution_and_prints_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import minitorch_autodiff; "
        "import minitorch_autodiff._svg; "
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "foreign = loaded - set(sys.stdlib_module_names) - {'minitorch_autodiff'}; "
        "sys.exit(f'loaded {foreign}' if foreign or 'numpy' in sys.modules else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_version_is_the_distributions() -> None:
    assert minitorch_autodiff.__version__ == importlib.metadata.version("minitorch-autodiff")


def test_every_public_name_exists_and_says_what_it_is() -> None:
    for name in minitorch_autodiff.__all__:
        value = getattr(minitorch_autodiff, name)
        if getattr(value, "__module__", "").startswith("minitorch_autodiff."):
            assert value.__doc__, name


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"minitorch_autodiff.{name}")
    assert doctest.testmod(module).failed == 0


def test_docstrings_have_examples_that_run() -> None:
    examples = 0
    for name in MODULES:
        module = importlib.import_module(f"minitorch_autodiff.{name}")
        examples += doctest.testmod(module).attempted
    assert examples > 15


def test_the_examples_of_the_readme_run_and_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    readme = Path(__file__).parent.parent / "README.md"
    examples = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    names: dict[str, object] = {}
    for example in examples:  # each goes on where the one before ended
        exec(compile(example, str(readme), "exec"), names)
    expected = re.findall(r"print\(.*?\)  # (.*)", "".join(examples))
    assert expected
    assert capsys.readouterr().out.splitlines() == expected


def test_values_and_calls_keep_the_protocol() -> None:
    x = Scalar(2.0, requires_grad=True)
    call = (x * x).grad_fn
    assert isinstance(x, Node)
    assert isinstance(call, Node)
    assert x.is_leaf
    assert (x.edges, x.n_outputs, x.hooks) == ((), 1, None)
    assert not call.is_leaf
    assert [edge[0] is x and edge[1] == 0 for edge in call.edges if edge] == [True, True]
    assert (call.n_outputs, call.hooks) == (1, None)
    members = {name for name in vars(Node) if not name.startswith("_")}
    for client in (Variable, Context):
        for name in members:
            assert hasattr(client, name), (client, name)
            if callable(vars(Node)[name]):
                wanted = list(inspect.signature(vars(Node)[name]).parameters)
                assert list(inspect.signature(getattr(client, name)).parameters) == wanted


def test_a_leaf_has_nothing_to_send_back_and_a_call_nothing_to_accumulate() -> None:
    x = Scalar(2.0, requires_grad=True)
    assert x.send_back(Scalar(1.0), keep=False) == ()
    call = (x * x).grad_fn
    assert call is not None
    with pytest.raises(AssertionError, match="Mul is not a leaf"):
        call.accumulate(Scalar(1.0))
