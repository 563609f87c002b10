"""Random numbers: generators, seeds and states."""

from __future__ import annotations

import secrets
from typing import Any

import minitorch_tensor as mt
from minitorch_tensor import default_generator
from minitorch_torch.missing import lacking


class Generator(mt.Generator):
    """A source of random numbers with its own state.

    Args:
        device: accepted for PyTorch's sake: numbers are drawn on the host for every device.
    """

    def __init__(self, device: Any = "cpu") -> None:
        super().__init__()
        self.device = mt.device(device)


def manual_seed(seed: int) -> mt.Generator:
    """Restart the default generator from a seed; returns it."""
    return mt.manual_seed(int(seed) & 0xFFFFFFFFFFFFFFFF)


def seed() -> int:
    """Restart the default generator from a seed of the operating system; returns the seed."""
    return manual_seed(secrets.randbits(63)).initial_seed()


def initial_seed() -> int:
    """The seed of the default generator; in a worker of a DataLoader, its own."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The state of the default generator, for `set_rng_state`."""
    return default_generator.get_state()


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Restore a state from `get_rng_state`."""
    default_generator.set_state(new_state)


__getattr__ = lacking(__name__)
