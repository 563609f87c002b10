"""The switch that turns recording for differentiation on and off, one for each context.

A context is what `contextvars` calls one. A new thread begins with a context of its own, in which
operations are recorded; a task of asyncio, and `asyncio.to_thread`, with a copy of the one that
started it. So what one of them sets while it waits for another concerns nobody else.
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


#: True while operations are recorded; true while they are watched for NaN; and, while they are
#: watched, the call whose backward is running.
_recording: ContextVar[bool] = ContextVar("minitorch_recording", default=True)
_watching: ContextVar[bool] = ContextVar("minitorch_watching", default=False)
swept: ContextVar[Context | None] = ContextVar("minitorch_swept", default=None)

#: For operations, which ask for it every time: bound once.
grad_enabled = _recording.get
anomalies_watched = _watching.get
set_recording, reset_recording = _recording.set, _recording.reset

#: One entry for each `detect_anomaly` that is in force in some context. While there is none, nobody
#: need ask for the context's own switch, which takes longer than looking here.
watchers: list[detect_anomaly] = []


def is_grad_enabled() -> bool:
    """True if operations on values that require a gradient are recorded in this context."""
    return grad_enabled()


class _SetSwitch:
    """Set one switch, and put the old value back: a context manager and a decorator.

    Reentrant: what was set is a stack, so one object may be entered again inside itself, and by
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
        """Undo the latest setting that this object made in the calling context, if it made one:
        those of other contexts refuse to be undone here."""
        for token in reversed(tuple(self._set)):
            with contextlib.suppress(ValueError, RuntimeError):
                self._switch.reset(token)
                self._set.remove(token)
                return

    def _again(self) -> _SetSwitch:
        """A fresh one that sets the same: calls of a decorated function may overlap in threads."""
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

    _switch, _value = _recording, False


class enable_grad(_Plain):
    """Record again inside a `no_grad`: `with enable_grad(): ...` or `@enable_grad()`."""

    _switch, _value = _recording, True


class set_grad_enabled(_SetSwitch):
    """Record from now on if `enabled`: `set_grad_enabled(False)`.

    In a `with`, or as a decorator, only inside: for a loop that trains and validates with one
    body, `with set_grad_enabled(training): ...`.
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
    gradient that `backward` makes NaN. It looks at every value, so it is slow; for debugging.
    """

    _switch, _value = _watching, True

    def __enter__(self) -> None:
        super().__enter__()
        watchers.append(self)

    def __exit__(self, *error: Any) -> None:
        watchers.remove(self)
        super().__exit__(*error)
