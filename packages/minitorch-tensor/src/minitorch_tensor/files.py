"""Writing files that appear whole or not at all, and looking beforehand whether they can."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from minitorch_tensor.scratch import scratch

__all__ = ["is_special", "try_writing", "write_file"]


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that appears whole or not at all; missing folders are made.

    An existing file is replaced once the new one is complete, and its mode stays; a pipe or a
    device is written to directly.

    Raises: OSError if it cannot be written; IsADirectoryError if path is a folder.
    """
    try_writing(path, len(content))
    target = _resolved(path)
    if is_special(target):
        target.write_bytes(content)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch(target.parent) as folder:
        temporary = folder / "file"
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # otherwise a power cut after renaming could leave it empty
        if target.exists():
            _resemble(temporary, target.stat())
        temporary.replace(target)


def _resolved(path: str | os.PathLike[str]) -> Path:
    """The target of a link, so that the file is replaced and not the link."""
    try:
        target = Path(path).resolve()
    except RuntimeError:  # Python 3.12 and older, on a link to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
    if target.is_symlink():  # newer Pythons leave it unresolved
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if target.is_dir() or os.fspath(path)[-1:] in ("", os.sep):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return target


def is_special(target: Path) -> bool:
    """True for a pipe, a device or a folder."""
    return target.exists() and not target.is_file()


def try_writing(path: str | os.PathLike[str], size: int) -> None:
    """Try the steps of writing a file that leave nothing behind; OSError if one fails."""
    target = _resolved(path)
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied")
    if target.is_char_device():
        _try_device(target)
    elif not is_special(target):
        folder = target.parent
        while not folder.exists():
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file, size)


def _try_device(target: Path) -> None:
    """Write a zero byte to a device, which /dev/full refuses; write nothing to a terminal."""
    descriptor = os.open(target, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
    try:
        if not os.isatty(descriptor):
            os.write(descriptor, b"\0")
    finally:
        os.close(descriptor)


def _reserve(file: IO[bytes], size: int) -> None:
    """Reserve bytes on the disk, or raise OSError."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, max(1, size))
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
        else:
            return
    for start in range(0, size, 1 << 20):
        file.write(bytes(min(1 << 20, size - start)))
    file.flush()


def _resemble(temporary: Path, status: os.stat_result) -> None:
    """Give a new file the mode and, if permitted, the owner of the file that it replaces."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)
    temporary.chmod(stat.S_IMODE(status.st_mode))
