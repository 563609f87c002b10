"""`numpy` passes the conformance kit."""

from minitorch_tensor.testing.conformance import BackendConformance


class TestNumpy(BackendConformance):
    backend = "numpy"
