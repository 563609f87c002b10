"""Find backends by name, and import each only on its first use.

Backends are entry points of the group `minitorch.backends`. Listing them reads metadata only;
`get_backend(name)` imports one, checks its interface and creates its single instance. Each name has
its own lock, so that a backend that is slow to load does not delay requests for another.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from minitorch_tensor.backend import BACKEND_INTERFACE, Backend, BackendUnavailable

if TYPE_CHECKING:
    # Imported at run time only where needed: it takes at least a tenth as long as numpy.
    from importlib.metadata import EntryPoint

GROUP = "minitorch.backends"

#: Environment variable that names the default backend.
VARIABLE = "MINITORCH_BACKEND"

#: Environment variable; 0 hides every backend but those of minitorch-tensor itself, to test without
#: them or where one of them must not be loaded.
PLUGINS_VARIABLE = "MINITORCH_PLUGINS"

#: The default is the first of these that is installed.
PREFERRED = ("fast", "numpy")

#: The distributions to suggest for well-known backends that are not installed.
KNOWN = {"fast": "minitorch-backends", "cuda": "minitorch-backends[cuda]"}


class BackendNotFound(LookupError):
    """No installed distribution registers that name."""


class BackendBroken(RuntimeError):
    """A backend is installed but cannot be used; `__cause__` is the original error.

    Attributes:
        reason: why, in a few words.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


@dataclass(frozen=True)
class BackendInfo:
    """One row of `python -m minitorch_tensor backends`.

    Attributes:
        name: the name that selects it.
        distribution: the one that registers it, with its version; "" if registered by hand.
        interface: version of the backend interface that it was written for, if known.
        status: "ready", "unavailable" (it works, but not here), "broken" or "not installed".
        detail: what it needs if unavailable, the reason if broken, or how to install it.
    """

    name: str
    distribution: str
    interface: object
    status: str
    detail: str = ""


class _Registry:
    """The backends that are installed, and those that have been loaded."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.loading: dict[str, threading.RLock] = {}
        self.loaded: dict[str, Backend] = {}
        self.found: dict[str, list[EntryPoint]] | None = None
        self.default: Backend | None = None

    def entry_points(self) -> dict[str, list[EntryPoint]]:
        """The entry points by name; a name that two distributions claim has two."""
        with self.lock:
            if self.found is None:
                from importlib.metadata import entry_points

                own_only = os.environ.get(PLUGINS_VARIABLE) == "0"
                found: dict[str, list[EntryPoint]] = {}
                for point in entry_points(group=GROUP):
                    if not (own_only and _distribution(point)[0] != "minitorch-tensor"):
                        found.setdefault(point.name, []).append(point)
                self.found = found
            return self.found

    def get(self, name: str, asked_by: str) -> Backend:
        backend = self.loaded.get(name)
        if backend is None:
            with self.lock:
                loading = self.loading.setdefault(name, threading.RLock())
            # Not under self.lock: the import may wait for a module that another thread is
            # importing, which itself asks for a backend.
            with loading:
                backend = self.loaded.get(name)
                if backend is None:
                    backend = _load(name, self.entry_points(), asked_by)
                    self.loaded[name] = backend
        return backend


_registry = _Registry()


#: The backend that `use_backend` chose in this context: own to each thread, and copied into a task.
_choice: ContextVar[Backend | None] = ContextVar("minitorch_backend", default=None)


def backend_names() -> list[str]:
    """The names of all installed backends, sorted; nothing is imported."""
    return sorted({*_registry.entry_points(), *_registry.loaded})


def get_backend(name: str | Backend | None = None) -> Backend:
    """The backend of that name; without a name, the current one.

    The current backend is the one `use_backend` chose, else the one that the environment variable
    MINITORCH_BACKEND names, else `fast` where it is installed, else `numpy`.

    Raises:
        BackendNotFound: the name is misspelled or its distribution not installed.
        BackendBroken: it is installed but fails to load, or implements another interface version.
        BackendUnavailable: it works, but not here (no device, no driver).
    """
    if isinstance(name, Backend):
        return name
    if name is not None:
        if not isinstance(name, str):
            raise TypeError(f"backend: wanted a name or a Backend, got {name!r}.")
        return _registry.get(name, asked_by="backend")
    return _choice.get() or _registry.default or _load_default()


def current_backend_name() -> str:
    """The name of the backend that `get_backend()` returns. Nothing is imported, so that a tensor
    can tell if it is on another backend even when the default one is broken."""
    backend = _choice.get() or _registry.default
    return default_backend_name()[0] if backend is None else backend.name


def default_backend_name() -> tuple[str, str]:
    """The name of the default backend, and the reason for it; nothing is imported."""
    named = os.environ.get(VARIABLE)
    if named:
        return named, f"the environment variable {VARIABLE} names it"
    found = _registry.entry_points()
    name = next((name for name in PREFERRED if name in found), PREFERRED[-1])
    return name, f"it is the first of {', '.join(PREFERRED)} that is installed"


def _load_default() -> Backend:
    name, _ = default_backend_name()
    if os.environ.get(VARIABLE):
        backend = _registry.get(name, asked_by=f"environment variable {VARIABLE}")
    else:
        try:
            backend = _registry.get(name, asked_by="default backend")
        except (BackendBroken, BackendUnavailable) as error:
            raise type(error)(
                f"{error} It is the default where it is installed: repair it, or choose "
                f"another, for example with {VARIABLE}=numpy."
            ) from error.__cause__
    _registry.default = backend
    return backend


# -- loading ------------------------------------------------------------------------------------


def _load(name: str, found: dict[str, list[EntryPoint]], asked_by: str) -> Backend:
    points = found.get(name, [])
    if not points:
        raise BackendNotFound(_not_found_message(name, found, asked_by))
    if len(points) > 1:
        sources = sorted(_distribution(point)[0] for point in points)
        raise BackendBroken(
            f"backend {name!r} is claimed by several distributions: {', '.join(sources)}. "
            "Uninstall all but one.",
            f"claimed by {' and '.join(sources)}: uninstall all but one",
        )
    distribution, _ = _distribution(points[0])
    return _make(name, _import(name, points[0]), _origin(points[0]), distribution)


def _distribution(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point comes from."""
    return (str(point.dist.name), point.dist.version) if point.dist else ("?", "")


def _origin(point: EntryPoint) -> str:
    return f"{' '.join(_distribution(point)).strip()}, entry point {point.value}"


def _import(name: str, point: EntryPoint) -> Callable[[], Any]:
    """Import the object that an entry point names."""
    try:
        factory: Callable[[], Any] = point.load()
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and _is_in(point.module, error.name):
            reason = f"its entry point names the module {error.name!r}, which does not exist"
        elif isinstance(error, AttributeError) and error.name in point.attr.split("."):
            reason = f"its entry point names {point.attr!r}, which {point.module!r} does not have"
        else:
            reason = f"{type(error).__name__} at import: {error}{_mismatch(point, error)}"
        raise _broken(name, _origin(point), reason) from error
    return factory


def _mismatch(point: EntryPoint, error: BaseException) -> str:
    """Advice for a backend that imports a name missing from this distribution."""
    missing = getattr(error, "name", None)
    if not (isinstance(error, ImportError) and _is_in(missing or "", "minitorch_tensor")):
        return ""
    from importlib.metadata import version

    requires = point.dist.requires or [] if point.dist else []
    wanted = next((line for line in requires if line.startswith("minitorch-tensor")), "another one")
    return (
        f"; it asks for {wanted}, and this is minitorch-tensor {version('minitorch-tensor')}: "
        f"upgrade the older of the two, with pip install --upgrade {_distribution(point)[0]}"
    )


def _is_in(module: str, missing: str | None) -> bool:
    """True if the missing module is the one asked for, or a parent package of it."""
    return missing is not None and f"{module}.".startswith(f"{missing}.")


def _make(name: str, factory: Callable[[], Any], origin: str, distribution: str) -> Backend:
    """Check the class, then instantiate the backend."""
    if isinstance(factory, type) and issubclass(factory, Backend):
        _check_version(name, factory, origin, distribution)
        lacking = sorted(getattr(factory, "__abstractmethods__", ()))
        if lacking:
            raise _broken(
                name,
                origin,
                f"{factory.__name__} lacks the required {_plural('method', lacking)}: write it as "
                "minitorch_tensor.Backend documents it",
            )
    try:
        backend = factory()
    except BackendUnavailable:
        raise
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__} when it was made: {error}"
        raise _broken(name, origin, reason) from error
    check_interface(name, backend, origin, distribution)
    return backend  # type: ignore[no-any-return]


def _plural(noun: str, names: list[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _broken(name: str, origin: str, reason: str) -> BackendBroken:
    return BackendBroken(
        f"backend {name!r} ({origin}) is installed but cannot be used: {reason}.", reason
    )


def check_interface(name: str, backend: object, origin: str, distribution: str = "") -> None:
    """Check that an object is a backend of this package's interface version.

    Args:
        origin: where it comes from, for the message.
        distribution: the one to upgrade if the backend is too old, if known.

    Raises: BackendBroken that says which side is too old, or what the object is instead.
    """
    if not isinstance(backend, Backend):
        raise _broken(
            name,
            origin,
            f"it gave {type(backend).__name__}, no instance of minitorch_tensor.Backend",
        )
    _check_version(name, backend, origin, distribution)
    called = getattr(backend, "name", None)
    if called != name:
        raise _broken(
            name,
            origin,
            f"it calls itself {called!r}; its `name` must be the one it is registered under, by "
            "which a pickled tensor finds it again",
        )


def _check_version(
    name: str, backend: Backend | type[Backend], origin: str, distribution: str
) -> None:
    theirs = getattr(backend, "interface_version", None)
    if theirs == BACKEND_INTERFACE:
        return
    if isinstance(theirs, int) and theirs > BACKEND_INTERFACE:
        advice = "minitorch-tensor is too old for it: pip install --upgrade minitorch-tensor"
    elif isinstance(theirs, int) and distribution:
        advice = f"{distribution} is too old: pip install --upgrade {distribution}"
    elif isinstance(theirs, int):
        advice = "the backend is too old: upgrade it"
    else:
        advice = f"set interface_version = {BACKEND_INTERFACE} in its class"
    raise _broken(
        name,
        origin,
        f"it was written for backend interface {theirs}, this minitorch-tensor has interface "
        f"{BACKEND_INTERFACE}: {advice}",
    )


def _not_found_message(name: str, found: dict[str, list[EntryPoint]], asked_by: str) -> str:
    message = (
        f"{asked_by}: no backend {name!r}: misspelled or not installed; "
        f"installed are {', '.join(backend_names())}."
    )
    close = difflib.get_close_matches(name, [*found, *KNOWN], n=1)
    if close and close[0] in found:
        message += f" Did you mean {close[0]!r}?"
    elif close:
        message += f" For {close[0]!r}: pip install '{KNOWN[close[0]]}'."
    if os.environ.get(PLUGINS_VARIABLE) == "0":
        message += f" {PLUGINS_VARIABLE}=0 hides those of other distributions."
    return message


# -- a look at all of them ----------------------------------------------------------------------


def describe_backends() -> list[BackendInfo]:
    """Every backend that is installed, registered or known, sorted by name. Loads them all; a
    failure of one is described and does not affect the others."""
    found = _registry.entry_points()
    infos = [_describe(point, points) for points in found.values() for point in points]
    by_hand = _registry.loaded.keys() - found.keys()
    infos += [
        BackendInfo(name, "", _registry.loaded[name].interface_version, "ready") for name in by_hand
    ]
    infos += [
        BackendInfo(name, "", None, "not installed", f"pip install '{requirement}'")
        for name, requirement in KNOWN.items()
        if name not in found and name not in by_hand
    ]
    return sorted(infos, key=lambda info: (info.name, info.distribution))


def _describe(point: EntryPoint, rivals: list[EntryPoint]) -> BackendInfo:
    interface, status, detail = None, "ready", ""
    try:
        if len(rivals) == 1:
            interface = getattr(_import(point.name, point), "interface_version", None)
        interface = _registry.get(point.name, asked_by="backend").interface_version
    except BackendUnavailable as error:
        status, detail = "unavailable", str(error)
    except BackendBroken as error:
        status, detail = "broken", error.reason
    return BackendInfo(point.name, " ".join(_distribution(point)), interface, status, detail)


# -- choosing -----------------------------------------------------------------------------------


class use_backend:
    """Make a backend the current one in this context, permanently or for a `with` block.

    A thread begins without a choice; an asyncio task inherits its creator's.

    >>> with use_backend("simple"):
    ...     pass
    """

    def __init__(self, name: str | Backend) -> None:
        self._backend = get_backend(name)
        self._chosen = [_choice.set(self._backend)]
        self._fresh = True

    def __enter__(self) -> Backend:
        # The first block undoes the choice made by the call; the object may serve further blocks.
        if self._fresh:
            self._fresh = False
            self._put_back()
        self._chosen.append(_choice.set(self._backend))
        return self._backend

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._put_back()

    def _put_back(self) -> None:
        """Undo this object's latest choice in the calling context, if there is one; a choice made
        in another context cannot be undone here."""
        for token in reversed(tuple(self._chosen)):
            with contextlib.suppress(ValueError, RuntimeError):
                _choice.reset(token)
                self._chosen.remove(token)
                return


def register_backend(name: str, backend: Backend) -> None:
    """Register a backend directly, for tests or for one without a distribution.

    Raises: ValueError if the name is taken; BackendBroken if it does not implement this interface,
        or its `name` differs.
    """
    with _registry.lock:
        if name in _registry.loaded or name in _registry.entry_points():
            raise ValueError(f"register_backend: the name {name!r} is already taken.")
        check_interface(name, backend, "registered by hand")
        _registry.loaded[name] = backend


def refresh() -> None:
    """Search again for installed backends, for use after an installation in the running process,
    and reread the environment variables. Loaded backends stay."""
    importlib.invalidate_caches()
    with _registry.lock:
        _registry.found = None
        _registry.default = None
