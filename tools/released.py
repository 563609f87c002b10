"""Run the tests of a layer with released versions of others, to verify the pins.

    python tools/released.py oldest-nn   nn of the tree, on the oldest releases that its pins allow
    python tools/released.py older-nn    nn as last released, on the layers below of the tree

Installs into the environment that it runs in, so run it by tox. If the history lacks a commit, as
in a shallow clone, it says so and tests nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger import ROOT, Release, copy_of, folder_of, git, pins, releases, version_in_tree
from packaging.specifiers import SpecifierSet


def pip_install(*requirements: str) -> None:
    """Install into this environment; our packages only from the given places."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*command, *requirements], check=True)


def link(*names: str) -> None:
    """Import these distributions from the tree."""
    subprocess.run([sys.executable, ROOT / "tools" / "link.py", *names], check=True)


def run_tests(folder: Path, arguments: list[str]) -> int:
    """Run a distribution's tests except for conformance, which has its own environments."""
    command = [sys.executable, "-m", "pytest", "--ignore=tests/conformance", *arguments]
    return subprocess.run(command, cwd=folder, check=False).returncode


def upstream(name: str, oldest: bool) -> dict[str, Release | None]:
    """The direct and indirect layers below one, each with the oldest release that all pins allow,
    or with None for the tree: if `oldest` is false, or no allowed version is released."""
    pyproject = (folder_of(name) / "pyproject.toml").read_text("utf-8")
    wanted: dict[str, SpecifierSet] = {}
    chosen: dict[str, Release | None] = {}
    waiting = dict(pins(pyproject))
    while waiting:
        layer, specifier = waiting.popitem()
        wanted[layer] = wanted.get(layer, SpecifierSet()) & specifier
        allowed = [r for r in releases(layer) if r.version in wanted[layer]]
        chosen[layer] = allowed[0] if oldest and allowed else None
        release = chosen[layer]
        text = (
            (folder_of(layer) / "pyproject.toml").read_text("utf-8")
            if release is None
            else release.read("pyproject.toml")
        )
        waiting |= {n: s for n, s in pins(text).items() if n not in wanted or s != wanted[n] & s}
    return chosen


def skip(reason: str) -> int:
    """Say why there is nothing to test."""
    print(f"skipped: {reason}")
    return 0


def missing(found: list[Release]) -> str:
    """The reason why tests cannot run, if the history lacks a commit."""
    lacking = [f"{r.name} {r.version} ({r.commit[:9]})" for r in found if not r.is_in_history()]
    if not lacking:
        return ""
    return (
        f"the history here lacks the commits of {', '.join(lacking)}. In a shallow clone, "
        "`git fetch --unshallow` brings them."
    )


def test_oldest(name: str, arguments: list[str]) -> int:
    """Test the tree's code on the oldest releases that its pins allow, or else on the tree."""
    allowed = [
        release
        for layer, specifier in pins_of_tree(name).items()
        for release in releases(layer)
        if release.version in specifier
    ]
    if reason := missing(allowed):
        return skip(reason)
    below = upstream(name, oldest=True)
    if not any(below.values()):
        return skip(
            f"the pins of {name} allow only what is not released yet, so that the tree would stand "
            f"in for {' and '.join(sorted(below))}. Its tests run on the tree without this."
        )
    for layer, release in sorted(below.items()):
        print(f"{layer} {release.version if release else 'of the tree, not released yet'}")
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        requirements = [
            release.requirement if release else f"{layer} @ file://{copy_of(layer, work)}"
            for layer, release in below.items()
        ]
        pip_install(*requirements, f"{name}[test] @ file://{copy_of(name, work)}")
    link(name, *[layer for layer, release in below.items() if release is None])
    return run_tests(folder_of(name), arguments)


def pins_of_tree(name: str) -> dict[str, SpecifierSet]:
    """The dependencies on other layers in the tree's pyproject.toml."""
    return pins((folder_of(name) / "pyproject.toml").read_text("utf-8"))


def test_older(name: str, arguments: list[str]) -> int:
    """Test the last release on the tree's layers, if its pins allow them."""
    if not releases(name):
        return skip(f"{name} has not been released")
    release = releases(name)[-1]
    if reason := missing([release]):
        return skip(reason)
    for layer, specifier in pins(release.read("pyproject.toml")).items():
        if version_in_tree(layer) not in specifier:
            return skip(
                f"{name} {release.version} asks for {layer}{specifier}, and the tree has "
                f"{version_in_tree(layer)}: a breaking version, which wants a new {name}."
            )
    below = upstream(name, oldest=False)
    with TemporaryDirectory() as temporary:
        where = folder_of(name).relative_to(ROOT).as_posix()
        packed = Path(temporary) / "tree.tar"
        files = [where, "pyproject.toml", "LICENSE"]
        archived = git("archive", "--output", str(packed), release.commit, "--", *files)
        if archived.returncode:
            raise SystemExit(archived.stderr)
        subprocess.run(["tar", "-xf", packed, "-C", temporary], check=True)
        folder = Path(temporary) / where
        print(f"{name} {release.version} on the tree's {', '.join(sorted(below))}")
        layers = [f"{layer} @ file://{copy_of(layer, Path(temporary))}" for layer in below]
        pip_install(*layers, f"{name}[test] @ file://{folder}")
        link(*below)
        return run_tests(folder, arguments)


def main() -> int:
    """0 if the tests pass, or if there is nothing to test."""
    if len(sys.argv) < 2 or sys.argv[1].partition("-")[0] not in ("oldest", "older"):
        raise SystemExit(__doc__)
    kind, _, short = sys.argv[1].partition("-")
    test = test_oldest if kind == "oldest" else test_older
    return test(f"minitorch-{short}", sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
