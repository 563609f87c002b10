"""MNIST: 60,000 train and 10,000 test images of handwritten digits.

Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document
recognition", section III.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from minitorch_datasets._files import StrPath, expanded
from minitorch_datasets._published import data_root
from minitorch_datasets.download import CONNECT_TIMEOUT, RemoteFile, cache_dir, fetch
from minitorch_datasets.errors import DatasetError, UnavailableError
from minitorch_datasets.idx import read_hashed
from minitorch_datasets.images import ImageDataset, check_counts, check_images, check_labels

__all__ = ["MNIST_MIRRORS", "has_mnist", "load_mnist"]

# The publisher's own page refuses downloads; these two hold the same files.
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


class _MnistFile(NamedTuple):
    """One of the four files: as published (gzipped), and the SHA-256 of its content."""

    remote: RemoteFile
    content_sha256: str

    @property
    def name(self) -> str:
        """The name without `.gz`."""
        return self.remote.name.removesuffix(".gz")


# In the order of ImageDataset's fields.
_FILES = (
    _MnistFile(
        RemoteFile(
            "train-images-idx3-ubyte.gz",
            9912422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _MnistFile(
        RemoteFile(
            "train-labels-idx1-ubyte.gz",
            28881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    _MnistFile(
        RemoteFile(
            "t10k-images-idx3-ubyte.gz",
            1648877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _MnistFile(
        RemoteFile(
            "t10k-labels-idx1-ubyte.gz",
            4542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


#: As published, the training images first.
MNIST_FILES = tuple(file.remote for file in _FILES)


class _Content(NamedTuple):
    """The contents found in a file."""

    path: Path
    array: NDArray[Any]
    sha256: str


def load_mnist(
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    verify: bool = True,
    progress: bool | None = None,
    mirrors: Sequence[str] = MNIST_MIRRORS,
    timeout: float = CONNECT_TIMEOUT,
) -> ImageDataset:
    """Load MNIST from its four IDX files, gzipped or not.

    With data_dir, the files are read only from there: from the folder itself, its `mnist`, or its
    `MNIST/raw` (torchvision's layout). Otherwise they are read in the same way from the cache,
    after downloading missing or damaged files.

    Args:
        data_dir: a folder that holds the files; None for the cache.
        download: true if the cache may be filled from the network.
        verify: check by SHA-256 that the content of data_dir is MNIST's. False also accepts another
            data set in files of the same names and layout (Fashion-MNIST, or your own). The cache
            is always checked.
        progress: show one bar per download on stderr; None shows them if stderr is a terminal.
        mirrors: base URLs to download from, in order of preference.
        timeout: seconds to connect to a mirror.
    Returns: images (60000, 28, 28) and (10000, 28, 28) uint8, labels (60000,) and (10000,) uint8.
    Raises: UnavailableError if the cache lacks a file that cannot be, or may not be, downloaded.
        DatasetError if data_dir lacks a file, or a file is damaged or not what its name says.
    """
    if data_dir is None:
        return _assemble("mnist", _from_cache(download, progress, mirrors, timeout))
    contents = _from_folder(data_dir)
    dataset = _assemble("mnist" if verify else "mnist layout", contents)
    if verify:  # last, because every other fault says more than a wrong checksum
        for file, content in zip(_FILES, contents, strict=True):
            _check_content(file, content)
    return dataset


def has_mnist(data_dir: StrPath | None = None) -> bool:
    """True if data_dir, by default the cache, holds the four files; opens none of them."""
    root = data_root(data_dir)
    return root is not None and all(_candidates(root, file) for file in _FILES)


def _candidates(root: Path, file: _MnistFile) -> list[Path]:
    """The paths under a folder where a file exists, best first."""
    folders = (root, root / "mnist", root / "MNIST" / "raw")
    paths = (folder / name for folder in folders for name in (file.name, file.remote.name))
    return [path for path in paths if path.is_file()]


def _from_folder(data_dir: StrPath) -> list[_Content]:
    root = expanded(data_dir)
    if not root.is_dir():
        raise DatasetError(
            f"load_mnist: data_dir {root} is {'not a' if root.exists() else 'no existing'} folder, "
            "wanted the one that holds MNIST's four files",
            "Check the path, or leave data_dir out to use the cache or download",
        )
    found = [(file, _candidates(root, file)) for file in _FILES]
    missing = [file.name for file, paths in found if not paths]
    if missing:
        raise DatasetError(
            f"load_mnist: data_dir {root} lacks {', '.join(missing)}, wanted with or "
            "without .gz in it, in its mnist or in its MNIST/raw",
            "Check the path, or leave data_dir out to use the cache or download",
        )
    return [_read(file, paths[0]) for file, paths in found]


def _from_cache(
    download: bool, progress: bool | None, mirrors: Sequence[str], timeout: float
) -> list[_Content]:
    root = cache_dir()
    contents: dict[str, _Content] = {}
    faults: list[str] = []
    for file in _FILES:
        for path in _candidates(root, file):
            try:
                content = _read(file, path)
                _check_content(file, content)
            except DatasetError as error:
                faults.append(error.reason)
            else:
                contents[file.name] = content
                break
    wanting = [file for file in _FILES if file.name not in contents]
    if wanting:
        state = f"in the cache {faults[0]}" if faults else f"MNIST is not in the cache {root}"
        if not download:
            raise UnavailableError(
                f"{state}, and it may not be downloaded",
                "Allow the download, or name the folder that holds the files as data_dir",
            )
        try:
            paths = fetch(
                [file.remote for file in wanting],
                root / "mnist",
                mirrors=mirrors,
                progress=progress,
                timeout=timeout,
            )
        except UnavailableError as error:
            raise UnavailableError(f"{state}, and {error.reason}", error.way_out) from error
        for file, path in zip(wanting, paths, strict=True):
            contents[file.name] = _read(file, path)
            _check_content(file, contents[file.name])
    return [contents[file.name] for file in _FILES]


def _read(file: _MnistFile, path: Path) -> _Content:
    """Read one file; DatasetError unless it holds well-formed images or labels, as expected."""
    array, sha256 = read_hashed(path)
    (check_images if "images" in file.name else check_labels)(array, str(path))
    return _Content(path, array, sha256)


def _check_content(file: _MnistFile, content: _Content) -> None:
    if content.sha256 == file.content_sha256:
        return
    others = [other.name for other in _FILES if content.sha256 == other.content_sha256]
    if others:
        raise DatasetError(
            f"{content.path}: wrong checksum: holds MNIST's {others[0]}, wanted {file.name}",
            "Are the train and the test files swapped?",
        )
    raise DatasetError(
        f"{content.path}: wrong checksum: the SHA-256 of its content is {content.sha256}, wanted "
        f"{file.content_sha256} for MNIST's {file.name}",
        "Get the file again if it is to be MNIST; load_mnist(data_dir, verify=False) reads other "
        "data of this layout",
    )


def _assemble(name: str, contents: Sequence[_Content]) -> ImageDataset:
    for images, labels in (contents[:2], contents[2:]):
        check_counts(images.array, str(images.path), labels.array, str(labels.path))
    return ImageDataset(name, *(content.array for content in contents))
