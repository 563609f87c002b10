"""A layer is added as CONTRIBUTING.md says: in its family's two files, and in the table of rows.

Done here to a copy of the sources, with a layer that nobody needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minitorch_nn

TESTS = Path(__file__).parent

FUNCTION = '''

def tripled(input: Tensor) -> Tensor:
    """3 x. Any shape."""
    return input * 3.0


__all__ += ["tripled"]
'''

LAYER = '''

class Tripled(Module):
    """3 x. Any shape."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tripled(input)


__all__ += ["Tripled"]
'''

USE = """
import minitorch_nn as nn, minitorch_tensor as mt
from minitorch_nn import *
assert "Tripled" in nn.__all__ and "tripled" in nn.functional.__all__
print(Tripled(), Tripled()(mt.tensor([1.0])).item(), nn.functional.tripled(mt.tensor(2)).item())
"""


@pytest.fixture
def added(tmp_path: Path) -> dict[str, str]:
    """The environment of a process in which nn has one more layer."""
    source = Path(minitorch_nn.__file__).parent
    package = shutil.copytree(
        source, tmp_path / "minitorch_nn", ignore=shutil.ignore_patterns("__pycache__")
    )
    for kind, text in (("functional", FUNCTION), ("layers", LAYER)):
        with (package / kind / "activation.py").open("a", encoding="utf-8") as family:
            family.write(text)
    return {**os.environ, "PYTHONPATH": str(tmp_path), "MINITORCH_BACKEND": "numpy"}


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_a_layer_that_its_family_lists_is_exported(added: dict[str, str]) -> None:
    ended = run(["-c", USE], added)
    assert (ended.stderr, ended.stdout) == ("", "Tripled() 3.0 6.0\n")


def test_a_layer_without_a_row_beside_pytorch_is_missed(added: dict[str, str]) -> None:
    checks = [
        f"{TESTS / 'test_against_pytorch.py'}::test_every_layer_and_loss_is_compared",
        f"{TESTS / 'test_against_pytorch.py'}::test_every_function_is_compared",
        f"{TESTS / 'test_gradients.py'}::test_no_layer_and_no_row_is_left_out",
    ]
    ended = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *checks], added)
    assert "3 failed" in ended.stdout, ended.stdout
    assert "'Tripled'" in ended.stdout and "'tripled'" in ended.stdout
