"""Compiling kernels: all compiler options in one place.

`error_model="numpy"`: division by zero gives inf or NaN as everywhere here; with Python's error
model the check prevents vectorisation. Compiled code is cached on disk (`cache`), so a kernel is
compiled once per machine. A parallel loop takes twice as long to compile, so a kernel's two
versions, for one thread and for all, are each compiled when first needed. LLVM optimises at its
level 2 (see `LEVEL`).
"""

from __future__ import annotations

import inspect
import math
import types as python_types
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.core import compiler, event
from numba.extending import overload

from minitorch_autodiff import operators
from minitorch_backends.fast import vector_math
from minitorch_backends.fast.cache import DiskCache
from minitorch_backends.fast.threads import call_alone, config, usable_threads
from minitorch_backends.kept import ProgressNote
from minitorch_backends.scalars import in_float32, key_of, used

F = TypeVar("F", bound=Callable[..., Any])

#: Additions may be reordered and fused with products, as BLAS does; NaN and inf keep their meaning.
REORDER = {"reassoc", "contract", "nsz"}

#: Products and sums may be fused, and nothing else.
IN_ORDER = frozenset({"contract"})

#: numba parallelises only loops over `prange`; looking for others takes longer to compile.
SHARED = {
    option: option == "prange"
    for option in (
        "comprehension", "fusion", "inplace_binop", "numpy", "prange", "reduction", "setitem",
        "stencil",
    )
}  # fmt: skip

#: LLVM's optimisation level, unless `NUMBA_OPT` is lower. Loops are vectorised at this level, too;
#: at numba's default, 3, the kernels run no faster, and LeNet's first step compiles for 20 seconds
#: instead of 15.
LEVEL = 2

event.register("numba:compile", ProgressNote("fast"))  # type: ignore[no-untyped-call]


def serial(kernel: F) -> F:
    """Compile for one thread: for functions called inside parallel loops."""
    return cast(F, _dispatcher(kernel, "", error_model="numpy", nogil=True, fastmath=REORDER))


def serial_ordered(kernel: F) -> F:
    """As `serial`, but additions stay in the order in which they are written."""
    return cast(F, _dispatcher(kernel, "", error_model="numpy", nogil=True, fastmath=set(IN_ORDER)))


class _Compiler(compiler.Compiler):
    """numba's compiler at our optimisation level, which numba reads for each function."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function and its callees."""
        chosen = config.OPT
        config.OPT = min(chosen, type(chosen)(LEVEL))
        try:
            return super().compile_extra(func)  # type: ignore[no-untyped-call]
        finally:
            config.OPT = chosen


def _dispatcher(function: Callable[..., Any], key: str | None, **options: Any) -> Any:
    """A function that numba compiles for each signature it is called with; cached on disk under a
    key, or not cached if the key is None."""
    made = numba.njit(pipeline_class=_Compiler, **options)(function)
    if key is not None:
        described = {k: sorted(v) if isinstance(v, set) else v for k, v in options.items()}
        made._cache = DiskCache(  # noqa: SLF001 - as `numba.core.dispatcher` itself sets it
            function, f"{key} {LEVEL} {sorted(described.items())}"
        )
    return made


class Kernel:
    """A kernel in two versions: its loops over `prange` run on one thread or on all.

    Args:
        function: the kernel in Python.
        key: everything but its source that its code depends on; None if that has no text.
        fastmath: LLVM's fast-math flags, which relax IEEE 754.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        key: str | None = "",
        fastmath: frozenset[str] = frozenset(REORDER),
    ) -> None:
        self._function = _named_apart(function, key) if key != "" else function
        self._key = key
        self._fastmath = fastmath
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    @cached_property
    def serial(self) -> Any:
        """Compiled for one thread."""
        return self._made(parallel=False)

    @cached_property
    def parallel(self) -> Any:
        """Compiled for all threads."""
        return call_alone(self._made(parallel=True))

    def over(self, work: int, threshold: int) -> Any:
        """The version for an amount of work; from `threshold` on, several threads pay."""
        return self.parallel if work >= threshold and usable_threads() > 1 else self.serial

    def _made(self, parallel: bool) -> Any:
        return _dispatcher(
            self._function,
            self._key,
            error_model="numpy",
            nogil=True,
            fastmath=set(self._fastmath),
            parallel=SHARED if parallel else False,
        )


def parallel(function: Callable[..., Any]) -> Kernel:
    """Compile so that all threads can share the loops over `prange`."""
    return Kernel(function)


def ordered(function: Callable[..., Any]) -> Kernel:
    """As `parallel`, but additions stay in the order in which they are written."""
    return Kernel(function, fastmath=IN_ORDER)


# -- scalar functions ----------------------------------------------------------------------------


def scalar(fn: Callable[..., float]) -> Callable[..., float]:
    """Make a scalar function of `operators`, or one composed of them, callable in compiled code.

    Literals in it take the precision of its arguments: `0.5 * x` of a float32 is computed in
    float32, as in PyTorch; with Python's 0.5 it would become a float64.
    """
    _register(fn)
    return fn


def _register(fn: Callable[..., Any]) -> None:
    """Let compiled code call a Python function, and the functions that it calls in turn.

    numba knows only registered functions. A user's scalar function calls `operators`, by name or as
    attributes of a module, and those call each other.
    """
    if fn in _registered:
        return
    _registered.add(fn)
    plain = _VECTORISED.get(fn)

    def choose(*arguments: Any) -> Any:
        floating = [t for t in arguments if isinstance(t, types.Float)]
        if plain is not None and len(floating) == len(arguments):
            return plain
        narrow = floating and all(t.bitwidth <= 32 for t in floating)
        return _named_apart(in_float32(fn) if narrow else fn, key_of(fn))

    offer: Any = overload
    offer(fn, jit_options=_SCALAR, strict=False)(choose)
    for callee in used(fn).values():
        if inspect.isfunction(callee):
            _register(callee)


def _named_apart(fn: Callable[..., Any], key: str | None) -> Callable[..., Any]:
    """A copy of a function under a unique name. Compiled code is linked by name, and a kernel from
    the disk could be linked to another kernel's function of the same name."""
    copy = python_types.FunctionType(
        fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__
    )
    copy.__kwdefaults__ = fn.__kwdefaults__
    copy.__module__, copy.__doc__ = fn.__module__, fn.__doc__
    copy.__qualname__ = f"{fn.__qualname__}.{key or uuid.uuid4().hex}"
    return copy


#: Scalar functions follow IEEE 754, except that a product and a sum may be fused.
_SCALAR = {"error_model": "numpy", "fastmath": {"contract"}, "forceinline": True}

#: Branch-free versions of floating-point operators, so that loops over them are vectorised.
#: Divisions need no special care: compiled, they do not raise.
_VECTORISED: dict[Callable[..., Any], Callable[..., Any]] = {
    operators.exp: lambda x: vector_math.exp(x),
    operators.expm1: lambda x: vector_math.expm1(x),
    operators.log: lambda x: vector_math.log(x),
    operators.log1p: lambda x: vector_math.log1p(x),
    operators.sigmoid: lambda x: vector_math.sigmoid(x),
    operators.tanh: lambda x: vector_math.tanh(x),
    operators.erf: lambda x: vector_math.erf(x),
    operators.div: lambda x, y: x / y,
    operators.sqrt: lambda x: math.sqrt(x),
    operators.max: lambda x, y: x if (x > y) | (x != x) else y,
    operators.min: lambda x, y: x if (x < y) | (x != x) else y,
}

_registered: set[Callable[..., Any]] = set()
