"""The app as a whole: help that a person can use, and what it says about itself."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import minitorch_sentiment

README = Path(__file__).parent.parent / "README.md"


def test_the_version_is_the_distributions() -> None:
    assert minitorch_sentiment.__version__ == importlib.metadata.version("minitorch-sentiment")


@pytest.mark.parametrize("command", [[], ["train"], ["evaluate"], ["predict"]])
def test_help_fits_a_terminal_and_explains_every_option(
    command: list[str], run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = run(*command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    lines = ended.out.splitlines()
    options = [i for i, line in enumerate(lines) if line.startswith("  -")]
    assert options
    for i in options:  # the explanation stands beside the option, or below if that is long
        explained = re.search(r"\S  +\S", lines[i]) or lines[i + 1].startswith(" " * 10)
        assert explained, lines[i]


def test_the_help_lists_what_the_readme_does(run: Any) -> None:
    text = README.read_text(encoding="utf-8")
    options = set(re.findall(r"`(--[a-z-]+)", text))
    helped = "".join(run(command, "--help").out for command in ("train", "evaluate", "predict"))
    assert options == set(re.findall(r"(--[a-z-]+)", helped)) - {"--help"}


def test_help_starts_no_compiler() -> None:
    code = (
        "import sys; from minitorch_sentiment.cli import main; main(['--help']); "
        "sys.exit('numba' in sys.modules or 'pooch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
