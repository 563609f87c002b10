"""Releases, from `releases.txt`; and a distribution's own metadata.

Used by `released.py` and `release.py`. Needs git and packaging.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Release:
    """One line of the ledger.

    Attributes:
        name: the distribution.
        version: the released version.
        commit: the commit that it was built from.
    """

    name: str
    version: Version
    commit: str

    @property
    def requirement(self) -> str:
        """A requirement that installs exactly this, from the history of the checkout."""
        where = folder_of(self.name).relative_to(ROOT).as_posix()
        return f"{self.name} @ git+file://{ROOT}@{self.commit}#subdirectory={where}"

    def is_in_history(self) -> bool:
        """True if this clone has the commit: a shallow clone lacks old ones."""
        return git("cat-file", "-e", f"{self.commit}^{{commit}}").returncode == 0

    def read(self, file: str) -> str:
        """A file of the distribution's folder, as it was released."""
        where = folder_of(self.name).relative_to(ROOT).as_posix()
        shown = git("show", f"{self.commit}:{where}/{file}")
        if shown.returncode:
            raise FileNotFoundError(f"{self.name} {self.version}: {shown.stderr.strip()}")
        return shown.stdout


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in the checkout."""
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )


def folder_of(name: str) -> Path:
    """The folder of a distribution in the tree.

    Raises: SystemExit that lists the distributions.
    """
    folders = {path.parent.name: path.parent for path in sorted(ROOT.glob("*/*/pyproject.toml"))}
    if name not in folders:
        raise SystemExit(f"no distribution {name!r} here; there are {', '.join(folders)}")
    return folders[name]


def copy_of(name: str, work: Path) -> Path:
    """Copy the distribution's folder into another, to build from: concurrent builds of one folder
    interfere, and leave files in it."""
    left_by_builds = shutil.ignore_patterns("build", "dist", "*.egg-info", "__pycache__")
    return shutil.copytree(folder_of(name), work / "sources" / name, ignore=left_by_builds)


def releases(name: str) -> list[Release]:
    """All releases of a distribution, the oldest first."""
    lines = (ROOT / "tools" / "releases.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    found = [Release(row[0], Version(row[1]), row[2]) for row in rows if row[0] == name]
    return sorted(found, key=lambda release: release.version)


def project(text: str) -> dict[str, Any]:
    """The [project] section of a pyproject.toml."""
    section: dict[str, Any] = tomllib.loads(text)["project"]
    return section


def version_in_tree(name: str) -> Version:
    """The version in the tree."""
    return Version(project((folder_of(name) / "pyproject.toml").read_text("utf-8"))["version"])


def pins(text: str) -> dict[str, SpecifierSet]:
    """A pyproject.toml's dependencies on distributions of this repository."""
    ours = {path.parent.name for path in ROOT.glob("*/*/pyproject.toml")}
    requirements = [Requirement(line) for line in project(text).get("dependencies", [])]
    return {r.name: r.specifier for r in requirements if r.name in ours}
