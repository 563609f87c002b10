"""The DataLoader: every example once, the same batches whoever makes them, and its failures."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_tensor as mt
from minitorch_data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    LengthBatchSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    get_worker_info,
)
from minitorch_data import workers as workers_module

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


class Squares(Dataset):
    """The squares of 0, 1, ...; some indices fail, in one way or another."""

    def __init__(self, size, failing=None, how=None):
        self.size, self.failing, self.how = size, failing, how

    def __getitem__(self, index):
        if index == self.failing:
            self.how()
        return index * index

    def __len__(self):
        return self.size


class Stream(IterableDataset):
    """0, 1, ..., shared out among the workers."""

    def __init__(self, size):
        self.size = size

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.size, step))


def lists(loader):
    return [batch.tolist() for batch in loader]


def workers(number, **options):
    """The options of a loader with so many workers."""
    return {"num_workers": number, "multiprocessing_context": "fork", **options} if number else {}


# -- batches --------------------------------------------------------------------------------------


@given(st.integers(0, 20), st.integers(1, 6), st.booleans())
def test_batches_are_the_examples_in_order(size, batch_size, drop_last):
    loader = DataLoader(Squares(size), batch_size, drop_last=drop_last)
    batches = lists(loader)
    assert len(batches) == len(loader)
    kept = size - size % batch_size if drop_last else size
    assert [x for batch in batches for x in batch] == [i * i for i in range(kept)]


@given(st.integers(1, 30), st.integers(1, 7), st.integers(0, 99))
def test_a_batch_by_one_operation_is_that_of_single_examples(size, batch_size, seed):
    x, y = mt.randn(size, 2), mt.arange(size)
    whole, rows = TensorDataset(x, y), [(x[i], y[i]) for i in range(size)]
    for dataset in (whole, Subset(whole, list(range(size))), rows):
        loader = DataLoader(dataset, batch_size, shuffle=True, generator=mt.Generator(seed))
        batches = [(a.tolist(), b.tolist()) for a, b in loader]
        if dataset is whole:
            expected = batches
        assert batches == expected
    assert sorted(i for _, b in expected for i in b) == list(range(size))


class Doubled(TensorDataset):
    def __getitem__(self, index):
        (row,) = super().__getitem__(index)
        return (2 * row,)


def test_a_subclass_that_changes_examples_is_heard():
    data = Doubled(mt.arange(4))
    for dataset in (data, Subset(data, [0, 1, 2, 3])):
        assert [x.tolist() for (x,) in DataLoader(dataset, 2)] == [[0, 2], [4, 6]]


def test_without_a_batch_size_come_single_examples():
    assert list(DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    assert len(DataLoader(Squares(3), batch_size=None)) == 3
    converted = list(DataLoader([np.ones(2)], batch_size=None))
    assert isinstance(converted[0], mt.Tensor)


def test_a_batch_sampler_decides_about_batches():
    loader = DataLoader(Squares(6), batch_sampler=[[5], [0, 1]])
    assert lists(loader) == [[25], [0, 1]]
    assert len(loader) == 2
    sampler = BatchSampler(SequentialSampler(range(4)), 3, True)
    assert lists(DataLoader(Squares(4), batch_sampler=sampler)) == [[0, 1, 4]]


def test_collate_fn_makes_the_batches():
    loader = DataLoader(TensorDataset(mt.arange(4)), 3, collate_fn=len)
    assert list(loader) == [3, 1]


def test_each_epoch_has_another_order_and_a_seed_repeats_them():
    loader = DataLoader(Squares(40), 8, shuffle=True)
    mt.manual_seed(1)
    first = [lists(loader), lists(loader)]
    mt.manual_seed(1)
    assert first == [lists(loader), lists(loader)]
    assert first[0] != first[1]


# -- workers --------------------------------------------------------------------------------------


@fork
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_make_the_same_batches_in_the_same_order(number, persistent):
    data = TensorDataset(mt.arange(37))
    mt.manual_seed(8)
    alone = DataLoader(data, 4, shuffle=True)
    expected = [[x.tolist() for (x,) in alone] for _ in range(3)]
    mt.manual_seed(8)
    loader = DataLoader(data, 4, shuffle=True, **workers(number, persistent_workers=persistent))
    assert [[x.tolist() for (x,) in loader] for _ in range(3)] == expected
    del loader
    gc.collect()
    assert not multiprocessing.active_children()


@fork
@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_a_stream_is_shared_out_by_its_workers(number):
    loader = DataLoader(Stream(11), 3, **workers(number))
    assert sorted(x for batch in lists(loader) for x in batch) == list(range(11))
    assert sorted(DataLoader(Stream(11), None, **workers(number))) == list(range(11))
    dropping = DataLoader(Stream(11), 3, drop_last=True, **workers(number))
    assert all(len(batch) == 3 for batch in lists(dropping))


def test_a_stream_with_a_length_counts_its_batches():
    class Counted(Stream):
        def __len__(self):
            return self.size

    assert [len(DataLoader(Counted(11), 3, drop_last=d)) for d in (False, True)] == [4, 3]
    assert len(DataLoader(Counted(11), None)) == 11
    with pytest.raises(TypeError, match="has no len"):
        len(DataLoader(Stream(11), 3))


class Draws(Dataset):
    """Random numbers of each kind, drawn by the worker, and its own description."""

    def __getitem__(self, index):
        info = get_worker_info()
        drawn = random.random(), float(np.random.rand()), mt.rand(1).item()  # noqa: NPY002
        return info.id, info.num_workers, info.seed % 2**31, *drawn

    def __len__(self):
        return 6


@fork
def test_each_worker_has_random_numbers_of_its_own_that_repeat_with_the_seed():
    def epochs():
        mt.manual_seed(5)
        loader = DataLoader(Draws(), None, **workers(2))
        return [list(loader), list(loader)]

    first = epochs()
    assert first == epochs()
    assert [example[0] for example in first[0]] == [0, 1, 0, 1, 0, 1]
    drawn = [number for epoch in first for example in epoch for number in example[3:]]
    assert len(set(drawn)) == len(drawn)
    assert get_worker_info() is None


@fork
def test_the_generator_seeds_the_workers_and_the_same_one_without_workers_gives_the_same_order():
    def epochs(number):
        generator = mt.Generator(6)
        loader = DataLoader(Draws(), None, True, generator=generator, **workers(number))
        return [list(loader), list(loader)], generator.get_state()

    mt.manual_seed(1)
    first, after = epochs(2)
    mt.manual_seed(2)
    assert epochs(2) == (first, after)
    alone = DataLoader(range(6), None, True, generator=mt.Generator(6))
    several = DataLoader(range(6), None, True, generator=mt.Generator(6), **workers(2))
    assert [list(alone) for _ in range(3)] == [list(several) for _ in range(3)]


@fork
def test_the_seed_of_a_worker_is_that_of_its_generator():
    class Seeds(Draws):
        def __getitem__(self, index):
            return get_worker_info().seed, mt.default_generator.initial_seed()

    for told, used in DataLoader(Seeds(), None, **workers(2)):
        assert told == used


@fork
def test_worker_init_fn_is_called_once_in_each_worker():
    calls = multiprocessing.get_context("fork").SimpleQueue()
    loader = DataLoader(Squares(4), **workers(2, worker_init_fn=calls.put, persistent_workers=True))
    lists(loader), lists(loader)
    assert sorted([calls.get(), calls.get()]) == [0, 1]
    assert calls.empty()


@fork
def test_without_order_batches_come_as_they_are_finished():
    class Slow(Squares):
        def __getitem__(self, index):
            if index == 0:
                time.sleep(0.5)
            return index

    loader = DataLoader(Slow(8), **workers(2, in_order=False))
    batches = [x for batch in lists(loader) for x in batch]
    assert batches[0] != 0
    assert sorted(batches) == list(range(8))


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_can_be_started_in_every_way(method):
    loader = DataLoader(
        TensorDataset(mt.arange(10)), 3, num_workers=2, multiprocessing_context=method
    )
    assert [x.tolist() for (x,) in loader] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


@fork
@pytest.mark.slow
def test_workers_compute_after_the_parent_has_computed_with_every_thread():
    big = mt.randn(400, 400)
    before = (big @ big).sum().item()

    class Products(Squares):
        def __getitem__(self, index):
            return (big @ big).sum()

    batches = list(DataLoader(Products(4), None, **workers(2, timeout=60)))
    np.testing.assert_allclose([x.item() for x in batches], before, rtol=1e-3)


# -- failures -------------------------------------------------------------------------------------


def raising(error):
    def how():
        raise error

    return how


class Odd(Exception):
    """An exception that cannot be made of a message."""

    def __init__(self, one, two):
        super().__init__(one, two)


@fork
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("three is wrong"), ValueError),
        (KeyError("three is wrong"), KeyError),
        (Odd("three is wrong", 2), RuntimeError),
        (StopIteration("three is wrong"), RuntimeError),
    ],
)
def test_an_exception_in_a_worker_is_raised_here_with_its_traceback(error, kind):
    loader = DataLoader(Squares(8, 3, raising(error)), 2, **workers(2))
    batches = iter(loader)
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(kind, match=r"(?s)in DataLoader worker process 1.*three is wrong"):
        next(batches)
    with pytest.raises(StopIteration):
        next(batches)
    assert not multiprocessing.active_children()


@fork
def test_an_exception_in_worker_init_fn_or_iter_is_raised_here():
    loader = DataLoader(Squares(2), **workers(1, worker_init_fn=raising(ValueError("no start"))))
    with pytest.raises(TypeError, match=r"(?s)worker process 0.*takes 0 positional arguments"):
        list(loader)

    class Broken(IterableDataset):
        def __iter__(self):
            raise ValueError("no stream")

    with pytest.raises(ValueError, match=r"(?s)worker process 0.*no stream"):
        list(DataLoader(Broken(), **workers(1)))


@fork
def test_what_cannot_be_sent_is_told():
    loader = DataLoader(Squares(2), collate_fn=lambda batch: lambda: batch, **workers(1))
    with pytest.raises(Exception, match=r"(?si)worker process 0.*pickle"):
        list(loader)


@fork
@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "was killed by SIGKILL. Is there enough"),
        (lambda: os._exit(7), "ended with exit code 7"),
    ],
)
def test_a_worker_that_dies_is_told_at_once(how, message):
    loader = DataLoader(Squares(8, 3, how), **workers(2))
    began = time.monotonic()
    with pytest.raises(RuntimeError, match=f"worker 1 .pid .* {message}"):
        list(loader)
    assert time.monotonic() - began < 30
    assert not multiprocessing.active_children()


@fork
def test_the_loader_goes_on_after_a_worker_has_died():
    loader = DataLoader(Squares(4, 2, lambda: os._exit(1)), **workers(1, persistent_workers=True))
    with pytest.raises(RuntimeError, match="exit code 1"):
        list(loader)
    loader.dataset.failing = None
    assert lists(loader) == [[0], [1], [4], [9]]


@fork
def test_a_batch_that_takes_too_long_is_told(monkeypatch):
    monkeypatch.setattr(workers_module, "PATIENCE", 0.2)
    loader = DataLoader(Squares(3, 1, lambda: time.sleep(60)), **workers(1, timeout=0.3))
    batches = iter(loader)
    assert next(batches).tolist() == [0]
    with pytest.raises(RuntimeError, match=r"within the timeout of 0\.3 s"):
        next(batches)
    assert not multiprocessing.active_children()


@fork
@pytest.mark.parametrize("persistent", [False, True])
def test_an_epoch_that_is_left_half_way_stops_its_workers(persistent):
    loader = DataLoader(Squares(100), **workers(2, persistent_workers=persistent))
    for batch in loader:
        assert batch.tolist() == [0]
        break
    del batch
    gc.collect()
    assert lists(loader)[-1] == [99 * 99]
    del loader
    gc.collect()
    assert not multiprocessing.active_children()


@fork
@pytest.mark.parametrize("persistent", [False, True])
def test_loaders_side_by_side_stop_their_workers_at_once(persistent, monkeypatch):
    killed = []
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "kill", killed.append)
    monkeypatch.setattr(workers_module, "PATIENCE", 2.0)
    first, second = (
        DataLoader(Squares(9), **workers(2, persistent_workers=persistent)) for _ in range(2)
    )
    assert [a == b for a, b in zip(first, second)] == [True] * 9
    one, two = iter(first), iter(second)
    assert next(one) == next(two)
    del one, first
    gc.collect()
    del two, second
    gc.collect()
    assert not killed
    assert not multiprocessing.active_children()


@fork
@pytest.mark.parametrize("persistent", [False, True])
def test_ctrl_c_and_the_end_of_the_program_leave_no_worker_and_no_traceback(persistent, tmp_path):
    program = textwrap.dedent(f"""
        import os, sys, time
        import minitorch_tensor as mt
        from minitorch_data import DataLoader, Dataset

        class Slow(Dataset):
            def __getitem__(self, index):
                time.sleep(0.05)
                return index
            def __len__(self):
                return 1000

        loader = DataLoader(Slow(), num_workers=2, multiprocessing_context="fork",
                            persistent_workers={persistent})
        try:
            for number, batch in enumerate(loader):
                if number == 3:
                    import multiprocessing
                    pids = [p.pid for p in multiprocessing.active_children()]
                    print(*pids, flush=True)
        except KeyboardInterrupt:
            print("stopped", flush=True)
    """)
    path = tmp_path / "program.py"
    path.write_text(program)
    run = subprocess.Popen(
        [sys.executable, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "MINITORCH_BACKEND": "numpy"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pids = [int(word) for word in run.stdout.readline().split()]
    assert len(pids) == 2
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    out, errors = run.communicate(timeout=60)
    assert out == "stopped\n"
    assert errors == ""
    assert run.returncode == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no groups of processes")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_ctrl_c_while_workers_start_is_told_once(method, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        textwrap.dedent(f"""
        import minitorch_tensor as mt
        from minitorch_data import DataLoader, TensorDataset

        if __name__ == "__main__":
            print("ready", flush=True)
            try:
                while True:
                    for batch in DataLoader(TensorDataset(mt.arange(9)), num_workers=2,
                                            multiprocessing_context="{method}"):
                        pass
            except KeyboardInterrupt:
                print("stopped", flush=True)
        """)
    )
    for delay in (0.0, 0.05, 0.2, 0.6):
        run = subprocess.Popen(
            [sys.executable, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "MINITORCH_BACKEND": "numpy"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert run.stdout.readline() == "ready\n"
        time.sleep(delay)
        os.killpg(run.pid, signal.SIGINT)
        out, errors = run.communicate(timeout=60)
        assert (out, errors) == ("stopped\n", "")
        deadline = time.monotonic() + 20
        while _group_lives(run.pid):
            assert time.monotonic() < deadline, "processes live on"
            time.sleep(0.02)


@fork
def test_workers_end_when_the_process_that_loads_is_killed(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        textwrap.dedent("""
        import multiprocessing, os, signal
        import minitorch_tensor as mt
        from minitorch_data import DataLoader, TensorDataset
        loader = DataLoader(TensorDataset(mt.arange(100)), num_workers=2,
                            multiprocessing_context="fork")
        next(iter(loader_epoch := iter(loader)))
        print(*[p.pid for p in multiprocessing.active_children()], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    run = subprocess.run(
        [sys.executable, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "MINITORCH_BACKEND": "numpy"},
    )
    pids = [int(word) for word in run.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "workers live on"
        time.sleep(0.05)
    assert run.stderr == ""


def _group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _alive(pid):
    """True for a process that runs; one that has ended may wait for whoever adopted it."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_workers": -1}, "num_workers must not be negative, got -1"),
        ({"timeout": -1}, "timeout must not be negative, got -1"),
        ({"prefetch_factor": 2}, "prefetch_factor wants workers"),
        ({"persistent_workers": True}, "persistent_workers wants workers"),
        ({"multiprocessing_context": "fork"}, "multiprocessing_context wants workers"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor must be at least 1, got 0"),
        (
            {"num_workers": 1, "multiprocessing_context": "fro"},
            r"multiprocessing_context must be one of .*, got 'fro'",
        ),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"shuffle": True, "sampler": [0]}, "either a sampler or shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler decides about batch_size"),
        ({"batch_size": None, "drop_last": True}, "drop_last wants a batch_size"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(Squares(3), **options)


def test_a_context_is_a_name_or_a_context():
    with pytest.raises(TypeError, match=r"multiprocessing_context must be .*, got int"):
        DataLoader(Squares(3), num_workers=1, multiprocessing_context=3)


@pytest.mark.parametrize(
    "name",
    ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"],
)
def test_what_decides_about_batches_stays(name):
    loader = DataLoader(Squares(3))
    with pytest.raises(ValueError, match=f"{name} cannot be set once the loader is made"):
        setattr(loader, name, None)


def test_pinning_memory_for_no_accelerator_is_told(monkeypatch):
    def nothing(name):
        raise mt.BackendNotFound("no backend")

    monkeypatch.setattr(mt, "get_backend", nothing)
    with pytest.warns(UserWarning, match="no accelerator to pin memory for"):
        assert len(list(DataLoader(Squares(3), pin_memory=True))) == 3


@pytest.mark.parametrize("name", ["shuffle", "sampler", "batch_sampler"])
def test_a_stream_has_its_own_order(name):
    with pytest.raises(ValueError, match=f"so {name} cannot be given"):
        DataLoader(Stream(3), **{name: True if name == "shuffle" else [[0]]})


def test_a_state_repeats_the_next_iterations() -> None:
    data = list(range(20))
    for make in (
        lambda: DataLoader(data, 3, shuffle=True, generator=mt.Generator(5)),
        lambda: DataLoader(data, batch_sampler=LengthBatchSampler(data, 4, mt.Generator(5))),
    ):
        loader = make()
        list(loader)
        state = loader.state_dict()
        rest = [[batch.tolist() for batch in loader] for _ in range(2)]
        other = make()
        other.load_state_dict(state)
        assert [[batch.tolist() for batch in other] for _ in range(2)] == rest
    with pytest.raises(ValueError, match="states of 1 generators, and this loader has 0"):
        DataLoader(data).load_state_dict(state)
