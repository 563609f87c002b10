"""Training, testing and writing from the command line."""

from __future__ import annotations

import math
import random
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_cli import read_model
from minitorch_cli.testing import accuracy, killed_and_resumed
from minitorch_datasets import load_shakespeare
from minitorch_gpt import __version__, cli, recipes
from minitorch_gpt.models import GPT, Config
from minitorch_gpt.tokens import Characters
from minitorch_gpt.trained import described, load
from minitorch_nn.checkpoint import save_checkpoint

#: Options of a training that takes a moment.
SMALL = (
    *("--layers", 1, "--heads", 2, "--width", 8, "--steps", 3, "--batch-size", 4),
    *("--epochs", 2, "--backend", "numpy"),
)
TEXT = ("--data", "text.txt", "--context", 8, *SMALL)
BITS = r"(\d\.\d{4}) \((\d\.\d{4}) bits per character, perplexity (\d+\.\d\d)\)"


def test_training_on_sums_reports_saves_and_tests(run: Any) -> None:
    ended = run(*SMALL)
    assert (ended.code, ended.err) == (0, "")
    hello, *epochs, saved, result = ended.out.splitlines()
    assert re.fullmatch(
        r"gpt \([\d,]+ parameters\) on addition: 976,168 sums to train on, 50 to validate; "
        r"10 different tokens; backend numpy",
        hello,
    )
    for number, line in enumerate(epochs, start=1):
        assert re.fullmatch(
            rf"epoch {number}/2  loss \d\.\d{{4}}  validation \d+/50 \(.*%\)  [\d,]+ sums/s  .* s",
            line,
        )
    assert len(epochs) == 2
    assert re.fullmatch(r"saved runs/gpt, of epoch [12], the best on validation", saved)
    accuracy(result)
    assert result.endswith("/80)")
    how = ("evaluate", "--backend", "numpy", "--batch-size", 7)
    assert run(*how, "--quiet").out.splitlines() == [result]
    assert run(*how).out.splitlines()[0] == "gpt (trained on addition) on addition; backend numpy"


@pytest.mark.parametrize("tokens", ["characters", "bytes"])
def test_training_on_a_text_reports_bits_and_perplexity(tokens: str, run: Any, text: Path) -> None:
    text.write_text("Être, ou ne pas être: c'est là la question.\n" * 12)
    ended = run(*TEXT, "--tokens", tokens)
    assert (ended.code, ended.err) == (0, "")
    _, *epochs, _, result = ended.out.splitlines()
    for line in epochs:
        found = re.search(rf"  validation loss {BITS}  [\d,]+ tokens/s  ", line)
        assert found, line
        assert float(found[3]) == pytest.approx(math.exp(float(found[1])), rel=1e-2)
    found = re.fullmatch(f"validation loss {BITS}", result)
    assert found, result
    validation = text.read_text()[int(len(text.read_text()) * 0.9) :]
    more = len(validation.encode()) / len(validation) if tokens == "bytes" else 1.0
    assert float(found[2]) == pytest.approx(float(found[1]) * more / math.log(2), rel=1e-3)
    assert run("evaluate", "--backend", "numpy").out.splitlines()[-1] == result
    other = run("evaluate", "--backend", "numpy", "--data", "addition").error
    assert "this network was trained on texts. Choose such --data." in other


def test_byte_pairs_are_trained_on_and_write(run: Any, text: Path) -> None:
    pytest.importorskip("tokenizers")
    ended = run(*TEXT, "--tokens", "bpe", "--vocabulary", 260)
    assert ended.code == 0, ended.err
    assert "260 different tokens" in ended.out
    written = run("sample", "To be", "--backend", "numpy", "--length", 9)
    assert written.out.startswith("To be")


def test_without_the_library_byte_pairs_are_told(
    run: Any, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert "pip install 'minitorch-gpt[bpe]'" in run(*TEXT, "--tokens", "bpe").error


def test_tiny_shakespeare_is_read_from_its_folder(
    run: Any, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "load_shakespeare: data_dir" in run("--data", "shakespeare", "--data-dir", "no").error
    Path("input.txt").write_bytes(text.read_bytes())
    how = ("--data", "shakespeare", "--data-dir", ".", "--context", 8, *SMALL)
    assert "input.txt: is not Tiny Shakespeare" in run(*how).error
    monkeypatch.setattr(cli, "load_shakespeare", partial(load_shakespeare, verify=False))
    assert "on shakespeare: 464 tokens to train on" in run(*how).out


def test_writing_streams_and_a_cache_changes_nothing(
    run: Any, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*TEXT)
    how = ("sample", "To be", "--backend", "numpy", "--length", 30)
    ended = run(*how)
    assert (ended.code, ended.err, len(ended.out)) == (0, "", len("To be") + 30 + 1)
    assert run(*how, "--no-cache").out == ended.out
    assert run(*how, "--seed", 1).out != ended.out
    greedy = run(*how, "--temperature", 0)
    assert greedy.out == run(*how, "--top-k", 1).out == run(*how, "--top-p", 1e-9).out
    pieces: list[str] = []
    monkeypatch.setattr(cli, "_write", pieces.append)
    run(*how)
    assert len(pieces) == 31
    assert "".join(pieces) + "\n" == ended.out
    assert "the character '#' is not among the" in run("sample", "#", "--backend", "numpy").error
    assert run("sample", "--backend", "numpy", "--length", 3).code == 0


def test_what_it_writes_cannot_steer_the_terminal(run: Any, text: Path) -> None:
    text.write_text("\x1b[2J\t\n" * 40)
    run(*TEXT)
    written = run("sample", "\x1b\t[", "--backend", "numpy", "--length", 60).out
    assert "\x1b" not in written
    assert written.startswith("\\x1b\t[")


def test_a_trained_network_adds_what_it_is_given(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*SMALL)
    how = ("--backend", "numpy")
    answer = run("sample", "85+50", *how).out
    assert re.fullmatch(r"85\+50=\d{1,4}\n", answer)
    assert run("sample", " 85 + 50 =", *how, "--quiet", "--no-cache").out == answer.split("=")[1]
    assert "'ROMEO:' is no sum" in run("sample", "ROMEO:", *how).error


def test_the_share_of_right_sums_is_that_of_right_answers(run: Any) -> None:
    """Accuracy is measured after the right digits, and answers follow the digits chosen."""
    model = GPT(Config(10, 9, 1, 2, 8)).eval()
    rows = cli.digits_of(cli.splits()[2])
    targets = mt.from_numpy(rows[:, 1:].copy())
    targets[:, :5] = -100
    logits = model(mt.from_numpy(rows[:, :-1].copy()))
    by_digits = (logits.argmax(2).numpy()[:, 5:] == rows[:, 6:]).all(1)
    sums = [sum(divmod(int(pair), 1000)) for pair in cli.splits()[2]]
    answers = [cli.add(model, row[:6], {}) for row in rows]
    np.testing.assert_array_equal(by_digits, [a == b for a, b in zip(answers, sums)])


def test_a_seed_repeats_the_training(run: Any) -> None:
    for i, seed in enumerate((1, 1, 2)):
        run(*SMALL, "--quiet", "--seed", seed, "--out", f"{i}.npz")
    values = [read_model(f"{i}.npz").state_dict["lm_head.weight"] for i in range(3)]
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).mean() > 0.99


def test_options_reach_the_training(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def spy(model: Any, optimizer: Any, train: Any, **options: Any) -> Any:
        seen.update(options, model=model, optimizer=optimizer, train=train)
        return real(model, optimizer, train, **options)

    real = cli.fit
    monkeypatch.setattr(cli, "fit", spy)
    how = ("--dropout", 0.2, "--lr", 0.02, "--warmup", 3, "--weight-decay", 0, "--clip", 0.5)
    assert run(*SMALL, *how, "--context", 11).code == 0
    assert seen["model"].config == Config(10, 11, 1, 2, 8, dropout=0.2)
    assert (len(seen["train"]), seen["train"].batch_size) == (3, 4)
    assert (seen["epochs"], seen["clip_norm"], seen["keep_best"]) == (2, 0.5, True)
    assert [group["weight_decay"] for group in seen["optimizer"].param_groups] == [0.0, 0.0]
    schedule = seen["scheduler"]
    assert schedule.base_lrs == [0.02, 0.02]
    assert schedule.lr_lambdas[0](0) == 0.25
    assert schedule.lr_lambdas[0](6) == pytest.approx(0.1)


@pytest.mark.parametrize("backend", ["simple", "fast"])
def test_it_trains_on_other_backends(backend: str, run: Any) -> None:
    how = ("--layers", 1, "--heads", 1, "--width", 2, "--steps", 1, "--batch-size", 1)
    assert run(*how, "--epochs", 1, "--backend", backend).code == 0


def test_a_run_is_drawn_with_what_it_writes_or_gets_wrong(run: Any, text: Path) -> None:
    pytest.importorskip("matplotlib")
    assert run(*SMALL, "--report").err == "drawn in runs/gpt/report.html\n"
    assert "Sums that it gets wrong" in Path("runs/gpt/report.html").read_text()
    run(*TEXT, "--out", "words")
    assert run("report", "words", "--backend", "numpy").out == "words/report.html\n"
    assert "What it writes" in Path("words/report.html").read_text()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--data", "nosuch"], "--data nosuch is neither addition nor shakespeare nor a file"),
        (["--data", "."], ".: cannot be read: is a folder"),
        (["--data", "bad"], "bad: byte 3 (0xe9) is not UTF-8"),
        (["--data", "bad", "--data-dir", "x"], "--data-dir is for --data shakespeare, and not"),
        (["--data-dir", "x"], "--data-dir is for --data shakespeare, and not for addition"),
        (["--width", "10"], "--width 10 is not divisible by --heads 4. Change one of them."),
        (["--context", "8"], "--context 8 is too short for a sum. Choose at least 9."),
        (["--dropout", "1"], "argument --dropout: wanted a number from 0 to below 1, got '1'"),
        (["--clip", "0"], "argument --clip: wanted a number above 0"),
        (["--tokens", "words"], "argument --tokens: invalid choice: 'words'"),
        (["sample", "1+1", "--top-p", "2"], "argument --top-p: wanted a number above 0, and at"),
        (["sample", "1+1", "--temperature", "-1"], "argument --temperature: wanted a number"),
        (["sample", "1+1", "--top-k", "0"], "argument --top-k: wanted a whole number of at"),
        (["sample", "1+1"], "no checkpoint runs/gpt. Train first"),
        (["evaluate", "--checkpoint", "bad"], "bad is not a checkpoint, or is damaged"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_nothing(argv: list[str], message: str, run: Any) -> None:
    Path("bad").write_bytes(b"caf\xe9")
    error = run(*argv).error
    assert error.startswith("minitorch-gpt")
    assert message in error
    assert [path.name for path in Path().iterdir()] == ["bad"]


CONFIG = Config(vocabulary=4, context=3, layers=1, heads=1, width=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": "other"}, "m.npz was written by other, not by minitorch-gpt. Name the file"),
        ({"characters": "abc"}, "the network has 4 tokens, and the vocabulary 3. Train again"),
        ({"tokens": "words"}, "m.npz: what it says of its network is wrong: tokens 'words'"),
        ({"tokens": None}, "m.npz lacks 'tokens', which minitorch-gpt saves. Train again"),
        ({"heads": 3}, "is wrong: GPT: width 2 with 3 heads"),
        ({"layers": 10**7}, "makes 740,000,018 values, but it holds"),
        ({"layers": 2}, "do not fit GPT: missing: transformer.h.1.ln_1.weight"),
        ({"width": 1 << 40}, "is wrong: sizes"),
        ({"width": "2"}, "is wrong: sizes"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_told(
    change: dict[str, object], message: str, run: Any
) -> None:
    whole = {
        "program": "minitorch-gpt",
        "version": __version__,
        **described(CONFIG, "text", Characters("abcd")),
    }
    metadata = {key: value for key, value in {**whole, **change}.items() if value is not None}
    model = GPT(CONFIG)
    save_checkpoint("m.npz", model.state_dict(), metadata)
    error = run("sample", "a", "--checkpoint", "m.npz", "--backend", "numpy").error
    assert message in error
    save_checkpoint("m.npz", model.state_dict(), whole)
    assert load("m.npz").model.config == CONFIG


def test_weights_that_give_no_numbers_are_told(run: Any) -> None:
    model = GPT(CONFIG)
    with mt.no_grad():
        for p in model.parameters():
            p.copy_(mt.full(p.shape, 1e38))
    about = {"program": "minitorch-gpt", **described(CONFIG, "x", Characters("abcd"))}
    save_checkpoint("m.npz", model.state_dict(), about)
    ended = run("sample", "a", "--checkpoint", "m.npz", "--backend", "numpy")
    assert ended.code == 2
    assert "m.npz: its network gives no numbers: choose: logits are NaN" in ended.err


def test_nanogpts_sizes_for_a_cpu_are_the_default_for_texts() -> None:
    recipe = recipes.TEXT
    assert (recipe.layers, recipe.heads, recipe.width, recipe.context) == (4, 4, 128, 64)
    assert (recipe.batch_size, recipe.epochs * recipe.steps, recipe.lr) == (12, 2000, 1e-3)


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_last_bit(text: Path) -> None:
    found = killed_and_resumed((sys.executable, "-m", "minitorch_gpt"), TEXT, 2, random.Random(0))
    assert found.differing == []
