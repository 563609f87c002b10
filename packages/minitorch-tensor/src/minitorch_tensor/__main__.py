"""`python -m minitorch_tensor backends`: list the backends, with their status and the default."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from minitorch_tensor.registry import BackendInfo, default_backend_name, describe_backends


def table() -> str:
    """Every backend with its distribution, interface version and status, the default marked."""
    default, why = default_backend_name()
    infos = describe_backends()
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
    return "\n".join([*lines, "", f"* default: {default}, because {why}{note}."])


def _status(info: BackendInfo) -> str:
    """ "ready", or the problem and its remedy, in one line."""
    detail = " ".join(info.detail.split())
    if info.status == "unavailable":
        return f"needs: {detail}"
    return f"{info.status}: {detail}" if detail else info.status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 for unknown arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m minitorch_tensor", description="Look at what is installed."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "backends",
        help="a table of all backends: where they come from, and whether they work here",
        description=__doc__,
    )
    parser.parse_args(arguments)
    sys.stdout.write(f"{table()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
