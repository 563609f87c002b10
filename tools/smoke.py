"""Try installed distributions: import and time them, load their plug-ins, ask scripts for help.

Uses only the standard library, and reads only installed files.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path


def import_time(module: str) -> float:
    """Seconds that importing takes in a fresh interpreter, the best of a few."""
    code = f"from time import perf_counter as t; a = t(); import {module}; print(t() - a)"
    command = [sys.executable, "-I", "-c", code]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(5)]
    return min(float(run.stdout) for run in runs)


def main(names: list[str]) -> None:
    """Print one line for each distribution; any failure is an exception."""
    for name in names:
        installed = distribution(name)
        module = importlib.import_module(name.replace("-", "_"))
        assert module.__file__ is not None
        if not Path(module.__file__).is_relative_to(sys.prefix):
            sys.exit(f"{name} was imported from {module.__file__}, outside {sys.prefix}")
        if module.__version__ != installed.version:
            sys.exit(f"{name} {installed.version} calls itself {module.__version__}")
        tried = []
        for entry_point in installed.entry_points:
            if entry_point.group == "console_scripts":
                script = Path(sys.executable).with_name(entry_point.name)
                subprocess.run([script, "--help"], check=True, stdout=subprocess.DEVNULL)
            else:
                entry_point.load()
            tried.append(entry_point.name)
        seconds = import_time(module.__name__)
        offers = f" ({', '.join(tried)})" if tried else ""
        print(f"{name} {installed.version}{offers}, imported in {seconds:.3f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
