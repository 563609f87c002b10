"""Recording on and off: as context managers and decorators, for each thread and task by itself."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from minitorch_autodiff import (
    Scalar,
    detect_anomaly,
    enable_grad,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)


def records() -> bool:
    result = (Scalar(2.0, requires_grad=True) * 3.0).requires_grad
    assert result == is_grad_enabled()
    return result


@pytest.fixture(autouse=True)
def every_test_leaves_recording_on() -> Iterator[None]:
    yield
    left_on = is_grad_enabled()
    set_grad_enabled(True)
    assert left_on


def test_recording_is_on_at_first() -> None:
    assert records()


def test_no_grad_and_enable_grad_nest_and_restore() -> None:
    with no_grad():
        assert not records()
        with enable_grad():
            assert records()
            with no_grad():
                assert not records()
            assert records()
        assert not records()
    assert records()


@pytest.mark.parametrize("enabled", [True, False])
def test_set_grad_enabled_sets_what_it_is_told(enabled: bool) -> None:
    for outside in (True, False):
        with enable_grad() if outside else no_grad():
            with set_grad_enabled(enabled):
                assert records() is enabled
            assert records() is outside


def test_set_grad_enabled_works_as_a_function_too() -> None:
    set_grad_enabled(False)
    try:
        assert not records()
        with set_grad_enabled(True):
            assert records()
        assert not records()
    finally:
        set_grad_enabled(True)
    assert records()


@pytest.mark.parametrize(
    "switch", [no_grad, lambda: set_grad_enabled(False), lambda: _inside(enable_grad(), no_grad())]
)
def test_an_error_inside_restores_the_mode(switch: Callable[[], Any]) -> None:
    with pytest.raises(KeyError), switch():
        raise KeyError
    assert records()


def _inside(*switches: Any) -> Any:
    stack = ExitStack()
    for switch in switches:
        stack.enter_context(switch)
    return stack


@pytest.mark.parametrize("make", [no_grad, lambda: set_grad_enabled(False)])
def test_one_object_may_be_entered_again_inside_itself_and_afterwards(
    make: Callable[[], Any],
) -> None:
    switch = make()
    for _ in range(2):
        with switch:
            with enable_grad():
                with switch:
                    assert not records()
                assert records()
            assert not records()
        assert records()


# -- decorators ----------------------------------------------------------------------------------


@no_grad()
def without(x: int, *, y: int = 1) -> tuple[bool, int]:
    """Says whether it records."""
    return records(), x + y


@no_grad
def without_parentheses() -> bool:
    return records()


@enable_grad()
def within() -> bool:
    return records()


@set_grad_enabled(False)
def set_off() -> bool:
    return records()


def test_a_decorated_function_runs_in_its_mode() -> None:
    assert records()  # decorating changed nothing
    assert without(1, y=2) == (False, 3)
    assert without_parentheses() is False
    assert set_off() is False
    assert records()
    with no_grad():
        assert within()
        assert not records()


def test_a_decorated_function_keeps_name_and_docstring() -> None:
    assert (without.__name__, without.__doc__) == ("without", "Says whether it records.")
    assert list(inspect.signature(without).parameters) == ["x", "y"]


def test_a_decorated_function_may_call_itself_and_fail() -> None:
    @no_grad()
    def countdown(n: int) -> None:
        assert not records()
        if n == 0:
            raise KeyError
        with enable_grad():
            countdown(n - 1)

    with pytest.raises(KeyError):
        countdown(3)
    assert records()


def test_a_decorated_generator_switches_only_while_its_body_runs() -> None:
    log: list[Any] = []

    @no_grad()
    def count(n: int) -> Generator[bool, str, str]:
        try:
            for _ in range(n):
                try:
                    log.append((yield records()))
                except KeyError:
                    log.append(("caught", records()))
        finally:
            log.append(("closed", records()))
        return "done"

    generator = count(3)
    assert next(generator) is False
    assert records()
    assert generator.send("hello") is False
    assert records()
    assert generator.throw(KeyError()) is False
    assert records()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == "done"
    assert log == ["hello", ("caught", False), None, ("closed", False)]

    closed = count(3)
    next(closed)
    closed.close()
    assert log[-1] == ("closed", False)
    assert records()
    assert list(count(2)) == [False, False]


def test_asynchronous_generators_and_what_is_no_function_are_refused_by_name() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match=r"^no_grad: cannot decorate the asynchronous .*numbers"):
        no_grad()(numbers)
    with pytest.raises(TypeError, match=r"^no_grad: decorates a function, got bool\.$"):
        no_grad(True)  # type: ignore[call-overload]


# -- threads -------------------------------------------------------------------------------------


def in_a_thread(function: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_new_thread_records_whatever_others_do() -> None:
    with no_grad():
        assert in_a_thread(records) is True
        assert not records()
    with detect_anomaly():
        assert in_a_thread(lambda: (Scalar(0.0) / 0.0).data) != 0  # not watched there


def test_threads_that_overlap_in_one_decorated_function_keep_their_modes() -> None:
    entered, leave = threading.Barrier(2), threading.Event()
    after: dict[str, bool] = {}

    @no_grad()
    def overlap(first: bool) -> None:
        entered.wait(10)
        if not first:
            leave.wait(10)

    def recording() -> None:
        overlap(True)  # leaves first
        after["recording"] = records()
        leave.set()

    def not_recording() -> None:
        with no_grad():
            overlap(False)
            after["not recording"] = records()

    threads = [threading.Thread(target=work) for work in (recording, not_recording)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert after == {"recording": True, "not recording": False}


# -- tasks ---------------------------------------------------------------------------------------


SWITCHES: dict[str, Callable[[], Any]] = {
    "no_grad": no_grad,
    "set_grad_enabled": lambda: set_grad_enabled(False),
    "enable_grad in no_grad": lambda: _inside(no_grad(), enable_grad(), no_grad()),
}


@pytest.mark.parametrize("make", SWITCHES.values(), ids=SWITCHES)
def test_a_switch_held_across_await_is_the_tasks_own(make: Callable[[], Any]) -> None:
    async def held(entered: asyncio.Event, leave: asyncio.Event) -> tuple[bool, bool]:
        with make():
            entered.set()
            await leave.wait()
            inside = records()
        return inside, records()

    async def beside() -> list[Any]:
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(held(entered, leave))
        await entered.wait()
        found: list[Any] = [records()]
        leave.set()
        return [*found, await task, records()]

    assert asyncio.run(beside()) == [True, (False, True), True]
    assert records()


def test_one_object_shared_by_tasks_that_overlap_restores_each_ones_own() -> None:
    shared = no_grad()

    async def overlap(outside: bool, entered: asyncio.Event, leave: asyncio.Event) -> bool:
        with enable_grad() if outside else no_grad():
            with shared:
                entered.set()
                await leave.wait()
                assert not records()
            return records()

    async def both() -> list[bool]:
        first, second, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks = [
            asyncio.create_task(overlap(True, first, second)),
            asyncio.create_task(overlap(False, second, end)),
        ]
        found = [await tasks[0]]
        end.set()
        return [*found, await tasks[1], records()]

    assert asyncio.run(both()) == [True, False, True]


def test_set_grad_enabled_called_in_a_task_ends_with_it() -> None:
    async def turn_off() -> bool:
        set_grad_enabled(False)
        await asyncio.sleep(0)
        return records()

    async def beside() -> tuple[bool, bool]:
        return await asyncio.create_task(turn_off()), records()

    assert asyncio.run(beside()) == (False, True)


def test_anomalies_are_watched_in_the_task_that_asked() -> None:
    async def watched(entered: asyncio.Event, leave: asyncio.Event) -> None:
        with detect_anomaly():
            entered.set()
            await leave.wait()
            with pytest.raises(RuntimeError, match="NaN"):
                Scalar(float("inf")) * Scalar(0.0)

    async def beside() -> None:
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(watched(entered, leave))
        await entered.wait()
        assert (Scalar(float("inf")) * Scalar(0.0)).data != 0
        leave.set()
        await task

    asyncio.run(beside())


def test_a_decorated_coroutine_runs_in_its_mode_and_others_in_theirs() -> None:
    @no_grad()
    async def waits(leave: asyncio.Event) -> bool:
        await leave.wait()
        return records()

    async def beside() -> list[bool]:
        leave = asyncio.Event()
        task = asyncio.create_task(waits(leave))
        await asyncio.sleep(0)
        found = [records()]
        leave.set()
        return [*found, await task, records()]

    assert asyncio.run(beside()) == [True, False, True]


def test_work_handed_to_a_thread_by_a_task_keeps_its_mode() -> None:
    async def hand_over() -> tuple[bool, bool]:
        with no_grad():
            inside = await asyncio.to_thread(records)
        return inside, await asyncio.to_thread(records)

    assert asyncio.run(hand_over()) == (False, True)


def test_leaving_in_another_context_changes_nothing_there() -> None:
    switch = no_grad()
    contextvars.copy_context().run(switch.__enter__)
    assert records()
    switch.__exit__(None, None, None)
    assert records()
