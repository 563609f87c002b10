"""Python's multiprocessing. Tensors are sent between processes as copies."""

from __future__ import annotations

import multiprocessing as _multiprocessing
from multiprocessing import *
from multiprocessing import get_context
from typing import Any

from minitorch_torch.missing import lacking


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted: tensors are sent as copies."""


def get_all_sharing_strategies() -> set[str]:
    """None are to choose from."""
    return set()


def spawn(
    fn: Any,
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Run fn(number, *args) in so many processes.

    Raises: RuntimeError, after stopping the others, if one of them fails.
    """
    context: Any = _multiprocessing.get_context(start_method)
    processes = [
        context.Process(target=fn, args=(number, *args), daemon=daemon) for number in range(nprocs)
    ]
    for process in processes:
        process.start()
    if not join:
        return processes
    try:
        for number, process in enumerate(processes):
            process.join()
            if process.exitcode:
                raise RuntimeError(
                    f"spawn: process {number} ended with exit code {process.exitcode}."
                )
    finally:
        for process in processes:
            process.terminate()
            process.join()
    return None


__getattr__ = lacking(__name__)
