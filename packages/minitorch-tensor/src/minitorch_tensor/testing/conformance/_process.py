"""What a backend does to the process that loads it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from minitorch_tensor.testing.conformance._checks import Checks

#: Loads a backend and computes with it; prints the settings that are others then. The arguments are
#: its name, and libraries to import first, whose settings are looked at, too; the last line says
#: which of the libraries are imported at the end.
SETTINGS = """\
import contextlib, decimal, gc, locale, logging, os, random, signal, sys, threading, warnings
import numpy as np

# A signal that is ignored is ignored in new processes, too, and the backend is loaded in this one's
# parent already.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

LIBRARIES = {
    "jax": lambda m: dict(m.config.values),
    "torch": lambda m: (m.get_default_dtype(), m.get_float32_matmul_precision(),
                        m.is_grad_enabled(), m.are_deterministic_algorithms_enabled()),
    # Those of CUDA are numba-cuda's own, which it sets at its import.
    "numba": lambda m: {k: v for k, v in vars(m.config).items()
                        if k.isupper() and not k.startswith("CUDA_")},
    "tensorflow": lambda m: m.keras.backend.floatx(),
    "pandas": lambda m: m.get_option("display.precision"),
}
name, *first = sys.argv[1:]
first = [library for library in first if library in LIBRARIES]
for library in first:
    __import__(library)
import minitorch_tensor as mt
for other in ("simple", "numpy"):
    mt.ones(2, device=other).exp().sum()

def settings():
    tiny = np.array([1e-310]), np.array([1e-40], np.float32)
    found = {
        "numpy's error state (numpy.seterr)": np.geterr(),
        "numpy's print options": {k: v for k, v in np.get_printoptions().items()
                                  if k != "override_repr"},
        "numpy's random state": [str(part) for part in np.random.get_state()],
        "random's state": random.getstate(),
        "the warnings filters": [str(f) for f in warnings.filters],
        "decimal's context": str(decimal.getcontext()),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the recursion limit": sys.getrecursionlimit(),
        "the switch interval": sys.getswitchinterval(),
        "the standard streams": [id(sys.stdout), id(sys.stderr), id(sys.stdin)],
        "the hooks of sys": [id(sys.excepthook), id(sys.displayhook), id(threading.excepthook)],
        "the handlers of signals": [str(signal.getsignal(s)) for s in (signal.SIGINT,
                                                                     signal.SIGTERM)],
        "the root logger": (logging.root.level, str(logging.root.handlers)),
        "the garbage collector": (gc.isenabled(), gc.get_threshold()),
        "the working folder": os.getcwd(),
        "the processor's treatment of denormals": [bool((x * 1 == x).all()) for x in tiny],
    }
    for library in first:
        found[f"the settings of {library}"] = LIBRARIES[library](sys.modules[library])
    return {what: repr(value) for what, value in found.items()}

before = settings()
backend = mt.get_backend(name)
loaded = settings()
with mt.use_backend(backend):
    x = mt.ones(3, 3, requires_grad=True)
    (x @ x).exp().sum().backward()
after = settings()
for what, value in before.items():
    for when, now in (("its import", loaded), ("its use", after)):
        if now[what] != value:
            print(f"changed: {what}, by {when}")
            break
print("libraries:", *[library for library in LIBRARIES if library in sys.modules])
"""


class ProcessChecks(Checks):
    """What a backend does to the process that loads it."""

    def test_loading_it_changes_no_settings_of_others(self) -> None:
        """numpy's error state, another library's precision, warnings, signals, random numbers: in a
        fresh interpreter, as they were after its import and use."""
        if not isinstance(self.backend, str):
            pytest.skip("a backend that is not registered is not found by another interpreter")
        libraries: list[str] = []
        for _ in range(2):  # the second time with those that it loads imported before
            run = subprocess.run(
                [sys.executable, "-c", SETTINGS, self.backend, *libraries],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            *lines, last = run.stdout.splitlines()
            changed = [line for line in lines if line.startswith("changed: ")]
            assert not changed, "\n".join(changed)
            found = last.removeprefix("libraries:").split()
            if found == libraries:
                break
            libraries = found

    def test_importing_it_prints_nothing(self) -> None:
        """On standard output: programs write their results there."""
        if not isinstance(self.backend, str):
            pytest.skip("a backend that is not registered is not found by another interpreter")
        run = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys, minitorch_tensor as mt; mt.get_backend(sys.argv[1])",
                self.backend,
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout == "", f"its import printed {run.stdout!r}"
