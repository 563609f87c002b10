"""Build and check the release of one layer, and leave what to upload in its dist/ folder.

    tox -e release -- minitorch-tensor [--draft]

Checks the rules of VERSIONING.md: a new version that matches the changes, a line in the changelog,
pins on released layers, a committed tree. Then builds sdist and wheel, installs the wheel with its
released upstream, and runs the layer's tests on that. --draft only warns about an uncommitted tree
or an unreleased upstream.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import griffe
from api import interface
from ledger import ROOT, Release, copy_of, folder_of, git, pins, project, releases, version_in_tree
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from wheels import build, complaints, run


def bump(before: Version, now: Version) -> str:
    """The kind of change that a version step announces: "breaking", "addition" or "fix"."""
    if before.major != now.major or (now.major == 0 and before.minor != now.minor):
        return "breaking"
    return "addition" if before.minor != now.minor or now.major == 0 else "fix"


def breaking_changes(name: str, last: Release) -> list[str]:
    """Changes in the tree that can break code written for the last release."""
    package = name.replace("-", "_")
    with TemporaryDirectory() as temporary:
        source = Path(temporary) / "src"
        where = folder_of(name).relative_to(ROOT).as_posix()
        packed = Path(temporary) / "tree.tar"
        archived = git("archive", "--output", str(packed), last.commit, "--", f"{where}/src")
        if archived.returncode:
            raise SystemExit(archived.stderr)
        subprocess.run(["tar", "-xf", packed, "-C", temporary], check=True)
        source = Path(temporary) / where / "src"
        old = griffe.load(package, search_paths=[source], allow_inspection=False)
        new = griffe.load(package, search_paths=[folder_of(name) / "src"], allow_inspection=False)
        assert isinstance(old, griffe.Module)
        assert isinstance(new, griffe.Module)
        found = [
            breakage.explain(style=griffe.ExplanationStyle.ONE_LINE)
            for breakage in griffe.find_breaking_changes(old, new)
            if not any(part.startswith("_") for part in breakage.obj.path.split("."))
        ]
        before, now = interface(package, source), interface(package, folder_of(name) / "src")
    # Members that implementers must supply, and the integers of the pinned interfaces.
    was = {line.strip() for line in before.splitlines()}
    for line in map(str.strip, now.splitlines()):
        if line not in was and (
            line.startswith("required ") or re.match(r"[A-Z]+_INTERFACE", line)
        ):
            found.append(f"new or changed: {line}")
    return found


def mistakes(name: str) -> tuple[list[str], list[str]]:
    """The obstacles to a release; and those that a draft may ignore."""
    folder, version = folder_of(name), version_in_tree(name)
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    wrong, unready = [], []
    past = releases(name)
    if any(release.version >= version for release in past):
        wrong.append(f"{past[-1].version} is released already: raise the version, {version}")
    elif past and past[-1].is_in_history() and (folder / "api.txt").exists():
        breaking = breaking_changes(name, past[-1])
        if breaking and bump(past[-1].version, version) != "breaking":
            wrong.append(
                f"from {past[-1].version} to {version} nothing may break, but:\n    "
                + "\n    ".join(breaking)
            )
    heading = next(
        (
            line
            for line in (folder / "CHANGELOG.md").read_text("utf-8").splitlines()
            if "## " in line
        ),
        "",
    )
    if heading != f"## {version}":
        wrong.append(
            f"CHANGELOG.md begins with {heading!r}: its first section must be ## {version}"
        )
    if (folder / "api.txt").exists():
        committed = (folder / "api.txt").read_text(encoding="utf-8")
        if committed != interface(name.replace("-", "_"), folder / "src"):
            wrong.append("api.txt is not what the sources say: tox -e api -- --update")
    for layer, specifier in pins(text).items():
        wrong += pin_mistakes(layer, specifier)
        if not any(release.version in specifier for release in releases(layer)):
            unready.append(f"no release of {layer} satisfies {specifier}: release it first")
    if git("status", "--porcelain", "--", str(folder)).stdout.strip():
        unready.append("the folder differs from what is committed: commit it first")
    return wrong, unready


def pin_mistakes(layer: str, specifier: SpecifierSet) -> list[str]:
    """Faults of a pin: it needs a lower bound, and below the next version that may break."""
    operators = {clause.operator for clause in specifier}
    if not {">=", "<"} <= operators:
        return [f"{layer}{specifier}: wanted a lower (>=) and an upper (<) bound"]
    lowest = Version(next(c.version for c in specifier if c.operator == ">="))
    bound = next(c.version for c in specifier if c.operator == "<")
    following = f"{lowest.major + 1}" if lowest.major else f"0.{lowest.minor + 1}"
    if Version(bound) != Version(following):
        return [f"{layer}{specifier}: the next version that may break is {following}, not {bound}"]
    return []


def upstream_requirements(name: str, work: Path) -> list[str]:
    """The newest release of each layer below that the pins allow, or the tree if there is none."""
    wanted = []
    for layer, specifier in pins((folder_of(name) / "pyproject.toml").read_text("utf-8")).items():
        allowed = [r for r in releases(layer) if r.version in specifier and r.is_in_history()]
        wanted.append(
            allowed[-1].requirement if allowed else f"{layer} @ file://{copy_of(layer, work)}"
        )
    return wanted


def check_wheel(name: str, wheel: Path, work: Path) -> None:
    """Install the wheel away from the tree, and run the layer's tests and scripts on it."""
    fresh = work / "fresh"
    venv.create(fresh, with_pip=False)
    python = fresh / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    # The pip of this environment, because older ones do not read such requirements.
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(
        *pip,
        "install",
        "--quiet",
        *upstream_requirements(name, work),
        f"{name}[test] @ file://{wheel}",
    )
    run(python, "-I", ROOT / "tools" / "smoke.py", name)
    # Tests and the files that they read, without the sources.
    tests = work / "tests" / folder_of(name).name
    ignored = shutil.ignore_patterns("src", "build", "dist", "__pycache__", ".hypothesis")
    shutil.copytree(folder_of(name), tests, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", work / "tests")
    command = [str(python), "-m", "pytest", "-q", "--ignore=tests/conformance"]
    if subprocess.run(command, cwd=tests, check=False).returncode:
        sys.exit("the tests fail on the wheel")


def main() -> None:
    """Check, build, check what was built; print what to do next."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="of the distribution")
    parser.add_argument(
        "--draft", action="store_true", help="go on where others have to come first"
    )
    arguments = parser.parse_args()
    name, folder = arguments.name, folder_of(arguments.name)
    version = project((folder / "pyproject.toml").read_text(encoding="utf-8"))["version"]
    wrong, unready = mistakes(name)
    for mistake in [*wrong, *unready]:
        print(f"{name} {version}: {mistake}")
    if wrong or (unready and not arguments.draft):
        sys.exit(f"{name} {version} is not ready to be released")
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        wheel = build(folder, work)
        if found := complaints(folder, wheel):
            sys.exit("\n".join(found))
        artefacts = sorted(wheel.parent.iterdir())
        run(sys.executable, "-m", "twine", "check", "--strict", *artefacts)
        check_wheel(name, wheel, work)
        shutil.rmtree(folder / "dist", ignore_errors=True)
        shutil.copytree(wheel.parent, folder / "dist")
    print(f"\n{name} {version} is in {(folder / 'dist').relative_to(ROOT)}:")
    for artefact in sorted((folder / "dist").iterdir()):
        print(f"  {hashlib.sha256(artefact.read_bytes()).hexdigest()}  {artefact.name}")
    if unready:
        print("A draft: see above for what has to come first.")
        return
    commit = git("rev-parse", "HEAD").stdout.strip()
    print(f"Upload it, then add to tools/releases.txt:\n{name} {version} {commit}")


if __name__ == "__main__":
    main()
