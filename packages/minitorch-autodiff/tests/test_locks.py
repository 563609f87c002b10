"""What threads share is changed by one of them at a time."""

from __future__ import annotations

import threading

import pytest

from minitorch_autodiff import clock


def test_a_change_is_recorded_whole_before_the_next_one_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tick, took_it, go_on = clock.tick, threading.Event(), threading.Event()
    recorded: list[int] = []

    def slow_tick() -> int:
        """The first caller has its tick and is held up before it can note it."""
        number = tick()
        if not took_it.is_set():
            took_it.set()
            assert go_on.wait(20)
        return number

    monkeypatch.setattr(clock, "tick", slow_tick)
    threads = [
        threading.Thread(target=lambda: recorded.append(clock.changes.record())) for _ in range(2)
    ]
    threads[0].start()
    assert took_it.wait(20)
    threads[1].start()
    threads[1].join(0.1)
    second_waits = threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join()
    assert second_waits
    assert clock.changes.last == max(recorded)
