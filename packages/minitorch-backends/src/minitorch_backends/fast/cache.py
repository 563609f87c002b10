"""numba's kernels on disk: each is compiled once per machine, by the first process that needs it.

Each compiled signature of a kernel is one file (see `kept`), named by a digest of the sources, the
signature, the processor, and the versions of Python and numba.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from typing import Any

import llvmlite
import numba
from numba.core import serialize
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult

from minitorch_backends.kept import folders, keep, load, sources


class DiskCache(NullCache):
    """The cache of one kernel, with the interface that numba expects.

    Args:
        function: the kernel.
        variant: the compilation options, and whatever else its code depends on.
    """

    def __init__(self, function: Callable[..., Any], variant: str) -> None:
        self._function = function
        self._variant = variant

    @property
    def cache_path(self) -> str:
        """The folder for new files; empty if there is none."""
        return str(next(iter(folders("fast", writable=True)), ""))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, or None."""
        target_context.refresh()
        name = self._name(sig, target_context.codegen())
        content = load("fast", name)
        if content is None:
            return None
        # numba's own cache uses this private pair of methods; there is no public one.
        return CompileResult._rebuild(target_context, *pickle.loads(content))  # type: ignore[no-untyped-call]  # noqa: SLF001

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store compiled code, if a folder is writable."""
        if data.library.has_dynamic_globals or any(not x.can_cache for x in data.lifted):
            return
        payload = serialize.dumps(data._reduce())  # type: ignore[no-untyped-call]  # noqa: SLF001
        keep("fast", self._name(sig, data.codegen), payload)

    def _name(self, sig: Any, codegen: Any) -> str:
        function = self._function
        parts = (
            function.__qualname__,
            self._variant,
            sources(function.__module__),
            str(sig),
            codegen.magic_tuple(),
            (sys.version, numba.__version__, llvmlite.__version__),
        )
        return f"{function.__name__}.{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.nbc"
