"""The cost of whole processes: to import, to reach the first training step, and in memory.

Each measurement starts Python anew. `python processes.py TASK LIBRARY` is what is started.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The training steps that are started from nothing, by the names of their cases.
STEPS = {
    "course network": "step: course network, batch 16",
    "LeNet-5": "step: LeNet-5, batch 64",
    "sentiment LSTM": "step: sentiment LSTM, batch 32, length 200",
}

#: How many steps a process trains whose memory is measured.
TRAINED = 60

#: Measurements of a process, of which the median counts.
REPETITIONS = 5

NAMES = [
    "process: import",
    *[f"process: start to first step of {name}, warm" for name in STEPS],
    *[f"process: start to first step of {name}, cold" for name in STEPS],
    *[f"memory: training {name}" for name in STEPS],
]


def measure(name: str, library: str, threads: int | None) -> float:
    """Seconds of a process of one library, or MiB that it takes at its peak."""
    kind, _, what = name.partition(": ")
    step = next((case for short, case in STEPS.items() if f" {short}" in what), "")
    task = "import" if what == "import" else f"{TRAINED if kind == 'memory' else 1} {step}"
    environment = dict(os.environ)
    if threads is not None:
        environment.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    with kernel_cache(empty=what.endswith("cold")) as folder:
        environment["NUMBA_CACHE_DIR"] = folder
        command = [sys.executable, __file__, task, library]
        if not what.endswith("cold"):
            run(command, environment)  # so that kernels are on the disk, and files in memory
        taken = [
            run(command, environment) for _ in range(1 if what.endswith("cold") else REPETITIONS)
        ]
    return statistics.median([peak if kind == "memory" else seconds for seconds, peak in taken])


@contextmanager
def kernel_cache(empty: bool) -> Iterator[str]:
    """A folder for compiled kernels: one that is used again, or a fresh one."""
    if empty:
        with tempfile.TemporaryDirectory() as folder:
            yield folder
    else:
        folder = str(Path(sys.prefix) / "kernels")
        yield folder


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a process to its end: seconds, and the most MiB that it had."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr as stream:
        errors = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors}")
    # Linux counts KiB, macOS bytes.
    return seconds, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """Do a task, and end."""
    task, name = sys.argv[1:]
    if task == "import":
        __import__("torch" if name == "torch" else "minitorch_nn")
        if name != "torch":
            __import__("minitorch_tensor").get_backend()  # which is when the compiler is loaded
        return
    from cases import CASES, library

    count, _, case = task.partition(" ")
    step = CASES[case](library(name))
    for _ in range(int(count)):
        step()


if __name__ == "__main__":
    main()
