"""Threads: as many as asked for, from any Python thread, and none after a fork."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from numba import config

from minitorch_autodiff import operators as ops
from minitorch_backends.fast import get_num_threads, set_num_threads
from minitorch_backends.fast.threads import usable_threads
from minitorch_tensor import Window, float32, get_backend
from minitorch_tensor.derived import Convolution

fast = get_backend("fast")
several = pytest.mark.skipif(config.NUMBA_NUM_THREADS < 2, reason="wants two threads")
WINDOW = Window((3, 3), (1, 1), (1, 1), (1, 1))


@pytest.fixture(autouse=True)
def _same_number_afterwards():
    before = get_num_threads()
    yield
    set_num_threads(before)


def data(*shape, seed=0):
    return fast.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def results() -> list[bytes]:
    """Of operations of every family, large enough to be shared among threads."""
    x, y, image = data(700, 700), data(700, 700, seed=1), data(8, 16, 32, 32)
    weight = data(32, 16, 3, 3, seed=2)
    out = fast.conv2d(image, weight, Convolution(WINDOW))
    computed = [
        fast.map(ops.tanh, x, float32),
        fast.zip(ops.mul, x, y, float32),
        fast.reduce_dims(ops.add, x, (0, 1), 0.0, float32),
        fast.reduce(ops.max, x, 0, -np.inf, float32),
        fast.matmul(x, y),
        fast.softmax(x, 1),
        out,
        fast.conv2d_input_grad(out, weight, image.shape, Convolution(WINDOW)),
        fast.conv2d_weight_grad(out, image, weight.shape, Convolution(WINDOW)),
        fast.max_pool2d(image, WINDOW)[0],
        fast.avg_pool2d(image, WINDOW),
    ]
    return [np.ascontiguousarray(fast.to_numpy(c)).tobytes() for c in computed]


def close(got: list[bytes], expected: list[bytes]) -> None:
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(
            np.frombuffer(a, np.float32), np.frombuffer(b, np.float32), rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("number", [0, -1, config.NUMBA_NUM_THREADS + 1])
def test_a_number_of_threads_that_there_are_not_is_refused(number):
    with pytest.raises(ValueError, match="NUMBA_NUM_THREADS"):
        set_num_threads(number)


@pytest.mark.parametrize("number", [1.0, "2", None, True])
def test_a_number_of_threads_is_an_integer(number):
    with pytest.raises(TypeError, match="wanted an integer"):
        set_num_threads(number)


@several
def test_the_number_of_threads_holds_in_every_python_thread():
    seen = []
    for number in (1, 2):
        set_num_threads(number)
        assert get_num_threads() == number
        thread = threading.Thread(target=lambda: seen.append(usable_threads()))
        thread.start()
        thread.join()
    assert seen == [1, 2]


@several
def test_results_repeat_bit_for_bit_for_the_same_number_of_threads():
    expected = results()
    assert results() == expected
    set_num_threads(1)
    alone = results()
    assert results() == alone
    close(alone, expected)
    set_num_threads(2)
    assert results() == expected if config.NUMBA_NUM_THREADS == 2 else True


def test_several_python_threads_compute_at_once():
    expected = results()
    wrong = []

    def compute() -> None:
        for _ in range(3):
            if results() != expected:
                wrong.append(1)

    threads = [threading.Thread(target=compute) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_computes_what_its_parent_does():
    expected = results()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            close(results(), expected)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_numbas_last_resort_serves_several_python_threads_too():
    code = """
import threading
import numpy as np
from minitorch_autodiff import operators as ops
from minitorch_tensor import float32, get_backend
fast = get_backend("fast")
x = fast.from_numpy(np.ones(1 << 19, np.float32))
def work():
    for _ in range(20):
        assert (fast.map(ops.tanh, x, float32).buffer == np.float32(np.tanh(1))).all()
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
"""
    environment = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_the_environment_says_how_many_threads_there_are():
    code = "from minitorch_backends.fast import get_num_threads; print(get_num_threads())"
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "1\n"
