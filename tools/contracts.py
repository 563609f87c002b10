"""Check the import contracts of pyproject.toml on the sources of every distribution.

Needs import-linter and nothing of ours installed: the sources are read, not run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


class PrivateModulesContract(Contract):
    """No module imports another distribution's module whose path has a name like `_this`."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """List every import that crosses from one top-level package to a private module."""
        crossings = [
            (importer, module)
            for module in sorted(graph.modules)
            if any(part.startswith("_") for part in module.split(".")[1:])
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if importer.split(".")[0] != module.split(".")[0]
        ]
        return ContractCheck(kept=not crossings, metadata={"crossings": crossings})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line an import."""
        for importer, module in check.metadata["crossings"]:
            output.print_error(f"{importer} imports {module}, which is private to its distribution")
        output.new_line()


def main() -> int:
    """Check that no distribution is forgotten, then check the contracts."""
    sources = sorted(ROOT.glob("*/*/src"))
    names = [source.parent.name for source in sources]
    for place in ("pyproject.toml", "tox.ini", "tools/constraints.txt"):
        text = (ROOT / place).read_text(encoding="utf-8").replace("_", "-")
        forgotten = [name for name in names if name not in text]
        if forgotten:
            print(f"{place} does not name {', '.join(forgotten)}: add it beside the others")
            return 1
    sys.path[:0] = map(str, sources)
    return lint_imports(no_cache=True, no_logo=True)


if __name__ == "__main__":
    sys.exit(main())
