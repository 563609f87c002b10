"""What a module says of a name that it lacks: where MiniTorch has it, or the nearest name.

    __getattr__ = lacking(__name__)

The error is an AttributeError as Python raises it, so `hasattr` and `getattr` with a default work,
and cost nothing more: the hint is looked up when the message is read.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import NoReturn

#: Where to look, in this order. The distribution of a module is called like its package.
MODULES = (
    "minitorch_tensor",
    "minitorch_nn",
    "minitorch_nn.functional",
    "minitorch_nn.optim",
    "minitorch_nn.optim.lr_scheduler",
    "minitorch_nn.init",
    "minitorch_nn.utils",
    "minitorch_nn.utils.rnn",
    "minitorch_nn.checkpoint",
    "minitorch_data",
    "minitorch_autodiff",
    "minitorch_datasets",
    "minitorch_torch",
)

#: Modules by the names that they have as parts of PyTorch.
PARTS = {
    "nn": "minitorch_nn",
    "functional": "minitorch_nn.functional",
    "optim": "minitorch_nn.optim",
    "lr_scheduler": "minitorch_nn.optim.lr_scheduler",
    "init": "minitorch_nn.init",
    "utils": "minitorch_nn.utils",
    "data": "minitorch_data",
    "datasets": "minitorch_datasets",
}


class Lacking(AttributeError):
    """A module has no attribute of that name.

    Args:
        module: the module's name.
        attribute: what it was asked for.
    """

    def __init__(self, module: str, attribute: str) -> None:
        # With a name, but without the object, so that Python adds no suggestion to ours.
        super().__init__(module, attribute, name=attribute)

    def __str__(self) -> str:
        module, attribute = self.args
        message = f"module {module!r} has no attribute {attribute!r}"
        if attribute.startswith("_"):
            return message
        return ". ".join([message, *hints(module, attribute)])


def lacking(module: str) -> Callable[[str], NoReturn]:
    """A `__getattr__` for a module, which raises `Lacking`."""

    def __getattr__(name: str) -> NoReturn:
        raise Lacking(module, name)

    return __getattr__


def hints(module: str, name: str) -> Iterator[str]:
    """What to say of a name that a module lacks, in one sentence; nothing if nothing is near.

    Modules that are installed are imported for it.
    """
    if hasattr(sys.modules.get(module), "__path__") and _exists(f"{module}.{name}"):
        yield f"It is a module of its own: import {module}.{name}."
        return
    home = PARTS.get(name)
    if home is not None and home != module:
        package = home.partition(".")[0]
        if _exists(package):
            yield f"It is called {home} here."
        else:
            yield f"It is called {home} here, after pip install {package.replace('_', '-')}."
        return
    found = next((m for m in MODULES if m != module and name in _names(m)), None)
    if found is not None:
        yield f"There is {found}.{name}."
        return
    from difflib import get_close_matches  # as is find_spec, seldom needed and slow to import

    close = get_close_matches(name, [*_names(module), *PARTS], n=1, cutoff=0.75)
    if close:
        yield f"Did you mean {PARTS.get(close[0], close[0])!r}?"


def _exists(module: str) -> bool:
    """True if a module whose package is imported can be imported, too."""
    if module in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec(module) is not None


def _names(module: str) -> list[str]:
    """The public names of a module; none if it is not installed."""
    if not _exists(module.partition(".")[0]):
        return []
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError:  # its distribution is older than this one
        return []
    names = getattr(loaded, "__all__", None)
    if names is not None:
        return list(names)
    return [n for n, thing in vars(loaded).items() if n[0] != "_" and _is_of(module, n, thing)]


def _is_of(module: str, name: str, thing: object) -> bool:
    """True for what a module's distribution defines, and for its submodules."""
    if isinstance(thing, ModuleType):
        return thing.__name__ == f"{module}.{name}"
    home: str = getattr(thing, "__module__", None) or ""
    return home.partition(".")[0] == module.partition(".")[0]
