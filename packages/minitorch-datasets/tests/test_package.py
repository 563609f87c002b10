"""The package as a whole: light to import, and what it says it is."""

from __future__ import annotations

import importlib.metadata
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minitorch_datasets
from minitorch_datasets import DatasetError, UnavailableError


def test_importing_is_light_and_silent() -> None:
    code = (
        "import sys, minitorch_datasets; "
        "heavy = {'pooch', 'requests', 'urllib3', 'tqdm', 'platformdirs'} & set(sys.modules); "
        "layers = {name for name in sys.modules if name.startswith('minitorch_')"
        " and not name.startswith('minitorch_datasets')}; "
        "sys.exit(f'loaded {heavy | layers}' if heavy | layers else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_drawing_and_reading_load_no_downloader() -> None:
    code = (
        "import sys, minitorch_datasets as d; d.load_digits(1, 1); d.load_points('Xor'); "
        "d.load_image_dataset('digits'); sys.exit('pooch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_version_is_the_distributions() -> None:
    assert minitorch_datasets.__version__ == importlib.metadata.version("minitorch-datasets")


def test_every_public_name_exists_and_says_what_it_is() -> None:
    for name in minitorch_datasets.__all__:
        value = getattr(minitorch_datasets, name)
        if callable(value):
            assert value.__doc__, name


def test_errors_are_value_errors_in_two_parts_that_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(UnavailableError("no file, wanted one", "Make it")))
    assert isinstance(error, UnavailableError)
    assert isinstance(error, DatasetError)
    assert isinstance(error, ValueError)
    assert str(error) == "no file, wanted one. Make it"
    assert (error.reason, error.way_out) == ("no file, wanted one", "Make it")


def test_the_examples_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path))
    readme = Path(__file__).parent.parent / "README.md"
    examples = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, str(readme), "exec"), {})
    expected = re.findall(r"print\(.*?\)  # (.*)", "".join(examples))
    assert capsys.readouterr().out.splitlines() == expected
