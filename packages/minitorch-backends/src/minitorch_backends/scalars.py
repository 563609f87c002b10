"""Scalar functions, prepared for compiling: cache keys, and constants narrowed to float32.

`fast` and `cuda` compile the same functions: those of `operators`, and users' compositions of them.
This module holds what both compilers need.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
import types as python_types
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, cast

import numpy as np

from minitorch_autodiff import operators


def used(fn: Callable[..., Any]) -> dict[str, Any]:
    """The values of a function's free names, globals and closure; attributes of a module are named
    "module.attribute"."""
    scope = inspect.getclosurevars(fn)
    found = {**scope.globals, **scope.nonlocals}
    for name, value in list(found.items()):
        if isinstance(value, python_types.ModuleType):
            for attribute in fn.__code__.co_names:
                if hasattr(value, attribute):
                    found[f"{name}.{attribute}"] = getattr(value, attribute)
    return found


@cache
def in_float32(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function with its literal numbers as float32. If its source is not available, the function
    itself, which then computes in float64."""
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
    """Replaces every literal number by the name of a float32."""

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
        """An integer operand as a float32: mixed with an integer, numba computes in float64."""
        whole = isinstance(node, ast.Constant) and type(node.value) is int
        return self._named(cast(Any, node).value) if whole else node


@lru_cache(maxsize=1024)
def key_of(fn: Callable[..., Any]) -> str | None:
    """A scalar function as text that is the same in every process; None if it uses
    values that have no such text."""
    text = described(fn)
    return text and hashlib.sha256(text.encode()).hexdigest()


def described(value: Any, inside: tuple[Any, ...] = ()) -> str | None:
    """A value as text that is the same in every process; None if there is no such text.

    Args:
        inside: the functions being described, so that recursion ends.
    """
    if isinstance(value, (int, float, str, bytes, type(None), np.number)):
        return repr(value)
    if isinstance(value, python_types.ModuleType) or value in inside:
        return getattr(value, "__name__", None)
    if isinstance(value, python_types.CodeType):
        value = (value.co_code, *value.co_names, *value.co_varnames, *value.co_consts)
    if isinstance(value, (tuple, frozenset)):
        parts = [described(part, inside) for part in value]
        if any(part is None for part in parts):
            return None
        return str(sorted(map(str, parts)) if isinstance(value, frozenset) else parts)
    if inspect.isbuiltin(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if not inspect.isfunction(value):
        return None
    if value.__module__ == operators.__name__:
        return f"{value.__module__}.{value.__qualname__}"  # its source is in the cache key
    names = [(name, described(v, (*inside, value))) for name, v in sorted(used(value).items())]
    defaults = tuple(sorted((value.__kwdefaults__ or {}).items()))
    code = described((value.__code__, value.__defaults__, defaults), inside)
    if code is None or any(text is None for _, text in names):
        return None
    return f"{code}{names}"
