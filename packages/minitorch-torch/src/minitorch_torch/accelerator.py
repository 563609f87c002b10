"""The device that is not the host: the backend cuda, where it works."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_torch import cuda
from minitorch_torch.missing import lacking


def is_available() -> bool:
    """True if a GPU can be used."""
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> mt.device | None:
    """The device "cuda", or None without a GPU."""
    return mt.device("cuda") if is_available() else None


def device_count() -> int:
    """1 if a GPU can be used, else 0."""
    return cuda.device_count()


def current_device_index() -> int:
    """0; raises as `cuda.current_device`."""
    return cuda.current_device()


def set_device_index(device: Any) -> None:
    """As `cuda.set_device`."""
    cuda.set_device(device)


def synchronize(device: Any = None) -> None:
    """Wait until all pending computation is done."""
    mt.get_backend().synchronize()


__getattr__ = lacking(__name__)
