"""torchvision's results, as they are stored."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_torch as torch
from minitorch_torch import vision

spec = importlib.util.spec_from_file_location("table", Path(__file__).with_name("table.py"))
assert spec is not None and spec.loader is not None
table: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(table)

EXPECTED = json.loads(table.EXPECTATIONS.read_text())
CALLS = dict(table.calls(torch, vision))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_what_torchvision_gives(name: str) -> None:
    compare(table.stored(CALLS[name]()), EXPECTED[name], name)


def compare(found: Any, expected: Any, name: str) -> None:
    if isinstance(expected[0], list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            compare(one, other, name)
        return
    assert found[:2] == expected[:2]
    # A level more or less: Pillow's versions round differently, and so do sums of two orders.
    tolerance = 1 if np.issubdtype(np.array(expected[2]).dtype, np.integer) else 3e-6
    np.testing.assert_allclose(found[2], expected[2], rtol=0, atol=tolerance)


def test_every_stored_result_has_a_call() -> None:
    assert set(EXPECTED) == {*CALLS, "printed"}


def test_transforms_print_as_those_of_torchvision() -> None:
    assert list(table.printed(torch, vision.transforms)) == EXPECTED["printed"]
