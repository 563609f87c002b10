"""The command line: what it prints and writes, and how it refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from minitorch_points.cli import main
from minitorch_points.recipes import RECIPES

LAST = re.compile(r"test accuracy [01]\.\d{4} \(\d+/\d+\)")
QUICK = ["--backend", "numpy", "--points", "40", "--epochs", "2", "--hidden", "3"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINITORCH_BACKEND", raising=False)


def test_training_reports_both_accuracies_and_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--dataset", "xor", *QUICK]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert re.fullmatch(r"epoch 2/2  loss \d\.\d{4}  correct \d+/40", lines[2])
    assert re.fullmatch(r"train accuracy [01]\.\d{4} \(\d+/40\)", lines[-2])
    assert LAST.fullmatch(lines[-1])
    assert lines[-1].endswith("/500)")
    assert out.isascii()  # no terminal: letters
    assert [path.name for path in tmp_path.iterdir()] == ["minitorch-points-xor.png"]
    with Image.open(tmp_path / "minitorch-points-xor.png") as picture:
        picture.verify()


def test_training_is_what_is_meant_without_a_command_and_scalars_do_it_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["--dataset", "SIMPLE", "--engine", "scalar", "--points", "10", "--epochs", "1"]
    assert main([*argv, "--hidden", "1", "--out", "deep/in/s.png"]) == 0
    assert "network of Scalars, 2-1-1-1\n" in capsys.readouterr().out
    assert Path("deep/in/s.png").is_file()


def test_quiet_leaves_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quiet", *QUICK]) == 0
    out, err = capsys.readouterr()
    assert LAST.fullmatch(out.strip())
    assert err == ""


def test_the_same_seed_gives_the_same_picture(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for out, seed in (("a.png", "5"), ("b.png", "5"), ("c.png", "6")):
        assert main(["--quiet", "--seed", seed, "--out", out, *QUICK]) == 0
        said.append((capsys.readouterr().out, Path(out).read_bytes()))
    assert said[0] == said[1]
    assert said[0] != said[2]


def test_all_sets_in_turn_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dataset", "all", "--quiet", "--out", "p.png", *QUICK]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [re.fullmatch(r"(\w+) accuracy [01]\.\d{4} \((\d+)/500\)", line) for line in lines[:-1]]
    assert [match and match[1] for match in found] == list(RECIPES)
    assert lines[-1].endswith(f"({sum(int(match[2]) for match in found if match)}/3000)")
    assert {path.name for path in tmp_path.iterdir()} == {f"p-{name}.png" for name in RECIPES}


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--dataset", "moons"], "moons"),
        (["--engine", "analog"], "analog"),
        (["--engine", "scalar", "--backend", "numpy"], "--engine scalar has none"),
        (["--backend", "abacus"], "abacus"),
        (["--points", "0"], "at least 1"),
        (["--points", "99999999"], "at most 1,000,000"),
        (["--hidden", "2.5"], "whole number"),
        (["--hidden", "5000"], "at most 1,024"),
        (["--lr", "inf"], "above 0"),
        (["--seed", "-1"], "at least 0"),
        (["--out", "a.jpg"], "ends in .png"),
        (["--dataset", "all", "--out", "."], "folder"),
        (["--dataset", "all", "--out", "new/"], "folder"),
        (["--lr", "1e30", *QUICK], "lower learning rate"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(
    argv: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, "--quiet"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "error: " in err
    assert says in err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("in the way")
    assert main(["--out", "file/a.png"]) == 2
    out, err = capsys.readouterr()
    assert out == ""  # nothing was begun
    assert "cannot write file/a.png" in err


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "minitorch_points", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("minitorch-points ")
