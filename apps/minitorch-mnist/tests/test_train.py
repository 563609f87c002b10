"""Training and testing from the command line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch_cli import read_model
from minitorch_cli.testing import accuracy, script, without_notes
from minitorch_datasets import ImageDataset
from minitorch_mnist import __version__, cli
from minitorch_nn.checkpoint import load_checkpoint
from minitorch_nn.training import fit

SCRIPT = script("minitorch-mnist")


# -- what it prints and saves ----------------------------------------------------------------------


@pytest.mark.parametrize("model", ["lenet", "course"])
def test_training_reports_saves_and_tests(model: str, run: Any, data: ImageDataset) -> None:
    ended = run("--model", model, "--epochs", "2", "--backend", "numpy")
    assert (ended.code, ended.err) == (0, "")
    hello, first, second, saved, result = ended.out.splitlines()
    parameters = {"lenet": "61,706", "course": "26,138"}[model]
    assert hello == (
        f"{model} ({parameters} parameters) on digits: 550 images to train on, 50 to validate, "
        "100 to test; backend numpy"
    )
    for number, line in enumerate((first, second), start=1):
        assert re.fullmatch(
            rf"epoch {number}/2  loss \d\.\d{{4}}  validation \d+/50 \(\d+\.\d\d%\)  "
            r"[\d,]+ images/s  \d+\.\d s",
            line,
        )
    assert saved == "saved runs/mnist"
    assert accuracy(result) > 0.2  # better than chance
    assert [path.name for path in Path().iterdir()] == ["runs"]
    found = read_model("runs/mnist")
    assert found.metadata == {
        "program": "minitorch-mnist", "version": __version__, "model": model, "data": "digits"
    }  # fmt: skip


def test_quiet_training_prints_the_result_alone(run: Any, data: ImageDataset) -> None:
    ended = run("train", "--quiet", "--epochs", 1, "--model", "course", "--backend", "numpy")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("\n") == 1
    accuracy(ended.out)


def test_a_seed_repeats_the_training(run: Any, data: ImageDataset) -> None:
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy", "--quiet")
    outs = [run(*how, "--seed", seed, "--out", f"{i}.npz").out for i, seed in enumerate((1, 1, 2))]
    assert outs[0] == outs[1]
    values = [load_checkpoint(f"{i}.npz").state_dict["fc1.weight"] for i in range(3)]
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).mean() > 0.99


def test_options_reach_the_training(
    run: Any, data: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def spy(model: Any, optimizer: Any, train: Any, **options: Any) -> Any:
        seen.update(options, batches=len(train), lr=options["scheduler"].max_lrs[0])
        seen["steps"] = options["scheduler"].total_steps
        return fit(model, optimizer, train, **{**options, "epochs": 1})

    monkeypatch.setattr(cli, "fit", spy)
    run("--epochs", 3, "--batch-size", 55, "--lr", 0.01, "--backend", "numpy", "--quiet")
    assert (seen["epochs"], seen["batches"], seen["lr"], seen["steps"]) == (3, 10, 0.01, 30)


def test_missing_folders_of_out_are_made(run: Any, data: ImageDataset) -> None:
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy")
    ended = run(*how, "--out", "runs/1/model.npz")
    assert ended.code == 0
    assert "saved runs/1/model.npz" in ended.out
    assert Path("runs/1/model.npz").is_file()


def test_a_saved_model_tests_as_it_did(run: Any, data: ImageDataset) -> None:
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy")
    after_training = run(*how, "--out", "m.npz").out.splitlines()[-1]
    ended = run("evaluate", "--checkpoint", "m.npz", "--backend", "numpy", "--batch-size", 7)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "course (trained on digits) on digits: 100 images to test; backend numpy",
        after_training,
    ]
    quiet = run("evaluate", "--checkpoint", "m.npz", "--backend", "numpy", "--quiet")
    assert quiet.out.splitlines() == [after_training]


def test_the_trained_lenet_reads_digits(trained: Path, run: Any, data: ImageDataset) -> None:
    for backend in ("numpy", "fast"):
        out = run("evaluate", "--checkpoint", trained, "--backend", backend, "--quiet").out
        assert accuracy(out) > 0.85


def test_a_note_on_the_data_goes_to_stderr(
    run: Any, small: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "load_image_dataset", lambda *_, **__: (small, "no network; digits"))
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy")
    assert run(*how).err == "no network; digits\n"
    assert run(*how, "--quiet").err == ""


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--epochs", "0"], "argument --epochs: wanted a whole number of at least 1, got '0'"),
        (["--epochs", "ten"], "argument --epochs: wanted a whole number of at least 1, got 'ten'"),
        (["--batch-size", "-1"], "argument --batch-size: wanted a whole number of at least 1"),
        (["--lr", "-0.1"], "argument --lr: wanted a number above 0, got '-0.1'"),
        (["--seed", "1.5"], "argument --seed: wanted a whole number of at least 0, got '1.5'"),
        (["--model", "alexnet"], "argument --model: invalid choice: 'alexnet'"),
        (["--data", "imagenet"], "argument --data/--dataset: invalid choice: 'imagenet'"),
        (["--backend", "fats"], "no backend 'fats': misspelled or not installed"),
        (["--data", "digits", "--data-dir", "x"], "data_dir x for 'digits', which read no file"),
        (["--out", "file/model.npz"], "cannot write file/model.npz: Not a directory. Choose"),
        (["--out", "."], "cannot write .: it is a folder with other files"),
        (["--out", "/proc/model.npz"], "cannot write /proc/model.npz: "),
        (["--data-dir", "nowhere"], "data_dir nowhere is no existing folder"),
        (["evaluate", "--checkpoint", "m.npz"], "no checkpoint m.npz. Train first"),
        (["evaluate", "--checkpoint", "file"], "file is not a checkpoint, or is damaged"),
        (["evaluate", "--epochs", "3"], "unrecognized arguments: --epochs 3"),
        (["predict"], "the following arguments are required: IMAGE"),
        (["teach"], "argument COMMAND: invalid choice: 'teach'"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_nothing(argv: list[str], message: str, run: Any) -> None:
    Path("file").write_text("no checkpoint\n")
    error = run(*argv).error
    assert error.startswith("minitorch-mnist")
    assert "error: " in error and message in error
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_training_that_diverges_saves_nothing(run: Any, data: ImageDataset) -> None:
    ended = run("--lr", "1e30", "--backend", "numpy", "--quiet", "--out", "m.npz")
    assert "training diverged: the loss is" in ended.error
    assert list(Path().iterdir()) == []


def test_an_old_model_survives_what_goes_wrong(run: Any, data: ImageDataset) -> None:
    how = ("--model", "course", "--epochs", 1, "--backend", "numpy", "--quiet", "--out", "m.npz")
    assert run(*how).code == 0
    before = Path("m.npz").read_bytes()
    assert run(*how, "--lr", "1e30", "--model", "lenet").code == 2
    assert Path("m.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"program": "other"}, "m.npz was written by other, not by minitorch-mnist. Name the file"),
        ({}, "m.npz was written by another program, not by minitorch-mnist"),
        (
            {"program": "minitorch-mnist", "model": "vit"},
            f"m.npz holds the network 'vit', which minitorch-mnist {__version__} does not have: it "
            "has course, lenet. Train again",
        ),
        (
            {"program": "minitorch-mnist", "model": "course"},
            "m.npz: load_state_dict: the values do not fit CourseNet: missing: conv1.weight, ",
        ),
    ],
)
def test_a_checkpoint_of_something_else_is_told(
    metadata: dict[str, str], message: str, run: Any, data: ImageDataset
) -> None:
    from minitorch_nn.checkpoint import save_checkpoint

    save_checkpoint("m.npz", {}, metadata)
    assert message in run("evaluate", "--checkpoint", "m.npz", "--backend", "numpy").error


# -- the installed program -------------------------------------------------------------------------


def test_the_installed_program_learns_the_embedded_digits() -> None:
    ended = subprocess.run(
        [SCRIPT, "--data", "digits", "--epochs", "1"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.returncode, without_notes(ended.stderr)) == (0, "")
    assert "backend fast" in ended.stdout
    assert accuracy(ended.stdout) > 0.93
    assert [path.name for path in Path().iterdir()] == ["runs"]
