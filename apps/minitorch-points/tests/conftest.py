"""What the tests share: a backend that does not depend on what is installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from hypothesis import settings

import minitorch_tensor as mt

settings.register_profile("points", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("points")


@pytest.fixture(autouse=True)
def start() -> Iterator[None]:
    """Every test runs on the numpy backend, which compiles nothing."""
    # The numpy backend silences numpy's reports of overflow when it is imported, which is before
    # pytest puts its own filters in place.
    warnings.filterwarnings("ignore", "", RuntimeWarning, r"minitorch_tensor\.backends\.")
    with mt.use_backend("numpy"):
        yield
