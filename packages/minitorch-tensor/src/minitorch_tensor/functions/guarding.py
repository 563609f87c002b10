"""What the functions of the package do that methods need not: notice what is no tensor."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from minitorch_autodiff import Variable


@functools.cache
def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a TypeError that names an argument that should be a tensor and is none.

    It looks only when something went wrong, so that a call costs no more than a try. A method
    always has its tensor; it is the function itself.
    """

    function_name = function.__name__

    @functools.wraps(function)
    def guard(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            text = str(error)
            said_so = text.startswith(f"{function_name}: ") and "tensor" in text
            if said_so and isinstance(error, TypeError):
                raise
            wrong = next(_no_tensors(function, args, kwargs), None)
            if wrong is None:
                raise
            name, value = wrong
            raise TypeError(
                f"{function_name}: {name} must be a tensor, got {type(value).__name__}. "
                "Make it one first, with tensor(...)."
            ) from error

    guard.__module__ = __name__.partition(".")[0]
    return guard


def takes_tensors(function: Callable[..., Any]) -> bool:
    """Whether a parameter must be a tensor."""
    return "Tensor" in function.__annotations__.values()


def _no_tensors(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The arguments that should be tensors and are none."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:  # Python's own message says it better
        return
    for name, value in bound.items():
        parameter = signature.parameters[name]
        if parameter.annotation == "Tensor":
            several = parameter.kind is parameter.VAR_POSITIONAL
            for item in value if several else (value,):
                if not isinstance(item, Variable):
                    yield name, item
