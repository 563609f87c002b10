"""`python -m minitorch_tensor backends`: list the backends, with their status and the default.

`python -m minitorch_tensor new-backend NAME`: a distribution to begin one's own backend with.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from minitorch_tensor import new_backend
from minitorch_tensor.dtypes import ALL
from minitorch_tensor.registry import (
    PLUGINS_VARIABLE,
    BackendInfo,
    default_backend_name,
    describe_backends,
)


def table(infos: Sequence[BackendInfo]) -> str:
    """Every backend with its distribution, interface version and status, the default marked."""
    default, why = default_backend_name()
    rows = [("", "name", "distribution", "interface", "status")]
    for info in infos:
        mark = "*" if info.name == default else ""
        interface = "?" if info.interface is None else str(info.interface)
        rows.append((mark, info.name, info.distribution or "-", interface, _status(info)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        " ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip()
        for row in rows
    ]
    known = any(info.name == default for info in infos)
    note = "" if known else ", but no backend has that name"
    lines += ["", f"* default: {default}, because {why}{note}."]
    if os.environ.get(PLUGINS_VARIABLE) == "0":
        lines.insert(-1, f"{PLUGINS_VARIABLE}=0 hides the backends of other distributions.")
    return "\n".join(lines)


def as_json(infos: Sequence[BackendInfo]) -> str:
    """The same for programs: a list of backends, and the name of the default and its reason."""
    default, why = default_backend_name()
    backends = []
    for info in infos:
        declared = info.capabilities and {
            **info.capabilities._asdict(),
            "dtypes": [str(dtype) for dtype in info.capabilities.dtypes],
        }
        backends.append({**vars(info), "capabilities": declared})
    hidden = os.environ.get(PLUGINS_VARIABLE) == "0"
    found = {"backends": backends, "default": default, "why": why, "plugins_hidden": hidden}
    return json.dumps(found, indent=2, default=str)


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """What plug-ins print while they load, from Python or from compiled code, goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _status(info: BackendInfo) -> str:
    """ "ready", or the problem and its remedy, in one line."""
    detail = " ".join(info.detail.split())
    if info.status == "unavailable":
        return f"needs: {detail}"
    if info.capabilities is not None:
        missing = [str(d) for d in ALL if d not in info.capabilities.dtypes]
        notes = [f"loaded in {info.seconds:.2f} s"] if info.seconds >= 0.01 else []
        notes += ["compiles"] if info.capabilities.compiles else []
        notes += ["flushes denormals"] if info.capabilities.flushes_denormals else []
        notes += [f"without {', '.join(missing)}"] if missing else []
        return ", ".join([info.status, *notes])
    return f"{info.status}: {detail}" if detail else info.status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 if the default backend cannot be had, or 2 for unknown
    arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m minitorch_tensor", description="Look at backends, or begin one."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    backends = commands.add_parser(
        "backends",
        help="a table of all backends: where they come from, and whether they work here",
        description="A table of all backends, with their status and the default.",
    )
    backends.add_argument("--json", action="store_true", help="for programs")
    new = commands.add_parser(
        "new-backend",
        help="a distribution with a backend that passes the conformance kit, to begin with",
        description=new_backend.__doc__,
    )
    new.add_argument("name", metavar="NAME", help="by which users will select it")
    options = parser.parse_args(arguments)
    if options.command == "new-backend":
        try:
            files = new_backend.write(options.name, Path())
        except (ValueError, FileExistsError) as error:
            parser.error(str(error))
        root = Path(*files[0].parts[:1])
        sys.stdout.write("".join([f"{file}\n" for file in files]))
        sys.stdout.write(f"Next: pip install -e './{root}[test]' && pytest {root}\n")
        return 0
    with _stdout_to_stderr():
        infos = describe_backends()
    sys.stdout.write(f"{as_json(infos) if options.json else table(infos)}\n")
    default, _ = default_backend_name()
    return 0 if any(info.name == default and info.status == "ready" for info in infos) else 1


if __name__ == "__main__":
    sys.exit(main())
