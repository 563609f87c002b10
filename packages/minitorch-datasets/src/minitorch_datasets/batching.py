"""Minibatches over arrays, and a train/validation split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets.errors import DatasetError

__all__ = ["Batches", "train_validation_split"]


class Batches:
    """Iterate over arrays in minibatches, all cut at the same places.

    What PyTorch's DataLoader is to its TensorDataset, for numpy arrays in memory. An object can be
    iterated again and again, once an epoch; `len` is the number of batches.

    Args:
        arrays: at least one; all with the same first size N.
        batch_size: examples a batch; the last batch has the rest, which may be fewer.
        rng: shuffles, in a new order for each iteration; None keeps the order of the arrays.
            Generators in equal states give equal orders.
        drop_last: leave out a last batch of fewer than batch_size.
    Yields: one tuple a batch, with a piece of each array. Without rng the pieces are views.
    Raises: DatasetError if there is no array, sizes differ, or batch_size is below 1.

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
        if batch_size < 1:
            raise DatasetError(
                f"Batches: batch_size is {batch_size}, wanted 1 or more", "64 is a usual choice"
            )
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


def train_validation_split(
    n: int, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide n examples at random into a part to train on and a part to validate with.

    Args:
        n: number of examples, at least 2.
        fraction: share held out for validation, between 0 and 1 and neither; the number is rounded
            to the nearest, and at least one example is on each side.
        rng: generators in equal states give equal divisions.
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
