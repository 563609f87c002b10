"""Random programs of views, writes and reads do what PyTorch does: its values, its gradients, first
and second, and its refusals.

Where PyTorch is (`tox -e pytorch`), a number of programs run beside it, and what is stored of some
is shown to be what it gives; everywhere, those programs give what is stored.
"""

from __future__ import annotations

import os
import warnings
from types import ModuleType
from typing import Any

import pytest

import minitorch_tensor as mt

#: Programs that run beside PyTorch; `MINITORCH_PROGRAMS` sets another number.
BESIDE = range(int(os.environ.get("MINITORCH_PROGRAMS", "300")))

WRITE = "Run `tox -e pytorch -- --write` and look at what changes."


def ours(programs: ModuleType, seed: int) -> Any:
    return programs.Program(mt, mt.grad, seed).run()


def test_a_program_does_what_pytorch_did(library: Any, programs: ModuleType) -> None:
    stored = programs.read()
    assert sorted(stored) == list(programs.STORED_SEEDS), WRITE
    refused = 0
    for seed, expected in stored.items():
        trace = ours(programs, seed)
        actual = programs.summary(trace)
        found = list(programs.difference(actual, expected))
        assert not found, "\n".join([f"program {seed}:", *trace.statements, *found])
        refused += sum("refused" in line for line in expected[0])
    assert refused > len(stored)  # they try what is refused, too


def test_a_program_does_what_it_does_in_pytorch(library: Any, programs: ModuleType) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for seed in BESIDE:
        trace = ours(programs, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of writes that it will refuse one day
            theirs = programs.Program(torch, torch.autograd.grad, seed).run()
        found = list(programs.difference(trace.statements, theirs.statements))
        found += programs.difference(trace.outcomes, theirs.outcomes)
        assert not found, "\n".join([f"program {seed}:", *trace.statements, *found])


def test_what_is_stored_of_programs_is_up_to_date(programs: ModuleType) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    stored, fresh = programs.read(), programs.beside_pytorch()
    assert not list(programs.difference(list(stored.values()), list(fresh.values()))), WRITE


def test_the_comparison_sees_another_value_flag_and_refusal(programs: ModuleType) -> None:
    trace = ours(programs, 0)
    right = programs.summary(trace)
    assert not list(programs.difference(right, programs.summary(trace)))
    for at, wrong in ((0, "refused"), (1, not right[1][3][1]), (2, 0.123)):
        changed = [list(right[0]), [list(o) for o in right[1]]]
        if at == 0:
            changed[0][3] += " refused"
        else:
            changed[1][3][at] = wrong
        assert list(programs.difference(changed, right))
