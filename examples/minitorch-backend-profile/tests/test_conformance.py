"""`profile` computes what the backend underneath computes: it passes the conformance kit."""

from minitorch_tensor.testing.conformance import BackendConformance


class TestProfile(BackendConformance):
    backend = "profile"
