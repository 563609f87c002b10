"""IMDB: 25,000 train and 25,000 test film reviews, half of them positive.

Source: Maas, Daly, Pham, Huang, Ng and Potts 2011, "Learning word vectors for sentiment analysis",
section 4.1: the Large Movie Review Dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from minitorch_datasets._archive import members
from minitorch_datasets._files import StrPath, read_bytes
from minitorch_datasets._published import Published, data_root, load_published
from minitorch_datasets.download import CONNECT_TIMEOUT, RemoteFile
from minitorch_datasets.errors import DatasetError
from minitorch_datasets.text_dataset import TextDataset, decode_utf8

__all__ = ["IMDB_MIRRORS", "has_imdb", "load_imdb"]

IMDB_MIRRORS = ("https://ai.stanford.edu/~amaas/data/sentiment",)

_ARCHIVE = RemoteFile("aclImdb_v1.tar.gz", 84125825, "md5:7c2ac02c03563afcf9b574c7e56c153a")
_UNPACKED = "aclImdb"
_IMDB = Published(
    "load_imdb",
    "IMDB",
    "imdb",
    f"{_ARCHIVE.name}, or {_UNPACKED} as it unpacks, in it or in its imdb",
    _ARCHIVE,
)
_REVIEWS = 12_500  # of each class in each split
_SPLITS = ("train", "test")
_CLASSES = ("neg", "pos")  # labels 0 and 1

#: The folders for split and class, and the name of a review: ID_RATING.txt in the archive.
_REVIEW = re.compile(r"(?:^|/)(train|test)/(neg|pos)/([^/]+)\.txt$")

#: The most bytes of one review: the longest of IMDB has 13,704, a novel has a million.
LARGEST_REVIEW = 16 << 20

#: Reviews by (split, class), then by name.
_Reviews = dict[tuple[str, str], dict[str, str]]


def load_imdb(
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    verify: bool = True,
    progress: bool | None = None,
    mirrors: Sequence[str] = IMDB_MIRRORS,
    timeout: float = CONNECT_TIMEOUT,
) -> TextDataset:
    """Load the IMDB reviews from the official archive, which is not unpacked, or the unpacked
    folder.

    With data_dir, they are read only from there. Otherwise they are read from the cache, after
    downloading missing or damaged files (80 MiB). The unlabelled reviews in the archive are
    ignored.

    Args:
        data_dir: the archive, the unpacked `aclImdb`, or a folder with either in it or in its
            `imdb`; None for the cache.
        download: true if the cache may be filled from the network.
        verify: check that there are 12,500 reviews of each class in each split, as IMDB has. False
            also accepts your own reviews in the same layout.
        progress: show a bar on stderr; None shows it if stderr is a terminal.
        mirrors: base URLs to download from, in order of preference.
        timeout: seconds to connect to a mirror.
    Returns: 25,000 train and 25,000 test texts, the negative ones first, in order of their number.
    Raises: UnavailableError if the cache lacks the reviews and they cannot be, or may not be,
        downloaded. DatasetError if data_dir lacks them, or they are damaged, not in UTF-8, or not
        IMDB.
    """

    def read(path: Path) -> TextDataset:
        reviews = _group(_in_folder(path) if path.is_dir() else _in_archive(path), path)
        _check_numbers(reviews, path, verify)
        return _assemble("imdb" if verify else "imdb layout", reviews)

    return load_published(
        _IMDB,
        data_dir,
        _find,
        read,
        download=download,
        progress=progress,
        mirrors=mirrors,
        timeout=timeout,
    )


def has_imdb(data_dir: StrPath | None = None) -> bool:
    """True if data_dir, by default the cache, holds the archive or its unpacked folder; opens
    neither."""
    root = data_root(data_dir)
    found = root and _find(root)
    return found is not None and (found.is_dir() or found.suffix != ".zip")


def _find(root: Path) -> Path | None:
    """The archive or the unpacked folder, at or below a path."""
    if root.is_file():
        return root
    for folder in (root, root / _IMDB.folder):
        if (folder / _ARCHIVE.name).is_file():
            return folder / _ARCHIVE.name
        for unpacked in (folder, folder / _UNPACKED):
            if any((unpacked / split).is_dir() for split in _SPLITS):
                return unpacked
    return None


def _in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every review in the archive, in the order they are stored."""
    return members(path, _REVIEW, LARGEST_REVIEW, _ARCHIVE.name)


def _in_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every review in an unpacked archive."""
    for split in _SPLITS:
        for label in _CLASSES:
            for path in (root / split / label).glob("*.txt"):
                yield str(path), read_bytes(path, LARGEST_REVIEW)


def _group(files: Iterator[tuple[str, bytes]], source: Path) -> _Reviews:
    reviews: _Reviews = {(split, label): {} for split in _SPLITS for label in _CLASSES}
    for name, content in files:
        # as_posix: a folder's names have the separators of the operating system
        found = _REVIEW.search(Path(name).as_posix())
        if found:
            split, label, review = found.groups()
            if review in reviews[split, label]:
                raise DatasetError(
                    f"{source}: holds {split}/{label}/{review}.txt twice",
                    "Download or unpack it again",
                )
            reviews[split, label][review] = decode_utf8(content, name)
    return reviews


def _check_numbers(reviews: _Reviews, path: Path, verify: bool) -> None:
    for (split, label), found in reviews.items():
        if not found:
            raise DatasetError(
                f"{path}: lacks reviews {split}/{label}/*.txt",
                "Is the data set complete? If not, download or unpack it again",
            )
        if verify and len(found) != _REVIEWS:
            raise DatasetError(
                f"{path}: holds {len(found):,} reviews {split}/{label}/*.txt, wanted IMDB's "
                f"{_REVIEWS:,}",
                "If you meant IMDB, download or unpack it again; load_imdb(data_dir, "
                "verify=False) reads other reviews of this layout",
            )


def _assemble(name: str, reviews: _Reviews) -> TextDataset:
    texts, labels = [], []
    for split in _SPLITS:
        parts = [sorted(reviews[split, label].items(), key=_by_number) for label in _CLASSES]
        texts.append([text for part in parts for _, text in part])
        labels.append(np.repeat(np.arange(2, dtype=np.uint8), [len(part) for part in parts]))
    return TextDataset(name, texts[0], labels[0], texts[1], labels[1])


def _by_number(review: tuple[str, str]) -> tuple[bool, int, str, str]:
    """A sort key: names by their leading number, of any length; names without one come first."""
    number = re.match(r"0*([0-9]*)", review[0])
    digits = number[1] if number else ""
    return review[0][:1].isdecimal(), len(digits), digits, review[0]
