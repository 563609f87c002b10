"""Scratch folders for writing files atomically: they appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["scratch"]

#: On systems without locks, a scratch folder counts as abandoned at this age, in seconds.
ABANDONED = 24 * 3600.0

_NAME = ".minitorch-{}.part"


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder`, for files to be moved into `folder` once they are complete.

    It is removed at the end, with its remaining content. If the process is killed, it stays until
    the next call, which sees from the released lock that it is abandoned.

    Raises: OSError if `folder` does not exist, or cannot be written.
    """
    for left in folder.glob(_NAME.format("*")):
        with contextlib.suppress(OSError), _locked(left, wait=False) as abandoned:
            if abandoned:
                shutil.rmtree(left, ignore_errors=True)
    while True:
        own = folder / _NAME.format(secrets.token_hex(8))
        own.mkdir()
        with _locked(own, wait=True):
            if not own.exists():  # another process took it for abandoned before it was locked
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
        except OSError:  # another process holds it, or the file system has no locks
            yield wait
        else:
            yield True
    finally:
        os.close(descriptor)
