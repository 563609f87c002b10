"""Build every distribution as for a release, and use the result as a new user would.

Each is copied (without the files of earlier builds), packed into an sdist, and built into a wheel
from that sdist alone. The wheel must hold exactly the modules of the source tree, its licence and
its type marker. Then all wheels go into a fresh environment, and `smoke.py` runs there, away
from the tree.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
LEFT_BY_BUILDS = shutil.ignore_patterns("build", "dist", "*.egg-info", "__pycache__")


def run(*command: str | Path) -> None:
    """Run a command; show its output only if it fails, and then stop."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nfailed: {' '.join(map(str, command))}")


def build(distribution: Path, work: Path) -> Path:
    """Pack one folder into `work`/dist; return the wheel."""
    copy = work / "source" / distribution.name
    shutil.copytree(distribution, copy, ignore=LEFT_BY_BUILDS)
    out = work / "dist" / distribution.name
    # No isolation: setuptools is in this environment already, and fetching it each time is slow.
    # Given neither --sdist nor --wheel, `build` makes the wheel from the sdist.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy)
    (wheel,) = out.glob("*.whl")
    return wheel


def complaints(distribution: Path, wheel: Path) -> list[str]:
    """The files that the wheel lacks, and those that its source tree does not have."""
    source = distribution / "src"
    in_tree = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and ".egg-info" not in path.parent.name
    }
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if ".dist-info/" in name}
    in_wheel = names - metadata
    found = [f"lacks {name}" for name in sorted(in_tree - in_wheel)]
    found += [f"holds {name}, which is not in the tree" for name in sorted(in_wheel - in_tree)]
    if not any(name.endswith("/py.typed") for name in in_wheel):
        found.append("lacks py.typed")
    if not any(name.endswith("/licenses/LICENSE") for name in metadata):
        found.append("lacks LICENSE: link the distribution's to ../../LICENSE")
    return [f"{wheel.name} {complaint}" for complaint in found]


def main(work: Path) -> None:
    """Build, check, install, try, in the empty folder `work`; stop at the first that fails."""
    distributions = [path.parent for path in sorted(ROOT.glob("*/*/pyproject.toml"))]
    wheels = [build(distribution, work) for distribution in distributions]
    wrong = [line for pair in zip(distributions, wheels, strict=True) for line in complaints(*pair)]
    if wrong:
        sys.exit("\n".join(wrong))
    artefacts = sorted((work / "dist").glob("*/*"))
    run(sys.executable, "-m", "twine", "check", "--strict", *artefacts)
    print(f"{len(artefacts)} artefacts built, and passed by twine check --strict", flush=True)

    fresh = work / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "--disable-pip-version-check", *wheels)
    # -I and a folder elsewhere: nothing of the checkout can be imported by accident.
    names = [path.name for path in distributions]
    smoke = [str(python), "-I", str(ROOT / "tools" / "smoke.py"), *names]
    sys.exit(subprocess.run(smoke, cwd=work, check=False).returncode)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(folder))
