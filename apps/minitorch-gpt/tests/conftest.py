"""What the tests share: a small text, small networks, and the command line in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_cli.testing import Run, in_process
from minitorch_gpt import cli, data


@pytest.fixture(autouse=True)
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_sums: None) -> Iterator[None]:
    """Every test is in a folder of its own, with an empty cache, on a fixed backend and seed."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "cache"))
    mt.manual_seed(0)
    with mt.use_backend("numpy"):
        yield


@pytest.fixture
def few_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line validates and tests on few sums."""
    learn, validation, test = data.splits()
    monkeypatch.setattr(cli, "splits", lambda: (learn, validation[:50], test[:80]))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, in this process."""
    return in_process(cli.main, capsys)


@pytest.fixture
def text(start: Any) -> Path:
    """A file with a short text, in the folder of the test."""
    path = Path("text.txt")
    path.write_text("To be, or not to be: that is the question.\n" * 12)
    return path
