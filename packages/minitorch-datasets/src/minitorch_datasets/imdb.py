"""IMDB: 25,000 train and 25,000 test film reviews, half of them positive.

Source: Maas, Daly, Pham, Huang, Ng and Potts 2011, "Learning word vectors for sentiment analysis",
section 4.1: the Large Movie Review Dataset.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from minitorch_datasets._files import (
    StrPath,
    check_size,
    read_bytes,
    reading,
    unpacked_limit,
)
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
_GZIP_MAGIC = b"\x1f\x8b"

#: The most bytes of one review: the longest of IMDB has 13,704, a novel has a million.
LARGEST_REVIEW = 16 << 20

#: The most bytes of all headers of one member: its name, and other pax attributes.
_LARGEST_HEADER = 1 << 20

#: Exceptions from reading a damaged archive; RecursionError if headers refer to headers.
_DAMAGE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)

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
    with reading(path) as file:
        if file.read(len(_GZIP_MAGIC)) != _GZIP_MAGIC:
            raise DatasetError(
                f"{path}: is not gzipped, wanted the archive {_ARCHIVE.name}",
                "Was a web page saved in its place? Get the file again",
            )
        file.seek(0)
        limit = unpacked_limit(file)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                content = _Content(unpacked, 4 * limit)  # includes headers
                for name, review in _members(content):
                    limit -= len(review)
                    check_size(path, -min(0, limit), 0)
                    yield name, review
                content.finish()
        except DatasetError:  # which is a ValueError as well
            raise
        except _DAMAGE as error:
            raise DatasetError(
                f"{path}: the archive is damaged or truncated ({error})", "Get the file again"
            ) from error


class _Content:
    """The unpacked archive as a stream for tarfile: forward only, with a limited size.

    tarfile reads as much as a header claims, and headers may follow one another without end.

    Args:
        unpacked: the content; it checks gzip's checksum at its end.
        limit: the most bytes in all.
    """

    def __init__(self, unpacked: gzip.GzipFile, limit: int) -> None:
        self._unpacked = unpacked
        self._limit = limit
        self.allowed = 0
        self.last = b""

    def tell(self) -> int:
        return self._unpacked.tell()

    def seek(self, place: int) -> None:
        if not self.tell() <= place <= self._limit:
            raise tarfile.ReadError(f"a member ends at {place:,}")
        self._unpacked.seek(place)

    def read(self, size: int) -> bytes:
        self.allowed -= size
        if self.allowed < 0 or self.tell() + size > self._limit:
            raise tarfile.ReadError(f"a member claims more than {size:,} bytes")
        self.last = self._unpacked.read(size)
        return self.last

    def finish(self) -> None:
        """Read the rest, so that the checksum is checked."""
        while self.tell() <= self._limit:
            if not self._unpacked.read(1 << 20):
                return
        raise tarfile.ReadError(f"it goes on after {self._limit:,} bytes")


def _members(content: _Content) -> Iterator[tuple[str, bytes]]:
    """Name and content of every review in an unpacked archive."""
    content.allowed = _LARGEST_HEADER
    archive = tarfile.open(fileobj=content, mode="r:")  # type: ignore[call-overload]  # noqa: SIM115
    while member := archive.next():
        archive.members.clear()  # otherwise it keeps millions of them
        if _REVIEW.search(member.name) and member.isreg():
            if member.issparse():
                raise tarfile.ReadError(f"{member.name} is sparse, which no review is")
            if member.size > LARGEST_REVIEW:
                raise tarfile.ReadError(f"{member.name} claims {member.size:,} bytes")
            content.seek(member.offset_data)
            content.allowed = member.size
            review = content.read(member.size)
            if len(review) < member.size:
                raise EOFError(f"{member.name} ends early")
            yield member.name, review
        content.allowed = _LARGEST_HEADER
    if content.last.strip(b"\0"):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError(f"no header at {archive.offset:,}")


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
