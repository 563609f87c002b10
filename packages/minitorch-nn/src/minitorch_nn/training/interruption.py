"""Signals that wait until a batch is done, so that a checkpoint of a whole number of batches can
be written."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

#: What asks a process to end. Some systems lack some.
ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interruption:
    """Notes the first signal that asks the process to end, and lets `deliver` raise it. A second
    one acts at once. Signals that are ignored stay so; other threads than the main one cannot
    change any of it."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._noted: int | None = None

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                handler = signal.getsignal(number)
                if callable(handler) or handler is signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()
        if kind is None:
            self.deliver()

    @property
    def wanted(self) -> bool:
        """True once a signal has come."""
        return self._noted is not None

    def deliver(self) -> None:
        """Let the signal that has come, if any, do what it would have done."""
        if self._noted is None:
            return
        number, self._noted = self._noted, None
        handler = self._before.get(number)
        self._restore()
        if callable(handler):
            handler(number, None)
        else:
            os.kill(os.getpid(), number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._noted is not None:
            self.deliver()
        self._noted = number

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {} if self._noted is None else self._before
