"""A logical clock: each recorded call and each in-place change takes one tick.

It answers two questions with one comparison each. Which of two calls came first? A call's inputs
exist before it, so the graph is in topological order by time. Was a value changed after a call
saved it? If so, its last change is later than the call.
"""

from __future__ import annotations

import itertools
import threading

#: Take the next tick. The call is atomic under the GIL, so threads may share it.
tick = itertools.count(1).__next__


class _Changes:
    """The time of the latest in-place change of any value."""

    def __init__(self) -> None:
        self.last = 0
        self._lock = threading.Lock()

    def record(self) -> int:
        """Take a tick for a change just made, and return it for the value to keep."""
        with self._lock:  # or a slower thread could turn `last` back
            self.last = tick()
            return self.last


changes = _Changes()
