"""The guide "Write a backend", followed to the letter: its files written, its commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minitorch_tensor import BACKEND_INTERFACE

GUIDE = Path(__file__).parents[2] / "docs" / "write-a-backend.md"
FOLDER = "minitorch-backend-lists"

#: A block of code, and what stands right before it: the file that it is, or whether it fails.
BLOCK = re.compile(
    r"(?:^`(?P<file>[^`\n]+)`(?:, in place of `(?P<replaces>\w+)`)?:\n\n)?"
    r"(?P<fails><!-- fails -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def follow(text: str, folder: Path, install) -> list[tuple[str, subprocess.CompletedProcess[str]]]:
    """Write every file and run every command, in order; what the commands printed."""
    site = folder / "site"
    site.mkdir()
    ran = []
    for block in BLOCK.finditer(text):
        code = block["code"]
        if block["file"]:
            file = folder / block["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            if block["replaces"]:
                before = file.read_text()
                method = re.search(rf"    def {block['replaces']}\(.*?\n(?=\n)", before, re.DOTALL)
                assert method is not None
                code = before.replace(method[0], code)
            file.write_text(code)
            continue
        assert block["language"] == "sh"
        for command in code.splitlines():
            if command.startswith("pip install"):
                install(site, folder / FOLDER)
                continue
            # As after the guide's `pip install -e`: from the sources.
            paths = [folder / FOLDER / "src", site]
            done = subprocess.run(
                command,
                shell=True,
                cwd=folder,
                env={
                    **os.environ,
                    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                    "PYTHONPATH": os.pathsep.join(map(str, paths)),
                    "PYTEST_ADDOPTS": "-q -p no:cacheprovider --tb=line",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert bool(done.returncode) == bool(block["fails"]), done.stdout + done.stderr
            ran.append((command, done))
    return ran


@pytest.mark.skipif(not GUIDE.exists(), reason="runs from a checkout, where the guide is")
def test_a_newcomer_who_follows_the_guide_ends_with_a_conformant_backend(
    tmp_path, install_projects
):
    ran = follow(GUIDE.read_text(encoding="utf-8"), tmp_path, install_projects)
    commands = [command for command, _ in ran]
    assert len(commands) == 5
    table, product, first, objections, last = [done.stdout for _, done in ran]
    row = next(line.split() for line in table.splitlines() if line.split()[:1] == ["lists"])
    assert row == ["lists", FOLDER, "0.1.0", str(BACKEND_INTERFACE), "ready"]
    assert product == "tensor([ 3., 12.])\n"
    for report in (first, last):
        assert "conformance of backend 'lists'" in report
        assert " checks passed" in report
        assert "failed" not in report
    for named in (
        "test_integers_are_exact_and_wrap[int64]",
        "test_special_numbers_through_aggregates[sum]",
        "test_zeros_keep_their_signs[reduce]",
    ):
        assert named in objections
