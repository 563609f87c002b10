"""Minibatches: every example once, in batches that arrays share; splits lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch_datasets import Batches, DatasetError, LengthBatches, train_validation_split

SIZES = st.integers(0, 40)
BATCH_SIZES = st.integers(1, 12)


@given(n=SIZES, batch_size=BATCH_SIZES, seed=st.integers(0, 100))
def test_every_example_comes_once_with_its_label(n: int, batch_size: int, seed: int) -> None:
    images, labels = np.arange(2 * n).reshape(n, 2), 10 * np.arange(n)
    batches = Batches(images, labels, batch_size=batch_size, rng=np.random.default_rng(seed))
    found = list(batches)
    assert len(found) == len(batches)
    for some_images, some_labels in found:
        np.testing.assert_array_equal(some_images[:, 0] * 5, some_labels)
    if n:
        assert sorted(np.concatenate([batch[1] for batch in found])) == labels.tolist()
        assert {len(batch[1]) for batch in found[:-1]} <= {batch_size}
        assert 1 <= len(found[-1][1]) <= batch_size


@given(n=SIZES, batch_size=BATCH_SIZES)
def test_without_rng_the_order_is_kept_and_nothing_copied(n: int, batch_size: int) -> None:
    array = np.arange(n)
    found = [batch for (batch,) in Batches(array, batch_size=batch_size)]
    assert [value for batch in found for value in batch] == list(range(n))
    assert all(np.shares_memory(batch, array) for batch in found)


@given(n=SIZES, batch_size=BATCH_SIZES)
def test_drop_last_leaves_only_whole_batches(n: int, batch_size: int) -> None:
    batches = Batches(np.arange(n), batch_size=batch_size, drop_last=True)
    found = [len(batch) for (batch,) in batches]
    assert found == [batch_size] * (n // batch_size)
    assert len(batches) == len(found)


def test_each_epoch_has_a_new_order_and_a_seed_repeats_them_all() -> None:
    def epochs() -> list[list[int]]:
        batches = Batches(np.arange(50), batch_size=7, rng=np.random.default_rng(1))
        return [np.concatenate([b for (b,) in batches]).tolist() for _ in range(2)]

    first, second = epochs()
    assert first != second
    assert first != sorted(first)
    assert [first, second] == epochs()


@pytest.mark.parametrize(
    ("arrays", "batch_size", "saying"),
    [
        ([], 1, "no arrays"),
        ([np.arange(3), np.arange(4)], 1, "arrays of 3, 4 examples, wanted one number"),
        ([np.arange(3)], 0, "batch_size is 0, wanted 1 or more"),
    ],
)
def test_impossible_batches_are_refused(
    arrays: list[np.ndarray], batch_size: int, saying: str
) -> None:
    with pytest.raises(DatasetError, match=saying):
        Batches(*arrays, batch_size=batch_size)


def sequences_of(lengths: list[int]) -> list[np.ndarray]:
    """Sequence i is i + 1, over and over."""
    return [np.full(length, i + 1, np.int32) for i, length in enumerate(lengths)]


@given(
    lengths=st.lists(st.integers(0, 30), max_size=60),
    batch_size=BATCH_SIZES,
    seed=st.none() | st.integers(0, 100),
)
def test_every_sequence_comes_once_padded_with_its_length_and_label(
    lengths: list[int], batch_size: int, seed: int | None
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    labels = np.arange(len(lengths))
    batches = LengthBatches(sequences_of(lengths), labels, batch_size, rng)
    found = list(batches)
    assert len(found) == len(batches)
    seen = []
    for ids, found_lengths, found_labels in found:
        assert ids.shape == (len(found_labels), found_lengths.max())
        assert 1 <= len(found_labels) <= batch_size
        for row, length, label in zip(ids, found_lengths, found_labels, strict=True):
            assert length == max(1, lengths[label])
            assert row.tolist() == [label + 1] * lengths[label] + [0] * (len(row) - lengths[label])
            seen.append(label)
    assert sorted(seen) == labels.tolist()


def test_without_rng_sequences_come_in_order_of_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 500)
    batches = LengthBatches(sequences_of(lengths.tolist()), lengths, 32)
    assert np.concatenate([batch[2] for batch in batches]).tolist() == sorted(lengths)


def test_shuffled_batches_have_little_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 400, 5000)
    sequences = sequences_of(lengths.tolist())
    batches = list(LengthBatches(sequences, lengths, 32, np.random.default_rng(0)))
    padded = sum(ids.size for ids, _, _ in batches)
    assert padded < 1.05 * lengths.sum()  # without sorting it is 1.9 times
    spread = [ids.shape[1] for ids, _, _ in batches]
    assert spread != sorted(spread)


def test_each_epoch_has_new_batches_of_sequences_and_a_seed_repeats_them_all() -> None:
    lengths = np.random.default_rng(0).integers(1, 9, 200)

    def epochs() -> list[list[list[int]]]:
        rng = np.random.default_rng(1)
        batches = LengthBatches(sequences_of(lengths.tolist()), np.arange(200), 8, rng)
        return [[labels.tolist() for _, _, labels in batches] for _ in range(2)]

    first, second = epochs()
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}
    assert [first, second] == epochs()


def test_sequences_without_their_labels_are_refused() -> None:
    with pytest.raises(DatasetError, match="2 sequences and 3 labels, wanted as many"):
        LengthBatches(sequences_of([1, 2]), np.arange(3), 4)
    with pytest.raises(DatasetError, match="LengthBatches: batch_size is 0"):
        LengthBatches([], np.arange(0), 0)


@given(n=st.integers(2, 200), fraction=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_split_divides_all_examples_in_the_given_ratio(n: int, fraction: float) -> None:
    train, validation = train_validation_split(n, fraction, np.random.default_rng(0))
    assert sorted([*train, *validation]) == list(range(n))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()
    assert len(train) > 0
    assert len(validation) > 0
    assert abs(len(validation) - n * fraction) <= 1


def test_a_split_is_random_and_repeats_for_a_seed() -> None:
    def validation(seed: int) -> list[int]:
        return train_validation_split(100, 0.1, np.random.default_rng(seed))[1].tolist()

    assert validation(0) == validation(0)
    assert validation(0) != validation(1)
    assert validation(0) != list(range(10))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_an_impossible_split_is_refused(fraction: float) -> None:
    with pytest.raises(DatasetError, match="wanted more than 0 and less than 1"):
        train_validation_split(10, fraction, np.random.default_rng(0))
    with pytest.raises(DatasetError, match="n is 1, wanted at least 2"):
        train_validation_split(1, 0.5, np.random.default_rng(0))
