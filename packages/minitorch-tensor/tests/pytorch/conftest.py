"""The table and its runner for the tests of this folder, which cannot import them by name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import minitorch_tensor as mt


def load(name: str) -> ModuleType:
    """A module or a package of this folder."""
    path = Path(__file__).parent / name
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    spec = importlib.util.spec_from_file_location(f"minitorch_tensor_against_pytorch_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where relative imports and dataclasses look
    spec.loader.exec_module(module)
    return module


TABLE, RUNNER, SIGNATURES = load("table"), load("runner"), load("signatures")
PROGRAMS = load("programs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = dict(enumerate(TABLE.CASES))
        metafunc.parametrize("case", cases.values(), ids=lambda case: case.name)
    if "library" in metafunc.fixturenames:
        metafunc.parametrize("library", mt.backend_names(), indirect=True)


@pytest.fixture
def library(request: pytest.FixtureRequest) -> Any:
    """minitorch_tensor on each backend that is installed here."""
    try:
        backend = mt.get_backend(request.param)
    except mt.BackendUnavailable as error:
        pytest.skip(str(error))
    with mt.use_backend(backend):
        yield RUNNER.MiniTorch(backend)


@pytest.fixture(scope="session")
def table() -> ModuleType:
    return TABLE


@pytest.fixture(scope="session")
def runner() -> ModuleType:
    return RUNNER


@pytest.fixture(scope="session")
def signatures() -> ModuleType:
    return SIGNATURES


@pytest.fixture(scope="session")
def programs() -> ModuleType:
    return PROGRAMS
