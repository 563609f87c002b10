"""What the tests share: small data, a trained network, and the command line in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch_tensor as mt
from minitorch_cli.testing import Run, in_process
from minitorch_datasets import TextDataset, load_reviews
from minitorch_sentiment import cli


@pytest.fixture(autouse=True)
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test is in a folder of its own, with an empty cache, on a fixed backend and seed."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "cache"))
    mt.manual_seed(0)
    with mt.use_backend("numpy"):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, in this process."""
    return in_process(cli.main, capsys)


@pytest.fixture(scope="session")
def small() -> TextDataset:
    """Few embedded reviews: an epoch on them takes less than a second."""
    return load_reviews(train=300, test=60)


@pytest.fixture
def data(small: TextDataset, monkeypatch: pytest.MonkeyPatch) -> TextDataset:
    """Every data set that is asked for is the small one."""
    monkeypatch.setattr(cli, "load_text_dataset", lambda *_, **__: (small, None))
    return small


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GRU that has learned the embedded reviews, as `train` saves it."""
    path = tmp_path_factory.mktemp("trained") / "gru.npz"
    how = ["--dataset", "synthetic", "--epochs", "3", "--backend", "fast"]
    assert cli.main([*how, "--quiet", "--out", str(path)]) == 0
    return path


def real_data(name: str) -> Path:
    """The folder of a real data set, or a skip."""
    configured = os.environ.get("MINITORCH_TEST_DATA")
    if configured:
        places = [Path(configured)]
    else:
        places = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"no real data: no folder {name} in {configured or 'any ../shared/data'}")


@pytest.fixture(scope="session")
def real_sst2() -> Path:
    """The folder of the real SST-2, or a skip."""
    return real_data("sst2")


@pytest.fixture(scope="session")
def real_imdb() -> Path:
    """The folder of the real IMDB, or a skip."""
    return real_data("imdb")
