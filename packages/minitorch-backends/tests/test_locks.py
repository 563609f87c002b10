"""What threads share is used by one of them at a time: while one is inside, the others wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minitorch_backends.fast import threads
from minitorch_backends.fast.memory import Pool
from minitorch_backends.fast.thresholds import KEPT_MEMORY


class Gate:
    """Stands inside a guarded section: who comes to it waits until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.visitors = 0

    def __call__(self) -> None:
        if not self.opened.is_set():
            self.visitors += 1
            self.reached.set()
            assert self.opened.wait(20)


def assert_alone(gate: Gate, first: Callable[[], Any], *others: Callable[[], Any]) -> None:
    """While `first` is held up at the gate, none of the others gets there, nor ends."""
    started = [threading.Thread(target=call, daemon=True) for call in (first, *others)]
    started[0].start()
    assert gate.reached.wait(20)
    for thread in started[1:]:
        thread.start()
    started[1].join(0.1)
    waiting, visitors = [thread.is_alive() for thread in started], gate.visitors
    gate.opened.set()
    for thread in started:
        thread.join(20)
    assert all(waiting), waiting
    assert visitors == 1


class Shelves(dict):  # type: ignore[type-arg]
    """The pool's blocks, with a gate before each look at them."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def setdefault(self, key: Any, default: Any = None) -> Any:
        self.gate()
        return super().setdefault(key, default)

    def items(self) -> Any:
        self.gate()
        return super().items()


OF_THE_POOL: dict[str, Callable[[Pool], Any]] = {
    "empty": lambda pool: pool.empty((KEPT_MEMORY,), np.dtype(np.float32)),
    "clear": lambda pool: pool.clear(),
    "free_bytes": lambda pool: pool.free_bytes(),
}


@pytest.mark.parametrize("first", OF_THE_POOL)
def test_the_memory_pool_serves_one_thread_at_a_time(first: str) -> None:
    gate, pool = Gate(), Pool()
    pool._shelves = Shelves(gate)
    calls = {name: lambda call=call: call(pool) for name, call in OF_THE_POOL.items()}
    assert_alone(gate, calls[first], *calls.values())


def test_loops_of_numbas_last_resort_run_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.config, "THREADING_LAYER", "workqueue")
    gate = Gate()
    loops = [threads.call_alone(lambda _: gate()) for _ in range(2)]
    assert_alone(gate, lambda: loops[0](1), lambda: loops[1](2))
