"""Bad data files: missing, truncated, swapped, of another format or content."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch_datasets import write_idx

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four well-formed files in MNIST's layout, two of them gzipped."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, count in zip(NAMES, (30, 30, 10, 10)):
        gz = ".gz" if name.startswith("train") else ""
        if "images" in name:
            array = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        else:
            array = rng.integers(0, 10, count, dtype=np.uint8)
        write_idx(folder / f"{name}{gz}", array)
    return folder


def remove(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()


def truncate(folder: Path) -> None:
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])


def truncate_gzip(folder: Path) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])


def swap(folder: Path) -> None:
    images, labels = (folder / f"{name}.gz" for name in NAMES[:2])
    content = images.read_bytes()
    images.write_bytes(labels.read_bytes())
    labels.write_bytes(content)


def change_magic(folder: Path) -> None:
    path = folder / "t10k-labels-idx1-ubyte"
    path.write_bytes(b"\x00\x01\x08\x01" + path.read_bytes()[4:])


def damage_gzip(folder: Path) -> None:
    path = folder / "train-labels-idx1-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[-5] ^= 255
    path.write_bytes(content)


def nothing(folder: Path) -> None:
    """Well-formed files, but not MNIST's: only the checksum tells."""


def empty(folder: Path) -> None:
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"")


def replace_by_folder(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.unlink()


def lose_an_image(folder: Path) -> None:
    with gzip.open(folder / "train-images-idx3-ubyte.gz", "wb") as file:
        header = (b"\x00\x00\x08\x03", (29).to_bytes(4, "big"), 2 * (28).to_bytes(4, "big"))
        file.write(b"".join(header) + bytes(29 * 28 * 28))


@pytest.mark.parametrize(
    ("harm", "parts"),
    [
        (remove, ["lacks t10k-labels-idx1-ubyte"]),
        (truncate, ["t10k-images-idx3-ubyte", "truncated"]),
        (truncate_gzip, ["train-images-idx3-ubyte.gz", "truncated"]),
        (swap, ["train-images-idx3-ubyte.gz", "labels", "swapped"]),
        (change_magic, ["t10k-labels-idx1-ubyte"]),
        (damage_gzip, ["train-labels-idx1-ubyte.gz", "damaged"]),
        (nothing, ["train-images-idx3-ubyte.gz", "checksum"]),
        (empty, ["t10k-images-idx3-ubyte"]),
        (replace_by_folder, ["lacks", *NAMES]),
        (lose_an_image, ["29", "30"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
@pytest.mark.parametrize("data", ["auto", "mnist"])
def test_a_bad_file_is_named_in_one_line_and_nothing_is_written(
    harm: Callable[[Path], None], parts: list[str], data: str, folder: Path, run: Any
) -> None:
    harm(folder)
    error = run("--data", data, "--data-dir", folder, "--backend", "numpy").error
    assert error.startswith("minitorch-mnist: error: ")
    for part in parts:
        assert part in error
    assert list(Path().iterdir()) == []


def test_evaluation_names_a_bad_file_too(folder: Path, trained: Path, run: Any) -> None:
    remove(folder)
    how = ("--checkpoint", trained, "--data-dir", folder, "--backend", "numpy")
    assert "lacks t10k-labels-idx1-ubyte" in run("evaluate", *how).error
