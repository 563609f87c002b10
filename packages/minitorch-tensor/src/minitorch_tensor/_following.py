"""Follow the import of another distribution's module with one of our own.

einops finds what it knows of a library among the subclasses of one of its classes, and has no
entry points. So our subclass has to be made when einops is imported, if it ever is: einops stays
unimported, and undeclared, until somebody else imports it.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Follower:
    """A finder of modules that finds nothing itself: it sees to it that `ours` is imported right
    after `theirs`, and then leaves."""

    def __init__(self, theirs: str, ours: str) -> None:
        self.theirs = theirs
        self.ours = ours

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that others find for `theirs`, which runs `ours` too."""
        if name != self.theirs:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_both(module: ModuleType) -> None:
            loader.exec_module = execute
            execute(module)
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
            _import(self.ours, self.theirs)

        loader.exec_module = execute_both  # of this one object: each module has its own
        return spec


def follow(theirs: str, ours: str) -> None:
    """Import the module `ours` when `theirs` is imported, at once if it is already."""
    if theirs in sys.modules:
        _import(ours, theirs)
    else:
        sys.meta_path.insert(0, _Follower(theirs, ours))


def _import(ours: str, theirs: str) -> None:
    try:
        importlib.import_module(ours)
    except (ImportError, AttributeError) as error:
        # Those who import `theirs` may want nothing of us.
        warnings.warn(
            f"{theirs} will not know MiniTorch's tensors: {type(error).__name__}: {error}. "
            f"Its version may be too new for this minitorch-tensor.",
            RuntimeWarning,
            stacklevel=2,
        )
