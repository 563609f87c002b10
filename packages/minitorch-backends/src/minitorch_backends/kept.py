"""Compiled kernels on disk: where they lie, and what their code follows from.

Each is one file, named by a digest of all that its machine code follows from. So there is no index
that two processes could write at once (they write the same bytes, and a file appears whole or not
at all), nothing stale is ever loaded, and where no folder can be written kernels are just compiled
anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
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

config: Any = numba_config  # whose settings are made as it is loaded

#: Whose sources count: everything else has a version.
_OURS = ("minitorch_backends.", "minitorch_autodiff.operators")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def folders(backend: str, writable: bool = False) -> list[Path]:
    """Where compiled kernels of a backend may lie: what NUMBA_CACHE_DIR says, or else beside its
    sources and in the user's folder for caches. `writable` leaves out those that cannot be written
    to."""
    return list(_folders(backend, config.CACHE_DIR, writable))


@lru_cache
def _folders(backend: str, chosen: str, writable: bool) -> tuple[Path, ...]:
    candidates: Iterator[Path]
    if chosen:
        candidates = iter([Path(chosen) / f"minitorch-{backend}"])
    else:
        beside = Path(__file__).parent / backend / "__pycache__"
        candidates = iter([beside, _user_folder() / backend])
    if not writable:
        return tuple(candidates)
    return tuple([folder for folder in candidates if _can_write(folder)])


def _user_folder() -> Path:
    """The user's folder for caches, by the habits of each system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", "~\\AppData\\Local"))
    elif sys.platform == "darwin":
        base = Path("~/Library/Caches")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    with contextlib.suppress(RuntimeError):  # there may be no home at all
        base = base.expanduser()
    return base / "minitorch"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@cache
def sources(module: str) -> str:
    """A digest of the source of a module and of all of ours that it uses."""
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
    """Says once, on stderr, that kernels are compiled, when that has taken a second in all.

    Args:
        backend: whose kernels.
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
        """A function begins to be compiled, perhaps within another."""
        self._depth += 1
        if self._depth > 1 or self._said:
            return
        self._started = time.perf_counter()
        self._timer = threading.Timer(max(0.0, self.PATIENCE - self._spent), self._say)
        self._timer.daemon = True
        self._timer.start()

    def on_end(self, event: Any = None) -> None:
        """It has been compiled."""
        self._depth -= 1
        if self._depth == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._spent += time.perf_counter() - self._started

    def _say(self) -> None:
        self._said = True
        kept = next(iter(folders(self._backend, writable=True)), None)
        where = f"kept in {kept}" if kept else "no folder to keep them in: set NUMBA_CACHE_DIR"
        sys.stderr.write(f"minitorch: compiling kernels, which happens once ({where})\n")
