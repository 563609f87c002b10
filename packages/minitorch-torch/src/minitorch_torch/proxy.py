"""`import torch` means MiniTorch: in this process, as long as it is enabled.

A finder of modules answers for `torch`, `torchvision` and what is below them with the modules of
this package. Nothing is written to disk, and nothing of a PyTorch that is installed is loaded.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Sequence
from types import ModuleType, TracebackType
from typing import Any

from minitorch_torch.missing import PACKAGE, is_ours, public, record

#: What each name means.
NAMES = {"torch": PACKAGE, "torchvision": f"{PACKAGE}.vision"}


def _ours(name: str) -> str | None:
    """The module that a name of PyTorch's means; None for any other name."""
    top, dot, rest = name.partition(".")
    return f"{NAMES[top]}{dot}{rest}" if top in NAMES else None


class _Loader(importlib.abc.Loader):
    """Gives out a module of ours, which has been imported under its own name."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(str(spec.loader_state))
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put its own in place; the module goes on under its first name.
        module.__spec__ = self.spec


class _Finder(importlib.abc.MetaPathFinder):
    """Finds PyTorch's modules among ours."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        ours = _ours(fullname)
        if ours is None:
            return None
        if ours not in sys.modules and not _exists(ours):
            parent, _, name = ours.rpartition(".")
            gap = record(parent, name)
            raise ModuleNotFoundError(
                f"{public(ours)} is not in MiniTorch.{gap.advice and ' ' + gap.advice}",
                name=fullname,
            )
        return importlib.machinery.ModuleSpec(fullname, _Loader(), loader_state=ours)


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


_finder = _Finder()
_lock = threading.Lock()
_depth = 0


class enable:
    """Make `import torch` mean MiniTorch in this process, until `disable()` or, as a context
    manager, to the end of the block. Enabling twice needs disabling twice.

    Modules that have imported it keep it. Child processes are not affected, unless they are forks.

    Raises: RuntimeError if PyTorch itself has been imported.

    >>> with enable():
    ...     import torch
    ...     torch.ones(2).sum().item()
    2.0
    """

    def __init__(self) -> None:
        global _depth
        with _lock:
            for name in NAMES:
                known = sys.modules.get(name)
                if known is not None and not is_ours(known):
                    raise RuntimeError(
                        f"enable: {name} has been imported from {_place(known)}, and two cannot "
                        f"share the name. Call minitorch_torch.enable() before anything imports "
                        f"{name}, or import minitorch_torch by its own name."
                    )
            if _depth == 0:
                sys.meta_path.insert(0, _finder)
            _depth += 1

    def __enter__(self) -> ModuleType:
        return sys.modules[PACKAGE]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        disable()


def disable() -> None:
    """Undo one `enable()`. After the last, `import torch` finds what is installed, if anything.

    Raises: RuntimeError if it is not enabled.
    """
    global _depth
    with _lock:
        if not _depth:
            raise RuntimeError("disable: minitorch_torch is not enabled; call enable() first.")
        _depth -= 1
        if _depth == 0:
            sys.meta_path.remove(_finder)
            for name, module in list(sys.modules.items()):
                if _ours(name) is not None and is_ours(module):
                    del sys.modules[name]


def is_enabled() -> bool:
    """True while `import torch` means MiniTorch."""
    return _depth > 0


def _place(module: Any) -> str:
    return getattr(module, "__file__", None) or "an unknown place"
