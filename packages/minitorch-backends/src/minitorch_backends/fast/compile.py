"""How kernels are compiled: one place for the choices.

`error_model="numpy"`: division by zero gives inf or NaN as everywhere here; with Python's error
model the check alone keeps a loop from being vectorised. `cache=True`: a kernel is compiled once
on a machine. `parallel=True` doubles compile time, so only kernels that gain by it are `parallel`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import numba
from numba.extending import register_jitable

from minitorch_autodiff import operators

F = TypeVar("F", bound=Callable[..., Any])

#: Additions may be reordered and fused with products, as BLAS does; NaN and inf keep meaning.
REORDER = {"reassoc", "contract", "nsz"}


def serial(kernel: F) -> F:
    """Compile for one thread: for little work, and for what is called inside others' loops."""
    return cast(F, numba.njit(cache=True, error_model="numpy", nogil=True)(kernel))


def parallel(kernel: F) -> F:
    """Compile so that all threads share the loops over `prange`."""
    compile_parallel = numba.njit(
        cache=True, error_model="numpy", nogil=True, parallel=True, fastmath=REORDER
    )
    return cast(F, compile_parallel(kernel))


def scalar(fn: Callable[..., float]) -> Any:
    """A scalar function of `operators`, or made of them, compiled."""
    _register(fn)
    return _compiled_scalar(fn)


def _register(fn: Callable[..., Any]) -> None:
    """Let compiled code call a Python function, and the functions that it calls in turn.

    Of the functions that compiled code calls, numba knows only those that were registered. A
    scalar function of a user's calls `operators`, by name or as attributes of the module, and
    those call each other.
    """
    if fn in _registered:
        return
    _registered.add(fn)
    register_jitable(fn)
    scope = inspect.getclosurevars(fn)
    for value in (*scope.nonlocals.values(), *scope.globals.values()):
        named = (
            [getattr(value, n, None) for n in fn.__code__.co_names] if value is operators else []
        )
        for callee in (value, *named):
            if inspect.isfunction(callee):
                _register(callee)


_registered: set[Callable[..., Any]] = set()


@cache
def _compiled_scalar(fn: Callable[..., float]) -> Any:
    return numba.njit(error_model="numpy", nogil=True)(fn)
