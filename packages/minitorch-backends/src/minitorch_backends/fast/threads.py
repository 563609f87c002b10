"""The number of threads, and how long they spin-wait.

The threads are numba's, one pool for all kernels; each calls BLAS single-threaded. A loop is
parallel only if that pays: see `thresholds`.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from typing import Any

import numba
from numba import config as numba_config

#: The number of times that a waiting thread spins before it sleeps.
SPINS = 30000


def load_openmp() -> bool:
    """Load the OpenMP runtime of numba's threads with our spin count; False if there is none.

    At the end of each parallel loop GNU OpenMP's threads spin for a while, waiting for the next
    loop. Waking a sleeping thread takes as long as adding 100,000 numbers, and a training step has
    dozens of loops; but a spinning thread keeps its core from other programs and from Python's
    threads. Measured on two cores, milliseconds:

    | turns | microseconds | LeNet's step | LSTM's step | LeNet's beside a busy program |
    |---|---|---|---|---|
    | 3000 | 60 | 3.7 | 33 | 7 |
    | 30000 | 600 | 2.9 | 33 | 19 to 26 |
    | 300000, OpenMP's choice | 6000 | 2.9 | 46 | 9 to 13 |
    | PyTorch's | | 6.1 | 62 | 19 to 22 |

    `SPINS` covers the Python code between two loops. On a shared machine a lower count is better:
    set GOMP_SPINCOUNT=3000 in the environment.

    The runtime reads its settings from the environment while it is loaded, so they are set just for
    that time. Settings of the user take precedence.
    """
    chosen = "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ
    if not chosen:
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)
    try:
        importlib.import_module("numba.np.ufunc.omppool")
    except ImportError:  # without OpenMP numba uses other threading layers, which do not spin
        return False
    finally:
        if not chosen:
            del os.environ["GOMP_SPINCOUNT"]
    return True


config: Any = numba_config  # untyped: it sets its attributes when loaded
_openmp = load_openmp()
_lock = threading.Lock()
_number: int = config.NUMBA_NUM_THREADS
_this_thread = threading.local()
_forked = False


def get_num_threads() -> int:
    """The number of threads that a kernel may use."""
    return _number


def set_num_threads(number: int) -> None:
    """Let kernels use this many threads, whichever Python thread calls them.

    The environment variable NUMBA_NUM_THREADS, read at start, sets the initial and largest number;
    the default is one per core. Results repeat bit for bit for the same number.

    Raises: TypeError unless it is an integer; ValueError below 1 or above the machine's number.
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"set_num_threads: wanted an integer, got {type(number).__name__}.")
    if not 1 <= number <= config.NUMBA_NUM_THREADS:
        raise ValueError(
            f"set_num_threads: wanted 1 to {config.NUMBA_NUM_THREADS}, got {number}. To allow "
            "more, set the environment variable NUMBA_NUM_THREADS before starting Python."
        )
    global _number
    _number = number


def usable_threads() -> int:
    """The number of threads of a parallel loop in this Python thread, now. It is 1 in a forked
    process: a fork does not copy OpenMP's threads, and the child may not start new ones."""
    if _forked:
        return 1
    number = _number
    if getattr(_this_thread, "number", None) != number:
        numba.set_num_threads(number)  # a setting of each Python thread
        _this_thread.number = number
    return number


def _after_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def call_alone(loop: Callable[..., None]) -> Callable[..., None]:
    """A parallel loop made safe to call from several Python threads at once.

    OpenMP gives each Python thread its own pool. numba's fallback layer "workqueue" would abort
    the process, so with it one loop runs at a time.
    """
    chosen = config.THREADING_LAYER
    if chosen != "workqueue" and (_openmp or chosen in ("omp", "tbb")):
        return loop

    def call(*args: Any) -> None:
        with _lock:
            loop(*args)

    return call
