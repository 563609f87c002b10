"""What reviews think: as arguments, from standard input, and what is no review."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from minitorch_datasets import load_reviews
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
