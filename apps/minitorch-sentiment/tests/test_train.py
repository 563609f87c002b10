"""Training and testing from the command line."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch_cli import read_model
from minitorch_cli.testing import accuracy, script, without_notes
from minitorch_datasets import TextDataset, Vocabulary
from minitorch_nn.checkpoint import load_checkpoint, save_checkpoint
from minitorch_nn.training import fit
from minitorch_sentiment import __version__, cli
from minitorch_sentiment.trained import TABLE, load
from minitorch_tensor import zeros

SCRIPT = script("minitorch-sentiment")
ONCE = ("--epochs", 1, "--backend", "numpy")


# -- what it prints and saves ----------------------------------------------------------------------


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "cnn"])
def test_training_reports_saves_and_tests(
    model: str, run: Any, data: TextDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.SentimentReporter, "EVERY", 4)
    ended = run("--model", model, "--epochs", "2", "--backend", "numpy")
    assert (ended.code, ended.err) == (0, "")
    hello, *lines, saved, best, result = ended.out.splitlines()
    assert re.fullmatch(
        rf"{model} \([\d,]+ parameters\) on synthetic: 270 reviews to train on, 30 to validate, "
        r"60 to test; \d+ words; backend numpy",
        hello,
    )
    loss = r"\[Batch (4|8)\] Loss: \d\.\d{4}"
    accuracies = r"Train Acc: (\d\.\d{4}), Val Acc: (\d\.\d{4})"
    speed = r"\([\d,]+ reviews/s, \d+\.\d s\)"
    epochs = [rf"\[{model.upper()}\] Epoch {number}: {accuracies}" for number in (1, 2)]
    patterns = [loss, loss, rf"{epochs[0]}  {speed}", loss, loss, rf"{epochs[1]}  {speed}"]
    assert len(lines) == 6
    for pattern, line in zip(patterns, lines, strict=True):
        assert re.fullmatch(pattern, line), line
    assert saved == "saved runs/sentiment"
    share = accuracy(result)
    found = re.fullmatch(
        rf"\[{model.upper()}\] Epoch ([12]): {accuracies}, Test Acc: {share:.4f}  "
        r"\(the best on validation\)",
        best,
    )
    assert found, best
    assert float(found[3]) == max(
        float(re.search(r"Val Acc: (\S+)", line)[1]) for line in (lines[2], lines[5])
    )
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_quiet_training_prints_the_result_alone(run: Any, data: TextDataset) -> None:
    ended = run("train", "--quiet", *ONCE)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("\n") == 1
    accuracy(ended.out)


def test_a_seed_repeats_the_training(run: Any, data: TextDataset) -> None:
    outs = [
        run(*ONCE, "--quiet", "--seed", seed, "--out", f"{i}.npz").out
        for i, seed in enumerate((1, 1, 2))
    ]
    assert outs[0] == outs[1]
    values = [load_checkpoint(f"{i}.npz").state_dict["output.weight"] for i in range(3)]
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).mean() > 0.99


def test_options_reach_the_training(
    run: Any, data: TextDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def spy(model: Any, optimizer: Any, train: Any, **options: Any) -> Any:
        seen.update(options, batches=len(train), lr=options["scheduler"].max_lrs[0])
        seen["steps"] = options["scheduler"].total_steps
        return fit(model, optimizer, train, **{**options, "epochs": 1})

    monkeypatch.setattr(cli, "fit", spy)
    run("--epochs", 3, "--batch-size", 27, "--lr", 0.02, "--backend", "numpy", "--quiet")
    assert (seen["epochs"], seen["batches"], seen["lr"], seen["steps"]) == (3, 10, 0.02, 30)
    assert seen["keep_best"]
    assert seen["clip_norm"] == 1.0


def test_a_saved_model_tests_as_it_did(run: Any, data: TextDataset) -> None:
    after_training = run(*ONCE, "--out", "runs/1/m.npz").out.splitlines()[-1]
    how = ("evaluate", "--checkpoint", "runs/1/m.npz", "--backend", "numpy")
    ended = run(*how, "--batch-size", 7)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "gru (trained on synthetic) on synthetic: 60 reviews to test; backend numpy",
        after_training,
    ]
    assert run(*how, "--quiet").out.splitlines() == [after_training]


def test_the_data_are_by_default_those_that_the_network_was_trained_on(
    run: Any, small: TextDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def load_small(name: str, data_dir: str | None, **_: Any) -> tuple[TextDataset, None]:
        asked.append((name, data_dir))
        return small, None

    monkeypatch.setattr(cli, "load_text_dataset", load_small)
    run("--data-dir", "here", *ONCE)
    run("evaluate", "--backend", "numpy")
    run("evaluate", "--dataset", "imdb", "--data-dir", "there", "--backend", "numpy")
    assert asked == [("auto", "here"), ("synthetic", None), ("imdb", "there")]


def test_the_vocabulary_is_saved_with_the_model(run: Any, data: TextDataset) -> None:
    run(*ONCE)
    trained = load("runs/sentiment")
    assert (trained.name, trained.data, trained.reader.length) == ("gru", "synthetic", 128)
    assert "brilliant" in trained.reader.vocabulary
    assert read_model("runs/sentiment").metadata["version"] == __version__


def test_a_note_on_the_data_goes_to_stderr(
    run: Any, small: TextDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "load_text_dataset", lambda *_, **__: (small, "no network"))
    assert run(*ONCE).err == "no network\n"
    assert run(*ONCE, "--quiet").err == ""


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "gru"])
def test_word_order_is_learned(model: str, run: Any) -> None:
    how = ("--dataset", "synthetic", "--model", model, "--epochs", 3, "--backend", "fast")
    ended = run(*how, "--quiet")
    assert ended.code == 0
    assert accuracy(ended.out) > 0.97


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--epochs", "0"], "argument --epochs: wanted a whole number of at least 1, got '0'"),
        (["--batch-size", "-1"], "argument --batch-size: wanted a whole number of at least 1"),
        (["--lr", "-0.1"], "argument --lr: wanted a number above 0, got '-0.1'"),
        (["--seed", "1.5"], "argument --seed: wanted a whole number of at least 0, got '1.5'"),
        (["--model", "bert"], "argument --model: invalid choice: 'bert'"),
        (["--dataset", "yelp"], "argument --data/--dataset: invalid choice: 'yelp'"),
        (["--backend", "fats"], "no backend 'fats': misspelled or not installed"),
        (["--dataset", "synthetic", "--data-dir", "x"], "for 'synthetic', which read no file"),
        (["--out", "file/model.npz"], "cannot write file/model.npz: Not a directory. Choose"),
        (["--out", "."], "cannot write .: it is a folder with other files"),
        (["--data-dir", "nowhere"], "data_dir nowhere holds neither IMDB's archive"),
        (["--dataset", "imdb", "--data-dir", "nowhere"], "data_dir nowhere does not exist"),
        (["--dataset", "imdb", "--data-dir", "file"], "file: is not gzipped"),
        (["--dataset", "sst2", "--data-dir", "."], "does not hold it, wanted train.tsv"),
        (["evaluate", "--checkpoint", "m.npz"], "no checkpoint m.npz. Train first"),
        (["evaluate", "--checkpoint", "file"], "file is not a checkpoint, or is damaged"),
        (["evaluate", "--epochs", "3"], "unrecognized arguments: --epochs 3"),
        (["predict"], "the following arguments are required: TEXT"),
        (["predict", "good", "--checkpoint", "m.npz"], "no checkpoint m.npz. Train first"),
        (["teach"], "argument COMMAND: invalid choice: 'teach'"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_nothing(argv: list[str], message: str, run: Any) -> None:
    Path("file").write_text("no checkpoint\n")
    error = run(*argv).error
    assert error.startswith("minitorch-sentiment")
    assert "error: " in error and message in error
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_reviews_in_another_encoding_are_told_and_nothing_is_written(run: Any) -> None:
    for name in ("train", "dev", "test"):
        Path(f"{name}.tsv").write_bytes(b"caf\xe9\t1\n")
    assert "train.tsv: byte 3 (0xe9) is not UTF-8" in run("--data-dir", ".").error
    assert not Path("runs").exists()


def test_training_that_diverges_saves_nothing_and_spoils_nothing(
    run: Any, data: TextDataset
) -> None:
    assert run(*ONCE, "--out", "m.npz").code == 0
    before = Path("m.npz").read_bytes()
    error = run("--lr", "1e38", "--backend", "numpy", "--quiet", "--out", "m.npz").error
    assert "training diverged: the loss is" in error
    assert Path("m.npz").read_bytes() == before
    assert [path.name for path in Path().iterdir()] == ["m.npz"]


PROPER = {
    "program": "minitorch-sentiment",
    "model": "gru",
    "data": "imdb",
    "embedding": 4,
    "hidden": 4,
    "length": 8,
    "vocabulary": ["a", "b"],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": "other"}, "m.npz was written by other, not by minitorch-sentiment. Name the"),
        (
            {"model": "vit"},
            f"m.npz holds the network 'vit', which minitorch-sentiment {__version__} does not "
            "have: it has cnn, gru, lstm, rnn. Train again",
        ),
        (
            {"vocabulary": ["a", "b", "c"]},
            "m.npz: the vocabulary of 5 words does not fit the network, which has vectors of 4",
        ),
        ({"vocabulary": ["a", "a"]}, "of its network is wrong: Vocabulary: holds 'a' twice"),
        ({"vocabulary": [["a"], "b"]}, "wrong: Vocabulary: holds ['a'], wanted words"),
        ({"vocabulary": 3}, "m.npz: what it says of its network is wrong: "),
        ({"vocabulary": None}, "m.npz lacks 'vocabulary', which minitorch-sentiment saves"),
        ({"length": None}, "m.npz lacks 'length'"),
        ({"hidden": 0}, "is wrong: sizes {'length': 8, 'embedding': 4, 'hidden': 0}"),
        ({"length": -1}, "is wrong: sizes {'length': -1"),
        ({"model": ["gru"]}, "m.npz holds the network ['gru']"),
        ({"hidden": "many"}, "is wrong: invalid literal"),
        ({}, "m.npz: load_state_dict: the values do not fit Recurrent: missing: layer.weight_ih"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_told(
    change: dict[str, object], message: str, run: Any, data: TextDataset
) -> None:
    metadata = {key: v for key, v in {**PROPER, **change}.items() if v is not None}
    save_checkpoint("m.npz", {TABLE: zeros(4, 4)}, metadata)
    for command in (["evaluate"], ["predict", "good"]):
        assert message in run(*command, "--checkpoint", "m.npz", "--backend", "numpy").error


def test_the_words_of_another_vocabulary_are_told(run: Any, data: TextDataset) -> None:
    run(*ONCE)
    values, metadata = read_model("runs/sentiment")
    size = len(Vocabulary(metadata["vocabulary"]))
    metadata["vocabulary"] = metadata["vocabulary"][:-1]
    from minitorch_tensor import from_numpy

    save_checkpoint("m.npz", {name: from_numpy(v) for name, v in values.items()}, metadata)
    error = run("predict", "good", "--checkpoint", "m.npz", "--backend", "numpy").error
    assert f"of {size - 1} words does not fit the network, which has vectors of {size}" in error


# -- the installed program -------------------------------------------------------------------------


def test_the_installed_program_needs_neither_data_nor_network() -> None:
    environment = {**os.environ, "https_proxy": "http://127.0.0.1:9"}
    ended = subprocess.run(
        [SCRIPT, "--epochs", "3"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
    )
    assert ended.returncode == 0
    assert re.fullmatch(
        r"IMDB is not in the cache .* cannot be downloaded .*; taking the embedded reviews "
        r"instead\n",
        without_notes(ended.stderr),
    )
    assert "backend fast" in ended.stdout
    assert accuracy(ended.stdout) > 0.97
    assert [path.name for path in Path().iterdir()] == ["runs"]
