"""Stored cases beside fresh ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


def differences(stored: Any, fresh: Any, where: str) -> Iterator[str]:
    """The places where nested values differ: numbers by more than rounding, all else exactly."""
    if type(stored) is not type(fresh):
        yield f"{where}: {fresh!r}, stored {stored!r}"
    elif isinstance(stored, dict) and list(stored) == list(fresh):
        for key, value in stored.items():
            yield from differences(value, fresh[key], f"{where}.{key}")
    elif isinstance(stored, list) and len(stored) == len(fresh):
        for number, (one, other) in enumerate(zip(stored, fresh)):
            yield from differences(one, other, f"{where}[{number}]")
    elif isinstance(stored, float):
        if not math.isclose(fresh, stored, rel_tol=1e-10, abs_tol=1e-12):
            yield f"{where}: {fresh!r}, stored {stored!r}"
    elif stored != fresh:
        yield f"{where}: {fresh!r}, stored {stored!r}"


def updated(stored: dict[str, Any], fresh: dict[str, Any]) -> dict[str, Any]:
    """The fresh sections, keeping a row as stored if it differs by rounding alone, which
    varies between processors."""
    known = {
        (section, case["row"]): case
        for section, cases in stored.items()
        for case in cases
        if isinstance(case, dict)
    }

    def kept(section: str, case: dict[str, Any]) -> dict[str, Any]:
        old = known.get((section, case["row"]))
        return case if old is None or any(differences(old, case, section)) else old

    return {section: [kept(section, case) for case in cases] for section, cases in fresh.items()}
