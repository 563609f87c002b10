"""Try installed distributions: import them, load their plug-ins, ask their scripts for help.

Uses the standard library only, and looks at nothing but what is installed.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path


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
        print(f"{name} {installed.version}", *([f"({', '.join(tried)})"] if tried else []))


if __name__ == "__main__":
    main(sys.argv[1:])
