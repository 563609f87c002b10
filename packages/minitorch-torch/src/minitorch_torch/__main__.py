"""Run a PyTorch script on MiniTorch, or read it and list what it would lack.

    python -m minitorch_torch script.py ARGUMENTS...
    python -m minitorch_torch -m module ARGUMENTS...
    python -m minitorch_torch --check script.py...

The script is not changed: within the process, `import torch` and `import torchvision` mean
MiniTorch. What it asks for in vain is told with its line and the nearest thing. The exit code is
the script's own; with --check it is 1 if anything is lacking.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from minitorch_torch.check import check
from minitorch_torch.gaps import gap_behind
from minitorch_torch.missing import met
from minitorch_torch.proxy import enable


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="python -m minitorch_torch",
        usage="%(prog)s [-h] (script.py | -m module) [arguments ...]\n"
        "       %(prog)s --check script.py [script.py ...]",
        description="Run a PyTorch script on MiniTorch, unchanged; or list what it would lack.",
        epilog="MINITORCH_BACKEND chooses the backend, as always.",
    )
    parser.add_argument("--check", action="store_true", help="read the scripts, run nothing")
    parser.add_argument("-m", metavar="module", dest="module", help="run a module by its name")
    parser.add_argument("script", nargs="?", help="the script, with its own arguments after it")
    # What follows the script or the module is theirs, whatever it looks like.
    own = _length_of_own(given)
    options = parser.parse_args(given[:own])
    theirs = given[own:]
    if options.check:
        if options.module or not options.script:
            parser.error("--check wants scripts")
        return _check([options.script, *theirs])
    if not options.module and not options.script:
        parser.error("wanted a script, or -m and a module")
    if options.script and not Path(options.script).exists():
        parser.error(f"there is no file {options.script}")
    return _run(options.module or options.script, bool(options.module), theirs)


def _length_of_own(given: list[str]) -> int:
    """How many of the arguments are for this program: up to the script or the module's name."""
    for number, argument in enumerate(given):
        if argument == "-m":
            return number + 2
        if not argument.startswith("-"):
            return number + 1
    return len(given)


def _check(scripts: list[str]) -> int:
    lacking = 0
    for script in scripts:
        try:
            gaps = check(Path(script))
        except (OSError, SyntaxError, ValueError) as error:
            print(f"{script}: cannot be read: {error}", file=sys.stderr)
            return 2
        for gap in gaps:
            print(gap)
        lacking += len(gaps)
    plural = "" if lacking == 1 else "s"
    print(f"{lacking or 'no'} name{plural} lacking" if lacking else "every name is there")
    return int(lacking > 0)


def _run(target: str, is_module: bool, arguments: list[str]) -> int:
    enable()
    if is_module:
        sys.argv = [target, *arguments]
        sys.path.insert(0, str(Path.cwd()))
    else:
        sys.argv = [target, *arguments]
        sys.path.insert(0, str(Path(target).resolve().parent))
    try:
        if is_module:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(target, run_name="__main__")
    except Exception as error:  # noqa: BLE001 - shown as Python would, and explained
        traceback.print_exception(error.with_traceback(_of_script(error.__traceback__)))
        gap = gap_behind(error)
        if gap is not None:
            print(f"\nminitorch_torch: {gap}", file=sys.stderr)
            if not is_module:
                print(
                    f"`python -m minitorch_torch --check {target}` lists all that it would lack.",
                    file=sys.stderr,
                )
        return 1
    finally:
        sys.stdout.flush()
    if met:
        print("\nminitorch_torch: the script asked for these and went on without:", file=sys.stderr)
        for gap in met:
            print(f"  {gap}", file=sys.stderr)
    return 0


def _of_script(frames: TracebackType | None) -> TracebackType | None:
    """A traceback without the part that is this program's."""
    while frames is not None and frames.tb_frame.f_globals.get("__name__") in (
        __name__,
        "runpy",
        "minitorch_torch.__main__",
    ):
        frames = frames.tb_next
    return frames


if __name__ == "__main__":
    sys.exit(main())
