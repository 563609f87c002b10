"""How kernels are compiled: one place for the choices.

`error_model="numpy"`: division by zero gives inf or NaN as everywhere here; with Python's error
model the check alone keeps a loop from being vectorised. Compiled code is kept on disk (`cache`):
a kernel is compiled once on a machine. Sharing a loop among threads takes twice as long to
compile, so a kernel's two versions, for one thread and for all, are each compiled when they are
first needed.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import math
import textwrap
import types as python_types
import uuid
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types
from numba.core import event
from numba.extending import overload

from minitorch_autodiff import operators
from minitorch_backends.fast import vector_math
from minitorch_backends.fast.cache import DiskCache, ProgressNote
from minitorch_backends.fast.threads import call_alone, usable_threads

F = TypeVar("F", bound=Callable[..., Any])

#: Additions may be reordered and fused with products, as BLAS does; NaN and inf keep meaning.
REORDER = {"reassoc", "contract", "nsz"}

#: Products and sums may be fused, and nothing else.
IN_ORDER = frozenset({"contract"})

event.register("numba:compile", ProgressNote())  # type: ignore[no-untyped-call]


def serial(kernel: F) -> F:
    """Compile for one thread: for what is called inside others' loops."""
    return cast(F, _dispatcher(kernel, "", error_model="numpy", nogil=True, fastmath=REORDER))


def _dispatcher(function: Callable[..., Any], key: str | None, **options: Any) -> Any:
    """A function that numba compiles for each signature it is called with; kept on disk under a
    key, or, where that is None, not kept."""
    made = numba.njit(**options)(function)
    if key is not None:
        described = {k: sorted(v) if isinstance(v, set) else v for k, v in options.items()}
        made._cache = DiskCache(function, f"{key} {sorted(described.items())}")
    return made


class Kernel:
    """A kernel for one thread and for all of them: its loops over `prange` are shared or not.

    Args:
        function: what it does, in Python.
        key: what its code depends on besides its source; None if that cannot be said.
        fastmath: what of IEEE 754 it may do without.
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
        """The version for so much work; `threshold` is from where threads pay."""
        return self.parallel if work >= threshold and usable_threads() > 1 else self.serial

    def _made(self, parallel: bool) -> Any:
        return _dispatcher(
            self._function,
            self._key,
            error_model="numpy",
            nogil=True,
            fastmath=set(self._fastmath),
            parallel=parallel,
        )


def parallel(function: Callable[..., Any]) -> Kernel:
    """Compile so that all threads can share the loops over `prange`."""
    return Kernel(function)


def ordered(function: Callable[..., Any]) -> Kernel:
    """As `parallel`, but additions stay in the order in which they are written."""
    return Kernel(function, fastmath=IN_ORDER)


# -- scalar functions ----------------------------------------------------------------------------


def scalar(fn: Callable[..., float]) -> Callable[..., float]:
    """A scalar function of `operators`, or made of them, such that compiled code can call it.

    Numbers written in it take the precision of its arguments: `0.5 * x` of a float32 is computed in
    float32, as PyTorch does it, where Python's 0.5 alone would make it a float64.
    """
    _register(fn)
    return fn


def _register(fn: Callable[..., Any]) -> None:
    """Let compiled code call a Python function, and the functions that it calls in turn.

    Of the functions that compiled code calls, numba knows only those that were registered. A
    scalar function of a user's calls `operators`, by name or as attributes of a module, and
    those call each other.
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
        return _named_apart(_in_float32(fn) if narrow else fn, key_of(fn))

    offer: Any = overload
    offer(fn, jit_options=_SCALAR, strict=False)(choose)
    for callee in _used(fn).values():
        if inspect.isfunction(callee):
            _register(callee)


def _named_apart(fn: Callable[..., Any], key: str | None) -> Callable[..., Any]:
    """A function under a name of its own. Compiled code is linked by names, and a kernel from the
    disk would meet another one's function of the same name."""
    copy = python_types.FunctionType(
        fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__
    )
    copy.__kwdefaults__ = fn.__kwdefaults__
    copy.__module__, copy.__doc__ = fn.__module__, fn.__doc__
    copy.__qualname__ = f"{fn.__qualname__}.{key or uuid.uuid4().hex}"
    return copy


#: Results of scalar functions are those of IEEE 754, but that a product and a sum may be fused.
_SCALAR = {"error_model": "numpy", "fastmath": {"contract"}, "forceinline": True}

_HALF = np.float32(0.5)

#: What computes an operator of floating-point numbers without branches, so that a loop over it is
#: vectorised. Divisions need no care here: compiled, they do not raise.
_VECTORISED: dict[Callable[..., Any], Callable[..., Any]] = {
    operators.exp: lambda x: vector_math.exp(x),
    operators.expm1: lambda x: vector_math.expm1(x),
    operators.expm1_back: lambda x, d: d * vector_math.exp(x * _HALF) * vector_math.exp(x * _HALF),
    operators.log: lambda x: vector_math.log(x),
    operators.log1p: lambda x: vector_math.log1p(x),
    operators.sigmoid: lambda x: vector_math.sigmoid(x),
    operators.tanh: lambda x: vector_math.tanh(x),
    operators.erf: lambda x: vector_math.erf(x),
    operators.div: lambda x, y: x / y,
    operators.sqrt: lambda x: math.sqrt(x),
}

_registered: set[Callable[..., Any]] = set()


def _used(fn: Callable[..., Any]) -> dict[str, Any]:
    """What the names that a function uses, but does not define, stand for; attributes of a module
    as "module.attribute"."""
    scope = inspect.getclosurevars(fn)
    used = {**scope.globals, **scope.nonlocals}
    for name, value in list(used.items()):
        if isinstance(value, python_types.ModuleType):
            for attribute in fn.__code__.co_names:
                if hasattr(value, attribute):
                    used[f"{name}.{attribute}"] = getattr(value, attribute)
    return used


@cache
def _in_float32(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the numbers written in it as float32; itself if its source is not to be had,
    and float64 is what it computes in."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(fn)))
    except (OSError, TypeError, SyntaxError):
        return fn
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):  # a lambda inside some statement
        return fn
    definition.decorator_list = []
    definition.returns = None
    for argument in definition.args.args:
        argument.annotation = None
    scope = {**fn.__globals__, **inspect.getclosurevars(fn).nonlocals}
    narrowed = _Narrowed(scope)
    tree = ast.fix_missing_locations(narrowed.visit(tree))
    scope.update(narrowed.numbers)
    exec(compile(tree, f"<{fn.__name__} in float32>", "exec"), scope)
    return cast("Callable[..., Any]", scope[definition.name])


class _Narrowed(ast.NodeTransformer):
    """Replaces every number by the name of a float32."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self.numbers: dict[str, Any] = {}

    def _named(self, value: float) -> ast.Name:
        name = f"number{len(self.numbers)}_"
        with np.errstate(over="ignore"):
            self.numbers[name] = np.float32(value)
        return ast.Name(name, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return self._named(node.value) if isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self._scope.get(node.id)
        known = isinstance(node.ctx, ast.Load) and isinstance(value, float)
        return self._named(cast(float, value)) if known else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            owner = self._scope.get(node.value.id)
            value = getattr(owner, node.attr, None)
            if isinstance(owner, python_types.ModuleType) and isinstance(value, float):
                return self._named(value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node = cast(ast.BinOp, self.generic_visit(node))
        if not isinstance(node.op, ast.Pow):  # x ** 2 is a product, x ** 2.0 is not
            node.left, node.right = self._widened(node.left), self._widened(node.right)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node = cast(ast.Compare, self.generic_visit(node))
        node.left = self._widened(node.left)
        node.comparators = [self._widened(x) for x in node.comparators]
        return node

    def _widened(self, node: ast.expr) -> ast.expr:
        """An integer that meets a float32; with it, numba would compute in float64."""
        whole = isinstance(node, ast.Constant) and type(node.value) is int
        return self._named(cast(Any, node).value) if whole else node


@lru_cache(maxsize=1024)
def key_of(fn: Callable[..., Any]) -> str | None:
    """What a scalar function computes, as text that is the same in every process; None if it uses
    things that cannot be described so."""
    described = _described(fn, ())
    return described and hashlib.sha256(described.encode()).hexdigest()


def _described(value: Any, inside: tuple[Any, ...]) -> str | None:
    if isinstance(value, (int, float, str, bytes, type(None), np.number)):
        return repr(value)
    if isinstance(value, python_types.ModuleType) or value in inside:
        return getattr(value, "__name__", None)
    if isinstance(value, python_types.CodeType):
        value = (value.co_code, *value.co_names, *value.co_varnames, *value.co_consts)
    if isinstance(value, (tuple, frozenset)):
        parts = [_described(part, inside) for part in value]
        if any(part is None for part in parts):
            return None
        return str(sorted(map(str, parts)) if isinstance(value, frozenset) else parts)
    if inspect.isbuiltin(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if not inspect.isfunction(value):
        return None
    if value.__module__ == operators.__name__:
        return f"{value.__module__}.{value.__qualname__}"  # whose sources count anyway
    used = [(name, _described(v, (*inside, value))) for name, v in sorted(_used(value).items())]
    defaults = tuple(sorted((value.__kwdefaults__ or {}).items()))
    code = _described((value.__code__, value.__defaults__, defaults), inside)
    if code is None or any(text is None for _, text in used):
        return None
    return f"{code}{used}"
