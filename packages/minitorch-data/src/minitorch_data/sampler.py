"""Samplers: the order in which examples are taken, and which of them form a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

import minitorch_tensor as mt
from minitorch_tensor import Generator, Tensor, default_generator

T = TypeVar("T", covariant=True)


class Sampler(Generic[T]):
    """An order of indices, or of lists of them. A subclass defines `__iter__` and, where the number
    is known, `__len__`."""

    def __iter__(self) -> Iterator[T]:
        """The indices of one epoch."""
        raise NotImplementedError(f"{type(self).__name__} must define __iter__.")


class SequentialSampler(Sampler[int]):
    """0, 1, ... up to the number of examples."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in a new random order in each iteration.

    Args:
        data_source: a data set with a length.
        replacement: draw each index anew, so that it may come again.
        num_samples: how many indices; the number of examples by default. More than that, without
            replacement, are several orders in a row.
        generator: draws the order; if omitted, one that is seeded from the default generator.

    Raises: ValueError for a num_samples below 1, or a data set without examples.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be a bool, got {replacement!r}.")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                f"RandomSampler: num_samples must be at least 1, got {self.num_samples}. "
                "A data set without examples cannot be shuffled."
            )

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or Generator(int(default_generator.draw("integers", 2**62)))
        number, left = len(self.data_source), self.num_samples
        while left > 0:
            if self.replacement:
                part = generator.draw("integers", number, size=min(left, 4096))
            else:
                part = generator.draw("permutation", number)[:left]
            left -= len(part)
            yield from part.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices, in a new random order in each iteration.

    Args:
        indices: which.
        generator: draws the order; the default one if omitted.
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = (self.generator or default_generator).draw("permutation", len(self.indices))
        for i in order.tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with probabilities in proportion to weights.

    Args:
        weights: of the indices 0, 1, ...; not negative, not all 0.
        num_samples: how many to draw.
        replacement: whether an index may come again.
        generator: draws; the default one if omitted.

    Raises: ValueError for weights or a number out of range.
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        given = weights.tolist() if isinstance(weights, Tensor) else weights
        array = np.asarray(given, np.float64)
        if array.ndim != 1 or not np.isfinite(array).all() or (array < 0).any() or not array.sum():
            raise ValueError(
                "WeightedRandomSampler: weights must be one row of finite numbers, not negative "
                "and not all 0."
            )
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(
                f"WeightedRandomSampler: num_samples must be at least 1, got {num_samples!r}."
            )
        if not replacement and np.count_nonzero(array) < num_samples:
            raise ValueError(
                f"WeightedRandomSampler: {np.count_nonzero(array)} weights above 0 are too few to "
                f"draw {num_samples} without replacement."
            )
        self.weights = mt.tensor(array)
        self._shares = array / array.sum()
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        shares = self._shares
        drawn = (self.generator or default_generator).draw(
            "choice", len(shares), self.num_samples, replace=self.replacement, p=shares
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of the indices that another sampler gives.

    Args:
        sampler: gives single indices.
        batch_size: indices in a list; the last may have fewer.
        drop_last: leave out a last list of fewer.

    Raises: ValueError for a batch_size below 1; TypeError for a drop_last that is no bool.
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"BatchSampler: batch_size must be at least 1, got {batch_size!r}.")
        if not isinstance(drop_last, bool):
            raise TypeError(f"BatchSampler: drop_last must be a bool, got {drop_last!r}.")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        number: Any = self.sampler
        whole, rest = divmod(len(number), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


class LengthBatchSampler(Sampler[list[int]]):
    """Batches of sequences of nearly equal length, so that there is little to pad.

    With a generator the sequences are shuffled, pools of 50 batches are sorted by length and cut
    into batches, and the batches are shuffled: every epoch has different ones. Without, all
    sequences come in order of length. (PyTorch has no such sampler.)

    Args:
        lengths: of each sequence.
        batch_size: sequences in a batch; the last of a pool may have fewer.
        generator: determines the order; generators in equal states give equal orders.

    Raises: ValueError for a batch_size below 1.
    """

    POOL = 50

    def __init__(
        self, lengths: Sequence[int], batch_size: int, generator: Generator | None = None
    ) -> None:
        if batch_size < 1:
            raise ValueError(
                f"LengthBatchSampler: batch_size must be at least 1, got {batch_size!r}."
            )
        self.lengths = np.asarray(lengths, np.int64)
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return math.ceil(len(self.lengths) / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        number = len(self.lengths)
        if self.generator is None:
            yield from self._cut(np.arange(number))
            return
        shuffled = self.generator.draw("permutation", number)
        pool = self.POOL * self.batch_size
        batches = [
            batch
            for start in range(0, number, pool)
            for batch in self._cut(shuffled[start : start + pool])
        ]
        for i in self.generator.draw("permutation", len(batches)).tolist():
            yield batches[i]

    def _cut(self, pool: Any) -> list[list[int]]:
        pool = pool[np.argsort(self.lengths[pool], kind="stable")]
        return [
            pool[start : start + self.batch_size].tolist()
            for start in range(0, len(pool), self.batch_size)
        ]


class DistributedSampler(Sampler[int]):
    """The share of one process among several that train together.

    Args:
        dataset: with a length N.
        num_replicas: how many processes.
        rank: which of them, from 0.
        shuffle: a new order for each epoch, as `set_epoch` tells.
        seed: of the order, the same in all processes.
        drop_last: drop examples that cannot be shared out evenly, instead of repeating some.

    Raises: ValueError for a rank out of range, or unless both numbers are given.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ValueError(
                "DistributedSampler: give num_replicas and rank; there is no group of processes "
                "that would tell them."
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"DistributedSampler: rank must be from 0 to {num_replicas - 1}, got {rank}."
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0
        rounded = math.floor if drop_last else math.ceil
        self.num_samples = rounded(len(dataset) / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        number = len(self.dataset)
        if self.shuffle:
            drawn = Generator(self.seed + self.epoch).draw("permutation", number)
            indices = np.asarray(drawn).tolist()
        else:
            indices = list(range(number))
        repeated = indices * math.ceil(self.total_size / max(number, 1))
        return iter(repeated[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; the same in all processes."""
        self.epoch = epoch


__all__ = [
    "BatchSampler",
    "DistributedSampler",
    "LengthBatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]
