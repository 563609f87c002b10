"""Reviews as the networks take them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import minitorch_tensor as mt
from minitorch_datasets import DatasetError, TextDataset, Vocabulary
from minitorch_sentiment.data import Reader, Split, prepare, to_input
from minitorch_sentiment.recipes import RECIPES

RECIPE = replace(RECIPES["synthetic"], vocabulary=1000, min_frequency=1, length=6)


@pytest.fixture
def reader() -> Reader:
    return Reader(Vocabulary(["a", "good", "film"]), length=4)


def test_a_text_becomes_numbers_cut_in_the_middle(reader: Reader) -> None:
    first, second = reader.read_all(["A good film!", "A good, good film, a good film"])
    assert first.tolist() == [2, 3, 4, 1]
    assert second.tolist() == [2, 3, 3, 4]


def test_batches_go_over_every_review_once_as_tensors(small: TextDataset) -> None:
    vocabulary = Vocabulary(["the"])
    split = Split(Reader(vocabulary, 128).read_all(small.train_texts), small.train_labels)
    for generator in (None, mt.Generator(0)):
        batches = split.batches(64, generator)
        found = list(batches)
        assert len(found) == len(batches) == 5
        for reviews, labels in found:
            assert reviews.ids.dtype is reviews.lengths.dtype is labels.dtype is mt.int64
            assert reviews.ids.shape == (labels.shape[0], int(reviews.lengths.amax().item()))
        assert sum(int(labels.sum().item()) for _, labels in found) == small.train_labels.sum()
        assert sum(labels.shape[0] for _, labels in found) == 300


def test_words_of_validation_reviews_are_not_learned() -> None:
    texts = [f"word{i} common" for i in range(50)]
    labels = (np.arange(50) % 2).astype(np.uint8)
    data = TextDataset("x", texts, labels, ["test"], np.zeros(1, np.uint8))
    reader, train, validation = prepare(data, RECIPE, mt.Generator(0))
    assert (len(train.sequences), len(validation.sequences)) == (45, 5)
    assert all((sequence > 1).all() for sequence in train.sequences)
    assert all(sequence.tolist() == [1, 2] for sequence in validation.sequences)
    assert len(reader.vocabulary) == 2 + 1 + 45
    assert "test" not in reader.vocabulary


def test_one_review_cannot_be_split() -> None:
    one = np.zeros(1, np.uint8)
    data = TextDataset("x", ["a"], one, ["b"], one)
    with pytest.raises(DatasetError, match="x: 1 training review, wanted at least 2"):
        prepare(data, RECIPE, mt.Generator(0))


def test_a_data_sets_own_validation_reviews_are_taken() -> None:
    two = np.array([0, 1], np.uint8)
    data = TextDataset("x", ["a", "b"], two, ["c", "d"], two, ["a", "e"], two[::-1])
    reader, train, validation = prepare(data, RECIPE, mt.Generator(0))
    assert reader.vocabulary.words[2:] == ("a", "b")
    assert [s.tolist() for s in train.sequences] == [[2], [3]]
    assert [s.tolist() for s in validation.sequences] == [[2], [1]]
    assert validation.labels.tolist() == [1, 0]


def test_an_empty_review_is_one_padding() -> None:
    reviews = to_input([np.array([], np.int32), np.array([5, 6], np.int32)])
    assert reviews.ids.tolist() == [[0, 0], [5, 6]]
    assert reviews.lengths.tolist() == [1, 2]
    assert reviews.inside().tolist() == [[True, False], [True, True]]
