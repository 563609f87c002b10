"""The number of threads, and the way they wait for each other.

The threads are numba's, one pool for all kernels; BLAS is called within them, on one thread each.
A loop is shared only where that pays: `thresholds` says from where.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from typing import Any

import numba
from numba import config as numba_config

#: The number of times that a waiting thread looks for work before it sleeps.
SPINS = 30000


def load_openmp() -> bool:
    """Load the OpenMP runtime that numba's threads run on, told how long to wait actively; say
    whether there is one.

    At the end of each parallel loop GNU OpenMP's threads spin for a while, in the hope that the
    next one begins. To wake one that sleeps takes as long as adding 100,000 numbers, and a training
    step has dozens of loops; but a thread that spins keeps the core from whom else wants it, be it
    another program or one of Python's threads. Measured on two cores, milliseconds:

    | turns | microseconds | LeNet's step | LSTM's step | LeNet's beside a busy program |
    |---|---|---|---|---|
    | 3000 | 60 | 3.7 | 33 | 7 |
    | 30000 | 600 | 2.9 | 33 | 19 to 26 |
    | 300000, OpenMP's choice | 6000 | 2.9 | 46 | 9 to 13 |
    | PyTorch's | | 6.1 | 62 | 19 to 22 |

    `SPINS` bridges the Python between two loops. On a machine that is shared less is better:
    GOMP_SPINCOUNT=3000 in the environment.

    The runtime reads its settings from the environment while it is being loaded, so they are put
    there for just that long. Whoever sets them has the last word.
    """
    chosen = "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ
    if not chosen:
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)
    try:
        importlib.import_module("numba.np.ufunc.omppool")
    except ImportError:  # numba built without OpenMP has other layers, which do not spin
        return False
    finally:
        if not chosen:
            del os.environ["GOMP_SPINCOUNT"]
    return True


config: Any = numba_config  # whose settings are made as it is loaded
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

    The environment variable NUMBA_NUM_THREADS, read at start, says how many there are at most and
    to begin with; without it, one for each core. Results repeat bit for bit for the same number.

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
    """The number of threads of a parallel loop in this Python thread, now. 1 in a process that was
    forked: OpenMP's threads are not copied with it, and it may not start new ones."""
    if _forked:
        return 1
    number = _number
    if getattr(_this_thread, "number", None) != number:
        numba.set_num_threads(number)  # which is a setting of each Python thread
        _this_thread.number = number
    return number


def _after_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def call_alone(loop: Callable[..., None]) -> Callable[..., None]:
    """A parallel loop as it may be called from several Python threads at once.

    OpenMP gives each of them threads of its own. Numba's last resort, the layer "workqueue", ends
    the process instead; there one loop runs at a time.
    """
    chosen = config.THREADING_LAYER
    if chosen != "workqueue" and (_openmp or chosen in ("omp", "tbb")):
        return loop

    def call(*args: Any) -> None:
        with _lock:
            loop(*args)

    return call
