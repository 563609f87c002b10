"""Three tiers, told apart by where they run.

- The *simulator*, where NUMBA_ENABLE_CUDASIM=1: kernels run in Python. `tox -e cuda-simulator`.
- The *gate*, where the extra `cuda` is installed: kernels are compiled, and nothing is run.
  `tox -e cuda-compile`.
- The *GPU*, where there is one. `tox -e cuda`.

Tests that compute run in the first and the last. Each says why it is skipped.
"""

import pytest

from minitorch_backends.cuda import device
from minitorch_tensor import BackendUnavailable, get_backend


@pytest.fixture
def cuda():
    """The backend, on a GPU or simulated."""
    try:
        return get_backend("cuda")
    except BackendUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def gpu(cuda):
    """The backend, on a GPU."""
    if device.SIMULATED:
        pytest.skip("needs a GPU: the simulator has no registers, warps or time")
    return cuda


@pytest.fixture
def compiler():
    """Nothing but the compilers, for kernels that are not run."""
    if device.MISSING or device.SIMULATED:
        pytest.skip(device.MISSING or "the simulator compiles nothing")


@pytest.fixture(autouse=True)
def _poisoned(monkeypatch):
    """On a GPU, memory that nobody has written to holds NaN, or -1, as the simulator's does."""
    allocate = device.Hardware.allocate

    def poisoned(self, nbytes):
        memory = allocate(self, nbytes)
        if hasattr(self._driver, "cuMemsetD8Async"):
            self._driver.cuMemsetD8Async(memory.address, 0xFF, max(nbytes, 1), self._stream.handle)
        return memory

    monkeypatch.setattr(device.Hardware, "allocate", poisoned)
