"""The disk cache of compiled kernels: folders and cache keys.

Each kernel is one file, named by a digest of everything that its machine code depends on. So there
is no index that two processes could write at once (they write the same bytes, and a file appears
atomically), and stale code is never loaded. If no folder is writable, kernels are compiled in each
process.

The cached code is executed. So a file is read only if it and its folder (an absolute path) belong
to this user or to root and nobody else can write them, and if its content matches the digest at its
start: a damaged file is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import stat
import sys
import tempfile
import threading
import time
import types
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from numba.core import config as numba_config
from numba.core import event

from minitorch_tensor.scratch import scratch

config: Any = numba_config  # untyped: it sets its attributes when loaded

#: Modules hashed into the cache key; all others are identified by version.
_OURS = ("minitorch_backends.", "minitorch_autodiff.operators")


#: The first bytes of a file, before the digest of its name and content.
_MAGIC = b"minitorch kernel 1\n"
_DIGEST = hashlib.sha256

#: Permissions that a file or folder must not have: others could write code that is run here.
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def load(backend: str, name: str) -> bytes | None:
    """The content that `keep` stored under that name, or None if it is missing or damaged."""
    for folder in folders(backend):
        with contextlib.suppress(OSError):
            found = _read_own(folder, name)
            if found.startswith(_MAGIC):
                digest, content = found[len(_MAGIC) :][:32], found[len(_MAGIC) + 32 :]
                if digest == _digest(name, content):
                    return content
    return None


def keep(backend: str, name: str, content: bytes) -> None:
    """Store content under a name, if a folder is writable."""
    for folder in folders(backend, writable=True):
        with contextlib.suppress(OSError), scratch(folder) as written:  # a full disk, say
            file = written / name
            file.write_bytes(_MAGIC + _digest(name, content) + content)
            file.chmod(file.stat().st_mode & ~_OTHERS & 0o777)  # regardless of the umask
            file.replace(folder / name)
            return


def _digest(name: str, content: bytes) -> bytes:
    return _DIGEST(name.encode() + b"\0" + content).digest()


def folders(backend: str, writable: bool = False) -> list[Path]:
    """Folders for a backend's compiled kernels: NUMBA_CACHE_DIR, or else the folder beside its
    sources and the user's cache folder. `writable` omits folders that cannot be written to, or
    from which nothing would be read."""
    return list(_folders(backend, config.CACHE_DIR, writable))


@lru_cache
def _folders(backend: str, chosen: str, writable: bool) -> tuple[Path, ...]:
    candidates = [Path(__file__).parent / backend / "__pycache__"]
    if chosen:
        candidates = [Path(chosen) / f"minitorch-{backend}"]
    elif user_folder := _user_folder():
        candidates.append(user_folder / backend)
    candidates = [folder for folder in candidates if folder.is_absolute()]
    return tuple([folder for folder in candidates if not (writable and _obstacle(folder))])


def _user_folder() -> Path | None:
    """The user's cache folder by the conventions of the system; None if there is none."""
    if sys.platform == "win32":
        variable, usual = "LOCALAPPDATA", Path("AppData", "Local")
    elif sys.platform == "darwin":
        variable, usual = "", Path("Library", "Caches")
    else:
        variable, usual = "XDG_CACHE_HOME", Path(".cache")
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # its specification says to ignore it
        try:
            base = Path.home() / usual
        except RuntimeError:
            return None
    return base / "minitorch" if base.is_absolute() else None


def where_kept(backend: str) -> str:
    """The folder for new kernels, or the reason why there is none, as text for a user."""
    kept = next(iter(folders(backend, writable=True)), None)
    if kept:
        return f"kept in {kept}"
    if not config.CACHE_DIR:
        return "no folder to keep them in: set NUMBA_CACHE_DIR"
    chosen = Path(config.CACHE_DIR) / f"minitorch-{backend}"
    obstacle = _obstacle(chosen) if chosen.is_absolute() else "is not an absolute path"
    return f"not kept: NUMBA_CACHE_DIR, {config.CACHE_DIR}, {obstacle}"


def _obstacle(folder: Path) -> str:
    """The reason why kernels cannot be stored in a folder; empty if they can."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder), _opened(folder):
            return ""
    except _ForeignError as error:
        return str(error)
    except OSError as error:
        return f"cannot be written ({error.strerror or error})"


# -- reading trusted files -------------------------------------------------------------------------


class _ForeignError(OSError):
    """A file or folder is not this user's alone."""


@contextlib.contextmanager
def _opened(path: Path | str, within: int | None = None) -> Iterator[int]:
    """A descriptor of a trusted folder, or of a trusted file within one; or _ForeignError.

    The check is made on the open descriptor, so that nobody can swap the file in between.
    """
    flags = os.O_RDONLY
    if within is not None:  # not a link, and not a pipe that would be waited for
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, dir_fd=within)
    try:
        status = os.fstat(descriptor)
        if status.st_uid not in (0, os.geteuid()):
            raise _ForeignError(f"belongs to another user ({status.st_uid})")
        if status.st_mode & _OTHERS:
            raise _ForeignError("can be written by others")
        if within is not None and not stat.S_ISREG(status.st_mode):
            raise _ForeignError("is not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def _read_own(folder: Path, name: str) -> bytes:
    with (
        _opened(folder) as within,
        _opened(name, within) as descriptor,
        open(descriptor, "rb", closefd=False) as file,
    ):
        return file.read()


if sys.platform == "win32":  # whose folders have no owner in this sense

    @contextlib.contextmanager
    def _opened(path: Path | str, within: int | None = None) -> Iterator[int]:
        yield 0

    def _read_own(folder: Path, name: str) -> bytes:
        return (folder / name).read_bytes()


@cache
def sources(module: str) -> str:
    """A digest of the source of a module and of all our modules that it uses."""
    found = {module}
    waiting = [module]
    while waiting:
        for value in list(vars(sys.modules[waiting.pop()]).values()):
            if isinstance(value, types.ModuleType):
                name = value.__name__
            else:
                name = getattr(value, "__module__", None) or ""
            if name.startswith(_OURS) and name in sys.modules and name not in found:
                found.add(name)
                waiting.append(name)
    text = "".join([inspect.getsource(sys.modules[name]) for name in sorted(found)])
    return hashlib.sha256(text.encode()).hexdigest()


class ProgressNote(event.Listener):
    """Prints one note on stderr when compiling kernels has taken a second in total.

    Args:
        backend: the name of the backend that compiles.
    """

    PATIENCE = 1.0

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._depth = 0
        self._spent = 0.0
        self._started = 0.0
        self._timer: threading.Timer | None = None
        self._said = False

    def on_start(self, event: Any = None) -> None:
        """Compilation of a function begins, perhaps within another."""
        self._depth += 1
        if self._depth > 1 or self._said:
            return
        self._started = time.perf_counter()
        timer = threading.Timer(max(0.0, self.PATIENCE - self._spent), self._say)
        timer.daemon = True
        with contextlib.suppress(RuntimeError):  # the user's limit of threads is reached
            timer.start()
            self._timer = timer

    def on_end(self, event: Any = None) -> None:
        """Compilation of a function ends."""
        self._depth -= 1
        if self._depth == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._spent += time.perf_counter() - self._started

    def _say(self) -> None:
        self._said = True
        if sys.stderr is not None:  # None if it was closed before Python started
            with contextlib.suppress(OSError, ValueError):  # it was closed later
                sys.stderr.write(
                    "minitorch: compiling kernels, which happens once "
                    f"({where_kept(self._backend)})\n"
                )
