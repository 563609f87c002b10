"""The app as a whole: what is true of every program of its kind."""

from __future__ import annotations

from pathlib import Path

from minitorch_cli.testing import ProgramLaws


class TestProgram(ProgramLaws):
    program = "minitorch-sentiment"
    commands = ("train", "evaluate", "predict", "report", "compare")
    readme = Path(__file__).parent.parent / "README.md"
    training = ("--dataset", "synthetic", "--backend", "numpy")
