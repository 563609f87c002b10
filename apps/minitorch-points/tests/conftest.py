"""What the tests share: a backend that does not depend on what is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

import minitorch_tensor as mt

settings.register_profile("points", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("points")


@pytest.fixture(autouse=True)
def start() -> Iterator[None]:
    """Every test runs on the numpy backend, which compiles nothing."""
    with mt.use_backend("numpy"):
        yield
