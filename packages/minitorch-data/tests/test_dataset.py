"""Data sets, and sets made of others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from minitorch_data.dataset import whole_batches


class Numbers(Dataset):
    """start, start + 1, ..."""

    def __init__(self, size, start=0):
        self.size, self.start = size, start

    def __getitem__(self, index):
        if not -self.size <= index < self.size:
            raise IndexError(index)
        return self.start + index % self.size

    def __len__(self):
        return self.size


class Stream(IterableDataset):
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        return iter(range(self.size))


def test_a_tensor_dataset_has_the_rows_of_its_tensors():
    x, y = mt.arange(6).reshape(3, 2), mt.tensor([7, 8, 9])
    data = TensorDataset(x, y)
    assert len(data) == 3
    row, label = data[1]
    assert (row.tolist(), label.item()) == ([2, 3], 8)
    rows, labels = data[0:2]
    assert (rows.tolist(), labels.tolist()) == ([[0, 1], [2, 3]], [7, 8])
    rows, labels = data.__getbatch__([2, 0])
    assert (rows.tolist(), labels.tolist()) == ([[4, 5], [0, 1]], [9, 7])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_concatenated_sets_are_their_examples_in_a_row(sizes):
    parts = [Numbers(size, 100 * number) for number, size in enumerate(sizes)]
    expected = [part[i] for part in parts for i in range(len(part))]
    joined = ConcatDataset(parts)
    assert [joined[i] for i in range(len(joined))] == expected
    assert [joined[i - len(joined)] for i in range(len(joined))] == expected
    for index in (len(joined), -len(joined) - 1):
        with pytest.raises(IndexError, match=f"index {index} is out of range"):
            joined[index]


def test_sets_are_joined_with_plus():
    joined = Numbers(2) + Numbers(3, 10)
    assert [joined[i] for i in range(len(joined))] == [0, 1, 10, 11, 12]
    assert list(Stream(2) + Stream(3)) == [0, 1, 0, 1, 2]


def test_stacked_sets_give_tuples_or_dictionaries():
    assert StackDataset(Numbers(3), Numbers(3, 5))[1] == (1, 6)
    assert StackDataset(a=Numbers(3), b=Numbers(3, 5))[2] == {"a": 2, "b": 7}
    assert len(StackDataset(Numbers(3))) == 3


@given(st.lists(st.integers(0, 5), max_size=8))
def test_a_batch_of_stacked_sets_is_that_of_single_examples(indices):
    rows = Subset(Numbers(6), [5, 4, 3, 2, 1, 0])
    for stacked in (StackDataset(Numbers(6, 7), rows), StackDataset(a=Numbers(6, 7), b=rows)):
        assert stacked.__getitems__(indices) == [stacked[i] for i in indices]


class Doubled(TensorDataset):
    def __getitem__(self, index):
        (row,) = super().__getitem__(index)
        return (2 * row,)


class Reversed(TensorDataset):
    def __getitem__(self, index):
        return self.__getbatch__(index)

    def __getbatch__(self, indices):
        return [x.flip(0) for x in super().__getbatch__(indices)]


def test_a_subclass_that_changes_examples_has_no_batches_of_unchanged_ones():
    assert whole_batches(Doubled(mt.arange(3))) is None
    assert whole_batches(Subset(Doubled(mt.arange(3)), [0])) is None
    assert not hasattr(Subset(Doubled(mt.arange(3)), [0]), "__getbatch__")
    (batch,) = whole_batches(Reversed(mt.arange(3)))([0, 1])
    assert batch.tolist() == [1, 0]

    class Chosen(Subset):
        def __getitems__(self, indices):
            return [7]

    assert whole_batches(Chosen(TensorDataset(mt.arange(3)), [0])) is None


def test_a_subset_that_would_not_be_asked_for_its_examples_is_refused():
    class Half(Subset):
        def __getitem__(self, index):
            return self.dataset[index] / 2

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__ and not"):
        Half(Numbers(3), [0])


def test_examples_lost_on_the_way_are_missed():
    class Losing(Numbers):
        def __getitems__(self, indices):
            return [self[i] for i in indices[1:]]

    with pytest.raises(ValueError, match="__getitems__ of Losing: 2 indices gave 1 examples"):
        StackDataset(Losing(3)).__getitems__([0, 1])


@given(st.integers(1, 30), st.data())
def test_a_subset_has_the_examples_of_its_indices(size, data):
    indices = data.draw(st.lists(st.integers(0, size - 1), min_size=1))
    plain, rows = Subset(Numbers(size), indices), Subset(TensorDataset(mt.arange(size)), indices)
    assert len(plain) == len(indices)
    assert [plain[i] for i in range(len(plain))] == indices
    assert plain.__getitems__(list(range(len(indices)))) == indices
    assert not hasattr(plain, "__getbatch__")
    (batch,) = rows.__getbatch__(list(range(len(indices))))
    assert batch.tolist() == indices
    assert Subset(rows, [0]).__getbatch__([0])[0].tolist() == indices[:1]


@pytest.mark.filterwarnings("ignore:random_split. part")
@given(st.integers(0, 40), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_split_by_shares_is_a_partition(size, weights):
    shares = [weight / sum(weights) for weight in weights]
    parts = random_split(Numbers(size), shares, mt.Generator(1))
    together = [part[i] for part in parts for i in range(len(part))]
    assert sorted(together) == list(range(size))
    for part, share in zip(parts, shares):
        assert abs(len(part) - size * share) <= 1 + 1e-9


def test_a_split_by_lengths_is_a_partition_and_repeats():
    parts = random_split(Numbers(10), [3, 7], generator=mt.Generator(5))
    assert [len(part) for part in parts] == [3, 7]
    again = random_split(Numbers(10), [3, 7], generator=mt.Generator(5))
    assert [part.indices for part in parts] == [part.indices for part in again]
    assert sorted(parts[0].indices + parts[1].indices) == list(range(10))
    mt.manual_seed(3)
    one = random_split(Numbers(10), [0.5, 0.5])
    mt.manual_seed(3)
    assert one[0].indices == random_split(Numbers(10), [0.5, 0.5])[0].indices


def test_a_part_without_examples_is_told():
    with pytest.warns(UserWarning, match="part 1 has no examples"):
        parts = random_split(Numbers(1), [0.5, 0.5])
    assert [len(part) for part in parts] == [1, 0]


class NoLength(Dataset):
    def __getitem__(self, index):
        return index


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (TensorDataset, ValueError, "no tensors, wanted at least one"),
        (lambda: TensorDataset(np.ones(2)), TypeError, "wanted tensors, got ndarray"),
        (lambda: TensorDataset(mt.tensor(1)), ValueError, "a single number has no rows"),
        (
            lambda: TensorDataset(mt.ones(2), mt.ones(3)),
            ValueError,
            "tensors of 2, 3 rows, wanted one number",
        ),
        (lambda: ConcatDataset([]), ValueError, "no data sets"),
        (lambda: ConcatDataset([Stream(2)]), TypeError, "Use ChainDataset"),
        (lambda: ConcatDataset([NoLength()]), TypeError, "NoLength has no length"),
        (lambda: list(ChainDataset([Numbers(2)])), TypeError, "wanted IterableDatasets"),
        (lambda: StackDataset(), ValueError, "either in order or by name"),
        (lambda: StackDataset(Numbers(1), a=Numbers(1)), ValueError, "either in order or by name"),
        (lambda: StackDataset(Numbers(1), Numbers(2)), ValueError, "data sets of 1, 2 examples"),
        (lambda: random_split(Numbers(3), [1, 1]), ValueError, "sum to 2, and the data set has 3"),
        (lambda: random_split(Numbers(3), [1.5, 1.5]), ValueError, "lengths .* sum to 3"),
        (lambda: random_split(Numbers(3), [1.2, -0.2]), ValueError, r"shares must lie in \[0, 1\]"),
        (lambda: Dataset()[0], NotImplementedError, "must define __getitem__"),
        (lambda: iter(IterableDataset()), NotImplementedError, "must define __iter__"),
    ],
)
def test_what_makes_no_data_set_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
