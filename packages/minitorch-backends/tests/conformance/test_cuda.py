"""`cuda` passes the conformance kit: on a GPU where there is one, else in the simulator, in small
sizes. Without either it is skipped, and says what is missing."""

import os

from minitorch_tensor.testing.conformance import BackendConformance


class TestCuda(BackendConformance):
    backend = "cuda"
    size = "small" if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1" else "full"
