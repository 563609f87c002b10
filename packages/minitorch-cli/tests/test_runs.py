"""Runs in folders: what they hold, going on exactly, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import minitorch_cli as cli
import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_cli.testing import Run, in_process
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import load_state, read_records
from minitorch_tensor.serialization import load

HERE = Path(__file__).parent
FILES = HERE / "files"


def imported(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


learner = imported("learner")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    learner.EVENTS.clear()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return in_process(learner.main, capsys)


NAMES = {
    "best.safetensors",
    "checkpoint.safetensors",
    "checkpoint.safetensors.previous",
    "config.toml",
    "lock",
    "metrics.csv",
    "metrics.jsonl",
    "model.safetensors",
}


def names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()} | {"lock"}  # Windows removes it


# -- the folder ------------------------------------------------------------------------------------


def test_a_run_is_a_folder_with_options_metrics_checkpoints_and_model(run: Run) -> None:
    ended = run("--out", "r", "--epochs", 2, "--seed", 5)
    assert ended == (0, "saved r\n", "")
    assert names("r") == NAMES
    text = Path("r/config.toml").read_text()
    assert "epochs = 2  # given\nlr = 0.01\nseed = 5  # given\nwidth = 8\n" in text
    assert tomllib.loads(text)["run"] == {
        "program": "learner", "version": "1.0", "given": ["epochs", "seed"]
    }  # fmt: skip
    records = read_records("r/metrics.jsonl")
    assert [r["step"] for r in records if "batch" in r] == list(range(1, 11))
    assert [r["epoch"] for r in records if "seconds" in r] == [1, 2]
    assert len(Path("r/metrics.csv").read_text().splitlines()) == 3
    notes = load_state("r/checkpoint.safetensors")["notes"]
    assert notes["options"] == {
        "epochs": 2, "lr": 0.01, "seed": 5, "width": 8, "backend": "numpy"
    }  # fmt: skip


def test_a_model_in_a_run_is_read_under_its_own_names_by_others(run: Run) -> None:
    run("--out", "r")
    content = Path("r/model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert {"0.weight", "0.bias", "3.weight", "3.bias"} == set(header) - {"__metadata__"}
    assert load("r/model.safetensors")["0.weight"].shape == (8, 2)


def test_without_a_name_runs_are_numbered_and_the_newest_is_used(run: Run) -> None:
    assert "no checkpoint runs/learner. Train first" in run("show").error
    assert run().out == "saved runs/learner\n"
    assert run("--seed", 1).out == "saved runs/learner-2\n"
    assert run("show").out.startswith("runs/learner-2 2 [")
    assert run("show", "--checkpoint", "runs/learner").out.startswith("runs/learner 2 [")
    assert run("--resume").out == "saved runs/learner-2\n"


@pytest.mark.parametrize("name", ["m.npz", "new/m.safetensors"])
def test_a_file_is_the_model_alone(name: str, run: Run) -> None:
    assert run("--out", name).out == f"saved {name}\n"
    assert [path for path in Path().rglob("*") if path.is_file()] == [Path(name)]
    first = run("show", "--checkpoint", name).out
    assert run("--out", name, "--seed", 1).code == 0  # written over, as ever
    assert run("show", "--checkpoint", name).out != first


def test_the_best_model_so_far_stands_in_for_one_that_is_not_finished(run: Run) -> None:
    learner.EVENTS[7] = learner.interrupt
    assert run("--out", "r").code == 130
    assert "model.safetensors" not in names("r")
    assert run("show", "--checkpoint", "r").code == 0
    Path("r/best.safetensors").unlink()
    assert "r is a folder without a trained model" in run("show", "--checkpoint", "r").error


# -- going on --------------------------------------------------------------------------------------


def files(folder: str) -> tuple[list[Any], list[Any], list[Any]]:
    """What two runs of the same training have alike to the last bit: models, and losses."""
    records = [{**r, "seconds": 0} for r in read_records(f"{folder}/metrics.jsonl")]
    best, model = (
        [(name, value.tolist()) for name, value in cli.read_model(path).state_dict.items()]
        for path in (f"{folder}/best.safetensors", folder)
    )
    return best, model, records


@pytest.mark.parametrize("step", [1, 4, 5, 6, 13, 15])
def test_an_interrupted_run_goes_on_to_the_last_bit(step: int, run: Run) -> None:
    run("--out", "whole")
    learner.EVENTS[step] = learner.interrupt
    ended = run("--out", "a run")
    assert ended.code == 130
    way_on = "learner --out 'a run' --resume"
    assert ended.err == f"learner: interrupted. Go on with: {way_on}\n"
    ended = run("--out", "a run", "--resume")
    assert (ended.code, ended.out) == (0, "saved a run\n")
    assert ended.err == f"going on with a run after step {step}\n"
    assert files("a run") == files("whole")


def test_a_finished_run_stays_as_it_is(run: Run) -> None:
    run("--out", "r")
    before = files("r")
    assert run("--out", "r", "--resume").code == 0
    assert files("r") == before


def test_a_run_without_a_checkpoint_begins_anew(run: Run) -> None:
    run("--out", "whole", "--seed", 3)
    run("--out", "r", "--seed", 3)
    for name in NAMES - {"config.toml"}:
        Path("r", name).unlink(missing_ok=True)
    assert run("--out", "r", "--resume").code == 0
    assert files("r") == files("whole")
    Path("r/config.toml").unlink()  # as a kill leaves it before the first file
    for name in NAMES - {"lock"}:
        Path("r", name).unlink(missing_ok=True)
    assert run("--out", "r", "--resume", "--seed", 3).code == 0
    assert files("r") == files("whole")


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(damage: bytes | None, run: Run) -> None:
    run("--out", "whole")
    learner.EVENTS[12] = learner.interrupt
    run("--out", "r")
    last = Path("r/checkpoint.safetensors")
    content = last.read_bytes()
    last.write_bytes(content[: len(content) // 2] if damage is None else damage)
    ended = run("--out", "r", "--resume")
    assert ended.code == 0
    assert "is not a checkpoint, or is damaged" in ended.err
    assert "Going on from the one before it" in ended.err
    assert "after step 10" in ended.err
    assert files("r") == files("whole")
    for path in (last, Path("r/checkpoint.safetensors.previous")):
        path.write_bytes(b"x")
    assert "checkpoint.safetensors is not a checkpoint" in run("--out", "r", "--resume").error


def test_a_kill_between_two_renamings_leaves_the_one_before(run: Run) -> None:
    run("--out", "whole")
    learner.EVENTS[12] = learner.interrupt
    run("--out", "r")
    Path("r/checkpoint.safetensors").unlink()
    assert run("--out", "r", "--resume").err == "going on with r after step 10\n"
    assert files("r") == files("whole")


def test_the_backend_of_a_run_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    learner.EVENTS[4] = learner.interrupt
    run("--out", "r", "--epochs", 1, "--backend", "simple")
    seen = []
    learner.EVENTS[5] = lambda: seen.append(mt.get_backend().name)
    assert run("--out", "r", "--resume").code == 0
    assert seen == ["simple"]
    error = run("--out", "r", "--resume", "--backend", "numpy").error
    assert "--backend is numpy, and was simple" in error


def test_divergence_leaves_the_weights_before_it_and_a_command_to_try(run: Run) -> None:
    def spoil() -> None:
        raise learner.cli.program.TrainingDiverged("training diverged: step 8")

    import minitorch_cli.program  # noqa: F401

    learner.EVENTS[8] = spoil
    error = run("--out", "r", "--lr", 0.1).error
    assert "training diverged: step 8. The weights before that step are in r/diverged" in error
    assert error.endswith("Try again with: learner --config r/config.toml --lr 0.025")
    assert run("show", "--checkpoint", "r/diverged.safetensors").code == 0
    assert run("--config", "r/config.toml", "--lr", 0.025, "--out", "r2").code == 0


# -- what is refused -------------------------------------------------------------------------------


def test_options_changed_on_the_way_are_refused_by_name(run: Run) -> None:
    run("--out", "r")
    error = run("--out", "r", "--resume", "--lr", 0.5, "--width", 9, "--seed", 0).error
    assert (
        "r was begun with other options: --lr is 0.5, and was 0.01; --width is 9, and was 8. Leave"
        in error
    )
    for free in (("--quiet",), ("--checkpoint-minutes", 3), ("--lr", 0.01)):
        assert run("--out", "r", "--resume", *free).code == 0
    config = Path("r/config.toml")
    config.write_text(config.read_text().replace("lr = 0.01", "lr = 0.02"))
    assert "--lr is 0.02, and was 0.01" in run("--out", "r", "--resume").error


def test_what_is_in_the_way_is_told_in_a_line_and_left_alone(run: Run) -> None:
    run("--out", "r")
    assert "r holds a run. Go on with it: learner --out r --resume" in run("--out", "r").error
    Path("full").mkdir()
    Path("full/mine").touch()
    assert "it is a folder with other files" in run("--out", "full").error
    assert "full is no folder of a run" in run("--out", "full", "--resume").error
    assert "there is no run none" in run("--out", "none", "--resume").error
    assert "there is no run runs/learner" in run("--resume").error
    Path("empty").mkdir()
    assert run("--out", "empty").code == 0
    assert "--resume needs the folder of a run" in run("--out", "m.npz", "--resume").error
    config = Path("r/config.toml")
    config.write_text(config.read_text().replace('"learner"', '"other"'))
    assert "r is a run of other, not of learner" in run("--out", "r", "--resume").error
    config.write_text("lr = ")
    assert "config.toml is no TOML file" in run("--out", "r", "--resume").error


def test_two_processes_do_not_train_in_one_folder(run: Run) -> None:
    errors = []

    def second() -> None:
        errors.append(run("--out", "r", "--resume").error)

    learner.EVENTS[4] = second
    assert run("--out", "r").code == 0
    assert "another process trains in r. Wait until it ends" in errors[0]
    assert run("--out", "r", "--resume").code == 0


def test_tensorboard_is_asked_for_by_the_name_of_its_extra(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    error = run("--out", "r", "--tensorboard").error
    assert "--tensorboard: " in error and "minitorch-nn[tensorboard]" in error
    assert not Path("r").exists()


# -- options in files ------------------------------------------------------------------------------


def test_options_come_from_a_file_and_flags_win(run: Run) -> None:
    Path("c.toml").write_text('epochs = 1\nlr = 0.5\nbreadth = 9\nout = "r"\n')
    assert run("--config", "c.toml", "--lr", 0.25).out == "saved r\n"
    found = tomllib.loads(Path("r/config.toml").read_text())
    assert (found["epochs"], found["lr"], found["width"]) == (1, 0.25, 9)
    assert found["run"]["given"] == ["epochs", "lr", "width"]


def test_the_printed_options_are_a_file_of_options(run: Run) -> None:
    printed = run("--print-config", "--lr", 0.5, "--epochs", 1).out
    assert list(Path().iterdir()) == []
    Path("c.toml").write_text(printed)
    again = tomllib.loads(run("--config", "c.toml", "--print-config").out)
    assert {**again, "run": None} == {**tomllib.loads(printed), "run": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "c.toml: unknown option 'epoch'; did you mean epochs?"),
        ("learning_rat = 3", "c.toml: unknown option 'learning_rat'; it takes backend, batch-size"),
        ("resume = true", "c.toml: unknown option 'resume'"),
        ("epochs = 0", "c.toml: argument --epochs: wanted a whole number of at least 1, got '0'"),
        ("epochs = true", "c.toml: epochs is True, wanted a number or a text"),
        ("epochs = [1]", "c.toml: epochs is [1], wanted a number or a text"),
        ("quiet = 1", "c.toml: quiet is 1, wanted true or false"),
        ("epochs 3", "c.toml is no TOML file of options, such as epochs = 3 in a line: "),
        ("\udcff", "c.toml is no TOML file of options"),
        ("#" * (2 << 20), "c.toml is larger than a file of options"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, message: str, run: Run) -> None:
    Path("c.toml").write_bytes(text.encode(errors="surrogateescape"))
    assert message in run("--config", "c.toml").error
    assert "cannot read none.toml: No such file" in run("--config", "none.toml").error
    assert [path.name for path in Path().iterdir()] == ["c.toml"]


# -- files of earlier versions ---------------------------------------------------------------------


def test_the_archives_of_version_0_1_stay_readable() -> None:
    model, metadata = cli.load_model(
        str(FILES / "model-0.1.npz"), "learner", lambda found: nn.Linear(found.metadata["in"], 2)
    )
    assert metadata == {"program": "learner", "version": "1.0", "in": 3}
    assert model.weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]  # type: ignore[union-attr]


def test_a_run_of_format_1_goes_on(run: Run) -> None:
    shutil.copytree(FILES / "run-1", "r")
    assert run("show", "--checkpoint", "r").code == 0
    ended = run("--out", "r", "--resume")
    assert (ended.code, ended.err) == (0, "going on with r after step 7\n")
    run("--out", "whole")
    for name in ("0.weight", "3.bias"):
        one, other = (cli.read_model(folder).state_dict[name] for folder in ("r", "whole"))
        assert one == pytest.approx(other, rel=1e-4)


@pytest.mark.parametrize(
    "content", [{"a": 1}, {"__metadata__": 3}, {"a": 1, "__metadata__": {}}, [1]]
)
def test_a_safetensors_file_of_something_else_is_told(content: Any) -> None:
    mt.save(content, "m.safetensors")
    with pytest.raises(CheckpointError, match=r"m\.safetensors") as error:
        cli.read_model("m.safetensors")
    assert "\n" not in str(error.value)
