"""Check the import contracts of pyproject.toml on the sources of every distribution.

Needs import-linter, but none of our packages installed: the sources are read, not run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


class FrontDoorsContract(Contract):
    """The importers import only the listed modules of other packages.

    Options:
        importers: packages that this contract binds.
        doors: the only modules that they may import from those modules' packages.
    """

    importers: Any = fields.SetField(subfield=fields.StringField())
    doors: Any = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """List every import by an importer of another package's module that is not a door."""
        packages = {door.split(".")[0] for door in self.doors}
        crossings = [
            (importer, module)
            for importer in sorted(graph.modules)
            if importer.split(".")[0] in self.importers
            for module in sorted(graph.find_modules_directly_imported_by(importer))
            if module.split(".")[0] in packages - {importer.split(".")[0]}
            and module not in self.doors
        ]
        return ContractCheck(kept=not crossings, metadata={"crossings": crossings})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line an import."""
        for importer, module in check.metadata["crossings"]:
            output.print_error(f"{importer} imports {module}, which is no front door of its layer")
        output.new_line()


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
