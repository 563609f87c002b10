"""The ledger of calls, and its table."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

#: Operations that the table lists by name; the rest is added up in one line.
LISTED = 25


@dataclass
class Entry:
    """One kind of operation.

    Attributes:
        calls: number of calls.
        seconds: total time of all calls.
        read: bytes of all its tensor arguments, each element counted once per call.
        written: bytes of all its results.
        nan_births: calls with a NaN in the result and none in the arguments.
    """

    calls: int = 0
    seconds: float = 0.0
    read: int = 0
    written: int = 0
    nan_births: int = 0

    def __add__(self, other: Entry) -> Entry:
        return Entry(
            self.calls + other.calls,
            self.seconds + other.seconds,
            self.read + other.read,
            self.written + other.written,
            self.nan_births + other.nan_births,
        )


@dataclass(frozen=True)
class NaNBirth:
    """The origin of a NaN that was not in the arguments.

    Attributes:
        operation: the operation that made it.
        shapes: shapes of the tensor arguments.
        place: file and line of the call, outside of MiniTorch.
    """

    operation: str
    shapes: tuple[tuple[int, ...], ...]
    place: str

    def __str__(self) -> str:
        return (
            f"{self.operation} of {', '.join(map(str, self.shapes)) or 'numbers'}, at {self.place}"
        )


@dataclass
class Ledger:
    """The record of all calls so far; several threads may add to it at once.

    Attributes:
        first_nan: the origin of the first NaN, if any.
    """

    first_nan: NaNBirth | None = None
    _entries: dict[str, Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, operation: str, entry: Entry, birth: NaNBirth | None = None) -> None:
        """Record a call, and the NaN that it made, if any."""
        with self._lock:
            self._entries[operation] = self._entries.get(operation, Entry()) + entry
            self.first_nan = self.first_nan or birth

    def entries(self) -> dict[str, Entry]:
        """A copy of all entries, sorted by time, longest first."""
        with self._lock:
            found = {name: replace(entry) for name, entry in self._entries.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1].seconds))

    def total(self) -> Entry:
        """The sum of all entries."""
        return sum(self.entries().values(), Entry())

    def reset(self) -> None:
        """Remove all entries: after a warm-up, or between epochs."""
        with self._lock:
            self._entries.clear()
            self.first_nan = None

    def table(self, title: str) -> str:
        """The entries as text, one operation per line."""
        entries, total = self.entries(), self.total()
        names = list(entries)
        rows = [(name, entries[name]) for name in names[:LISTED]]
        if names[LISTED:]:
            rest = sum((entries[name] for name in names[LISTED:]), Entry())
            rows.append((f"{len(names) - LISTED} others", rest))
        cells: list[tuple[str, ...]] = [
            ("operation", "calls", "time", "share", "a call", "read", "written", "rate", "NaN")
        ]
        cells += [_cells(name, entry, total.seconds) for name, entry in [*rows, ("all", total)]]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = [title]
        for name, *numbers in cells:
            aligned = [text.rjust(width) for text, width in zip(numbers, widths[1:])]
            lines.append("  ".join([name.ljust(widths[0]), *aligned]).rstrip())
        if self.first_nan is not None:
            lines.append(f"first NaN: {self.first_nan}")
        return "\n".join(lines)


def _cells(name: str, entry: Entry, seconds: float) -> tuple[str, ...]:
    share = entry.seconds / seconds if seconds else 0.0
    rate = (entry.read + entry.written) / entry.seconds if entry.seconds else 0.0
    return (
        name,
        str(entry.calls),
        _time(entry.seconds),
        f"{share:.1%}",
        _time(entry.seconds / max(entry.calls, 1)),
        _bytes(entry.read),
        _bytes(entry.written),
        f"{_bytes(rate)}/s",
        str(entry.nan_births) if entry.nan_births else "",
    )


def _time(seconds: float) -> str:
    """Three digits and a unit: 1.23 s, 45.6 ms, 7.89 us."""
    for unit, size in (("us", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _bytes(count: float) -> str:
    """Three digits and a unit, of a thousand each."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
