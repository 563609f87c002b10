"""Scripts and traces, which run as the Python they are made from."""

from __future__ import annotations

from typing import Any, TypeVar

from minitorch_torch.missing import lacking

_T = TypeVar("_T")


def script(obj: _T, *args: Any, **options: Any) -> _T:
    """The function or module itself."""
    return obj


def trace(func: _T, example_inputs: Any = None, **options: Any) -> _T:
    """The function or module itself."""
    return func


def ignore(fn: _T) -> _T:
    """The function itself."""
    return fn


export = unused = ignore


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting

__getattr__ = lacking(__name__)
