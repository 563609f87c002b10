"""Recomputing instead of keeping, which is accepted and not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch_torch.missing import lacking


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool = True, **options: Any
) -> Any:
    """function(*args): the same values and gradients, in more memory than with PyTorch's."""
    for name in ("preserve_rng_state", "context_fn", "determinism_check", "debug"):
        options.pop(name, None)
    return function(*args, **options)


__getattr__ = lacking(__name__)
