"""`fast` passes the conformance kit."""

from minitorch_tensor.testing.conformance import BackendConformance


class TestFast(BackendConformance):
    backend = "fast"
