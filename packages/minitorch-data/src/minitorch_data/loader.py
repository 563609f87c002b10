"""The DataLoader: batches of a data set, made here or by worker processes."""

from __future__ import annotations

import itertools
import multiprocessing
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

import numpy as np

import minitorch_tensor as mt
from minitorch_data.collate import default_collate, default_convert
from minitorch_data.dataset import IterableDataset, whole_batches
from minitorch_data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from minitorch_data.workers import Ended, Failure, Fetch, Order, Pool
from minitorch_tensor import Generator, default_generator

T = TypeVar("T", covariant=True)


class DataLoader(Generic[T]):
    """Iterate over the batches of a data set; each iteration is an epoch.

    Args:
        dataset: a Dataset, an IterableDataset, or anything with indices and a length.
        batch_size: examples in a batch; the last may have fewer. None gives single examples.
        shuffle: a new random order in every epoch.
        sampler: gives the order of indices instead.
        batch_sampler: gives lists of indices instead.
        num_workers: processes that make batches; with 0 they are made in this one.
        collate_fn: makes a batch of a list of examples; `default_collate` if omitted, or
            `default_convert` without a batch_size.
        pin_memory, pin_memory_device: accepted for PyTorch's sake: no memory is pinned.
        drop_last: leave out a last batch of fewer examples.
        timeout: seconds to wait for a batch of a worker; 0 for no limit.
        worker_init_fn: called with the worker's number when a worker starts.
        multiprocessing_context: how workers are started: "fork", "spawn", "forkserver", or a
            context of multiprocessing; Python's default if omitted.
        generator: draws the order and the seed of the workers; if omitted, one that is seeded from
            the default generator.
        prefetch_factor: batches that each worker makes in advance, 2 by default.
        persistent_workers: keep the workers from epoch to epoch.
        in_order: false to take batches as the workers finish them.

    Workers inherit or are sent the data set. One that raises stops the iteration with its
    traceback; one that dies is told by number and cause. Same seed, same order, whatever the number
    of workers.

    Attributes: as the arguments. What decides about batches cannot be set afterwards.

    Raises: ValueError for settings that exclude each other or are out of range.
    """

    #: Attributes that other ones were made from.
    _FIXED = (
        "batch_size",
        "batch_sampler",
        "sampler",
        "drop_last",
        "dataset",
        "persistent_workers",
    )
    _ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[Any] | Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(f"DataLoader: num_workers must not be negative, got {num_workers}.")
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout must not be negative, got {timeout}.")
        if not num_workers:
            for name, given in (
                ("prefetch_factor", prefetch_factor is not None),
                ("persistent_workers", persistent_workers),
                ("multiprocessing_context", multiprocessing_context is not None),
            ):
                if given:
                    raise ValueError(f"DataLoader: {name} wants workers; set num_workers above 0.")
        elif prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(
                f"DataLoader: prefetch_factor must be at least 1, got {prefetch_factor}."
            )
        if isinstance(multiprocessing_context, str):
            known = multiprocessing.get_all_start_methods()
            if multiprocessing_context not in known:
                raise ValueError(
                    f"DataLoader: multiprocessing_context must be one of {', '.join(known)} here, "
                    f"got {multiprocessing_context!r}."
                )
        elif not isinstance(multiprocessing_context, BaseContext | None):
            raise TypeError(
                "DataLoader: multiprocessing_context must be a name or a context of "
                f"multiprocessing, got {type(multiprocessing_context).__name__}."
            )
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = (prefetch_factor or 2) if num_workers else None
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, given in (
                ("shuffle", bool(shuffle)),
                ("sampler", sampler is not None),
                ("batch_sampler", batch_sampler is not None),
            ):
                if given:
                    raise ValueError(
                        f"DataLoader: an IterableDataset has its own order, so {name} cannot be "
                        "given. Shuffle within its __iter__."
                    )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: give either a sampler or shuffle.")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "DataLoader: batch_sampler decides about batch_size, shuffle, sampler and "
                    "drop_last; leave those out."
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("DataLoader: drop_last wants a batch_size.")
        if sampler is None and not self._iterable:
            sampler = (
                RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(
                itertools.repeat(0) if sampler is None else sampler, batch_size, drop_last
            )
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        batched = batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self._pool: Pool | None = None
        self._epochs = 0
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in self._FIXED:
            raise ValueError(
                f"DataLoader: {name} cannot be set once the loader is made. Make another one."
            )
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """The number of batches, or of examples without a batch_size.

        Raises: TypeError if the data set or the sampler has no length.
        """
        if self._iterable:
            number = len(self.dataset)
            if self.batch_size is None:
                return number
            whole, rest = divmod(number, self.batch_size)
            return whole + (rest > 0 and not self.drop_last)
        counted: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
        return len(counted)

    def __iter__(self) -> Iterator[Any]:
        self._epochs += 1
        if self.pin_memory and not _has_accelerator():
            warnings.warn(
                "DataLoader: pin_memory is set, but there is no accelerator to pin memory for.",
                stacklevel=2,
            )
        if self.num_workers:
            return _Parallel(self)
        return self._here()

    def _here(self) -> Iterator[Any]:
        """Batches that are made in this process."""
        fetch = self.fetcher()(self.dataset)
        for indices in self.orders():
            batch = fetch(indices)
            if isinstance(batch, Ended):
                return
            yield batch

    def orders(self) -> Iterator[Any]:
        """What is fetched: lists of indices, single ones, or placeholders for a stream."""
        if self.batch_sampler is not None:
            return iter(self.batch_sampler)
        return itertools.repeat(0) if self.sampler is None else iter(self.sampler)

    def fetcher(self) -> Callable[[Any], Fetch]:
        """What makes the function that fetches, given the data set."""
        if self._iterable:
            return partial(_streaming, self.batch_size, self.drop_last, self.collate_fn)
        return partial(_indexing, self.batch_sampler is not None, self.collate_fn)

    def epoch_seed(self) -> int:
        """A seed for the workers' random numbers: another in each epoch, and the same in every run
        with the same seed. The generator goes on as if it had not been asked."""
        copied = Generator(0)
        copied.set_state((self.generator or default_generator).get_state())
        drawn = int(copied.draw("integers", 2**62))
        return int(np.random.SeedSequence([drawn, self._epochs]).generate_state(1)[0])

    def state_dict(self) -> dict[str, Any]:
        """What decides about the next iterations: the states of its generators, and the number of
        iterations so far. (As in torchdata's StatefulDataLoader, but for its place in an epoch.)"""
        return {
            "epochs": self._epochs,
            "generators": [generator.get_state() for generator in self._generators()],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Set the state that `state_dict` of a loader made in the same way gave.

        Raises: ValueError for another number of generators; on an error nothing has changed.
        """
        states, generators = state_dict["generators"], self._generators()
        if len(states) != len(generators):
            raise ValueError(
                f"DataLoader.load_state_dict: got states of {len(states)} generators, and this "
                f"loader has {len(generators)}. Make it with the same arguments."
            )
        self._epochs = int(state_dict["epochs"])
        for generator, state in zip(generators, states):
            generator.set_state(state)

    def _generators(self) -> list[Generator]:
        """Each generator that it draws from, once."""
        inner = getattr(self.batch_sampler, "sampler", None)
        owners: list[Any] = [self, self.sampler, self.batch_sampler, inner, self.dataset]
        found = [getattr(owner, "generator", None) for owner in owners]
        return list({id(each): each for each in found if isinstance(each, Generator)}.values())

    def start(self) -> Pool:
        """The workers, started if they are not there."""
        if self._pool is not None:
            return self._pool
        context: Any = self.multiprocessing_context
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        orders = [
            Order(number, self.num_workers, self.dataset, self.fetcher(), self.worker_init_fn)
            for number in range(self.num_workers)
        ]
        with warnings.catch_warnings():
            # Python warns of forks of a process with threads. Ours use none of the parent's locks.
            warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
            pool = Pool(context, orders)
        if self.persistent_workers:
            self._pool = pool
        return pool

    def forget(self, pool: Pool) -> None:
        """Stop workers that are no longer of use."""
        pool.stop()
        self._pool = None

    def __del__(self) -> None:
        pool = getattr(self, "_pool", None)
        if pool is not None:
            pool.stop()


class _Parallel:
    """One epoch over batches that workers make."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.loader = loader
        self.orders = loader.orders()
        # The order is drawn first, so that the seed of workers takes nothing away from it.
        self.pending = next(self.orders, None)
        self.pool = loader.start()
        seed = loader.epoch_seed()
        self.pool.begin([seed + number for number in range(loader.num_workers)])
        self.asked = 0  # batches that were asked for
        self.given = 0  # batches that were given out
        self.outstanding = 0  # batches that were asked for and have not come
        self.arrived: dict[int, Any] = {}
        self.ended: set[int] = set()  # workers whose stream is at its end
        self.worker_of: dict[int, int] = {}
        self.next_worker = 0
        self.open = True
        for _ in range((loader.prefetch_factor or 1) * loader.num_workers):
            self._ask()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self.loader)

    def _ask(self) -> None:
        """Ask the next worker in turn for the next batch, if there is one."""
        workers = self.loader.num_workers
        if self.pending is None or len(self.ended) == workers:
            return
        while self.next_worker in self.ended:
            self.next_worker = (self.next_worker + 1) % workers
        self.pool.ask(self.next_worker, self.asked, self.pending)
        self.worker_of[self.asked] = self.next_worker
        self.next_worker = (self.next_worker + 1) % workers
        self.asked += 1
        self.outstanding += 1
        self.pending = next(self.orders, None)

    def __next__(self) -> Any:
        if not self.open:
            raise StopIteration
        try:
            return self._next()
        except BaseException:
            self.close()
            raise

    def _next(self) -> Any:
        while True:
            number = self._ready()
            if number is not None:
                result = self.arrived.pop(number)
                worker = self.worker_of.pop(number)
                if isinstance(result, Failure):
                    result.raise_again()
                if isinstance(result, Ended):
                    self.ended.add(worker)
                    self._ask()
                    continue
                self._ask()
                return result
            if not self.outstanding:
                raise StopIteration
            for arrived, result in self.pool.results(self.loader.timeout):
                self.arrived[arrived] = result
                self.outstanding -= 1

    def _ready(self) -> int | None:
        """The number of a batch that can be given out."""
        if not self.loader.in_order:
            return next(iter(self.arrived), None)
        if self.given in self.arrived:
            self.given += 1
            return self.given - 1
        return None

    def close(self) -> None:
        """End the epoch. Workers that persist are kept only if they owe nothing."""
        if not self.open:
            return
        self.open = False
        if self.loader.persistent_workers and not self.outstanding:
            return
        self.loader.forget(self.pool)

    def __del__(self) -> None:
        if getattr(self, "open", False):
            self.close()


def _has_accelerator() -> bool:
    try:
        mt.get_backend("cuda")
    except (mt.BackendNotFound, mt.BackendBroken, mt.BackendUnavailable):
        return False
    return True


# -- fetching -------------------------------------------------------------------------------------


def _indexing(batched: bool, collate: Callable[[Any], Any], dataset: Any) -> Fetch:
    """Fetch by index."""
    if not batched:
        return lambda index: collate(dataset[index])
    whole = whole_batches(dataset)
    if whole is not None and collate is default_collate:
        return whole
    several = getattr(dataset, "__getitems__", None)
    if several is not None:
        return lambda indices: collate(several(indices))
    return lambda indices: collate([dataset[i] for i in indices])


def _streaming(
    batch_size: int | None, drop_last: bool, collate: Callable[[Any], Any], dataset: Any
) -> Fetch:
    """Fetch from a stream; `Ended` at its end."""
    stream = iter(dataset)

    def fetch(_: Any) -> Any:
        batch = list(itertools.islice(stream, batch_size or 1))
        if not batch or (drop_last and batch_size and len(batch) < batch_size):
            return Ended()
        return collate(batch if batch_size else batch[0])

    return fetch


__all__ = ["DataLoader"]
