"""One clock for what happens to values: each recorded call and each change in place takes a tick.

It answers two questions with one comparison each. Which of two calls came first? A call's inputs
exist before it, so the graph is in topological order by time. Was a value changed after a call
saved it? If so, its last change is later than the call.
"""

from __future__ import annotations

import itertools
import threading

#: The time; calling it takes the next tick. One step of the interpreter, so threads may share it.
tick = itertools.count(1).__next__


class _Changes:
    """The changes in place of all values, of which only the last is remembered."""

    def __init__(self) -> None:
        self.last = 0
        self._lock = threading.Lock()

    def record(self) -> int:
        """Take a tick for a change that has just been made; the value keeps it."""
        with self._lock:  # or a slower thread could turn `last` back
            self.last = tick()
            return self.last


changes = _Changes()
