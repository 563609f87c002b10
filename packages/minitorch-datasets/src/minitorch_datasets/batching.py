"""Minibatches over arrays and over sequences, and a train/validation split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets.errors import DatasetError
from minitorch_datasets.text import Ids, pad_sequences

__all__ = ["Batches", "LengthBatches", "train_validation_split"]


class Batches:
    """Iterate over arrays in minibatches, slicing all of them alike.
    Like PyTorch's DataLoader over a TensorDataset, for numpy arrays in memory. Each iteration is
    an epoch; `len` is the number of batches.

    Args:
        arrays: at least one; all with the same first size N.
        batch_size: examples per batch; the last batch may be smaller.
        rng: shuffles, in a new order for each iteration; None keeps the order of the arrays.
            Generators in equal states give equal orders.
        drop_last: leave out a last batch smaller than batch_size.
    Yields: one tuple per batch, with a slice of each array. Without rng the slices are views.
    Raises: DatasetError without arrays, for sizes that differ, or for a batch_size below 1.

    Example: `for images, labels in Batches(train_images, train_labels, batch_size=64, rng=rng):`
    """

    def __init__(
        self,
        *arrays: NDArray[Any],
        batch_size: int,
        rng: np.random.Generator | None = None,
        drop_last: bool = False,
    ) -> None:
        if not arrays:
            raise DatasetError(
                "Batches: no arrays, wanted at least one", "Pass the images and the labels"
            )
        sizes = [len(array) for array in arrays]
        if len(set(sizes)) > 1:
            raise DatasetError(
                f"Batches: arrays of {', '.join(map(str, sizes))} examples, wanted one number",
                "Do all of them belong to the same split?",
            )
        _check_batch_size("Batches", batch_size)
        self.arrays = arrays
        self.batch_size = batch_size
        self.rng = rng
        self.drop_last = drop_last

    def __len__(self) -> int:
        whole, rest = divmod(len(self.arrays[0]), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[NDArray[Any], ...]]:
        order = None if self.rng is None else self.rng.permutation(len(self.arrays[0]))
        for batch in range(len(self)):
            piece = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            chosen = piece if order is None else order[piece]
            yield tuple(array[chosen] for array in self.arrays)


class LengthBatches:
    """Iterate over sequences in minibatches of nearly equal length, padded to the longest.

    With rng the sequences are shuffled, pools of 50 batches are sorted by length and cut into
    batches, and the batches are shuffled: there is little padding, and every epoch has different
    batches. Without rng all sequences come in order of length.

    Args:
        sequences: N of them, (T_i,) int32 each.
        labels: (N,)
        batch_size: examples per batch; the last batch may be smaller.
        rng: determines the order; generators in equal states give equal orders.
    Yields: padded (B, T) int64, lengths (B,) int64, labels (B,); an empty sequence has length 1.
    Raises: DatasetError if there are not as many labels as sequences, or batch_size is below 1.

    Example: `for ids, lengths, labels in LengthBatches(reviews, labels, batch_size=64, rng=rng):`
    """

    POOL = 50

    def __init__(
        self,
        sequences: Sequence[Ids],
        labels: NDArray[Any],
        batch_size: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        if len(sequences) != len(labels):
            raise DatasetError(
                f"LengthBatches: {len(sequences)} sequences and {len(labels)} labels, wanted as "
                "many",
                "Do both belong to the same split?",
            )
        _check_batch_size("LengthBatches", batch_size)
        self.sequences = sequences
        self.labels = labels
        self.batch_size = batch_size
        self.rng = rng
        self._lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)

    def __len__(self) -> int:
        return len(range(0, len(self.sequences), self.batch_size))

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]]:
        for chosen in self._order():
            yield *pad_sequences([self.sequences[i] for i in chosen]), self.labels[chosen]

    def _order(self) -> list[NDArray[np.int64]]:
        """The examples of each batch."""
        number = len(self.sequences)
        if self.rng is None:
            return self._cut(np.arange(number))
        shuffled = self.rng.permutation(number)
        pool = self.POOL * self.batch_size
        batches = [
            batch
            for start in range(0, number, pool)
            for batch in self._cut(shuffled[start : start + pool])
        ]
        return [batches[i] for i in self.rng.permutation(len(batches))]

    def _cut(self, pool: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        pool = pool[np.argsort(self._lengths[pool], kind="stable")]
        return [
            pool[start : start + self.batch_size] for start in range(0, len(pool), self.batch_size)
        ]


def _check_batch_size(operation: str, batch_size: int) -> None:
    if batch_size < 1:
        raise DatasetError(
            f"{operation}: batch_size is {batch_size}, wanted 1 or more", "64 is a usual choice"
        )


def train_validation_split(
    n: int, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split n examples at random into a training and a validation part.

    Args:
        n: number of examples, at least 2.
        fraction: share held out for validation, in (0, 1); the number of examples is rounded, and
            each part has at least one.
        rng: generators in equal states give equal splits.
    Returns: indices of the train and of the validation examples, each in ascending order;
        together 0 to n - 1, each once.
    Raises: DatasetError if n or fraction is out of range.
    """
    if n < 2:
        raise DatasetError(
            f"train_validation_split: n is {n}, wanted at least 2",
            "Each side needs an example",
        )
    if not 0.0 < fraction < 1.0:
        raise DatasetError(
            f"train_validation_split: fraction is {fraction}, wanted more than 0 and less than 1",
            "0.1 holds out a tenth",
        )
    held_out = min(max(round(n * fraction), 1), n - 1)
    order = rng.permutation(n)
    return np.sort(order[held_out:]), np.sort(order[:held_out])
