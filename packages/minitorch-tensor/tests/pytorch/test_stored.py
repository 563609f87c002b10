"""Every row of the table gives what PyTorch gave, on every backend; PyTorch is not needed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WRITE = "Run `tox -e pytorch -- --write` and look at what changes."


@pytest.fixture
def stored(runner: ModuleType) -> dict[str, Any]:
    return runner.read_once()


def test_a_row_agrees_with_what_pytorch_gave(
    case: Any, library: Any, stored: dict[str, Any], runner: ModuleType
) -> None:
    complaints = []
    for key, (_, dtype) in runner.rows([case]).items():
        assert key in stored, f"{key} is not stored. {WRITE}"
        outcome = runner.run(case, dtype, library)
        assert outcome.inputs == stored[key].inputs, f"{key} was stored for other inputs. {WRITE}"
        if complaint := runner.complaint(case, outcome, stored[key]):
            complaints.append(f"{dtype}: {complaint}")
    assert not complaints, "\n".join(complaints)


def test_every_row_is_another_and_what_is_stored_belongs_to_one(
    table: ModuleType, stored: dict[str, Any], runner: ModuleType
) -> None:
    rows = runner.rows(table.CASES)
    assert len(rows) == sum(len(case.dtypes) for case in table.CASES)
    assert set(stored) == set(rows), WRITE


def test_every_public_function_is_in_the_table_or_says_why_not(
    table: ModuleType, runner: ModuleType
) -> None:
    missing = runner.missing(table)
    assert not missing, f"add rows for {missing}, or reasons to NOT_COMPARED, in table"
    known = {*runner.public_functions(), *runner.public_methods()}
    stale = sorted(set(table.NOT_COMPARED) - (known - runner.covered(table.CASES)))
    assert not stale, f"take {stale} out of NOT_COMPARED in table"


def test_the_comparison_sees_a_wrong_value_dtype_shape_and_gradient(
    table: ModuleType, stored: dict[str, Any], runner: ModuleType
) -> None:
    (case,) = [c for c in table.CASES if c.name == "mul(2x1, 3)"]
    right = stored["mul(2x1, 3) float32"]
    (output,), (gradient, other) = right.outputs, right.gradients

    def changed(values: Any, **attributes: Any) -> Any:
        return runner.Values(**{**vars(values), **attributes})

    def complaint(outputs: list[Any], gradients: list[Any]) -> str:
        return runner.complaint(case, runner.Outcome(right.inputs, outputs, gradients), right)

    off = [e * (1 + 2e-5) for e in output.elements]
    assert not complaint([output], [gradient, other])
    assert "values" in complaint([changed(output, elements=off)], [gradient, other])
    assert "dtype" in complaint([changed(output, dtype="float64")], [gradient, other])
    assert "shape" in complaint([changed(output, shape=(3, 2))], [gradient, other])
    assert "gradients" in complaint([output], [gradient, None])
    assert "gradients" in complaint(
        [output], [changed(gradient, elements=[0.0] * len(gradient.elements)), other]
    )


def test_what_is_stored_is_rewritten_only_where_it_differs(
    stored: dict[str, Any], runner: ModuleType, tmp_path: Path
) -> None:
    names = ["mul(2x1, 3) float32", "mul(2x1, 3) float64"]
    path = tmp_path / "expectations.json"
    runner.write({name: stored[name] for name in names}, path)
    before = path.read_text("utf-8").splitlines()

    def moved(outcome: Any, factor: float) -> Any:
        (output,) = outcome.outputs
        elements = [e * factor for e in output.elements]
        changed = runner.Values(output.dtype, output.shape, elements)
        return runner.Outcome(outcome.inputs, [changed], outcome.gradients)

    fresh = {names[0]: moved(stored[names[0]], 1 + 1e-6), names[1]: moved(stored[names[1]], 1.01)}
    runner.update(fresh, path)
    after = path.read_text("utf-8").splitlines()
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True]
