"""`simple` passes the conformance kit."""

import dataclasses

from minitorch_tensor.testing.conformance import SIZES, BackendConformance


class TestSimple(BackendConformance):
    backend = "simple"
    # Every sample of every row. Large is what plain loops do in a moment.
    size = dataclasses.replace(SIZES["full"], large=2_001, threads=2, calls=2, writes=50)
