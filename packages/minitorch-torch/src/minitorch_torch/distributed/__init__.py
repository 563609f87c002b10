"""Several processes, which MiniTorch does not have: a script finds itself alone."""

from __future__ import annotations

from typing import Any, NoReturn

from minitorch_torch.missing import lacking


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def get_rank(group: Any = None) -> int:
    """0, the only process."""
    return 0


def get_world_size(group: Any = None) -> int:
    """1, the number of processes."""
    return 1


def init_process_group(*args: Any, **options: Any) -> NoReturn:
    """Raises: RuntimeError."""
    raise RuntimeError(
        "init_process_group: wanted a group of processes, and MiniTorch trains in one. Run the "
        "script by itself, without a launcher."
    )


def destroy_process_group(group: Any = None) -> None:
    """Accepted: there is none."""


def barrier(*args: Any, **options: Any) -> None:
    """Accepted: the only process waits for nobody."""


__getattr__ = lacking(__name__)
