"""Errors that name an argument that should be a tensor and is not."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from minitorch_autodiff import Variable

_P = ParamSpec("_P")
_R = TypeVar("_R")


class NotATensor(TypeError):
    """An operation received something other than a tensor.

    Args:
        operation: the operation's name.
        complaint: what it received, and the remedy.
    """

    def __init__(self, operation: str, complaint: str) -> None:
        super().__init__(operation, complaint)
        self.operation = operation

    def __str__(self) -> str:
        return f"{self.operation}: {self.args[1]}"


def guarded(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Wrap the function to raise a TypeError that names an argument that should be a tensor.

    Arguments are inspected only after an error, so a call costs no more than a try. A method always
    has its tensor, so `Methods` uses the unwrapped function.
    """
    name = function.__name__

    @functools.wraps(function)
    def guard(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # arrays fail in many ways
            if isinstance(error, NotATensor) and error.operation == name:
                raise
            wrong = next(_no_tensors(function, args, kwargs), None)
            if wrong is None:
                raise
            argument, value = wrong
            raise NotATensor(
                name,
                f"{argument} must be a tensor, got {type(value).__name__}. "
                "Make it one first, with tensor(...).",
            ) from error

    guard.unguarded = function  # type: ignore[attr-defined]
    return guard


def unguarded(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The original of a guarded function; any other function itself."""
    return getattr(function, "unguarded", function)


def _no_tensors(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The arguments that should be tensors and are not."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:  # Python's own message is better
        return
    for name, value in bound.items():
        parameter = signature.parameters[name]
        optional = value is None and parameter.annotation == "Tensor | None"
        if parameter.annotation in ("Tensor", "Tensor | None") and not optional:
            several = parameter.kind is parameter.VAR_POSITIONAL
            for item in value if several else (value,):
                if not isinstance(item, Variable):
                    yield name, item
