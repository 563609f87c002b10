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
import re
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from minitorch_tensor.backend import Backend, BackendUnavailable, Capabilities
from minitorch_tensor.loading import (
    BackendBroken,
    check_interface,
    distribution_of,
    import_factory,
    make_backend,
    origin_of,
)

if TYPE_CHECKING:
    # Imported at run time only where needed: it takes at least a tenth as long as numpy.
    from importlib.metadata import EntryPoint

GROUP = "minitorch.backends"

#: Environment variable that names the default backend.
VARIABLE = "MINITORCH_BACKEND"

#: Environment variable; 0 hides the backends of strangers, to test without them or where one of
#: them must not be loaded.
PLUGINS_VARIABLE = "MINITORCH_PLUGINS"

#: The distributions that own a name; no other can claim it.
OWNERS = {
    "simple": "minitorch-tensor",
    "numpy": "minitorch-tensor",
    "fast": "minitorch-backends",
    "cuda": "minitorch-backends",
}

#: The default is the first of these that is installed.
PREFERRED = ("fast", "numpy")

#: The distributions to suggest for well-known backends that are not installed.
KNOWN = {"fast": "minitorch-backends", "cuda": "minitorch-backends[cuda]"}


#: Values accepted as a place: a device, its text, or the backend itself.
Place: TypeAlias = "str | device | Backend"

#: The device that stands for whichever backend computes in the host's memory.
HOST = "cpu"

_TEXT = re.compile(r"([A-Za-z_][\w.-]*?)(?::([0-9]+))?")


class BackendNotFound(LookupError):
    """No installed distribution registers that name."""


@dataclass(frozen=True)
class BackendInfo:
    """One row of `python -m minitorch_tensor backends`.

    Attributes:
        name: the name that selects it.
        distribution: the one that registers it, with its version; "" if registered by hand.
        interface: version of the backend interface that it was written for, if known.
        status: "ready", "unavailable" (it works, but not here), "broken" or "not installed".
        detail: what it needs if unavailable, the reason if broken, or how to install it.
        seconds: that loading it took just now; 0 if it was loaded.
        capabilities: what it declares, if it is ready.
    """

    name: str
    distribution: str
    interface: object
    status: str
    detail: str = ""
    seconds: float = field(default=0.0, compare=False)
    capabilities: Capabilities | None = field(default=None, compare=False)


class _Registry:
    """The backends that are installed, and those that have been loaded."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.loading: dict[str, threading.RLock] = {}
        self.loaded: dict[str, Backend] = {}
        self.found: dict[str, list[EntryPoint]] | None = None
        self.refused: list[tuple[EntryPoint, str]] = []
        self.failed: dict[str, BackendBroken] = {}
        self.default: Backend | None = None

    def entry_points(self) -> dict[str, list[EntryPoint]]:
        """The entry points by name; a name that two distributions claim has two."""
        with self.lock:
            if self.found is None:
                from importlib.metadata import entry_points

                ours_only = os.environ.get(PLUGINS_VARIABLE) == "0"
                found: dict[str, list[EntryPoint]] = {}
                self.refused = []
                for point in entry_points(group=GROUP):
                    source = _normalized(distribution_of(point)[0])
                    owner = HOST if point.name == HOST else OWNERS.get(point.name, source)
                    if ours_only and source not in OWNERS.values():
                        continue
                    if source == owner:
                        found.setdefault(point.name, []).append(point)
                    elif point.name == HOST:
                        self.refused.append(
                            (point, f"{HOST!r} is the device of this host, not a backend's name")
                        )
                    else:
                        self.refused.append(
                            (point, f"the name {point.name!r} belongs to {owner}: rename it")
                        )
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
                    if name in self.failed:  # until `refresh`: an import that failed may be slow
                        known = self.failed[name]
                        raise BackendBroken(str(known), known.reason) from known.__cause__
                    try:
                        backend = _load(name, self.entry_points(), asked_by)
                    except BackendBroken as error:
                        self.failed[name] = error
                        raise
                    except BackendUnavailable as error:
                        needs = str(error).rstrip(".")
                        raise BackendUnavailable(
                            f"{asked_by}: backend {name!r} cannot run here: {needs}. "
                            f"Choose another, for example {_way_out(asked_by)}.",
                            error.reason,
                        ) from error
                    self.loaded[name] = backend
        return backend


def _normalized(distribution: str) -> str:
    """The name of a distribution as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _way_out(asked_by: str) -> str:
    """How whoever asked for a backend can ask for another."""
    if asked_by == "backend":
        return "'numpy'"
    return f"with {VARIABLE}=numpy"


_registry = _Registry()


#: The backend that `use_backend` chose in this context: own to each thread, and copied into a task.
_choice: ContextVar[Backend | None] = ContextVar("minitorch_backend", default=None)


def backend_names() -> list[str]:
    """The names of all installed backends, sorted; nothing is imported."""
    return sorted({*_registry.entry_points(), *_registry.loaded})


def get_backend(name: Place | None = None) -> Backend:
    """The backend of that name, or of a device; without a name, the current one.

    The current backend is the one `use_backend` chose, else the one that the environment variable
    MINITORCH_BACKEND names, else `fast` where it is installed, else `numpy`. The device "cpu" is
    the current backend if that computes in the host's memory, else `fast` or `numpy` likewise.

    Raises:
        ValueError: a device has a number other than 0.
        BackendNotFound: the name is misspelled or its distribution not installed.
        BackendBroken: it is installed but fails to load, or implements another interface version.
        BackendUnavailable: it works, but not here (no device, no driver).
    """
    if isinstance(name, Backend):
        return name
    if name is None:
        return _choice.get() or _registry.default or _load_default()
    if isinstance(name, str):
        if name in _registry.loaded:
            return _registry.loaded[name]
        name = device(name)
    if not isinstance(name, device):
        raise TypeError(f"backend: wanted a name, a device or a Backend, got {name!r}.")
    if name.index:
        raise ValueError(
            f"device: got {name}; the backend {name.type!r} has one device, number 0. Choose which "
            "with its environment variables (CUDA_VISIBLE_DEVICES for cuda)."
        )
    if name.type == HOST:
        return _host_backend()
    return _registry.get(name.type, asked_by="backend")


def _host_backend() -> Backend:
    """What the device "cpu" means."""
    current = get_backend()
    if current.on_host:
        return current
    found = _registry.entry_points()
    name = next((name for name in PREFERRED if name in found), PREFERRED[-1])
    return _registry.get(name, asked_by="device 'cpu'")


def device_of(backend: Backend) -> device:
    """The device of a tensor on that backend: "cpu" for the one that `get_backend("cpu")` gives."""
    if not backend.on_host:
        return device(backend.name, 0)
    current = _choice.get() or _registry.default
    if backend is current:
        return device(HOST)
    try:
        return device(HOST if backend is _host_backend() else backend.name)
    except (BackendBroken, BackendNotFound, BackendUnavailable):
        # The default cannot be had, which is no obstacle to a tensor that lies elsewhere.
        return device(backend.name)


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
        except BackendBroken as error:
            raise BackendBroken(
                f"{error} It is the default where it is installed: repair it, or choose "
                f"another, for example with {VARIABLE}=numpy.",
                error.reason,
            ) from error.__cause__
    _registry.default = backend
    return backend


# -- loading --------------------------------------------------------------------------------------


def _load(name: str, found: dict[str, list[EntryPoint]], asked_by: str) -> Backend:
    points = found.get(name, [])
    if not points:
        raise BackendNotFound(_not_found_message(name, found, asked_by))
    if len(points) > 1:
        sources = sorted(distribution_of(point)[0] for point in points)
        raise BackendBroken(
            f"backend {name!r} is claimed by several distributions: {', '.join(sources)}. "
            "Uninstall all but one.",
            f"claimed by {' and '.join(sources)}: uninstall all but one",
        )
    distribution, _ = distribution_of(points[0])
    return make_backend(name, import_factory(name, points[0]), origin_of(points[0]), distribution)


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
    for point, reason in _registry.refused:
        if point.name == name:
            message += f" {distribution_of(point)[0]} claims it, but {reason}."
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
        BackendInfo(
            name,
            "",
            _registry.loaded[name].interface_version,
            "ready",
            capabilities=_registry.loaded[name].capabilities,
        )
        for name in by_hand
    ]
    infos += [
        BackendInfo(point.name, " ".join(distribution_of(point)), None, "broken", reason)
        for point, reason in _registry.refused
    ]
    infos += [
        BackendInfo(name, "", None, "not installed", f"pip install '{requirement}'")
        for name, requirement in KNOWN.items()
        if name not in found and name not in by_hand
    ]
    return sorted(infos, key=lambda info: (info.name, info.distribution))


def _describe(point: EntryPoint, rivals: list[EntryPoint]) -> BackendInfo:
    interface, status, detail, capabilities = None, "ready", "", None
    start = time.perf_counter()
    try:
        if len(rivals) == 1:
            interface = getattr(import_factory(point.name, point), "interface_version", None)
        backend = _registry.get(point.name, asked_by="backend")
        interface, capabilities = backend.interface_version, backend.capabilities
    except BackendUnavailable as error:
        status, detail = "unavailable", error.reason
    except BackendBroken as error:
        status, detail = "broken", error.reason
    seconds = time.perf_counter() - start
    source = " ".join(distribution_of(point))
    return BackendInfo(point.name, source, interface, status, detail, seconds, capabilities)


# -- choosing -----------------------------------------------------------------------------------


class device:
    """A backend by name, and the number of a device of its kind.

    `device("cpu")` is the backend in use on this host, such as `fast`; any other name is that of a
    backend: "cuda", "numpy", or a third party's. Whether it is installed and works is checked when
    it is used. As a context manager, a device makes its backend the current one.

    Args:
        type: a name, also with a number ("cuda:0"), or another device.
        index: the number. Backends have one device each, so only 0 can be used.

    Raises: TypeError for anything but a text or a device; ValueError for a text that is no name.

    >>> device("cuda:0").type, device("cuda", 0).index
    ('cuda', 0)
    """

    __slots__ = ("_entered", "index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            index = type.index if index is None else index
            type = type.type
        if not isinstance(type, str):
            raise TypeError(
                f"device: wanted a name such as 'cpu' or 'cuda', got {type!r}. "
                "Backends are listed by `python -m minitorch_tensor backends`."
            )
        parts = _TEXT.fullmatch(type)
        if parts is None or (parts[2] is not None and index is not None):
            raise ValueError(
                f"device: wanted a name such as 'cpu', or one with a number such as 'cuda:0', got "
                f"{type!r}{'' if index is None else f' and the number {index}'}."
            )
        self.type = parts[1]
        self.index = index if parts[2] is None else int(parts[2])
        self._entered: list[use_backend] = []

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{number})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        entered = use_backend(self)
        entered.__enter__()
        self._entered.append(entered)
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)


class use_backend:
    """Make a backend the current one in this context, permanently or for a `with` block.

    A thread begins without a choice; an asyncio task inherits its creator's.

    >>> with use_backend("simple"):
    ...     pass
    """

    def __init__(self, name: Place) -> None:
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
        if name == HOST or name in _registry.loaded or name in _registry.entry_points():
            raise ValueError(f"register_backend: the name {name!r} is already taken.")
        check_interface(name, backend, "registered by hand")
        _registry.loaded[name] = backend


def refresh() -> None:
    """Search again for installed backends, for use after an installation in the running process,
    and reread the environment variables. Loaded backends stay."""
    importlib.invalidate_caches()
    with _registry.lock:
        _registry.found = None
        _registry.failed.clear()
        _registry.default = None
