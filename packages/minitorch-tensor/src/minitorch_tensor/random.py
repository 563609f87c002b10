"""Random numbers: numpy's, so that one seed gives the same ones on every backend."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from minitorch_tensor.dtypes import DType


class Generator:
    """A source of random numbers with a state of its own (PCG64, O'Neill 2014).

    Args:
        seed: where the sequence starts; drawn from the operating system if left out.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self._random = np.random.default_rng(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start over from a seed."""
        with self._lock:
            self._random = np.random.default_rng(seed)
        return self

    def get_state(self) -> dict[str, Any]:
        """The state, to go back to with `set_state`."""
        with self._lock:
            state: dict[str, Any] = dict(self._random.bit_generator.state)
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to a state from `get_state`."""
        with self._lock:
            self._random.bit_generator.state = state

    def skip(self, count: int, dtype: DType) -> dict[str, Any]:
        """Go on as if `count` uniform numbers of a dtype had been drawn; returns the state before.

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


#: What functions draw from that are given no generator of their own.
default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator over from a seed; returns it."""
    return default_generator.manual_seed(seed)
