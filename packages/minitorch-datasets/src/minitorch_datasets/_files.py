"""Reading a file, with an error that says which."""

from __future__ import annotations

import os
from pathlib import Path

from minitorch_datasets.errors import DatasetError

StrPath = str | os.PathLike[str]


def read_bytes(path: StrPath) -> bytes:
    """The bytes of a file; DatasetError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read: {error.strerror or error}",
            "Check the path and its permissions",
        ) from error
