"""The table and its runner for the tests of this folder, which cannot import them by name."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent


def load(name: str) -> ModuleType:
    """A module of this folder."""
    spec = importlib.util.spec_from_file_location(
        f"minitorch_nn_against_pytorch_{name}", HERE / f"{name}.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def table() -> ModuleType:
    return load("table")


@pytest.fixture(scope="session")
def runner() -> ModuleType:
    """It imports PyTorch."""
    return load("runner")


@pytest.fixture(scope="session")
def comparing() -> ModuleType:
    return load("comparing")


@pytest.fixture(scope="session")
def stored() -> dict[str, Any]:
    contents: dict[str, Any] = json.loads((HERE / "expectations.json").read_text("utf-8"))
    return contents
