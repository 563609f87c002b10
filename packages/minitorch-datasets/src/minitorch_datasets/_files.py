"""Reading untrusted files, and writing files atomically."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from minitorch_datasets.errors import DatasetError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

StrPath = str | os.PathLike[str]

#: Limits of the size that a file may unpack to: a multiple of its bytes on disk, and a minimum for
#: small files of zeros. Text and pictures compress to a quarter or a tenth.
RATIO = 16
ALLOWANCE = 256 << 20

#: A scratch folder that cannot be locked is abandoned when it is as old as this, in seconds.
ABANDONED = 24 * 3600.0

_SCRATCH = ".minitorch-{}.part"


def expanded(path: StrPath) -> Path:
    """A path in which `~` stands for a home folder; DatasetError if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DatasetError(f"{path}: {error}", "Write the path in full") from error


@contextlib.contextmanager
def reading(path: StrPath) -> Iterator[io.BufferedReader]:
    """A file open for reading.

    Raises: DatasetError for a folder, or a pipe or device, which could be read for ever; or if
        reading fails inside the context.
    """
    place = Path(path)
    try:
        if not stat.S_ISREG(place.stat().st_mode):  # opening a pipe would wait for its writer
            kind = "a folder" if place.is_dir() else "a pipe or a device"
            raise DatasetError(
                f"{path}: cannot be read: is {kind}, wanted a file", "Check the path"
            )
        with place.open("rb") as file:
            yield file
    except MemoryError as error:
        raise DatasetError(f"{path}: does not fit in memory", "Use a smaller file") from error
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read: {error.strerror or error}",
            "Check the path and its permissions",
        ) from error


def read_bytes(path: StrPath, limit: int | None = None) -> bytes:
    """The bytes of a file.

    Raises: DatasetError if it cannot be read, or holds more than `limit`, by default the most that
        its bytes on disk allow.
    """
    with reading(path) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, size, unpacked_limit(file) if limit is None else limit)
        return file.read(size)


def unpacked_limit(file: io.BufferedReader) -> int:
    """The most bytes that a file may unpack to, from its bytes on disk; holes count as 0."""
    status = os.fstat(file.fileno())
    taken: int = getattr(status, "st_blocks", status.st_size // 512) * 512
    return ALLOWANCE + RATIO * min(taken, status.st_size)


def check_size(path: StrPath, claimed: int, limit: int) -> None:
    """Compare the claimed size of a file's content with its limit, before allocating memory.

    Raises: DatasetError if it claims more.
    """
    if claimed > limit:
        raise DatasetError(
            f"{path}: claims to hold {claimed:,} bytes, wanted at most {limit:,} for a file of its "
            "size",
            "Is it damaged? Get it again; if it is right, unpack it first",
        )


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder`, for files that are moved to `folder` when complete.

    It is removed at the end, with any files left in it. If the process is killed, the next call
    removes it: its lock, which no process holds any more, shows that it is abandoned.
    """
    for left in folder.glob(_SCRATCH.format("*")):
        with contextlib.suppress(OSError), _locked(left, wait=False) as abandoned:
            if abandoned:
                shutil.rmtree(left, ignore_errors=True)
    while True:
        own = folder / _SCRATCH.format(secrets.token_hex(8))
        own.mkdir()
        with _locked(own, wait=True):
            if not own.exists():  # taken for abandoned before it was locked
                continue
            try:
                yield own
            finally:
                shutil.rmtree(own, ignore_errors=True)
            return


@contextlib.contextmanager
def _locked(folder: Path, wait: bool) -> Iterator[bool]:
    """True if this process holds the folder's lock. Without locks its age decides."""
    if fcntl is None:
        yield wait or time.time() - folder.stat().st_mtime > ABANDONED
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # somebody writes, or a file system without locks
            yield wait
        else:
            yield True
    finally:
        os.close(descriptor)
