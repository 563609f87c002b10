"""The pool gives memory to one array at a time, and keeps no more than it says."""

import threading

import numpy as np
import pytest

from minitorch_backends.fast import memory
from minitorch_backends.fast.memory import Pool
from minitorch_backends.fast.thresholds import KEPT_MEMORY
from minitorch_tensor import float32, get_backend

FLOAT = np.dtype(np.float32)
SHAPE = (KEPT_MEMORY // 4, 2)


def address(array) -> int:
    return array.__array_interface__["data"][0]


def test_memory_that_nobody_holds_is_used_again():
    pool = Pool()
    first = address(pool.empty(SHAPE, FLOAT))
    again = pool.empty(SHAPE, FLOAT)
    assert address(again) == first
    assert (again.shape, again.dtype) == (SHAPE, FLOAT)
    assert address(pool.empty(SHAPE, FLOAT)) != first


def test_any_view_keeps_its_memory():
    pool = Pool()
    view = pool.empty(SHAPE, FLOAT).reshape(-1)[5:9].view(np.int32)
    view[:] = 7
    other = pool.empty(SHAPE, FLOAT)
    other.fill(0)
    assert (view == 7).all()
    taken = address(view) - 20
    del view
    assert address(pool.empty(SHAPE, FLOAT)) == taken


def test_results_of_operations_never_share_memory():
    fast = get_backend("fast")
    x = fast.full((1 << 20,), 1.0, float32)
    kept = [fast.map(np_free, x, float32) for _ in range(3)]
    assert len({address(k.buffer) for k in [x, *kept]}) == 4
    for k in kept:
        assert (k.buffer == 3.0).all()


def np_free(x):
    return x + 2.0


@pytest.mark.parametrize("limit", [0, 3])
def test_free_memory_stays_below_the_limit(limit, monkeypatch):
    pool = Pool()
    held = [pool.empty(SHAPE, FLOAT) for _ in range(8)]
    size = held[0].nbytes
    monkeypatch.setattr(memory, "LIMIT", limit * size)
    assert pool.free_bytes() == 0
    held.clear()
    larger = pool.empty((2 * SHAPE[0], 2), FLOAT)
    assert pool.free_bytes() <= limit * size
    assert larger.nbytes == 2 * size


def test_memory_that_is_not_wanted_goes_back(monkeypatch):
    monkeypatch.setattr(memory, "PATIENCE", 4)
    pool = Pool()
    pool.empty(SHAPE, FLOAT)
    assert pool.free_bytes() > 0
    held = [pool.empty((2 * SHAPE[0] + 64 * i, 2), FLOAT) for i in range(6)]
    assert pool.free_bytes() == 0
    held.clear()
    pool.clear()
    assert pool.free_bytes() == 0


def test_several_threads_get_memory_of_their_own():
    pool = Pool()
    wrong = []

    def work(number: int) -> None:
        for _ in range(200):
            array = pool.empty(SHAPE, FLOAT)
            array[::97] = number
            if not (array[::97] == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
