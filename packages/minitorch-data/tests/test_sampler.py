"""Samplers: each index as often as it should come, and orders that repeat."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_data import (
    BatchSampler,
    DistributedSampler,
    LengthBatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


@given(st.integers(1, 50), st.integers(0, 2**40))
def test_a_random_order_has_each_index_once_and_repeats_with_the_seed(size, seed):
    sampler = RandomSampler(range(size), generator=mt.Generator(seed))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(size))
    assert len(sampler) == size
    assert first == list(RandomSampler(range(size), generator=mt.Generator(seed)))
    assert size < 20 or first != second


def test_without_a_generator_the_default_one_decides():
    mt.manual_seed(4)
    one, two = list(RandomSampler(range(30))), list(RandomSampler(range(30)))
    mt.manual_seed(4)
    assert one == list(RandomSampler(range(30)))
    assert one != two


@given(st.integers(1, 10), st.integers(1, 35))
def test_more_samples_than_examples_are_whole_orders_in_a_row(size, number):
    drawn = list(RandomSampler(range(size), num_samples=number, generator=mt.Generator(0)))
    counts = Counter(drawn)
    assert len(drawn) == number
    assert max(counts.values()) - min(counts.get(i, 0) for i in range(size)) <= 1


def test_with_replacement_indices_come_again():
    drawn = list(RandomSampler(range(5), True, 5000, mt.Generator(1)))
    assert len(drawn) == 5000
    shares = np.bincount(drawn, minlength=5) / 5000
    np.testing.assert_allclose(shares, 0.2, atol=0.03)


def test_a_subset_is_shuffled():
    sampler = SubsetRandomSampler([3, 5, 8, 13], mt.Generator(2))
    assert sorted(sampler) == [3, 5, 8, 13]
    assert len(sampler) == 4
    assert len({tuple(sampler) for _ in range(30)}) > 5


def test_weights_are_the_frequencies():
    sampler = WeightedRandomSampler([1.0, 0.0, 3.0], 8000, generator=mt.Generator(3))
    shares = np.bincount(list(sampler), minlength=3) / 8000
    np.testing.assert_allclose(shares, [0.25, 0.0, 0.75], atol=0.02)
    assert len(sampler) == 8000
    assert sampler.weights.tolist() == [1.0, 0.0, 3.0]
    once = WeightedRandomSampler(mt.tensor([1.0, 0.0, 3.0]), 2, False, mt.Generator(3))
    assert sorted(once) == [0, 2]


@given(st.integers(0, 30), st.integers(1, 7), st.booleans())
def test_batches_are_consecutive_and_as_many_as_they_say(size, batch_size, drop_last):
    sampler = BatchSampler(SequentialSampler(range(size)), batch_size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    joined = [i for batch in batches for i in batch]
    kept = size - size % batch_size if drop_last else size
    assert joined == list(range(kept))
    assert all(len(batch) == batch_size for batch in batches[:-1])


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 8), st.booleans())
def test_batches_by_length_have_each_sequence_once(lengths, batch_size, shuffled):
    generator = mt.Generator(1) if shuffled else None
    sampler = LengthBatchSampler(lengths, batch_size, generator)
    batches = list(sampler)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert len(batches) == len(sampler)
    if not shuffled:
        in_order = [lengths[i] for batch in batches for i in batch]
        assert in_order == sorted(lengths)


@given(st.integers(1, 30), st.integers(1, 5), st.booleans(), st.booleans())
def test_processes_share_a_data_set_out(size, replicas, shuffle, drop_last):
    samplers = [
        DistributedSampler(range(size), replicas, rank, shuffle, seed=3, drop_last=drop_last)
        for rank in range(replicas)
    ]
    for sampler in samplers:
        sampler.set_epoch(2)
    parts = [list(sampler) for sampler in samplers]
    assert {len(part) for part in parts} == {len(samplers[0])}
    together = Counter(i for part in parts for i in part)
    if drop_last:
        assert max(together.values(), default=1) == 1
        assert len(together) == size - size % replicas
    else:
        assert set(together) == set(range(size))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomSampler([]), ValueError, "num_samples must be at least 1, got 0"),
        (lambda: RandomSampler([1], num_samples=0), ValueError, "must be at least 1, got 0"),
        (lambda: RandomSampler([1], replacement=3), TypeError, "replacement must be a bool"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size must be at least 1, got 0"),
        (lambda: BatchSampler([1], True, False), ValueError, "at least 1, got True"),
        (lambda: BatchSampler([1], 2, "no"), TypeError, "drop_last must be a bool, got 'no'"),
        (lambda: LengthBatchSampler([1], 0), ValueError, "batch_size must be at least 1, got 0"),
        (lambda: WeightedRandomSampler([-1.0], 1), ValueError, "not negative"),
        (lambda: WeightedRandomSampler([0.0], 1), ValueError, "not all 0"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "at least 1, got 0"),
        (
            lambda: WeightedRandomSampler([1.0, 0.0], 2, replacement=False),
            ValueError,
            "too few to draw 2 without replacement",
        ),
        (lambda: DistributedSampler([1]), ValueError, "give num_replicas and rank"),
        (lambda: DistributedSampler([1], 2, 2), ValueError, "rank must be from 0 to 1, got 2"),
        (lambda: iter(Sampler()), NotImplementedError, "must define __iter__"),
    ],
)
def test_settings_out_of_range_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
