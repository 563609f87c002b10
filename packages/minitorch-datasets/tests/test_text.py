"""Tokens, vocabulary, truncation and padding: nothing is lost but what is said to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_datasets import DatasetError, Vocabulary, pad_sequences, tokenize, truncate

TEXTS = st.text(max_size=80)
WORDS = st.sampled_from(["a", "film", "n't", "!!", "<pad>", "<unk>", "naïve", "0"])
TOKENS = st.lists(WORDS, max_size=12)
SEQUENCES = st.lists(st.integers(0, 99), max_size=20).map(lambda ids: np.array(ids, np.int32))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\n ", []),
        ("A good film.", ["a", "good", "film", "."]),
        ("It isn't bad", ["it", "is", "n't", "bad"]),
        ("It isn\u2019t bad", ["it", "is", "n't", "bad"]),
        ("don't, can't", ["do", "n't", ",", "ca", "n't"]),
        ("she's what they'll", ["she", "'s", "what", "they", "'ll"]),
        ("no.<br /><br />Yes<br>yes", ["no", ".", "yes", "yes"]),
        ("wait... what?! no!!!", ["wait", "...", "what", "?", "!", "no", "!!!"]),
        ("10/10 (naïve) été", ["10", "/", "10", "(", "naïve", ")", "été"]),
        ("n't", ["n't"]),
        ("'the end'", ["'", "the", "end", "'"]),
        ("\U0001f600!", ["\U0001f600", "!"]),
    ],
)
def test_a_text_is_cut_into_words_and_marks(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


@given(TEXTS)
def test_tokens_joined_by_spaces_give_the_same_tokens(text: str) -> None:
    tokens = tokenize(text)
    assert tokenize(" ".join(tokens)) == tokens
    assert all(token and not any(c.isspace() for c in token) for token in tokens)


@given(TEXTS)
def test_every_letter_is_kept(text: str) -> None:
    kept = "".join(tokenize(text))
    wanted = "".join(text.lower().replace("\u2019", "'").split())
    assert kept == wanted or "<br" in wanted


@given(st.lists(TOKENS, max_size=6), st.integers(2, 12), st.integers(0, 3))
def test_the_most_frequent_words_are_known(
    texts: list[list[str]], max_size: int, min_frequency: int
) -> None:
    vocabulary = Vocabulary.build(texts, max_size=max_size, min_frequency=min_frequency)
    counts = {word: sum(text.count(word) for text in texts) for text in texts for word in text}
    assert vocabulary.words[:2] == ("<pad>", "<unk>")
    known = vocabulary.words[2:]
    assert len(vocabulary) == len(set(vocabulary.words)) <= max_size
    assert all(counts[word] >= min_frequency for word in known)
    left_out = set(counts) - set(vocabulary.words)
    if known and len(vocabulary) == max_size:
        assert all(counts[word] <= counts[known[-1]] for word in left_out)
    else:
        assert all(counts[word] < min_frequency for word in left_out) or max_size == 2
    assert [counts[word] for word in known] == sorted((counts[w] for w in known), reverse=True)


def test_equally_frequent_words_keep_their_order() -> None:
    assert Vocabulary.build([["b", "a"], ["c", "c"]]).words[2:] == ("c", "b", "a")


@given(TOKENS)
def test_known_words_come_back_from_their_numbers(tokens: list[str]) -> None:
    vocabulary = Vocabulary(["a", "film", "n't"])
    ids = vocabulary.encode(tokens)
    assert ids.shape == (len(tokens),)
    assert ids.dtype == np.int32
    expected = [token if token in vocabulary else "<unk>" for token in tokens]
    assert vocabulary.decode(ids) == expected


def test_a_vocabulary_is_known_by_its_words() -> None:
    words = ["a", "b"]
    assert Vocabulary(words) == Vocabulary(words) != Vocabulary(["b", "a"])
    assert len({Vocabulary(words), Vocabulary(words)}) == 1
    assert Vocabulary(words) != words
    assert repr(Vocabulary(words)) == "Vocabulary(4 words: <pad>, <unk>, a, b, ...)"


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["a", "b", "a"], "holds 'a' twice"),
        (["a", "<unk>"], "holds '<unk>' twice.*always there"),
        (["a", 3], "holds 3, wanted words"),
        (["a", None], "holds None, wanted words"),
    ],
)
def test_a_vocabulary_of_something_else_is_refused(words: list[str], saying: str) -> None:
    with pytest.raises(DatasetError, match=saying):
        Vocabulary(words)


def test_numbers_of_no_word_are_refused() -> None:
    for number in (-1, 3):
        with pytest.raises(DatasetError, match=f"number {number}, wanted 0 to 2"):
            Vocabulary(["a"]).decode([0, number])
    with pytest.raises(DatasetError, match="max_size is 1, wanted at least 2"):
        Vocabulary.build([], max_size=1)
    with pytest.raises(DatasetError, match="min_frequency is -1"):
        Vocabulary.build([], min_frequency=-1)


@given(SEQUENCES, st.integers(1, 20), st.data())
def test_truncation_leaves_out_the_middle(
    ids: np.ndarray, length: int, data: st.DataObject
) -> None:
    head = data.draw(st.none() | st.integers(0, length))
    cut = truncate(ids, length, head)
    assert len(cut) == min(len(ids), length)
    if len(ids) <= length:
        assert cut.tolist() == ids.tolist()
    else:
        begin = length // 2 if head is None else head
        end = length - begin
        assert cut.tolist() == [*ids[:begin].tolist(), *ids[len(ids) - end :].tolist()]


@pytest.mark.parametrize(("length", "head"), [(0, None), (-1, 0), (3, 4), (3, -1)])
def test_an_impossible_length_is_refused(length: int, head: int | None) -> None:
    with pytest.raises(DatasetError, match=f"truncate: length {length} of which"):
        truncate(np.zeros(2, np.int32), length, head)


@given(st.lists(SEQUENCES, max_size=6))
def test_padding_adds_zeros_behind(sequences: list[np.ndarray]) -> None:
    padded, lengths = pad_sequences(sequences)
    assert padded.dtype == lengths.dtype == np.int64
    assert padded.shape == (len(sequences), max([1, *map(len, sequences)]))
    for row, length, sequence in zip(padded, lengths, sequences, strict=True):
        assert length == max(1, len(sequence))
        assert row[: len(sequence)].tolist() == sequence.tolist()
        assert not row[len(sequence) :].any()
