"""The embedded reviews: the same for the same seed, balanced, and beyond a bag of words."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_datasets import (
    DatasetError,
    TextDataset,
    Vocabulary,
    load_reviews,
    reviews,
    tokenize,
    write_review,
)


@pytest.fixture(scope="module")
def dataset() -> TextDataset:
    return load_reviews()


def test_the_reviews_of_a_seed_are_the_same_everywhere() -> None:
    # A change here is a change of the data set that everybody's results are measured on: it needs
    # a line in the CHANGELOG and a new version.
    found = load_reviews(40, 20, seed=7)
    text = "\n".join([*found.train_texts, *found.test_texts])
    labels = [*found.train_labels.tolist(), *found.test_labels.tolist()]
    expected = "025af7de19999050cd99e731cf2226ae5686b1fa93636b049b676778ed8e968f"
    assert hashlib.sha256(f"{text}\n{labels}".encode()).hexdigest() == expected


def test_another_seed_writes_other_reviews_and_the_splits_are_independent() -> None:
    assert load_reviews(20, 10).train_texts == load_reviews(20, 10, seed=0).train_texts
    assert load_reviews(20, 10).train_texts != load_reviews(20, 10, seed=1).train_texts
    assert load_reviews(10, 30).test_texts == load_reviews(50, 30).test_texts


def test_hardly_a_review_is_in_both_splits(dataset: TextDataset) -> None:
    assert len(set(dataset.train_texts)) > 0.99 * len(dataset.train_texts)
    assert len(set(dataset.train_texts) & set(dataset.test_texts)) < 0.01 * 1000


@given(train=st.integers(0, 60), test=st.integers(0, 60), seed=st.integers(0, 2**64))
@settings(max_examples=20, deadline=None)
def test_half_of_the_reviews_are_positive(train: int, test: int, seed: int) -> None:
    dataset = load_reviews(train, test, seed)
    assert (len(dataset.train_texts), len(dataset.test_texts)) == (train, test)
    for labels in (dataset.train_labels, dataset.test_labels):
        assert abs(2 * int(labels.sum()) - len(labels)) <= 1


def test_reviews_look_like_english(dataset: TextDataset) -> None:
    for text in dataset.train_texts[:500]:
        assert re.fullmatch(r"([A-Z][A-Za-z0-9', ]+[.!] ?)+", text), text
        assert not re.search(r" ,|  |\bi\b|\ba [aeiou]|\{", text), text
        assert 8 <= len(tokenize(text)) <= 120


def kind_of(seed: int) -> str:
    """The kind of opinion that a generator in this state draws first."""
    return reviews.KINDS[int(np.random.default_rng(seed).integers(len(reviews.KINDS)))]


@given(seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_ordered_reviews_of_both_labels_have_the_same_words(seed: int) -> None:
    negative, positive = (write_review(label, np.random.default_rng(seed)) for label in (0, 1))
    assert negative != positive
    same = Counter(tokenize(negative)) == Counter(tokenize(positive))
    assert same == (kind_of(seed) == "ordered")


def words_of(label: int) -> set[str]:
    """All that tells a label."""
    verbs = {form for verb in reviews.VERBS[label] for form in verb}
    groups = (reviews.ADJECTIVES, reviews.NOUNS, reviews.EXTREMES, reviews.VERDICTS)
    return verbs.union(*(group[label] for group in groups))


@given(seed=st.integers(0, 2**32))
@settings(deadline=None)
def test_what_is_turned_is_said_with_the_words_of_the_other_label(seed: int) -> None:
    words = [words_of(label) for label in (0, 1)]
    for label in (0, 1):
        text = write_review(label, np.random.default_rng(seed)).lower()
        said = [any(re.search(rf"\b{w}\b", text) for w in words[k]) for k in (0, 1)]
        expected = {
            "plain": [label == 0, label == 1],
            "turned": [label == 1, label == 0],
            "ordered": [True, True],
        }
        assert said == expected[kind_of(seed)]


def counts(texts: tuple[str, ...], vocabulary: Vocabulary) -> np.ndarray:
    """How often each word comes in each text, (N, V)."""
    found = np.zeros((len(texts), len(vocabulary)))
    for row, text in zip(found, texts, strict=True):
        np.add.at(row, vocabulary.encode(tokenize(text)), 1)
    return found


@pytest.mark.slow
def test_a_bag_of_words_stays_below_three_quarters(dataset: TextDataset) -> None:
    vocabulary = Vocabulary.build([tokenize(text) for text in dataset.train_texts])
    train = counts(tuple(dataset.train_texts), vocabulary)
    test = counts(tuple(dataset.test_texts), vocabulary)
    weight, bias = np.zeros(len(vocabulary)), 0.0
    for _ in range(300):  # logistic regression
        error = 1 / (1 + np.exp(-(train @ weight + bias))) - dataset.train_labels
        weight -= 0.5 * (train.T @ error) / len(error)
        bias -= 0.5 * error.mean()
    accuracy = ((test @ weight + bias > 0) == dataset.test_labels).mean()
    assert accuracy < 0.6
    # It is no fault of the model: on reviews whose words alone decide, it is nearly perfect.
    easy = np.array([kind == "plain" for kind in kinds(dataset)])
    weight[:] = 0
    plain, labels = train[easy], dataset.train_labels[easy]
    for _ in range(2000):
        error = 1 / (1 + np.exp(-(plain @ weight))) - labels
        weight -= 2.0 * (plain.T @ error) / len(error)
    assert ((plain @ weight > 0) == labels).mean() > 0.95


def kinds(dataset: TextDataset) -> list[str]:
    """The kind of each train review, told by its words."""
    words = [re.compile("|".join(rf"\b{word}\b" for word in words_of(k))) for k in (0, 1)]
    found = []
    for text, label in zip(dataset.train_texts, dataset.train_labels, strict=True):
        said = [bool(words[k].search(text.lower())) for k in (0, 1)]
        found.append("ordered" if all(said) else "plain" if said[label] else "turned")
    return found


def test_the_kinds_come_as_often_as_they_should(dataset: TextDataset) -> None:
    found = Counter(kinds(dataset))
    for kind, share in (("plain", 0.2), ("turned", 0.2), ("ordered", 0.6)):
        assert abs(found[kind] / 6000 - share) < 0.03


def test_no_function_of_the_words_counted_beats_seventy_percent(dataset: TextDataset) -> None:
    # Where both labels have the same words equally often, half of the guesses are wrong.
    ordered = Counter(kinds(dataset))["ordered"] / 6000
    assert 1 - ordered / 2 < 0.72


def test_a_negative_number_is_refused() -> None:
    for argument in ("train", "test", "seed"):
        with pytest.raises(DatasetError, match=f"load_reviews: {argument} is -1"):
            load_reviews(**{"train": 1, "test": 1, argument: -1})


def test_labels_that_do_not_fit_the_texts_are_refused() -> None:
    two = np.array([0, 1], dtype=np.uint8)
    with pytest.raises(DatasetError, match=r"train_labels: uint8 values of shape \(2,\) for 1"):
        TextDataset("x", ["a"], two, ["a", "b"], two)
    for wrong in (two.astype(np.int64), two + 1):
        with pytest.raises(DatasetError, match=r"test_labels: .*each 0 or 1"):
            TextDataset("x", ["a", "b"], two, ["a", "b"], wrong.copy())
    kept = TextDataset("x", ["a", "b"], two, ["a", "b"], two)
    with pytest.raises(ValueError, match="read-only"):
        kept.train_labels[0] = 1
    assert repr(kept) == "TextDataset('x', 2 train, 2 test)"
