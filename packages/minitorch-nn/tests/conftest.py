"""What the tests share: a seeded start on the numpy backend, and checks of derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.registry import describe_backends
from minitorch_tensor.testing import gradcheck, gradgradcheck

#: All that is installed; with minitorch-nn alone, those of minitorch-tensor.
BACKENDS = tuple(mt.backend_names())

settings.register_profile("layers", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("layers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is installed but cannot run here (it needs a GPU, say) is skipped, and says why."""
    unavailable = {b.name: b.detail for b in describe_backends() if b.status == "unavailable"}
    for item in items:
        callspec = getattr(item, "callspec", None)
        for parameter in ("backend", "installed"):
            name = callspec.params.get(parameter) if callspec else None
            if isinstance(name, str) and name in unavailable:
                item.add_marker(pytest.mark.skip(reason=unavailable[name]))


@pytest.fixture(autouse=True)
def start() -> Iterator[None]:
    """Every test starts from one seed, on a backend that does not depend on what is installed."""
    mt.manual_seed(0)
    with mt.use_backend("numpy"):
        yield


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs once on each backend that is installed."""
    with mt.use_backend(request.param):
        yield request.param


@pytest.fixture(scope="session")
def check_derivatives() -> Callable[..., None]:
    """Compares first and second derivatives of a function of float64 arrays with differences."""

    def check(function: Callable[..., Tensor], *inputs: Any) -> None:
        leaves = [mt.tensor(np.asarray(x, np.float64), requires_grad=True) for x in inputs]
        gradcheck(function, leaves, atol=1e-6, rtol=1e-5)
        gradgradcheck(function, leaves, atol=1e-6, rtol=1e-5)

    return check
