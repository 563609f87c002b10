"""`new-backend` writes a distribution that passes the conformance kit as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from minitorch_tensor import new_backend
from minitorch_tensor.__main__ import main


def test_what_is_written_installs_and_passes_the_kit(tmp_path, install_projects, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new-backend", "my-first"]) == 0
    project = tmp_path / "minitorch-backend-my-first"
    site = tmp_path / "site"
    site.mkdir()
    install_projects(site, project)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", project],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "conformance of backend 'my-first'" in run.stdout
    assert "required     8: " in run.stdout
    assert "not looked at: " in run.stdout


@pytest.mark.parametrize("name", ["numpy", "cpu", "My", "a b", "-a", "9"])
def test_a_name_that_no_backend_can_have_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="new-backend: wanted a name such as 'mine'"):
        new_backend.write(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path):
    files = new_backend.write("mine", tmp_path)
    assert tmp_path / "minitorch-backend-mine" / "tox.ini" in files
    with pytest.raises(FileExistsError, match="minitorch-backend-mine is there already"):
        new_backend.write("mine", tmp_path)
