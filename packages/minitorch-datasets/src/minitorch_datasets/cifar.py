"""CIFAR-10 and CIFAR-100: 50,000 train and 10,000 test pictures of things, 32 x 32 in colors.

Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images", chapter 3.
They are published as pickles, which are read here without running them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets._archive import members
from minitorch_datasets._files import StrPath, expanded, read_bytes, scratch
from minitorch_datasets._pickles import read_dictionary
from minitorch_datasets.errors import DatasetError

__all__ = ["CifarBatch", "read_cifar", "read_cifar_names", "unpack_cifar"]

SIZE = 32  # height and width of a picture, in pixels

#: The most bytes of one file: that of CIFAR-100's training pictures has 155,249,918.
LARGEST_FILE = 256 << 20

#: The folders of both, and a file in them.
_MEMBER = re.compile(r"(?:^|/)(cifar-10-batches-py|cifar-100-python)/(\w[\w.-]*)$", re.ASCII)
_AGAIN = "Is it damaged, or of another data set? Get the file again"


class CifarBatch(NamedTuple):
    """The contents of one file.

    Shapes: images (N, 3, 32, 32) uint8, in red, green and blue, read-only; labels (N,) int64;
        coarse_labels, of CIFAR-100, the same, else None.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    coarse_labels: NDArray[np.int64] | None


def read_cifar(path: StrPath) -> CifarBatch:
    """Read a file of pictures: `data_batch_1` to `5` and `test_batch` of CIFAR-10, `train` and
    `test` of CIFAR-100.

    Raises: DatasetError if it cannot be read, or holds anything else.
    """
    found = read_dictionary(read_bytes(path, LARGEST_FILE), path)
    data = found.get("data")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != 3 * SIZE * SIZE:
        state = f"of shape {data.shape}" if isinstance(data, np.ndarray) else "missing"
        raise DatasetError(
            f"{path}: its pictures are {state}, wanted an array (N, {3 * SIZE * SIZE}) of bytes",
            _AGAIN,
        )
    fine = "labels" if "labels" in found else "fine_labels"
    labels = _labels(found.get(fine), len(data), f"{path}: {fine}")
    coarse = None
    if "coarse_labels" in found:
        coarse = _labels(found["coarse_labels"], len(data), f"{path}: coarse_labels")
    return CifarBatch(data.reshape(-1, 3, SIZE, SIZE), labels, coarse)


def _labels(given: Any, count: int, source: str) -> NDArray[np.int64]:
    fitting = isinstance(given, list) and all(type(x) is int and 0 <= x < 256 for x in given)
    if not fitting or len(given) != count:
        raise DatasetError(f"{source} are not {count} small numbers, one for each picture", _AGAIN)
    return np.array(given, np.int64)


def read_cifar_names(path: StrPath) -> dict[str, list[str]]:
    """Read the names of the classes, from `batches.meta` ("label_names") or `meta`
    ("fine_label_names" and "coarse_label_names").

    Raises: DatasetError if it cannot be read, or holds no names.
    """
    names = {}
    for key, value in read_dictionary(read_bytes(path, LARGEST_FILE), path).items():
        if key.endswith("label_names") and isinstance(value, list):
            texts = [x.decode("latin1") if isinstance(x, bytes) else x for x in value]
            if all(type(text) is str for text in texts):
                names[key] = texts
    if not names:
        raise DatasetError(f"{path}: holds no names of classes", _AGAIN)
    return names


def unpack_cifar(archive: StrPath, folder: StrPath) -> list[Path]:
    """Unpack `cifar-10-python.tar.gz` or `cifar-100-python.tar.gz` into a folder, which gets a
    folder `cifar-10-batches-py` or `cifar-100-python` in it. Files that are there are replaced.

    Returns: the paths.
    Raises: DatasetError if the archive is damaged, or another. OSError if the folder cannot be
        written.
    """
    root = expanded(folder)
    root.mkdir(parents=True, exist_ok=True)
    paths = []
    with scratch(root) as parts:  # beside the target, so that a file appears when it is complete
        for name, content in members(archive, _MEMBER, LARGEST_FILE, "of CIFAR"):
            found = _MEMBER.search(name)
            assert found is not None
            target = root / found[1] / found[2]
            target.parent.mkdir(exist_ok=True)
            (parts / "file").write_bytes(content)
            paths.append((parts / "file").replace(target))
    if not paths:
        raise DatasetError(
            f"{archive}: holds neither cifar-10-batches-py nor cifar-100-python", _AGAIN
        )
    return paths
