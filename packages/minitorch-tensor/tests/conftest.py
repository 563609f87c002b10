"""What several test modules share: backends to run on, and the strategies for shapes and views."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def install_projects() -> Callable[..., None]:
    """Build distributions from folders with a pyproject.toml, and install them into a folder, as
    `pip install` does; from no index."""
    # One process for all: as build front ends do it, who start one for each.
    build = """if True:
        import os, sys
        from setuptools import build_meta
        wheels, *folders = sys.argv[1:]
        for folder in folders:
            os.chdir(folder)
            build_meta.build_wheel(wheels)
        """

    def install(target: Path, *projects: Path) -> None:
        wheels = Path(tempfile.mkdtemp(dir=target))
        pip = ("-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--no-deps")
        for command in (
            lambda: ("-c", build, wheels, *projects),
            lambda: (*pip, "--target", target, *wheels.iterdir()),
        ):
            done = subprocess.run(
                [sys.executable, *command()], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

    return install


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a fresh interpreter with these arguments, and distributions of a folder installed."""

    def run(
        *arguments: str, site: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        if site is not None:
            environment["PYTHONPATH"] = str(site)
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
