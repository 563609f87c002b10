"""Whether operations are recorded for differentiation: a switch that each thread owns."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class _Mode(threading.local):
    """The calling thread's switches. Class attributes are what a new thread starts with."""

    grad_enabled = True
    detect_anomaly = False


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operations on values that require a gradient are recorded in this thread."""
    return mode.grad_enabled


class _SetSwitch:
    """Set one switch of `mode`, and put the old value back: a context manager and a decorator.

    Reentrant: the earlier values are a stack, so one object may be entered again inside itself.
    """

    _switch: str
    _value: bool

    def __init__(self) -> None:
        self._earlier: list[bool] = []

    def __enter__(self) -> None:
        self._earlier.append(getattr(mode, self._switch))
        setattr(mode, self._switch, self._value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        setattr(mode, self._switch, self._earlier.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return wrapped


class no_grad(_SetSwitch):
    """Record nothing inside: `with no_grad(): ...` or `@no_grad()`."""

    _switch, _value = "grad_enabled", False


class enable_grad(_SetSwitch):
    """Record again inside a `no_grad`: `with enable_grad(): ...` or `@enable_grad()`."""

    _switch, _value = "grad_enabled", True


class set_grad_enabled(_SetSwitch):
    """Record inside if `enabled`: for a loop that trains and validates with one body."""

    _switch = "grad_enabled"

    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._value = bool(enabled)


class detect_anomaly(_SetSwitch):
    """Raise where a NaN first appears, naming the operation and the line that called it.

    Covers both directions: a forward result that holds a NaN although no input did, and a
    gradient that `backward` makes NaN. It looks at every value, so it is slow; for debugging.
    """

    _switch, _value = "detect_anomaly", True
