"""What reviews think: as arguments, from standard input, and what is no review."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_datasets import load_reviews
from minitorch_nn.checkpoint import load_checkpoint
from minitorch_sentiment import cli, models
from minitorch_sentiment import trained as saved
from minitorch_sentiment.data import to_input
from minitorch_sentiment.explain import coloured, shows_colour, word_parts
from minitorch_sentiment.models import NETWORKS
from minitorch_sentiment.trained import load

LINE = re.compile(r"(positive|negative) \((\d+\.\d)%\)(?:: (.*))?")


@pytest.fixture
def predict(run: Any, trained: Path) -> Any:
    def call(*argv: object) -> Any:
        return run("predict", "--checkpoint", trained, "--backend", "numpy", *argv)

    return call


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The acting was not dull at all.", "positive"),
        ("The acting was not superb at all.", "negative"),
        ("Although the plot was dull, the film as a whole is superb.", "positive"),
        ("Although the plot was superb, the film as a whole is dull.", "negative"),
        ("It is far from a masterpiece, it is hardly a success.", "negative"),
    ],
)
def test_word_order_decides(text: str, label: str, predict: Any) -> None:
    ended = predict(text)
    assert (ended.code, ended.err) == (0, "")
    found = LINE.fullmatch(ended.out.removesuffix("\n"))
    assert found and found[1] == label
    assert 50 <= float(found[2]) <= 100
    assert found[3] is None
    assert predict("--quiet", text).out == f"{label}\n"


def test_many_reviews_come_back_in_their_order(predict: Any) -> None:
    data = load_reviews(1, 40, seed=5)
    one_by_one = [predict(text).out for text in data.test_texts]
    ended = predict("--batch-size", 7, *data.test_texts)
    lines = ended.out.splitlines()
    assert len(lines) == 40
    right = 0
    for line, alone, text, label in zip(
        lines, one_by_one, data.test_texts, data.test_labels, strict=True
    ):
        found = LINE.fullmatch(line)
        assert found
        assert line.startswith(alone.removesuffix("\n"))
        assert text.startswith(found[3].removesuffix("..."))
        right += found[1] == ("negative", "positive")[label]
    assert right >= 38


def stdin(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))


def test_reviews_are_read_from_standard_input_one_a_line(
    predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "\ufeffThe plot was superb.\r\n\n  \nLa film\u0301 \u00e9tait dull.\n".encode()
    stdin(content, monkeypatch)
    lines = predict("-").out.splitlines()
    assert [LINE.fullmatch(line)[1] for line in lines] == ["positive", "negative"]
    for content, message in (
        (b"good\ncaf\xe9\n", "standard input is not in UTF-8: byte 8 is 0xe9"),
        (b"", "standard input is empty"),
        (b"\n \n", "standard input is empty"),
    ):
        stdin(content, monkeypatch)
        assert message in predict("-").error


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "<br /><br />"])
def test_an_empty_review_is_an_error(text: str, predict: Any) -> None:
    assert "the review is empty. Write what it says" in predict(text).error
    assert "review 2 is empty" in predict("good", text, "bad").error


def test_a_review_in_another_encoding_is_an_error(predict: Any) -> None:
    as_python_gives_it = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert "a review is not in UTF-8" in predict(as_python_gives_it).error


def test_a_review_of_unknown_words_alone_is_a_guess_and_said_to_be(predict: Any) -> None:
    ended = predict("xyzzy plugh \u4f60\u597d")
    assert ended.code == 0
    assert LINE.fullmatch(ended.out.removesuffix("\n"))
    assert ended.err == "the review has no word that the network knows: it guesses\n"
    assert predict("--quiet", "xyzzy").err == ""


#: What a stranger would type, of either kind.
PRAISE = (
    "I loved this movie",
    "Great film",
    "This was amazing",
    "What a fantastic movie!",
    "I really enjoyed it",
    "The best movie I have ever seen",
    "Absolutely wonderful",
    "It was fun to watch",
    "A beautiful film with great acting",
    "I highly recommend it",
    "Awesome!",
    "This movie is great",
    "I liked it a lot",
    "Very funny and clever",
    "An excellent film",
    "It made me smile",
    "The acting was great",
    "A perfect film",
    "I would watch it again",
    "Not bad at all",
)
BLAME = (
    "I hated this movie",
    "Terrible film",
    "This was awful",
    "What a waste of time",
    "I did not like it",
    "The worst movie I have ever seen",
    "Boring and stupid",
    "I fell asleep",
    "The plot makes no sense",
    "Do not watch this",
    "Horrible!",
    "This movie is bad",
    "I didn't enjoy it",
    "Not funny at all",
    "A total disaster",
    "It was too long",
    "The acting was bad",
    "I want my money back",
    "I was disappointed",
    "Not good",
)


def test_plain_sentences_come_out_right(predict: Any) -> None:
    said = predict("--quiet", *PRAISE, *BLAME).out.split()
    right = said[: len(PRAISE)].count("positive") + said[len(PRAISE) :].count("negative")
    assert len(said) == 40 and right >= 36


def test_unknown_words_are_named(predict: Any) -> None:
    ended = predict("The plot, xyzzy, was superb: plugh \x1b[2J!")
    assert ended.err == "the review has words that the network does not know: xyzzy, plugh, 2j\n"
    many = " ".join(f"word{number}" for number in range(20))
    assert predict(f"superb {many}").err.endswith("word6, word7 and 12 more\n")
    assert predict("--quiet", "superb plugh").err == ""


def test_explaining_names_words_with_their_parts(predict: Any, trained: Path) -> None:
    model = load(str(trained))
    answer, parts = predict("--explain", "The plot was superb.").out.splitlines()
    assert answer.startswith("positive")
    words = ["the", "plot", "was", "superb", "."]
    (values,) = word_parts(model.model, to_input([model.reader.read(words)]))
    named = [f"{word} {value:+.1f}" for word, value in zip(words, values, strict=True)]
    assert parts == f"  {', '.join(named)}"
    lines = predict("--explain", "Dull.", "The plot was superb.").out.splitlines()
    assert lines[3] == parts  # whatever it is padded to
    assert len(predict("--explain", "superb " * 1000).out.splitlines()) == 2


def test_parts_are_those_of_finite_differences(trained: Path) -> None:
    found = load(str(trained))
    words = found.model.words.embedding.weight
    ids = found.reader.read_all(["superb"])  # alone, so that only its own row of the table counts
    (parts,) = word_parts(found.model, to_input(ids))

    def score() -> float:
        with mt.no_grad():
            logits = found.model(to_input(ids))[0].tolist()
        return logits[1] - logits[0]

    before = words.detach().numpy().copy()
    scores = []
    for scale in (1.01, 0.99):
        changed = before.copy()
        changed[ids[0][0]] *= scale
        found.model.load_state_dict(
            {**found.model.state_dict(), "words.embedding.weight": mt.from_numpy(changed)}
        )
        scores.append(score())
    assert parts[0] == pytest.approx((scores[0] - scores[1]) / 0.02, rel=2e-2)


def test_colours_are_by_sign_and_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = coloured(["a", "b", "c"], np.array([1.0, -0.5, 0.01]))
    assert shown == "\x1b[30;48;5;83ma\x1b[0m \x1b[30;48;5;217mb\x1b[0m c"
    assert coloured([], np.array([])) == ""
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shows_colour(SimpleNamespace(isatty=lambda: True))


def test_of_a_long_review_the_beginning_and_the_end_are_read(predict: Any, trained: Path) -> None:
    length = load(str(trained)).reader.length
    long = "I saw it with my sister. " * 100
    ended = predict(f"The plot was superb. {long} What counts: the plot was superb.")
    assert ended.code == 0
    assert re.fullmatch(
        rf"the review has [67]\d\d words and marks, of which the network reads the first and the "
        rf"last, {length} in all\n",
        ended.err,
    )
    # What lies in the middle is not read.
    middle = [f"{long} {middle} {long}" for middle in ("The plot was superb.", "Boring.")]
    told = {LINE.fullmatch(line)[2] for line in predict(*middle).out.splitlines()}
    assert len(told) == 1


def test_a_very_long_review_is_read_too(predict: Any) -> None:
    assert predict("--quiet", "superb " * 100_000).out == "positive\n"


# -- checkpoints and reviews of strangers ----------------------------------------------------------


def changed(trained: Path, path: Path, state: Any = None, **metadata: Any) -> Path:
    """A checkpoint as `train` saves it, with other values or metadata."""
    found = load_checkpoint(trained)
    arrays = {**found.state_dict, **(state or {})}
    text = json.dumps({**found.metadata, **metadata})
    np.savez(path, allow_pickle=False, __metadata__=np.array(text), **arrays)
    return path


@pytest.mark.parametrize(
    "metadata",
    [
        {"hidden": 1_000},
        {"hidden": 15_000},
        {"hidden": 1 << 30},
        {"embedding": 1 << 30},
        {"hidden": 15_000, "embedding": 15_000},
        {"model": "cnn", "hidden": 1 << 20},
    ],
    ids=str,
)
def test_no_network_is_built_that_the_file_does_not_hold(
    metadata: Any, trained: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = changed(trained, Path("m.npz"), **metadata)

    def build_small(*args: Any, embedding: int, hidden: int) -> Any:
        assert embedding * hidden <= 4
        return models.build(*args, embedding=embedding, hidden=hidden)

    monkeypatch.setattr(saved, "build", build_small)
    error = run("predict", "--checkpoint", path, "fine").error
    assert re.search(
        r"m\.npz: what it says of its network makes [\d,]+ values, but it holds", error
    )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("sizes", [(2, 1, 1), (7, 3, 5), (20, 6, 4)])
def test_the_values_of_a_network_are_counted_without_building_it(
    name: str, sizes: tuple[int, int, int]
) -> None:
    words, embedding, hidden = sizes
    network = models.build(name, words, embedding=embedding, hidden=hidden)
    counted = sum(value.numel() for value in network.state_dict().values())
    found = saved.values_of(name, vocabulary=words, embedding=embedding, hidden=hidden)
    assert found == counted


@pytest.mark.parametrize(
    "metadata",
    [
        {"hidden": float("inf")},
        {"hidden": float("nan")},
        {"hidden": 32.5},
        {"hidden": True},
        {"hidden": -1},
        {"hidden": [[]]},
        {"length": 10**400},
        {"embedding": None},
        {"vocabulary": 3},
        {"vocabulary": [1]},
        {"vocabulary": ["a", "a"]},
        {"vocabulary": {"a": 1}},
        {"model": {}},
        {"model": "\x1b[2J"},
        {"program": 3},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_told_in_a_line(
    metadata: Any, trained: Path, run: Any
) -> None:
    path = changed(trained, Path("m.npz"), **metadata)
    error = run("predict", "--checkpoint", path, "fine").error
    assert error.startswith("minitorch-sentiment: error: m.npz")
    assert len(error) < 400
    assert "\x1b" not in error


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_weights_that_are_no_numbers_are_refused_by_name(
    value: float, trained: Path, run: Any
) -> None:
    weight = load_checkpoint(trained).state_dict["output.weight"].astype(np.float64)
    weight[0, 0] = value
    path = changed(trained, Path("m.npz"), {"output.weight": weight})
    for command in (("predict", "fine"), ("evaluate",)):
        error = run(*command, "--checkpoint", path).error
        assert "m.npz: output.weight holds NaN or infinite values" in error


def test_weights_of_another_kind_are_refused_by_name(trained: Path, run: Any) -> None:
    weight = load_checkpoint(trained).state_dict["output.weight"]
    for dtype in ("int64", "uint8", "bool"):
        path = changed(trained, Path("m.npz"), {"output.weight": weight.astype(dtype)})
        error = run("predict", "--checkpoint", path, "fine").error
        assert f"m.npz: output.weight holds {dtype} values, wanted float32" in error


def test_weights_that_lead_to_no_number_are_told(trained: Path, run: Any) -> None:
    weight = load_checkpoint(trained).state_dict["output.weight"]
    path = changed(trained, Path("m.npz"), {"output.weight": np.full_like(weight, 3e38)})
    error = run("predict", "--backend", "numpy", "--checkpoint", path, "a good film").error
    assert "m.npz: its network gives no numbers" in error


def test_a_table_of_words_of_other_dimensions_is_told(trained: Path, run: Any) -> None:
    for table in (np.float32(1), np.zeros(3, np.float32)):
        path = changed(trained, Path("m.npz"), {"words.embedding.weight": table})
        assert "does not fit" in run("predict", "--checkpoint", path, "fine").error


def test_what_a_checkpoint_says_does_not_act_on_the_terminal(
    trained: Path, data: Any, run: Any
) -> None:
    path = changed(trained, Path("m.npz"), data="\x1b]0;title\x07" + "x" * 1000)
    ended = run("evaluate", "--checkpoint", path, "--dataset", "synthetic", "--backend", "numpy")
    assert ended.code == 0
    assert r"(trained on \x1b]0;title\x07xxx" in ended.out
    assert len(ended.out) < 400


def test_a_review_does_not_act_on_the_terminal(predict: Any) -> None:
    ended = predict("fine \x1b[2J\x9b1m \u202e film", "a \u2603 film")
    first, second = ended.out.splitlines()
    assert first.endswith(r": fine \x1b[2J\x9b1m \u202e film")
    assert second.endswith(": a \u2603 film")


@pytest.mark.parametrize("space", ["\x85", "\u2028", "\x0b", "\x0c", "\x1c", "\u00a0"], ids=ascii)
def test_a_review_goes_on_after_what_only_looks_like_a_line_end(
    space: str, predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = f"a fine{space}film\r\na dull film\rfine\n".encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert len(predict("-").out.splitlines()) == 3


def test_standard_input_without_end_is_not_read_to_it(
    predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "MOST_READ", 100)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"fine\n" * 21)))
    assert "standard input goes on after 100 bytes" in predict("-").error


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
def test_a_checkpoint_that_is_no_file_is_told(run: Any) -> None:
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    for path, message in (
        ("pipe", "it is a pipe or a device"),
        ("/dev/zero", "it is a pipe or a device"),
        ("loop", "Too many levels of symbolic links"),
        (".", "is a folder without a trained model"),
    ):
        assert message in run("predict", "--checkpoint", path, "fine").error


def test_a_full_disk_is_noticed_before_training(
    data: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: Any, **__: Any) -> None:
        raise AssertionError("it trained")

    def posix_fallocate(descriptor: int, start: int, size: int) -> None:
        if size > 50_000:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "fit", fit)
    monkeypatch.setattr(os, "posix_fallocate", posix_fallocate, raising=False)
    error = run("--out", "m.npz", "--backend", "numpy").error
    assert "cannot write m.npz: No space left on device" in error
    assert not list(Path().iterdir())
