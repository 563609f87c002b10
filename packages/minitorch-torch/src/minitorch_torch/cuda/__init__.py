"""The GPU, as the backend cuda sees it. There is one, number 0."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import minitorch_tensor as mt
from minitorch_torch import random
from minitorch_torch.cuda import amp
from minitorch_torch.missing import lacking


def is_available() -> bool:
    """True if the backend cuda is installed and finds a GPU."""
    try:
        mt.get_backend("cuda")
    except (mt.BackendNotFound, mt.BackendBroken, mt.BackendUnavailable):
        return False
    return True


def device_count() -> int:
    """1 if a GPU can be used, else 0."""
    return int(is_available())


def current_device() -> int:
    """0, the number of the one device.

    Raises: BackendNotFound, BackendBroken or BackendUnavailable without a GPU.
    """
    mt.get_backend("cuda")
    return 0


def set_device(device: Any) -> None:
    """Check that the device is the one there is.

    Raises: ValueError for another number; as `current_device`.
    """
    mt.get_backend(f"cuda:{device}" if isinstance(device, int) else device)


@contextlib.contextmanager
def device(device: Any) -> Iterator[None]:
    """Check a device, as `set_device`, for a `with` block."""
    set_device(device)
    yield


def synchronize(device: Any = None) -> None:
    """Wait until all pending computation is done."""
    mt.get_backend("cuda").synchronize()


def empty_cache() -> None:
    """Accepted: memory is used again without being asked."""


def is_initialized() -> bool:
    """As `is_available`."""
    return is_available()


def is_bf16_supported() -> bool:
    """False: there is no bfloat16."""
    return False


def manual_seed(seed: int) -> None:
    """Restart the default generator, which all backends share, from a seed."""
    random.manual_seed(seed)


manual_seed_all = manual_seed

__getattr__ = lacking(__name__)
