"""What the tests share: small data, a trained network, and the command line in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch_tensor as mt
from minitorch_cli.testing import Run, in_process
from minitorch_datasets import ImageDataset, load_digits
from minitorch_mnist import cli


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
def small() -> ImageDataset:
    """Few drawn digits: an epoch on them takes less than a second."""
    return load_digits(train=600, test=100)


@pytest.fixture
def data(small: ImageDataset, monkeypatch: pytest.MonkeyPatch) -> ImageDataset:
    """Every data set that is asked for is the small one."""
    monkeypatch.setattr(cli, "load_image_dataset", lambda *_, **__: (small, None))
    return small


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LeNet that reads nine digits of ten, as `train` saves it."""
    path = tmp_path_factory.mktemp("trained") / "lenet.npz"
    enough = load_digits(train=3300, test=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "load_image_dataset", lambda *_, **__: (enough, None))
        how = ["--epochs", "3", "--batch-size", "32", "--lr", "0.003", "--backend", "fast"]
        assert cli.main([*how, "--quiet", "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder of the real MNIST, or a skip."""
    configured = os.environ.get("MINITORCH_TEST_DATA")
    if configured:
        places = [Path(configured)]
    else:
        places = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents]
    for place in places:
        if (place / "mnist").is_dir():
            return place / "mnist"
    pytest.skip(f"no real MNIST: no folder mnist in {configured or 'any ../shared/data'}")
