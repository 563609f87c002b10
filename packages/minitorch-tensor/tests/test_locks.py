"""What threads share is used by one of them at a time: while one is inside, the others wait."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_tensor import registry

#: How long a thread is given to come through a door that should be shut.
MOMENT = 0.1


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
    threads = [threading.Thread(target=call, daemon=True) for call in (first, *others)]
    threads[0].start()
    assert gate.reached.wait(20)
    for thread in threads[1:]:
        thread.start()
    threads[1].join(MOMENT)
    waiting, visitors = [thread.is_alive() for thread in threads], gate.visitors
    gate.opened.set()
    for thread in threads:
        thread.join(20)
    assert all(waiting), waiting
    assert visitors == 1
    assert not any(thread.is_alive() for thread in threads)


# -- random numbers --------------------------------------------------------------------------------


class Gated:
    """Anything, with a gate before each of its attributes."""

    def __init__(self, inner: Any, gate: Gate) -> None:
        self.__dict__.update(inner=inner, gate=gate)

    def __getattr__(self, name: str) -> Any:
        self.gate()
        return getattr(self.inner, name)


STATE = mt.Generator(1).get_state()
OF_A_GENERATOR: dict[str, Callable[[mt.Generator], Any]] = {
    "draw": lambda g: g.draw("random", 3),
    "manual_seed": lambda g: g.manual_seed(1),
    "get_state": lambda g: g.get_state(),
    "set_state": lambda g: g.set_state(STATE),
    "skip": lambda g: g.skip(3, mt.float32),
}


@pytest.mark.parametrize("first", OF_A_GENERATOR)
def test_a_generator_serves_one_thread_at_a_time(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, plain = Gate(), np.random.default_rng

    def default_rng(seed: int | None) -> Any:
        gate()
        return Gated(plain(seed), gate)

    monkeypatch.setattr(np.random, "default_rng", default_rng)
    gate.opened.set()
    generator = mt.Generator(0)
    gate.opened.clear()
    calls = {name: lambda call=call: call(generator) for name, call in OF_A_GENERATOR.items()}
    assert_alone(gate, calls[first], *calls.values())


# -- backends --------------------------------------------------------------------------------------


@pytest.fixture
def undone() -> Iterator[None]:
    """What a test registers and finds is forgotten after it."""
    loaded = dict(registry._registry.loaded)
    yield
    registry._registry.loaded.clear()
    registry._registry.loaded.update(loaded)
    mt.refresh()


class Named(type(mt.get_backend("simple"))):  # type: ignore[misc]
    """A backend under any name."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.usefixtures("undone")
def test_installed_backends_are_looked_up_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, plain = Gate(), importlib.metadata.entry_points

    def entry_points(**options: str) -> Any:
        gate()
        return plain(**options)

    mt.refresh()
    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert_alone(
        gate,
        mt.backend_names,
        mt.backend_names,
        mt.refresh,
        lambda: mt.register_backend("meanwhile", Named("meanwhile")),
    )
    assert "meanwhile" in mt.backend_names()


@pytest.mark.usefixtures("undone")
def test_of_two_that_register_one_name_the_second_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, plain = Gate(), registry.check_interface
    refused: list[str] = []

    def check(*args: Any) -> None:
        gate()
        plain(*args)

    def register() -> None:
        try:
            mt.register_backend("twice", Named("twice"))
        except ValueError as error:
            refused.append(str(error))

    mt.backend_names()
    monkeypatch.setattr(registry, "check_interface", check)
    assert_alone(gate, register, register, mt.refresh)
    assert refused == ["register_backend: the name 'twice' is already taken."]


class GatedDict(dict):  # type: ignore[type-arg]
    """A dict with a gate before what adds an entry."""

    gate: Gate

    def setdefault(self, key: Any, default: Any = None) -> Any:
        self.gate()
        return super().setdefault(key, default)


def test_a_backend_is_loaded_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    made: list[mt.Backend] = []

    def load(name: str, *_: Any) -> mt.Backend:
        gate()
        made.append(Named(name))
        return made[-1]

    monkeypatch.setattr(registry, "_load", load)
    monkeypatch.setattr(registry._registry, "loaded", {})
    assert_alone(gate, lambda: mt.get_backend("one"), lambda: mt.get_backend("one"))
    assert made == [mt.get_backend("one")]


def test_the_locks_of_names_are_made_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    names = GatedDict()
    names.gate = Gate()
    monkeypatch.setattr(registry, "_load", lambda name, *_: Named(name))
    monkeypatch.setattr(registry._registry, "loaded", {})
    monkeypatch.setattr(registry._registry, "loading", names)
    assert_alone(names.gate, lambda: mt.get_backend("one"), lambda: mt.get_backend("two"))
