"""Turn a family of functions into methods of Tensor.

Each family's file ends with a class of methods, from which Tensor inherits, and with the `__all__`
that the package exports. So a new function needs changes in one file only:

    @guarded
    def sinc(input: Tensor) -> Tensor:
        ...

    class ExponentialMethods(Methods):
        sinc = sinc  # x.sinc() is sinc(x)
        sinc_ = in_place(sinc)  # x.sinc_() writes sinc(x) into x

    __all__ = [..., "sinc"]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from minitorch_tensor.functions.guarding import unguarded

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor, TensorLike

_P = ParamSpec("_P")


class Methods:
    """The methods of one family; only Tensor inherits from it.

    A method is a function whose first argument is the tensor, which needs no guard.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, value in list(vars(cls).items()):
            if isinstance(value, FunctionType) and unguarded(value) is not value:
                setattr(cls, name, unguarded(value))


def in_place(
    function: Callable[Concatenate[Tensor, _P], Tensor],
) -> Callable[Concatenate[Tensor, _P], Tensor]:
    """The method that writes function(self, ...) into this tensor: `x.add_(y)` for `add(x, y)`."""
    name, function = f"{function.__name__}_", unguarded(function)

    @wraps(function)
    def method(self: Tensor, *args: _P.args, **kwargs: _P.kwargs) -> Tensor:
        return self._in_place(name, function, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"In place: {function.__doc__}"
    return method  # type: ignore[return-value]


def reflected(
    function: Callable[[TensorLike, TensorLike], Tensor],
) -> Callable[[Tensor, TensorLike], Tensor]:
    """The method for the tensor on an operator's right: `__rsub__` for `sub`."""
    function = unguarded(function)

    def method(self: Tensor, other: TensorLike) -> Tensor:
        return function(other, self)

    return method


def augmented(
    function: Callable[[Tensor, TensorLike], Tensor],
) -> Callable[[Tensor, TensorLike], Tensor]:
    """The method for `x += y`, which is the in-place method."""
    return in_place(function)
