"""How threads wait for each other."""

from __future__ import annotations

import contextlib
import importlib
import os


def load_openmp() -> None:
    """Load the OpenMP runtime that numba's threads run on, told not to wait actively.

    At the end of each parallel loop GNU OpenMP's threads spin for a while, in the hope that the
    next one begins. That saves some 5 microseconds a loop on an idle machine; but where another
    program wants the cores, each spinning thread keeps the one off that it waits for, and a
    training step of 8 ms took up to 116 ms. The runtime reads its settings from the environment
    while it is being loaded, so they are put there for just that long. Whoever sets them has the
    last word.
    """
    if "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ:
        return
    os.environ["GOMP_SPINCOUNT"] = "0"
    try:
        # Where numba was built without OpenMP it has other layers, which do not spin.
        with contextlib.suppress(ImportError):
            importlib.import_module("numba.np.ufunc.omppool")
    finally:
        del os.environ["GOMP_SPINCOUNT"]
