"""`cuda` passes the conformance kit: on a GPU where there is one, else in the simulator, in small
sizes. Without either it is skipped, and says what is missing."""

from minitorch_backends.cuda.device import SIMULATED
from minitorch_tensor.testing.conformance import BackendConformance, Size

#: Large enough for several blocks and chunks of the simulator's small ones.
SIMULATOR = Size(
    samples=3, examples=15, large=601, threads=2, calls=2, writes=3, matrix=33, repeats=3
)


class TestCuda(BackendConformance):
    backend = "cuda"
    size = SIMULATOR if SIMULATED else "full"
