"""Tiny Shakespeare, 1,115,394 characters of the plays, and plain text in general.

Source: Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks", whose program
char-rnn brought the file along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from minitorch_datasets._files import StrPath, expanded, read_bytes
from minitorch_datasets._published import Published, data_root, load_published
from minitorch_datasets.download import CONNECT_TIMEOUT, RemoteFile
from minitorch_datasets.errors import DatasetError
from minitorch_datasets.text_dataset import decode_utf8

__all__ = ["SHAKESPEARE_MIRRORS", "has_shakespeare", "load_shakespeare", "read_text"]

SHAKESPEARE_MIRRORS = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare",
)

_FILE = RemoteFile(
    "input.txt", 1115394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
)
_SHAKESPEARE = Published(
    "load_shakespeare",
    "Tiny Shakespeare",
    "shakespeare",
    f"{_FILE.name}, in it or in its shakespeare",
    _FILE,
)


def load_shakespeare(
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    verify: bool = True,
    progress: bool | None = None,
    mirrors: Sequence[str] = SHAKESPEARE_MIRRORS,
    timeout: float = CONNECT_TIMEOUT,
) -> str:
    """The text of Tiny Shakespeare. By custom its first 90 % are to train on, the rest to validate.

    With data_dir, the file is read only from there. Otherwise it is read from the cache, after
    downloading it if it is missing or damaged (1.1 MiB).

    Args:
        data_dir: a folder with `input.txt`, in it or in its `shakespeare`; or the file itself. None
            for the cache.
        download: true if the cache may be filled from the network.
        verify: compare the file with the published checksum. False also accepts another text.
        progress: show a bar on stderr; None shows it if stderr is a terminal.
        mirrors: base URLs to download from, in order of preference.
        timeout: seconds to connect to a mirror.
    Raises: UnavailableError if the cache lacks the file and it cannot be, or may not be,
        downloaded. DatasetError if data_dir lacks it, or it is damaged or another.
    """

    def read(path: Path) -> str:
        content = read_bytes(path)
        if verify and hashlib.sha256(content).hexdigest() != _SHAKESPEARE.remote.checksum:
            raise DatasetError(
                f"{path}: is not Tiny Shakespeare: its {len(content):,} bytes have another "
                "checksum",
                "Get the file again; read_text(path) reads any text",
            )
        return decode_utf8(content, str(path))

    return load_published(
        _SHAKESPEARE,
        data_dir,
        _find,
        read,
        download=download,
        progress=progress,
        mirrors=mirrors,
        timeout=timeout,
    )


def has_shakespeare(data_dir: StrPath | None = None) -> bool:
    """True if data_dir, by default the cache, holds the file; does not open it."""
    root = data_root(data_dir)
    return root is not None and _find(root) is not None


def _find(root: Path) -> Path | None:
    places = (root, root / _FILE.name, root / _SHAKESPEARE.folder / _FILE.name)
    return next((place for place in places if place.is_file()), None)


def read_text(path: StrPath) -> str:
    """The text of a file in UTF-8, with a byte-order mark at its beginning or without.

    Raises: DatasetError if it cannot be read, is a folder, a pipe or a device, or not in UTF-8.
    """
    place = expanded(path)
    return decode_utf8(read_bytes(place), str(place))
