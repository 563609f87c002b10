"""Names that PyTorch has and MiniTorch has not: what is said of them, and who asked."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from minitorch_torch.absent import REASONS

#: The distribution's own name for what a person calls torch.
PACKAGE = "minitorch_torch"


class Gap(NamedTuple):
    """A name that was asked for and is not there.

    Attributes:
        name: dotted, beginning with "torch" or "torchvision".
        file, line: where it was asked for; "" and 0 if unknown.
        advice: the nearest thing, or why it is absent; "" if nothing is near.
    """

    name: str
    file: str
    line: int
    advice: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.name} is not in MiniTorch.{self.advice and ' ' + self.advice}"


#: Every gap that was met so far, without repetitions.
met: dict[Gap, None] = {}


def public(module: str) -> str:
    """A module of ours by the name that a PyTorch script knows it by."""
    name = module.replace(f"{PACKAGE}.vision", "torchvision", 1)
    return name.replace(PACKAGE, "torch", 1)


def advice(module: str, name: str) -> str:
    """What to say of a name that a module lacks: a reason, or the nearest name."""
    dotted = f"{public(module)}.{name}"
    reason = REASONS.get(dotted)
    if reason is not None:
        return reason
    parent = next((known for known in REASONS if dotted.startswith(f"{known}.")), None)
    if parent is not None:
        return REASONS[parent]
    names = [n for n in dir(sys.modules[module]) if not n.startswith("_")]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if close:
        return f"Did you mean {public(module)}.{close[0]}?"
    elsewhere = [
        f"{public(found)}.{name}"
        for found, thing in list(sys.modules.items())
        if found.startswith(PACKAGE) and name in vars(thing) and found != module
    ]
    return f"There is {min(elsewhere, key=len)}." if elsewhere else ""


def record(module: str, name: str) -> Gap:
    """Note that someone asked a module for a name it lacks."""
    file, line = _asker()
    gap = Gap(f"{public(module)}.{name}", file, line, advice(module, name))
    met[gap] = None
    return gap


def _asker() -> tuple[str, int]:
    """The nearest line on the stack that belongs neither to MiniTorch nor to Python's imports."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        internal = (
            name.startswith(("minitorch_", "importlib")) or frame.f_code.co_filename[0] == "<"
        )
        if not internal:
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0


def lacking(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module of this package, for PEP 562.

    The error is an AttributeError, as everywhere in Python, so that `hasattr` and `getattr` with a
    default work.
    """

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        gap = record(module, name)
        raise AttributeError(
            f"{gap.name} is not in MiniTorch.{gap.advice and ' ' + gap.advice}",
            name=name,
            obj=sys.modules.get(module),
        )

    return __getattr__


def is_ours(thing: object) -> bool:
    """True for a module of this package."""
    return isinstance(thing, ModuleType) and thing.__name__.split(".")[0] == PACKAGE
