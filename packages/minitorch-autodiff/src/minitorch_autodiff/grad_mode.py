"""Whether operations are recorded for differentiation: a switch that each thread owns."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, overload

__all__ = [
    "detect_anomaly",
    "enable_grad",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]

if TYPE_CHECKING:
    from minitorch_autodiff.function import Context

P = ParamSpec("P")
R = TypeVar("R")


class _Mode(threading.local):
    """The calling thread's switches. Class attributes are what a new thread starts with."""

    grad_enabled = True
    detect_anomaly = False
    #: Under detect_anomaly: the call whose backward is running.
    swept: Context | None = None


mode = _Mode()

#: One entry for each `detect_anomaly` that is in force in some thread. While there is none, nobody
#: need ask for the thread's own switch, which takes longer than looking here.
watchers: list[detect_anomaly] = []


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

    def _again(self) -> _SetSwitch:
        """A fresh one that sets the same: calls of a decorated function may overlap in threads."""
        return type(self)()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if not callable(function):
            raise TypeError(
                f"{type(self).__name__}: decorates a function, got {type(function).__name__}."
            )
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{type(self).__name__}: cannot decorate the coroutine function "
                f"{function.__qualname__}: while it waits, others run in this thread with its "
                "switch. Use `with` around the parts that do not await."
            )
        if inspect.isgeneratorfunction(function):
            return self._generator(function)  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _generator(
        self, function: Callable[P, Generator[Any, Any, Any]]
    ) -> Callable[P, Generator[Any, Any, Any]]:
        """Set the switch while the generator's body runs, not while its consumer does."""

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, Any]:
            with self._again():
                body = function(*args, **kwargs)
            try:
                with self._again():
                    item = next(body)
                while True:
                    try:
                        answer = yield item
                    except GeneratorExit:
                        with self._again():
                            body.close()
                        raise
                    except BaseException as error:  # noqa: BLE001 - the body's to handle
                        with self._again():
                            item = body.throw(error)
                    else:
                        with self._again():
                            item = body.send(answer)
            except StopIteration as stop:
                return stop.value

        return wrapped


class _Plain(_SetSwitch):
    """One without arguments, so that it may decorate without parentheses as well."""

    @overload
    def __new__(cls) -> Self: ...

    @overload
    def __new__(cls, function: Callable[P, R]) -> Callable[P, R]: ...  # type: ignore[misc]

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)


class no_grad(_Plain):
    """Record nothing inside: `with no_grad(): ...` or `@no_grad()`."""

    _switch, _value = "grad_enabled", False


class enable_grad(_Plain):
    """Record again inside a `no_grad`: `with enable_grad(): ...` or `@enable_grad()`."""

    _switch, _value = "grad_enabled", True


class set_grad_enabled(_SetSwitch):
    """Record from now on if `enabled`: `set_grad_enabled(False)`.

    In a `with`, or as a decorator, only inside: for a loop that trains and validates with one
    body, `with set_grad_enabled(training): ...`.
    """

    _switch = "grad_enabled"

    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._value = bool(enabled)
        self._before: bool | None = mode.grad_enabled  # what the first exit goes back to
        mode.grad_enabled = self._value

    def __enter__(self) -> None:
        super().__enter__()
        if self._before is not None:
            self._earlier[-1] = self._before
            self._before = None

    def _again(self) -> _SetSwitch:
        return set_grad_enabled(self._value)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if self._before is not None:  # it was made to decorate
            mode.grad_enabled, self._before = self._before, None
        return super().__call__(function)


class detect_anomaly(_Plain):
    """Raise where a NaN first appears, naming the operation and the line that called it.

    Covers both directions: a forward result that holds a NaN although no input did, and a
    gradient that `backward` makes NaN. It looks at every value, so it is slow; for debugging.
    """

    _switch, _value = "detect_anomaly", True

    def __enter__(self) -> None:
        super().__enter__()
        watchers.append(self)

    def __exit__(self, *error: Any) -> None:
        watchers.remove(self)
        super().__exit__(*error)
