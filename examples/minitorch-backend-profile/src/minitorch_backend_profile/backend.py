"""The backend: it forwards every operation of the interface to another backend and measures it."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

from minitorch_backend_profile.ledger import Entry, Ledger, NaNBirth
from minitorch_tensor import Backend, TensorData, backend_names, get_backend
from minitorch_tensor.backend import DERIVED

#: Names the backend underneath.
VARIABLE = "MINITORCH_PROFILE"

#: Without a choice, the first of these that is installed.
PREFERRED = ("fast", "numpy")

#: Stack frames in these packages are MiniTorch's, not the user's.
OURS = ("minitorch_autodiff", "minitorch_tensor", "minitorch_nn", "minitorch_backend_profile")


def from_environment() -> ProfileBackend:
    """The registry's factory: a profile of the backend that the environment names, or of the
    fastest one, with a table on stderr when the program ends.

    Raises: ValueError if the environment names this backend itself.
    """
    installed = backend_names()
    name = os.environ.get(VARIABLE) or next(name for name in PREFERRED if name in installed)
    if name == ProfileBackend.name:
        raise ValueError(f"{VARIABLE}={name} would profile itself; name another backend")
    backend = ProfileBackend(get_backend(name))

    def print_table() -> None:
        if backend.ledger.total().calls:
            sys.stderr.write(f"{backend.report()}\n")

    atexit.register(print_table)
    return backend


def _measured(name: str) -> Callable[..., Any]:
    """The operation of that name: measured, and computed by the backend underneath."""

    @wraps(getattr(Backend, name))
    def method(self: ProfileBackend, *args: Any, **kwargs: Any) -> Any:
        return self._measure(name, args, kwargs)

    # `wraps` has copied this mark of the required ones, too.
    method.__dict__.pop("__isabstractmethod__", None)
    return method


class ProfileBackend(Backend):
    """Forwards every operation to another backend, and records its cost.

    An entry includes the operations that it calls: a derived `softmax` is one entry, not the maps
    and reductions that it is made of.

    Args:
        inner: the backend that computes.

    Attributes:
        inner: likewise.
        ledger: the record of calls.
    """

    name: ClassVar[str] = "profile"
    interface_version: ClassVar[int] = 2

    empty = _measured("empty")
    from_numpy = _measured("from_numpy")
    to_numpy = _measured("to_numpy")
    copy_ = _measured("copy_")
    map = _measured("map")
    zip = _measured("zip")
    reduce = _measured("reduce")
    matmul = _measured("matmul")

    def __init__(self, inner: Backend) -> None:
        self.inner = inner
        self.on_host = inner.on_host
        self.dtypes = inner.dtypes
        self.flushes_denormals = inner.flushes_denormals
        self.compiles = inner.compiles
        self.ledger = Ledger()

    def report(self) -> str:
        """The calls so far, as a table."""
        return self.ledger.table(f"operations of backend {self.inner.name!r}")

    def _measure(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = [*args, *kwargs.values()]
        writes = name.endswith("_")
        # Check arguments that are written to before they change.
        had_nan = writes and _has_nan(self.inner, given)
        compute = getattr(self.inner, name)
        start = perf_counter()
        result = compute(*args, **kwargs)
        self.inner.synchronize()
        seconds = perf_counter() - start
        made = given if writes else result
        born = (
            name != "empty"  # `empty` may hold anything
            and _has_nan(self.inner, made)
            and not (had_nan if writes else _has_nan(self.inner, given))
        )
        operation = _label(name, given)
        entry = Entry(1, seconds, _bytes_of(given), _bytes_of(made), int(born))
        birth = NaNBirth(operation, _shapes_of(given), _place()) if born else None
        self.ledger.add(operation, entry, birth)
        return result


# And all other operations of the interface, including those of later versions.
for _name in DERIVED:
    setattr(ProfileBackend, _name, _measured(_name))


def _label(name: str, given: list[Any]) -> str:
    """The operation, and the function that it applies: `zip(add)`."""
    functions = [getattr(x, "__name__", type(x).__name__) for x in given if callable(x)]
    return f"{name}({functions[0]})" if functions else name


def _leaves(value: Any) -> Iterator[Any]:
    """The value, or the items of a list or tuple, recursively."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _bytes_of(value: Any) -> int:
    return sum(
        x.size * x.dtype.itemsize for x in _leaves(value) if isinstance(x, (TensorData, np.ndarray))
    )


def _shapes_of(value: Any) -> tuple[tuple[int, ...], ...]:
    return tuple([x.shape for x in _leaves(value) if isinstance(x, (TensorData, np.ndarray))])


def _has_nan(inner: Backend, value: Any) -> bool:
    """True if a number among arguments or results is NaN."""
    for x in _leaves(value):
        array = inner.to_numpy(x) if isinstance(x, TensorData) else x
        floating = isinstance(array, float) or (
            isinstance(array, np.ndarray) and array.dtype.kind == "f"
        )
        if floating and np.isnan(array).any():
            return True
    return False


def _place() -> str:
    """File and line of the innermost frame that is not MiniTorch's."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in OURS:
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
