"""The stored results belong to the rows of the table. Runs without PyTorch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

WRITE = "Run `tox -e pytorch -- --write` and look at what changes."


def test_every_row_is_another_and_is_stored_in_its_order(
    table: ModuleType, stored: dict[str, Any]
) -> None:
    assert set(stored) == {"torch", *table.SECTIONS}
    for section, rows in table.SECTIONS.items():
        names = [repr(row) for row in rows]
        assert len(set(names)) == len(names), section
        assert [case["row"] for case in stored[section]] == names, f"{section}. {WRITE}"


def test_the_numbers_of_a_row_are_its_own(table: ModuleType) -> None:
    row, other = table.FUNCTIONS[0], table.FUNCTIONS[1]
    first = table.Draw(row)(4).tolist()
    assert first == table.Draw(row)(4).tolist()
    assert first != table.Draw(other)(4).tolist()


def test_what_is_stored_is_rewritten_only_where_it_differs(comparing: ModuleType) -> None:
    stored = {"torch": "1", "a": [{"row": "x", "y": [1.0, 2]}, {"row": "z", "y": [3.0]}]}
    fresh = {"a": [{"row": "x", "y": [1.0 + 1e-13, 2]}, {"row": "z", "y": [3.1]}]}
    expected = [stored["a"][0], fresh["a"][1]]
    assert comparing.updated(stored, fresh) == {"a": expected}
    assert list(comparing.differences(stored["a"], fresh["a"], "a")) == [
        "a[1].y[0]: 3.1, stored 3.0"
    ]
