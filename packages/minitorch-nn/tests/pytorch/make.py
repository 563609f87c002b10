"""Say what is compared with PyTorch; with --write, write what it computes (expectations.json).

`tox -e pytorch -- --write` runs it where PyTorch is, after a row is added to table.py. The tests
read the file and need no PyTorch; test_side_by_side.py checks that the file is what PyTorch gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import comparing
import runner
import table
import torch

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> None:
    """Print how many cases there are, and write the file, a line for each, if told."""
    if arguments not in ([], ["--write"]):
        sys.exit(f"make.py: takes --write or nothing, got {' '.join(arguments)}")
    cases = runner.compute(table)
    if arguments:
        path = HERE / "expectations.json"
        cases = comparing.updated(
            json.loads(path.read_text("utf-8")), json.loads(json.dumps(cases))
        )
        sections = []
        for name, members in cases.items():
            lines = ",\n".join(json.dumps(member, separators=(",", ":")) for member in members)
            sections.append(f'"{name}": [\n{lines}\n]')
        version, _, _ = torch.__version__.partition("+")  # without the name of the build
        header = f'"torch": "{version}"'
        text = "{\n" + ",\n".join([header, *sections]) + "\n}\n"
        path.write_text(text, encoding="utf-8")
    counts = ", ".join(f"{len(members)} {name}" for name, members in cases.items())
    sys.stdout.write(f"PyTorch {torch.__version__}: {counts}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
