"""What the tests share: a backend that does not depend on what is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import minitorch_tensor as mt


@pytest.fixture(autouse=True)
def start() -> Iterator[None]:
    """Every test runs on the numpy backend, which compiles nothing."""
    with mt.use_backend("numpy"):
        yield
