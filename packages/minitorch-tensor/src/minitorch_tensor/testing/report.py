"""The report at the end of a conformance run: overridden, derived and failed operations.

A plug-in of pytest's that `conformance` registers when the first check runs. Needs pytest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from minitorch_tensor.backend import DERIVED, REQUIRED, Backend

#: How many of the failing rows of a check are named.
SHOWN = 6


class Report:
    """Collects the backends that are checked, and prints a section for each.

    Attributes:
        backends: the backend of each test class, by the class's name.
        left_out: what the size of each test class does not look at.
        unloadable: classes whose backend did not load.
    """

    NAME = "minitorch-backend-conformance"

    def __init__(self) -> None:
        self.backends: dict[str, Backend] = {}
        self.left_out: dict[str, str] = {}
        self.unloadable: set[str] = set()

    @classmethod
    def of(cls, config: pytest.Config) -> Report:
        """The report of this run of pytest, registered with it on the first call."""
        report: Report | None = config.pluginmanager.get_plugin(cls.NAME)
        if report is None:
            report = cls()
            config.pluginmanager.register(report, cls.NAME)
        return report

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Called by pytest at the end of the run."""
        for test_class, backend in self.backends.items():
            terminalreporter.section(f"conformance of backend {backend.name!r}")
            for line in [*describe(backend), *outcomes(test_class, terminalreporter.stats)]:
                terminalreporter.write_line(line)
            if self.left_out.get(test_class):
                terminalreporter.write_line(f"not looked at: {self.left_out[test_class]}")


def describe(backend: Backend) -> list[str]:
    """Where each operation comes from: the backend's own class, one that it derives from, or the
    derived default."""
    groups: dict[str, list[str]] = defaultdict(list)
    own = type(backend).__name__
    # Its class may be split over bases, in one distribution: they count as its own.
    package = type(backend).__module__.partition(".")[0]
    for name in (*REQUIRED, *DERIVED):
        home = next(cls for cls in type(backend).__mro__ if name in vars(cls))
        if issubclass(Backend, home):
            groups["derived"].append(name)
        elif home is type(backend) or (home.__module__.partition(".")[0] == package):
            groups["required" if name in REQUIRED else "overridden"].append(name)
        else:
            groups[f"of {home.__name__}"].append(name)
    lines = [
        f"{own}, {len(REQUIRED)} required operations and {len(DERIVED)} that may be overridden"
    ]
    declared = [f"dtypes {' '.join(map(str, backend.dtypes))}"]
    for name in ("on_host", "flushes_denormals", "compiles"):
        declared.append(f"{name} {str(getattr(backend, name)).lower()}")
    lines.append(f"declares {', '.join(declared)}")
    order = ["required", "overridden"]
    order += [kind for kind in groups if kind.startswith("of ")] + ["derived"]
    for kind in order:
        names = groups.get(kind, [])
        lines.append(f"{kind:<10} {len(names):>3}: {' '.join(names)}")
    return lines


def outcomes(test_class: str, stats: dict[str, list[Any]]) -> list[str]:
    """The number of checks of a class that passed, and each one that failed."""
    counts: dict[str, int] = {}
    failed: dict[str, list[str]] = defaultdict(list)
    for kind in ("passed", "failed", "skipped"):
        reports = [r for r in stats.get(kind, []) if f"::{test_class}::" in r.nodeid]
        counts[kind] = len(reports)
        if kind == "failed":
            for report in reports:
                check, _, row = report.nodeid.rpartition("::")[2].partition("[")
                failed[check].append(row.removesuffix("]"))
    lines = [", ".join(f"{n} checks {kind}" for kind, n in counts.items() if n)]
    for check, rows in failed.items():
        shown = ", ".join(filter(None, rows[:SHOWN]))
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        lines.append(f"  {len(rows)} of {check}{f': {shown}' if shown else ''}{more}")
        ends = {re.split(r"-(?=[a-z]+$)", row)[-1] for row in rows}
        if len(rows) > SHOWN and len(ends) == 1:
            lines.append(f"    every one of them {ends.pop()}")
    return lines
