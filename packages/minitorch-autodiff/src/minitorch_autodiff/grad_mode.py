"""Grad mode: turn the recording of operations on and off, separately in each context.

A context is one of `contextvars`. A new thread begins with a fresh context, in which recording is
on; an asyncio task, and `asyncio.to_thread`, with a copy of its creator's. So a setting made in one
of them never affects another.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar, Token
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


#: True while operations are recorded; true while they are checked for NaN; and, in the latter case,
#: the call whose backward is running.
_recording: ContextVar[bool] = ContextVar("minitorch_recording", default=True)
_watching: ContextVar[bool] = ContextVar("minitorch_watching", default=False)
swept: ContextVar[Context | None] = ContextVar("minitorch_swept", default=None)

#: Bound once, since every operation calls it.
grad_enabled = _recording.get
anomalies_watched = _watching.get
set_recording, reset_recording = _recording.set, _recording.reset

#: One entry for each `detect_anomaly` active in any context. While this is empty, operations skip
#: the slower lookup of the context's own switch.
watchers: list[detect_anomaly] = []


def is_grad_enabled() -> bool:
    """True if operations on values that require a gradient are recorded in this context."""
    return grad_enabled()


class _SetSwitch:
    """Set one switch and restore its old value: a context manager and a decorator.

    Reentrant: settings form a stack, so one object may be entered again inside itself, and by
    several tasks and threads at once.
    """

    _switch: ContextVar[bool]
    _value: bool

    def __init__(self) -> None:
        self._set: list[Token[bool]] = []

    def __enter__(self) -> None:
        self._set.append(self._switch.set(self._value))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._put_back()

    def _put_back(self) -> None:
        """Undo this object's latest setting in the calling context, if there is one; a setting made
        in another context cannot be undone here."""
        for token in reversed(tuple(self._set)):
            with contextlib.suppress(ValueError, RuntimeError):
                self._switch.reset(token)
                self._set.remove(token)
                return

    def _again(self) -> _SetSwitch:
        """A new object with the same setting, since calls of a decorated function may overlap."""
        return type(self)()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if not callable(function):
            raise TypeError(
                f"{type(self).__name__}: decorates a function, got {type(function).__name__}."
            )
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{type(self).__name__}: cannot decorate the asynchronous generator "
                f"{function.__qualname__}: whoever iterates over it would run with its switch. Use "
                "`with` around the parts that do not yield."
            )
        if inspect.iscoroutinefunction(function):
            return self._coroutine(function)  # type: ignore[return-value]
        if inspect.isgeneratorfunction(function):
            return self._generator(function)  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _coroutine(
        self, function: Callable[P, Coroutine[Any, Any, R]]
    ) -> Callable[P, Coroutine[Any, Any, R]]:
        @functools.wraps(function)
        async def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return await function(*args, **kwargs)

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
    """A switch without arguments, usable as a decorator with or without parentheses."""

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

    _switch, _value = _recording, False


class enable_grad(_Plain):
    """Record again inside a `no_grad`: `with enable_grad(): ...` or `@enable_grad()`."""

    _switch, _value = _recording, True


class set_grad_enabled(_SetSwitch):
    """Record from now on if `enabled`: `set_grad_enabled(False)`.

    As a context manager or decorator, it applies only inside: a loop that both trains and validates
    can say `with set_grad_enabled(training): ...`.
    """

    _switch = _recording

    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._value = bool(enabled)
        self._called = True  # as a function, until it is entered or decorates
        super().__enter__()

    def __enter__(self) -> None:
        self._undo_call()
        super().__enter__()

    def _again(self) -> _SetSwitch:
        again = set_grad_enabled(self._value)
        again._undo_call()
        return again

    def _undo_call(self) -> None:
        if self._called:
            self._called = False
            self._put_back()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        self._undo_call()
        return super().__call__(function)


class detect_anomaly(_Plain):
    """Raise where a NaN first appears, naming the operation and the line that called it.

    Covers both directions: a forward result that holds a NaN although no input did, and a
    gradient that `backward` makes NaN. It inspects every value, so it is slow: use it for
    debugging.
    """

    _switch, _value = _watching, True

    def __enter__(self) -> None:
        super().__enter__()
        watchers.append(self)

    def __exit__(self, *error: Any) -> None:
        watchers.remove(self)
        super().__exit__(*error)
