"""The pictures of a run, and comparing runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minitorch_datasets import ImageDataset

pytest.importorskip("matplotlib")


def test_a_run_is_drawn_at_the_end_or_later_and_compared(run: Any, data: ImageDataset) -> None:
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy")
    ended = run(*how, "--report")
    assert (ended.code, ended.err) == (0, "drawn in runs/mnist/report.html\n")
    page = Path("runs/mnist/report.html").read_text()
    assert page.count("<img") == 4
    assert ended.out.splitlines()[-1].split("(")[1].split("/")[0] in page  # how many were right
    pictures = {path.name for path in Path("runs/mnist").glob("*.png")}
    assert pictures == {"confused.png", "confusion.png", "curves.png", "filters.png"}
    for path in Path("runs/mnist").glob("*.png"):
        path.unlink()
    assert run("report", "--backend", "numpy").out == "runs/mnist/report.html\n"
    assert {path.name for path in Path("runs/mnist").glob("*.png")} == pictures
    assert run(*how, "--quiet").code == 0
    ended = run("compare", "runs/mnist", "runs/mnist-2")
    assert ended.out.splitlines()[-1] == "saved compare.png"
    assert "cannot read none/config.toml" in run("report", "none").error
