"""Start-up of a program, before it imports anything heavy.

Otherwise Ctrl-C in the first second, a closed standard output, or a limit on threads would end in
tracebacks of Python and its libraries. Nearly all imports here are of modules that Python has
already loaded.
"""

from __future__ import annotations

import _thread  # noqa: PLC2701 - threading takes long to import
import os
import signal
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

__all__ = ["ENDINGS", "may_start_threads", "reopen_streams", "start"]

#: Signals that ask a program to end, with its message for each. Some systems lack some of them.
ENDINGS = {
    getattr(signal, name): said
    for name, said in (
        ("SIGINT", "interrupted"),
        ("SIGTERM", "terminated"),
        ("SIGHUP", "hung up"),
    )
    if hasattr(signal, name)
}

#: Settings that keep libraries from starting threads. OpenBLAS raises a signal if it cannot.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_kept: list[object] = []  # null streams, kept open until the process ends


def start(program: str) -> None:
    """Prepare the process. Call this first, in the entry point only.

    From now on the signals of ENDINGS end it with a line on stderr and exit code 128 + signal;
    `main` changes that while it runs a command. Ignored signals stay ignored, as SIGHUP under
    nohup.
    """

    def end(number: int, _: FrameType | None) -> NoReturn:
        try:
            os.write(2, f"{program}: {ENDINGS[signal.Signals(number)]}\n".encode())
        finally:
            os._exit(128 + number)

    for number in ENDINGS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, end)
    reopen_streams()
    if not may_start_threads(2 * min(os.cpu_count() or 1, 32)):
        for name in _ONE_THREAD:
            os.environ[name] = "1"
        warnings.filterwarnings("ignore", message="tqdm:disabling monitor support")


def reopen_streams() -> None:
    """Connect closed standard streams to the null device. Otherwise the next opened file would
    take their descriptors, and Python sets the streams to None."""
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            break
        os.set_inheritable(descriptor, True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            _kept.append(nowhere)
            setattr(sys, name, nowhere)


def may_start_threads(number: int) -> bool:
    """True if the system lets this process start that many more threads."""
    wait = _thread.allocate_lock()

    def pause() -> None:
        with wait:
            pass

    with wait:
        try:
            for _ in range(number):
                _thread.start_new_thread(pause, ())
        except RuntimeError:
            return False
    return True
