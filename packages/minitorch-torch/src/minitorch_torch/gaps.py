"""Which name that PyTorch has and MiniTorch lacks is behind an error of a script."""

from __future__ import annotations

import difflib
import inspect
import re
import sys
import traceback
from types import ModuleType
from typing import Any

import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_torch.missing import PACKAGE, Gap, met

_KEYWORD = re.compile(r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'")

#: Classes of ours by the names that scripts know them by, the most special first.
_CLASSES: dict[type, str] = {
    nn.Parameter: "torch.nn.Parameter",
    mt.Tensor: "torch.Tensor",
    nn.optim.Optimizer: "torch.optim.Optimizer",
    nn.Module: "torch.nn.Module",
    mt.Generator: "torch.Generator",
    mt.device: "torch.device",
    mt.DType: "torch.dtype",
}


def gap_behind(error: BaseException) -> Gap | None:
    """The gap that an error comes from; None if it comes from something else."""
    file, line = _place(error)
    if isinstance(error, ImportError) or (
        isinstance(error, AttributeError) and isinstance(error.obj, ModuleType)
    ):
        return next((gap for gap in reversed(met) if gap.line == line and gap.file == file), None)
    if isinstance(error, AttributeError):
        return _attribute(error, file, line)
    if isinstance(error, TypeError):
        return _keyword(str(error), file, line)
    return None


def _place(error: BaseException) -> tuple[str, int]:
    """The last line of the script's own in a traceback, or of a library that it uses."""
    place = ("", 0)
    for frame in traceback.extract_tb(error.__traceback__):
        inside = f"{PACKAGE}/" in frame.filename or "/minitorch_" in frame.filename
        if not inside and not frame.filename.startswith("<"):
            place = (frame.filename, frame.lineno or 0)
    return place


def _attribute(error: AttributeError, file: str, line: int) -> Gap | None:
    """An attribute that an object of ours lacks, and not one of the script's own class."""
    given = error.obj if isinstance(error.obj, type) else type(error.obj)
    name = next((name for known, name in _CLASSES.items() if issubclass(given, known)), None)
    if name is None:
        return None
    if given.__module__.split(".")[0] not in (PACKAGE, "minitorch_tensor", "minitorch_nn"):
        return None
    close = difflib.get_close_matches(error.name or "", dir(given), n=1, cutoff=0.75)
    advice = f"Did you mean .{close[0]}?" if close else ""
    return Gap(f"{name}.{error.name}", file, line, advice)


def _keyword(message: str, file: str, line: int) -> Gap | None:
    found = _KEYWORD.search(message)
    if found is None:
        return None
    called, keyword = found[1].removesuffix(".__init__"), found[2]
    thing = _find(called.split(".")[-1])
    if thing is None:
        return None
    try:
        names = [n for n in inspect.signature(thing).parameters if n not in ("self", "input")]
    except (TypeError, ValueError):
        return None
    if keyword in names:
        return None
    advice = f"{called} takes {', '.join(names)}."
    return Gap(f"the argument {keyword}= of {called}", file, line, advice)


def _find(name: str) -> Any:
    """A function or class of ours by its last name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").split(".")[0] == PACKAGE and name in vars(module):
            return vars(module)[name]
    return getattr(mt.Tensor, name, None) or getattr(nn.Module, name, None)
