"""The pictures of a run, with quotations of its mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minitorch_datasets import TextDataset

pytest.importorskip("matplotlib")


def test_a_run_is_drawn_with_the_reviews_that_it_mistakes(run: Any, data: TextDataset) -> None:
    ended = run("--epochs", 1, "--backend", "numpy", "--report")
    assert (ended.code, ended.err) == (0, "drawn in runs/sentiment/report.html\n")
    page = Path("runs/sentiment/report.html").read_text()
    assert page.count("<img") == 2
    assert "The mistakes of which the network is most certain" in page
    cells = page.count("<td>positive</td>") + page.count("<td>negative</td>")
    assert 1 <= cells <= 12  # what each quoted review is
    assert any(" ".join(text.split()[:5]) in page for text in data.test_texts)
    assert run("report", "--backend", "numpy").out == "runs/sentiment/report.html\n"
