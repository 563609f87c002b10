"""What the tests of data sets share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are refused at once."""
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for data sets."""
    return tmp_path / "data"
