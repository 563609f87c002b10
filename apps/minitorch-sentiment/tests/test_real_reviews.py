"""The real reviews, where they are at hand."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(("model", "least"), [("cnn", 1360), ("gru", 1360)])
def test_few_epochs_teach_most_of_sst2(model: str, least: int, run: Any, real_sst2: Path) -> None:
    how = ("--dataset", "sst2", "--data-dir", real_sst2, "--backend", "fast")
    ended = run(*how, "--model", model, "--epochs", 3)
    assert (ended.code, ended.err) == (0, "")
    assert "on sst2: 6,920 reviews to train on, 872 to validate, 1,821 to test" in ended.out
    found = re.search(r"test accuracy 0\.\d{4} \((\d+)/1821\)\n$", ended.out)
    assert found and int(found[1]) > least
    again = run("evaluate", "--data-dir", real_sst2, "--backend", "fast")
    assert again.out.splitlines()[-1] == ended.out.splitlines()[-1]


def test_a_damaged_copy_of_imdb_is_told_before_anything_is_trained(
    run: Any, real_imdb: Path
) -> None:
    (archive,) = real_imdb.glob("*.tar.gz")
    shutil.copy(archive, "aclImdb_v1.tar.gz")
    with Path("aclImdb_v1.tar.gz").open("r+b") as file:
        file.truncate(5_000_000)
    for dataset in ("auto", "imdb"):
        error = run("--dataset", dataset, "--data-dir", ".", "--backend", "numpy").error
        assert "aclImdb_v1.tar.gz: the archive is damaged or truncated" in error
    assert [path.name for path in Path().iterdir()] == ["aclImdb_v1.tar.gz"]
