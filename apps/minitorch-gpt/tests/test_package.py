"""The app as a whole: what is true of every program of its kind."""

from __future__ import annotations

from pathlib import Path

from minitorch_cli.testing import ProgramLaws


class TestProgram(ProgramLaws):
    program = "minitorch-gpt"
    commands = ("train", "evaluate", "sample", "report", "compare")
    readme = Path(__file__).parent.parent / "README.md"
    training = ("--width", "8", "--heads", "2", "--backend", "numpy")
