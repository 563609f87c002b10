"""Load the backend that an entry point names, and check it: each failure says whose it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from minitorch_tensor.backend import BACKEND_INTERFACE, REQUIRED, Backend, BackendUnavailable

if TYPE_CHECKING:
    # Imported at run time only where needed: it takes at least a tenth as long as numpy.
    from importlib.metadata import Distribution, EntryPoint

#: Names and versions as they were found, since a distribution that is uninstalled has none.
_FOUND: WeakKeyDictionary[Distribution, tuple[str, str]] = WeakKeyDictionary()


class BackendBroken(RuntimeError):
    """A backend is installed but cannot be used; `__cause__` is the original error.

    Attributes:
        reason: why, in a few words.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution that an entry point comes from."""
    if point.dist is None:
        return "?", ""
    if point.dist not in _FOUND:
        metadata = point.dist.metadata
        _FOUND[point.dist] = str(metadata["Name"] or "?"), str(metadata["Version"] or "")
    return _FOUND[point.dist]


def _is_uninstalled(point: EntryPoint) -> bool:
    """True if the distribution's files are gone."""
    return point.dist is not None and point.dist.read_text("entry_points.txt") is None


def origin_of(point: EntryPoint) -> str:
    """Where a backend comes from, for messages."""
    return f"{' '.join(distribution_of(point)).strip()}, entry point {point.value}"


def import_factory(name: str, point: EntryPoint) -> Callable[[], Any]:
    """Import the object that an entry point names."""
    try:
        factory: Callable[[], Any] = point.load()
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and _is_in(point.module, error.name):
            reason = f"its entry point names the module {error.name!r}, which does not exist"
            if _is_uninstalled(point):
                reason = (
                    f"{distribution_of(point)[0]} was uninstalled while this process runs; install "
                    "it again, or forget it with minitorch_tensor.refresh()"
                )
        elif isinstance(error, AttributeError) and error.name in point.attr.split("."):
            reason = f"its entry point names {point.attr!r}, which {point.module!r} does not have"
        else:
            reason = f"{type(error).__name__} at import: {error}{_mismatch(point, error)}"
        raise broken(name, origin_of(point), reason) from error
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
        f"upgrade the older of the two, with pip install --upgrade {distribution_of(point)[0]}"
    )


def _is_in(module: str, missing: str | None) -> bool:
    """True if the missing module is the one asked for, or a parent package of it."""
    return missing is not None and f"{module}.".startswith(f"{missing}.")


def make_backend(name: str, factory: Callable[[], Any], origin: str, distribution: str) -> Backend:
    """Check the class, then instantiate the backend."""
    if isinstance(factory, type) and issubclass(factory, Backend):
        _check_version(name, factory, origin, distribution)
        lacking = sorted(getattr(factory, "__abstractmethods__", ()))
        if lacking:
            raise broken(
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
        raise broken(name, origin, reason) from error
    check_interface(name, backend, origin, distribution)
    return backend  # type: ignore[no-any-return]


def _plural(noun: str, names: list[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"


def broken(name: str, origin: str, reason: str) -> BackendBroken:
    """The error for a backend that is installed and of no use."""
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
        raise broken(
            name,
            origin,
            f"it gave {type(backend).__name__}, no instance of minitorch_tensor.Backend",
        )
    _check_version(name, backend, origin, distribution)
    called = getattr(backend, "name", None)
    if called != name:
        raise broken(
            name,
            origin,
            f"it calls itself {called!r}; its `name` must be the one it is registered under, by "
            "which a pickled tensor finds it again",
        )
    for method in REQUIRED:
        check_signature(name, backend, method, origin)


def signature_of(method: Callable[..., Any]) -> str:
    """The names of a method's parameters, without annotations, as in a call."""
    shown = [
        str(p.replace(annotation=p.empty)) for p in inspect.signature(method).parameters.values()
    ]
    return f"({', '.join(shown)})"


def check_signature(name: str, backend: Backend, method: str, origin: str) -> None:
    """Check that a required method can be called as the interface calls it.

    Raises: BackendBroken with the parameters that are expected, and those found.
    """
    wanted = list(inspect.signature(getattr(Backend, method)).parameters)[1:]
    found = getattr(backend, method)
    try:
        inspect.signature(found).bind(*wanted)
    except (TypeError, ValueError):
        raise broken(
            name,
            origin,
            f"its method {method} is called with ({', '.join(wanted)}), and takes "
            f"{signature_of(found)}",
        ) from None


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
    raise broken(
        name,
        origin,
        f"it was written for backend interface {theirs}, this minitorch-tensor has interface "
        f"{BACKEND_INTERFACE}: {advice}",
    )
