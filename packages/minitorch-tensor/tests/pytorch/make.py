"""Say what is compared; with --write, write what PyTorch gives for every row (expectations.json),
the names of its functions' parameters (signatures.json), and what it does in some random programs
(programs.json).

`tox -e pytorch -- --write` runs it where PyTorch is. The summary alone needs none.
"""

from __future__ import annotations

import sys

import programs
import runner
import signatures
import table


def main(arguments: list[str]) -> None:
    """Print the summary, and write the files if told."""
    if arguments not in ([], ["--write"]):
        sys.exit(f"make.py: takes --write or nothing, got {' '.join(arguments)}")
    if arguments:
        library = runner.PyTorch()
        runner.update(
            {
                key: runner.run(case, dtype, library)
                for key, (case, dtype) in runner.rows(table.CASES).items()
            }
        )
        programs.write()
        names = runner.public_functions() | runner.public_methods()
        signatures.write(library.torch, sorted(names - set(signatures.NOT_PYTORCH)))
    sys.stdout.write(runner.summary(table) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
