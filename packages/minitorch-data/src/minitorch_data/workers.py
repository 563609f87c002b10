"""Worker processes that make batches.

Each worker has two pipes, one for tasks and one for results, which it shares with nobody: a worker
that is killed leaves no lock behind and breaks no message of another. It sees the end of the task
pipe when the loader stops it, or when the process that loads has died.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import signal
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

import minitorch_tensor as mt

#: Makes the batch of a list of indices; for an IterableDataset, the next batch of a number.
Fetch = Callable[[Any], Any]

#: Seconds that a worker has to end by itself before it is killed.
PATIENCE = 5.0


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process knows of itself.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: of its random numbers: those of MiniTorch, numpy and `random` are seeded with it.
        dataset: its copy of the data set.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader, what it knows of itself; elsewhere None."""
    return _info


@dataclass(frozen=True)
class Order:
    """What a worker is started with.

    Attributes:
        dataset: pickled for the worker, or inherited by a fork.
        fetcher: makes the function that makes batches, from the data set.
        init: called with the worker's number first, if given.
    """

    id: int
    num_workers: int
    dataset: Any
    fetcher: Callable[[Any], Fetch]
    init: Callable[[int], None] | None


@dataclass(frozen=True)
class Epoch:
    """The message that begins an epoch: the seed of the worker's random numbers."""

    seed: int


class Ended:
    """What is fetched from an IterableDataset that has come to its end."""


class Failure:
    """An exception of a worker, as text: exceptions need not survive pickling."""

    def __init__(self, error: BaseException, worker: int) -> None:
        self.kind = type(error)
        self.text = (
            f"Caught {self.kind.__name__} in DataLoader worker process {worker}.\n"
            f"Original {''.join(traceback.format_exception(error))}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _failure, (self.kind, self.text)

    def raise_again(self) -> None:
        """Raise an exception of the same type whose message holds the worker's traceback;
        RuntimeError where that type cannot be made of a message."""
        text = self.text
        try:
            error: BaseException = self.kind(_Text(text) if self.kind is KeyError else text)
        except Exception:  # noqa: BLE001 - a constructor of the user's may raise anything
            error = RuntimeError(text)
        # Raised within an iterator, this one would mean that there are no more batches.
        raise RuntimeError(text) if isinstance(error, StopIteration) else error


class _Text(str):
    """A text that KeyError shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _failure(kind: type[BaseException], text: str) -> Failure:
    made = Failure.__new__(Failure)
    made.kind, made.text = kind, text
    return made


# -- in the worker --------------------------------------------------------------------------------


def work(order: Order, tasks: Connection, results: Connection) -> None:
    """The whole life of a worker process."""
    global _info
    # Ctrl-C reaches the whole group of processes. The loader stops its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # Two workers with a thread for each core would only be in each other's way.
    change = getattr(mt.get_backend(), "set_num_threads", None)
    if change is not None:
        change(1)
    outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    sender = threading.Thread(target=_send, args=(outbox, results), daemon=True)
    sender.start()
    # The end of the pipe, or a loader that is gone.
    with contextlib.suppress(EOFError, OSError):
        _serve(order, tasks, outbox)
    outbox.put(None)
    sender.join()


def _send(outbox: queue.SimpleQueue[Any], results: Connection) -> None:
    """Send results as they come, so that the next batch is made meanwhile."""
    while (item := outbox.get()) is not None:
        number, result = item
        try:
            results.send((number, result))
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:  # noqa: BLE001 - what cannot be pickled fails in many ways
            results.send((number, Failure(error, -1 if _info is None else _info.id)))


def _serve(order: Order, tasks: Connection, outbox: queue.SimpleQueue[Any]) -> None:
    global _info
    fetch: Fetch | None = None
    failed: Failure | None = None
    while True:
        message = tasks.recv()
        if isinstance(message, Epoch):
            _info = WorkerInfo(order.id, order.num_workers, message.seed, order.dataset)
            _seed(message.seed)
            try:
                if failed is None and fetch is None and order.init is not None:
                    order.init(order.id)
                fetch = order.fetcher(order.dataset)
            except Exception as error:  # noqa: BLE001 - raised again by the loader
                failed = Failure(error, order.id)
            continue
        number, indices = message
        if failed is not None or fetch is None:
            outbox.put((number, failed))
            continue
        try:
            outbox.put((number, fetch(indices)))
        except Exception as error:  # noqa: BLE001 - raised again by the loader
            outbox.put((number, Failure(error, order.id)))


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - for data sets that use numpy's global generator
    mt.manual_seed(seed)


# -- in the process that loads --------------------------------------------------------------------


#: The loader's ends of all pipes. A forked worker closes its copies of them: if it held the end of
#: another's tasks, that one would not see that the loader has stopped it.
_ends: weakref.WeakSet[Connection] = weakref.WeakSet()


class _Worker:
    """A worker process and its pipes."""

    def __init__(self, context: Any, order: Order) -> None:
        their_tasks, self.tasks = context.Pipe(duplex=False)
        self.results, their_results = context.Pipe(duplex=False)
        _ends.update((self.tasks, self.results))
        self.process = context.Process(
            target=_begin,
            args=(order, their_tasks, their_results),
            daemon=True,
            name=f"DataLoader worker {order.id}",
        )
        self.process.start()
        # With these closed, the pipes end when the worker does.
        their_tasks.close()
        their_results.close()


def _begin(order: Order, tasks: Connection, results: Connection) -> None:
    """Close what a fork has copied of the loader's pipes, then work."""
    for end in list(_ends):
        end.close()
    work(order, tasks, results)


@contextlib.contextmanager
def _holding_interrupts(context: Any) -> Iterator[None]:
    """Hold Ctrl-C back until the end. Processes that are started meanwhile inherit that: without,
    they would show a traceback if it came before they are ready to ignore it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    if context.get_start_method() != "fork":
        resource_tracker.ensure_running()  # started within, it would end the holding
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Another thread may take the signal, and Python would raise in the main one.
    caught: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread() and callable(handler)
    if main:
        signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


class Pool:
    """The workers of one loader.

    Args:
        context: of multiprocessing.
        orders: one for each worker.
    """

    def __init__(self, context: Any, orders: Sequence[Order]) -> None:
        self.workers: list[_Worker] = []
        self.owner = os.getpid()
        try:
            with _holding_interrupts(context):
                for order in orders:
                    self.workers.append(_Worker(context, order))
        except BaseException:
            self.stop()
            raise

    def begin(self, seeds: Sequence[int]) -> None:
        """Begin an epoch."""
        for worker, seed in zip(self.workers, seeds):
            self._send(worker, Epoch(seed))

    def ask(self, worker: int, number: int, indices: Any) -> None:
        """Let a worker make batch `number`."""
        self._send(self.workers[worker], (number, indices))

    def results(self, timeout: float) -> Iterator[tuple[int, Any]]:
        """Wait for results, and give those that have come.

        Args:
            timeout: seconds to wait at most; 0 for no limit.

        Raises: RuntimeError if none come in time, or a worker has died.
        """
        pipes = {worker.results: number for number, worker in enumerate(self.workers)}
        ready = wait(pipes, timeout or None)
        if not ready:
            raise RuntimeError(
                f"DataLoader: no batch came within the timeout of {timeout:g} s. Raise timeout=, "
                "or look at what the data set waits for."
            )
        for pipe in ready:
            number = pipes[pipe]
            try:
                yield self.workers[number].results.recv()
            except (EOFError, OSError):
                raise self._died(number) from None

    def _send(self, worker: _Worker, message: Any) -> None:
        try:
            worker.tasks.send(message)
        except (BrokenPipeError, ConnectionResetError):
            raise self._died(self.workers.index(worker)) from None

    def _died(self, number: int) -> RuntimeError:
        process = self.workers[number].process
        process.join(PATIENCE)
        code = process.exitcode
        if code is not None and code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
            hint = " Is there enough memory?" if -code == signal.SIGKILL else ""
        else:
            how, hint = f"ended with exit code {code}", ""
        return RuntimeError(
            f"DataLoader: worker {number} (pid {process.pid}) {how}.{hint} With num_workers=0 the "
            "data set is read in this process, and an error in it is shown."
        )

    def stop(self) -> None:
        """End all workers, by force if they do not end by themselves."""
        if os.getpid() != self.owner:  # a copy in a forked process, whose workers these are not
            return
        for worker in self.workers:
            with contextlib.suppress(OSError):
                worker.tasks.close()
                worker.results.close()
        for worker in self.workers:
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self.workers = []


__all__ = ["WorkerInfo", "get_worker_info"]
