"""Data sets: by index, by iteration, and made of others."""

from __future__ import annotations

import itertools
import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from minitorch_tensor import Generator, Tensor, default_generator

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """Examples by index. A subclass defines `__getitem__` and, for samplers, `__len__`.

    Two more methods, if they exist, serve a DataLoader faster: `__getitems__(indices)` gives the
    examples of a batch as a list, and `__getbatch__(indices)` the batch that `default_collate`
    would make of them. A subclass that overrides `__getitem__` alone has no `__getbatch__`.
    """

    def __getitem__(self, index: Any) -> T:
        """The example of an index."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """Examples in the order in which they come: a stream, say. A subclass defines `__iter__`.

    With several workers each iterates over a copy of it: `get_worker_info()` tells which.
    """

    def __iter__(self) -> Iterator[T]:
        """The examples."""
        raise NotImplementedError(f"{type(self).__name__} must define __iter__.")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset["tuple[Tensor, ...]"]):
    """Examples that are rows of tensors.

    Args:
        tensors: at least one, all of the same first size N.

    Raises: ValueError without tensors, or for sizes that differ; TypeError for anything else.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: no tensors, wanted at least one.")
        for x in tensors:
            if not isinstance(x, Tensor):
                raise TypeError(
                    f"TensorDataset: wanted tensors, got {type(x).__name__}. Make one first, with "
                    "tensor(...) or from_numpy(...)."
                )
            if not x.ndim:
                raise ValueError("TensorDataset: a single number has no rows.")
        sizes = [len(x) for x in tensors]
        if len(set(sizes)) > 1:
            raise ValueError(
                f"TensorDataset: tensors of {', '.join(map(str, sizes))} rows, wanted one number. "
                "Do all of them belong to the same split?"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([x[index] for x in self.tensors])

    def __getbatch__(self, indices: Sequence[int]) -> list[Tensor]:
        """The rows of a batch, by one operation for each tensor."""
        return [x[indices] for x in self.tensors]

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Examples that combine those of several data sets, as tuples, or as dictionaries.

    Args:
        args: the data sets, in order; or
        kwargs: the data sets by name.

    Raises: ValueError for none, both kinds, or lengths that differ.
    """

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: give data sets either in order or by name.")
        self.datasets: Any = args or kwargs
        sizes = [_length("StackDataset", d) for d in (args or kwargs.values())]
        if len(set(sizes)) > 1:
            raise ValueError(
                f"StackDataset: data sets of {', '.join(map(str, sizes))} examples, wanted one "
                "number."
            )
        self._size = sizes[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple([dataset[index] for dataset in self.datasets])

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """The examples of a batch.

        Raises: ValueError if a data set gives more or fewer examples than indices.
        """
        if isinstance(self.datasets, dict):
            columns = [_several(dataset, indices) for dataset in self.datasets.values()]
            return [dict(zip(self.datasets, example)) for example in zip(*columns)]
        return list(zip(*[_several(dataset, indices) for dataset in self.datasets]))

    def __len__(self) -> int:
        return self._size


class ConcatDataset(Dataset[T]):
    """Several data sets, one after the other.

    Args:
        datasets: at least one, none of them an IterableDataset.

    Attributes: datasets, cumulative_sizes: the number of examples up to the end of each.

    Raises: ValueError for none; TypeError for one without a length.
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: no data sets, wanted at least one.")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError(
                    "ConcatDataset: an IterableDataset has no indices. Use ChainDataset."
                )
        self.cumulative_sizes = list(
            itertools.accumulate(_length("ConcatDataset", d) for d in self.datasets)
        )

    def __getitem__(self, index: int) -> T:
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"ConcatDataset: index {index} is out of range for {size} examples.")
        index %= size
        number = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[number - 1] if number else 0
        return self.datasets[number][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[Any]):
    """Several IterableDatasets, one after the other.

    Raises: TypeError, when it is iterated over, for a data set of another kind.
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError(
                    f"ChainDataset: wanted IterableDatasets, got {type(dataset).__name__}. "
                    "ConcatDataset joins those with indices."
                )
            yield from dataset

    def __len__(self) -> int:
        return sum(_length("ChainDataset", dataset) for dataset in self.datasets)


class Subset(Dataset[T]):
    """Some of a data set's examples.

    Args:
        dataset: the data set.
        indices: which examples, in which order.

    Raises: NotImplementedError for a subclass that overrides `__getitem__` without `__getitems__`,
        which a DataLoader calls.
    """

    def __init__(self, dataset: Dataset[T] | Sequence[T], indices: Sequence[int]) -> None:
        if (
            type(self).__getitem__ is not Subset.__getitem__
            and type(self).__getitems__ is Subset.__getitems__
        ):
            raise NotImplementedError(
                f"Subset: {type(self).__name__} overrides __getitem__ and not __getitems__, which "
                "a DataLoader calls. Define that, too: return [self[i] for i in indices]."
            )
        self.dataset: Any = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]  # type: ignore[no-any-return]
        return self.dataset[self.indices[index]]  # type: ignore[no-any-return]

    def __getitems__(self, indices: Sequence[int]) -> list[T]:
        """The examples of a batch."""
        return _several(self.dataset, [self.indices[i] for i in indices])

    @property
    def __getbatch__(self) -> Callable[[Sequence[int]], Any]:
        """There is one if the data set has one."""
        inner = whole_batches(self.dataset)
        if inner is None:
            raise AttributeError(f"{type(self.dataset).__name__} has no __getbatch__")
        return lambda indices: inner([self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T] | Sequence[T],
    lengths: Sequence[int | float],
    generator: Generator | None = None,
) -> list[Subset[T]]:
    """Split a data set at random into parts without a common example.

    Args:
        dataset: with a length N.
        lengths: the examples of each part, which sum to N; or shares, which sum to 1, of which
            each is rounded down, and the examples that are left go to the first parts in turn.
        generator: shuffles; the default one if omitted.

    Raises: ValueError for lengths that sum to something else, or a share outside of [0, 1].
    """
    size = _length("random_split", dataset)
    if math.isclose(sum(lengths), 1.0) and sum(lengths) <= 1.0 + 1e-9:
        if any(not 0 <= share <= 1 for share in lengths):
            raise ValueError(f"random_split: shares must lie in [0, 1], got {list(lengths)}.")
        counts = [math.floor(size * share) for share in lengths]
        for left in range(size - sum(counts)):
            counts[left % len(counts)] += 1
        for part, count in enumerate(counts):
            if not count:
                warnings.warn(f"random_split: part {part} has no examples.", stacklevel=2)
    else:
        counts = [int(length) for length in lengths]
        if sum(counts) != size or counts != list(lengths):
            raise ValueError(
                f"random_split: lengths {list(lengths)} sum to {sum(lengths)}, and the data set "
                f"has {size} examples. Give lengths that sum to {size}, or shares that sum to 1."
            )
    order = np.asarray((generator or default_generator).draw("permutation", size)).tolist()
    ends = list(itertools.accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts)]


def whole_batches(dataset: Any) -> Callable[[Sequence[int]], Any] | None:
    """The `__getbatch__` of a data set, unless a subclass has since changed its examples: one that
    overrides `__getitem__` or `__getitems__` alone wants that to be called."""
    for kind in type(dataset).__mro__:
        if "__getbatch__" in vars(kind):
            return getattr(dataset, "__getbatch__", None)
        if "__getitem__" in vars(kind) or "__getitems__" in vars(kind):
            return None
    return None


def _several(dataset: Any, indices: Sequence[int]) -> list[Any]:
    """The examples of several indices, by `__getitems__` where there is one."""
    several = getattr(dataset, "__getitems__", None)
    examples = [dataset[i] for i in indices] if several is None else several(indices)
    if len(examples) != len(indices):
        raise ValueError(
            f"__getitems__ of {type(dataset).__name__}: {len(indices)} indices gave "
            f"{len(examples)} examples."
        )
    return examples


def _length(operation: str, dataset: Any) -> int:
    """The number of examples.

    Raises: TypeError that names the data set without one.
    """
    try:
        return len(dataset)
    except TypeError:
        raise TypeError(
            f"{operation}: {type(dataset).__name__} has no length. Define __len__ in its class."
        ) from None


__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]
