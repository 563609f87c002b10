"""Compiled kernels on disk: compiled once on a machine, by whoever comes first.

Each compiled signature of a kernel is one file, named by a digest of all that its machine code
follows from: the sources, the signature, the processor, and the versions of Python and numba.
So there is no index that two processes could write at once (they write the same bytes, and a file
appears whole or not at all), nothing stale is ever loaded, and where no folder can be written
kernels are just compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import pickle
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import config as numba_config
from numba.core import event, serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult

config: Any = numba_config  # whose settings are made as it is loaded

#: Whose sources count: everything else has a version.
_OURS = ("minitorch_backends.", "minitorch_autodiff.operators")


class DiskCache(NullCache):
    """What numba asks of a cache, for one kernel.

    Args:
        function: the kernel.
        variant: which of several ways to compile it, and what else its code depends on.
    """

    def __init__(self, function: Callable[..., Any], variant: str) -> None:
        self._function = function
        self._variant = variant

    @property
    def cache_path(self) -> str:
        """Where new files go; empty if nowhere."""
        return str(next(iter(folders(writable=True)), ""))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, or None."""
        target_context.refresh()
        name = self._name(sig, target_context.codegen())
        for folder in folders():
            with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
                payload = pickle.loads((folder / name).read_bytes())
                return CompileResult._rebuild(target_context, *payload)  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, if some folder takes it."""
        if data.library.has_dynamic_globals or any(not x.can_cache for x in data.lifted):
            return
        payload = serialize.dumps(data._reduce())  # type: ignore[no-untyped-call]
        name = self._name(sig, data.codegen)
        for folder in folders(writable=True):
            with contextlib.suppress(OSError):  # a full disk, say: the next one, or none
                _write_whole(folder / name, payload)
                return

    def _name(self, sig: Any, codegen: Any) -> str:
        function = self._function
        parts = (
            function.__qualname__,
            self._variant,
            sources(function.__module__),
            str(sig),
            codegen.magic_tuple(),
            (sys.version, numba.__version__, llvmlite.__version__),
        )
        return f"{function.__name__}.{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.nbc"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def folders(writable: bool = False) -> list[Path]:
    """Where compiled kernels may lie: what NUMBA_CACHE_DIR says, or else beside this package and
    in the user's folder for caches. `writable` leaves out those that cannot be written to."""
    return list(_folders(config.CACHE_DIR, writable))


@lru_cache
def _folders(chosen: str, writable: bool) -> tuple[Path, ...]:
    candidates: Iterator[Path]
    if chosen:
        candidates = iter([Path(chosen) / "minitorch-fast"])
    else:
        candidates = iter([Path(__file__).parent / "__pycache__", _user_folder()])
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
    return base / "minitorch" / "fast"


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
    """Says once, on stderr, that kernels are compiled, when that has taken a second in all."""

    PATIENCE = 1.0

    def __init__(self) -> None:
        self._depth = 0
        self._spent = 0.0
        self._started = 0.0
        self._timer: threading.Timer | None = None
        self._said = False

    def on_start(self, event: Any) -> None:
        """A function begins to be compiled, perhaps within another."""
        self._depth += 1
        if self._depth > 1 or self._said:
            return
        self._started = time.perf_counter()
        self._timer = threading.Timer(max(0.0, self.PATIENCE - self._spent), self._say)
        self._timer.daemon = True
        self._timer.start()

    def on_end(self, event: Any) -> None:
        """It has been compiled."""
        self._depth -= 1
        if self._depth == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._spent += time.perf_counter() - self._started

    def _say(self) -> None:
        self._said = True
        kept = next(iter(folders(writable=True)), None)
        where = f"kept in {kept}" if kept else "no folder to keep them in: set NUMBA_CACHE_DIR"
        sys.stderr.write(f"minitorch: compiling kernels, which happens once ({where})\n")
