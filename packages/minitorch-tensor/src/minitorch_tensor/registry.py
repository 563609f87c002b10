"""Finding backends by name, without importing any before it is asked for.

Backends are entry points of the group `minitorch.backends`. Listing them reads metadata only;
`get_backend(name)` imports one, checks its interface and makes its one instance.
"""

from __future__ import annotations

import difflib
import importlib
import os
import threading
from importlib.metadata import EntryPoint, entry_points
from types import TracebackType

from minitorch_tensor.backend import BACKEND_INTERFACE, Backend, BackendUnavailable

GROUP = "minitorch.backends"

#: Names the backend to use when nothing else does.
VARIABLE = "MINITORCH_BACKEND"

#: Without a choice, the first of these that is installed.
PREFERRED = ("fast", "numpy")

#: What to install for a backend that people ask for by name.
KNOWN = {"fast": "minitorch-backends", "cuda": "minitorch-backends[cuda]"}


class BackendNotFound(LookupError):
    """No installed distribution registers that name."""


class BackendBroken(RuntimeError):
    """A backend is installed but cannot be used; `__cause__` has its own error."""


class _Registry:
    """What is installed, and what has been loaded."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.loaded: dict[str, Backend] = {}
        self.found: dict[str, list[EntryPoint]] | None = None
        self.default: Backend | None = None

    def entry_points(self) -> dict[str, list[EntryPoint]]:
        """The entry points of every name; two for a name that two distributions claim."""
        with self.lock:
            if self.found is None:
                self.found = {}
                for point in entry_points(group=GROUP):
                    self.found.setdefault(point.name, []).append(point)
            return self.found

    def get(self, name: str, asked_by: str) -> Backend:
        backend = self.loaded.get(name)
        if backend is None:
            with self.lock:
                backend = self.loaded.get(name)
                if backend is None:
                    backend = self.loaded[name] = _load(name, self.entry_points(), asked_by)
        return backend


_registry = _Registry()


class _Choice(threading.local):
    """The backend that `use_backend` chose for this thread."""

    backend: Backend | None = None


_choice = _Choice()


def backend_names() -> list[str]:
    """The names of all installed backends, sorted; nothing is imported."""
    return sorted({*_registry.entry_points(), *_registry.loaded})


def get_backend(name: str | Backend | None = None) -> Backend:
    """The backend of that name; without a name, the current one.

    The current backend is the one `use_backend` chose, else the one that the environment variable
    MINITORCH_BACKEND names, else `fast` where it is installed, else `numpy`.

    Raises:
        BackendNotFound: the name is misspelled or its distribution not installed.
        BackendBroken: it is installed but fails to load, or speaks another interface version.
        BackendUnavailable: it works, but not here (no device, no driver).
    """
    if isinstance(name, Backend):
        return name
    if name is not None:
        if not isinstance(name, str):
            raise TypeError(f"backend: wanted a name or a Backend, got {name!r}.")
        return _registry.get(name, asked_by="backend")
    return _choice.backend or _registry.default or _load_default()


def _load_default() -> Backend:
    with _registry.lock:
        named = os.environ.get(VARIABLE)
        if named:
            backend = _registry.get(named, asked_by=f"environment variable {VARIABLE}")
        else:
            found = _registry.entry_points()
            name = next((n for n in PREFERRED if n in found), PREFERRED[-1])
            try:
                backend = _registry.get(name, asked_by="default backend")
            except (BackendBroken, BackendUnavailable) as error:
                raise type(error)(
                    f"{error} It is the default where it is installed: repair it, or choose "
                    f"another, for example with {VARIABLE}=numpy."
                ) from error.__cause__
        _registry.default = backend
        return backend


def _load(name: str, found: dict[str, list[EntryPoint]], asked_by: str) -> Backend:
    points = found.get(name, [])
    if not points:
        raise BackendNotFound(_not_found_message(name, found, asked_by))
    sources = [p.dist.name if p.dist else "?" for p in points]
    if len(points) > 1:
        raise BackendBroken(
            f"backend {name!r} is claimed by several distributions: "
            f"{', '.join(sorted(sources))}. Uninstall all but one."
        )
    point = points[0]
    version = f" {point.dist.version}" if point.dist else ""
    origin = f"{sources[0]}{version}, entry point {point.value}"
    try:
        factory = point.load()
        backend = factory()
    except BackendUnavailable:
        raise
    except Exception as error:
        raise BackendBroken(
            f"backend {name!r} ({origin}) is installed but failed to load: "
            f"{type(error).__name__}: {error}"
        ) from error
    check_interface(name, backend, origin)
    return backend  # type: ignore[no-any-return]


def check_interface(name: str, backend: object, origin: str) -> None:
    """Check that an object is a backend of the interface that this package speaks.

    Raises: BackendBroken that says which side is too old, or what it is instead.
    """
    if not isinstance(backend, Backend):
        raise BackendBroken(
            f"backend {name!r} ({origin}) gave {type(backend).__name__}, which is no subclass of "
            "minitorch_tensor.Backend. Ask its author."
        )
    theirs = getattr(backend, "interface_version", None)
    if theirs != BACKEND_INTERFACE:
        if isinstance(theirs, int) and theirs > BACKEND_INTERFACE:
            advice = "minitorch-tensor is too old for it: upgrade minitorch-tensor"
        else:
            advice = "the backend is too old for this minitorch-tensor: upgrade the backend"
        raise BackendBroken(
            f"backend {name!r} ({origin}) was written for backend interface {theirs}, this "
            f"minitorch-tensor has interface {BACKEND_INTERFACE}: {advice}."
        )


def _not_found_message(name: str, found: dict[str, list[EntryPoint]], asked_by: str) -> str:
    message = (
        f"{asked_by}: no backend {name!r}: misspelled or not installed; "
        f"installed are {', '.join(sorted(found))}."
    )
    close = difflib.get_close_matches(name, [*found, *KNOWN], n=1)
    if close and close[0] in found:
        message += f" Did you mean {close[0]!r}?"
    elif close:
        message += f" For {close[0]!r}: pip install '{KNOWN[close[0]]}'."
    return message


class use_backend:
    """Make a backend the current one in this thread, for good or for a `with` block.

    >>> with use_backend("simple"):
    ...     pass
    """

    def __init__(self, name: str | Backend) -> None:
        self._backend = get_backend(name)
        self._before: list[Backend | None] = [_choice.backend]
        self._fresh = True
        _choice.backend = self._backend

    def __enter__(self) -> Backend:
        # The first block ends what the call began; the object may serve further blocks.
        if not self._fresh:
            self._before.append(_choice.backend)
            _choice.backend = self._backend
        self._fresh = False
        return self._backend

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _choice.backend = self._before.pop()


def register_backend(name: str, backend: Backend) -> None:
    """Add a backend by hand: for tests, and for one that is not a distribution yet.

    Raises: ValueError if the name is taken.
    """
    with _registry.lock:
        if name in _registry.loaded or name in _registry.entry_points():
            raise ValueError(f"register_backend: the name {name!r} is already taken.")
        check_interface(name, backend, "registered by hand")
        _registry.loaded[name] = backend


def refresh() -> None:
    """Look again for installed backends, after an installation in the running process."""
    importlib.invalidate_caches()
    with _registry.lock:
        _registry.found = None
        _registry.default = None
