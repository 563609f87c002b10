"""Runs in folders, of Scalars and of Tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minitorch_cli import read_model
from minitorch_cli.testing import Run, in_process
from minitorch_nn.training import BatchResult, read_records
from minitorch_points import cli, training

QUICK = ("--data", "xor", "--points", 40, "--epochs", 6, "--hidden", 3)
ENGINES = [("scalar",), ("tensor", "--backend", "numpy")]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return in_process(cli.main, capsys)


def found(folder: str) -> tuple[Any, Any]:
    values = read_model(folder).state_dict
    records = read_records(f"{folder}/metrics.jsonl")
    return {name: v.tolist() for name, v in values.items()}, [
        {**record, "seconds": 0} for record in records
    ]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine[0])
def test_a_run_goes_on_where_its_last_checkpoint_is(
    engine: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = (*QUICK, "--engine", *engine)
    ended = run(*how, "--out", "whole")
    assert (ended.code, ended.err) == (0, "")
    assert "saved whole/boundary.png" in ended.out
    assert {path.name for path in Path("whole").iterdir()} - {"lock"} == {
        "boundary.png", "checkpoint.safetensors", "config.toml", "metrics.csv",
        "metrics.jsonl", "model.safetensors",
    }  # fmt: skip

    class Stops(training.ConsoleReporter):
        def batch_ends(self, result: BatchResult) -> None:
            if result.step == 14:  # in the fourth epoch
                raise KeyboardInterrupt

    fit = training.fit

    def often(*args: Any, **options: Any) -> Any:
        return fit(*args, **options, checkpoint_minutes=0)

    with monkeypatch.context() as patch:
        patch.setattr(cli, "ConsoleReporter", Stops)
        patch.setattr(cli, "fit", often)
        ended = run(*how, "--out", "r")
    way_on = "minitorch-points --out r --resume"
    assert (ended.code, ended.err) == (
        130,
        f"minitorch-points: interrupted. Go on with: {way_on}\n",
    )
    ended = run("--out", "r", "--resume")
    assert (ended.code, ended.err) == (0, "going on with r after step 12\n")
    assert found("r") == found("whole")
    assert run("--config", "r/config.toml", "--out", "again").code == 0
    assert found("again") == found("whole")


def test_what_a_run_of_points_cannot_be_is_told(run: Run) -> None:
    assert "the folder of a run is for one set" in run("--data", "all", "--out", "r").error
    assert "--resume needs the folder of a run" in run("--resume").error
    assert "there is no run r" in run("--resume", "--out", "r").error
    printed = run("--print-config", "--engine", "scalar").out
    assert 'engine = "scalar"  # given' in printed and "backend" not in printed
    assert list(Path().iterdir()) == []
