"""Random numbers, drawn by numpy so that a seed gives the same numbers on every backend."""

from __future__ import annotations

import secrets
import threading
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import DType


class Generator:
    """A source of random numbers with its own state (PCG64, O'Neill 2014).

    Args:
        seed: the start of the sequence; drawn from the operating system if omitted.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self.manual_seed(secrets.randbits(64) if seed is None else seed)

    def manual_seed(self, seed: int) -> Generator:
        """Restart from a seed."""
        with self._lock:
            self._random = np.random.default_rng(seed)
            self._seed = seed
        return self

    def initial_seed(self) -> int:
        """The seed that the sequence started from, the operating system's if none was given."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The state, for `set_state` to restore."""
        with self._lock:
            state: dict[str, Any] = dict(self._random.bit_generator.state)
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from `get_state`."""
        with self._lock:
            self._random.bit_generator.state = state

    def skip(self, count: int, dtype: DType) -> dict[str, Any]:
        """Advance as if `count` uniform numbers of a dtype had been drawn; returns the state
        before.

        For backends that draw them themselves. From one number of 64 bits come one float64, or two
        float32, the lower half first; the other half waits in the state ("has_uint32").
        """
        with self._lock:
            bits: Any = self._random.bit_generator
            before: dict[str, Any] = dict(bits.state)
            waiting, half = before["has_uint32"], before["uinteger"]
            if dtype.itemsize == 8:
                bits.advance(count)
            elif count:
                wanted = count - waiting
                if wanted:
                    bits.advance((wanted - 1) // 2)
                    half = int(bits.random_raw()) >> 32
                waiting = wanted % 2
            bits.state = {**bits.state, "has_uint32": waiting, "uinteger": half}
        return before

    def draw(self, kind: str, *args: Any, **kwargs: Any) -> Any:
        """Call one of numpy's Generator methods, one thread at a time."""
        with self._lock:
            return getattr(self._random, kind)(*args, **kwargs)


#: The generator of functions that are called without one.
default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Restart the default generator from a seed; returns it."""
    return default_generator.manual_seed(seed)
