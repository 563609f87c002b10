"""What the tests share: a small stand-in for MNIST, and the real data."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from minitorch_datasets import mnist, write_idx
from minitorch_datasets.download import RemoteFile

NAMES = tuple(file.name for file in mnist._FILES)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Four arrays of MNIST's layout, but few images."""
    rng = np.random.default_rng(0)
    found = {}
    for name, count in zip(NAMES, (12, 12, 5, 5), strict=True):
        if "images" in name:
            found[name] = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        else:
            found[name] = rng.integers(0, 10, count, dtype=np.uint8)
    return found


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A folder with the four arrays as gzipped IDX files."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, array in arrays.items():
        write_idx(folder / f"{name}.gz", array)
    return folder


@pytest.fixture
def published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, while the package takes exactly its files for MNIST."""
    files = []
    for name in NAMES:
        packed = (folder / f"{name}.gz").read_bytes()
        remote = RemoteFile(f"{name}.gz", len(packed), hashlib.sha256(packed).hexdigest())
        content = hashlib.sha256(gzip.decompress(packed)).hexdigest()
        files.append(mnist._MnistFile(remote, content))
    monkeypatch.setattr(mnist, "_FILES", tuple(files))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, in use."""
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


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
