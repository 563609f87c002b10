"""Read a script without running it, and list the names of PyTorch's that it would lack."""

from __future__ import annotations

import ast
import importlib
import inspect
import tokenize
from pathlib import Path
from types import ModuleType
from typing import Any

from minitorch_torch.missing import Gap, advice, is_ours
from minitorch_torch.proxy import NAMES


def check(script: Path) -> list[Gap]:
    """The gaps in a script, in the order of its lines.

    Names are followed from the imports of torch and torchvision, with what is written behind them;
    methods of values are not, because a value's type is known only when the script runs.

    Raises: OSError, SyntaxError, UnicodeDecodeError (a ValueError) if it cannot be read.
    """
    with tokenize.open(script) as file:
        tree = ast.parse(file.read(), str(script))
    reader = _Reader(str(script))
    reader.visit(tree)
    return sorted(reader.gaps, key=lambda gap: gap.line)


class _Reader(ast.NodeVisitor):
    """Follows names through a syntax tree.

    Attributes:
        gaps: what is lacking, each name once a line.
        known: the dotted name that each local name stands for.
    """

    def __init__(self, script: str) -> None:
        self.script = script
        self.gaps: dict[Gap, None] = {}
        self.known: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.split(".")[0]
            if top in NAMES:
                self.resolve(alias.name, node.lineno)
                self.known[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or module.split(".")[0] not in NAMES:
            return
        if self.resolve(module, node.lineno) is None:
            return
        for alias in node.names:
            dotted = f"{module}.{alias.name}"
            if alias.name != "*" and self.resolve(dotted, node.lineno) is not None:
                self.known[alias.asname or alias.name] = dotted

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self.dotted(node)
        if dotted is None:
            self.generic_visit(node)
        else:
            self.resolve(dotted, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        dotted = self.dotted(node.func)
        # `hasattr(torch, "name")` and the like are no calls of a dotted name.
        if dotted is not None:
            thing = self.resolve(dotted, node.lineno)
            if thing is not None:
                self.keywords(dotted, thing, node)
        else:
            self.visit(node.func)
        for argument in [*node.args, *[keyword.value for keyword in node.keywords]]:
            self.visit(argument)

    def dotted(self, node: ast.expr) -> str | None:
        """The dotted name of PyTorch's that an expression writes; None for another expression."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.known:
            return None
        return ".".join([self.known[node.id], *reversed(names)])

    def resolve(self, dotted: str, line: int) -> Any:
        """What a dotted name means here; None after noting that it means nothing."""
        top, *rest = dotted.split(".")
        thing: Any = importlib.import_module(NAMES[top])
        written = top
        for name in rest:
            found = _member(thing, name)
            written += f".{name}"
            if found is None:
                if is_ours(thing):
                    self.gaps[Gap(written, self.script, line, advice(thing.__name__, name))] = None
                elif isinstance(thing, (type, ModuleType)):
                    self.gaps[Gap(written, self.script, line, "")] = None
                else:
                    break  # an attribute of a value
                return None
            thing = found[0]
        return thing

    def keywords(self, dotted: str, thing: Any, call: ast.Call) -> None:
        """Note keywords that a function does not take."""
        try:
            parameters = inspect.signature(thing).parameters.values()
        except (TypeError, ValueError):
            return
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return
        names = [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in names:
                text = f"It takes {', '.join(names)}."
                name = f"the argument {keyword.arg}= of {dotted}"
                self.gaps[Gap(name, self.script, call.lineno, text)] = None


def _member(thing: Any, name: str) -> tuple[Any] | None:
    """An attribute, or a module below a package, in a tuple; None if there is none."""
    held = vars(thing) if isinstance(thing, ModuleType) else {}
    if name in held:
        return (held[name],)
    if name.startswith("__") and hasattr(
        thing, name
    ):  # `__dict__`, which programs look models up in
        return (getattr(thing, name),)
    if is_ours(thing):
        try:
            return (importlib.import_module(f"{thing.__name__}.{name}"),)
        except ModuleNotFoundError:
            return None
    return (getattr(thing, name),) if hasattr(thing, name) else None
