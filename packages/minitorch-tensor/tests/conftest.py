"""What several test modules share: backends to run on, and the strategies for shapes and views."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import settings

import minitorch_tensor as mt

# Tests decide about backends themselves.
os.environ.pop("MINITORCH_BACKEND", None)

settings.register_profile(
    "default", deadline=None, max_examples=int(os.environ.get("MINITORCH_EXAMPLES", "60"))
)
settings.load_profile("default")

BACKENDS = ("simple", "numpy")


def pytest_configure(config: pytest.Config) -> None:
    # The numpy backend silences numpy's floating-point warnings where they arise; pytest starts
    # every test with filters of its own.
    for module in ("minitorch_tensor.backends.numpy", "minitorch_tensor.backends.host"):
        config.addinivalue_line("filterwarnings", f"ignore::RuntimeWarning:{module}")


@pytest.fixture(autouse=True)
def numpy_backend() -> Iterator[None]:
    """The backend of tests that do not name one, whatever else is installed."""
    with mt.use_backend("numpy"):
        yield


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[mt.Backend]:
    """Each built-in backend in turn, current while the test runs."""
    with mt.use_backend(request.param) as chosen:
        yield chosen


@pytest.fixture
def iota() -> Callable[..., mt.Tensor]:
    """0, 1, 2, ... in a shape, as float32 or another dtype."""

    def make(*shape: int, dtype: mt.DType = mt.float32) -> mt.Tensor:
        return mt.tensor(np.arange(math.prod(shape)).reshape(shape), dtype=dtype)

    return make
