"""What the command lines of all apps share: common options, and how they fail.

A mistake of the user's ends with one line on stderr and exit code 2, never a traceback.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence

from minitorch_tensor import (
    BackendBroken,
    BackendNotFound,
    BackendUnavailable,
    backend_names,
    use_backend,
)

from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import TrainingDiverged

#: What a person can bring about and mend: shown without a traceback.
USER_ERRORS = (
    BackendBroken,
    BackendNotFound,
    BackendUnavailable,
    CheckpointError,
    TrainingDiverged,
)


class UserError(Exception):
    """A mistake of the user's: one line that says what, and a way out."""


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """`--backend`, `--batch-size`, `--data-dir`, `--quiet`: what every command takes."""
    parser.add_argument(
        "--backend",
        metavar="NAME",
        help=f"what computes: {', '.join(backend_names())} (default: the fastest installed)",
    )
    parser.add_argument(
        "--batch-size", type=positive_int, metavar="N", help="examples in a batch"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="folder with the data set's own files")
    parser.add_argument("--quiet", action="store_true", help="print the result only")


def add_training_options(parser: argparse.ArgumentParser, default_out: str) -> None:
    """`--epochs`, `--lr`, `--seed`, `--out`: what every training takes."""
    parser.add_argument("--epochs", type=positive_int, metavar="N", help="passes over the data")
    parser.add_argument("--lr", type=positive_float, metavar="RATE", help="peak learning rate")
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all random numbers (default 0)"
    )
    parser.add_argument(
        "--out",
        default=default_out,
        metavar="FILE",
        help=f"where to write the trained model (default {default_out})",
    )


def positive_int(text: str) -> int:
    """An integer of at least 1, for argparse."""
    return _number(text, int, lambda value: value >= 1, "a whole number of at least 1")


def seed(text: str) -> int:
    """An integer of at least 0, for argparse."""
    return _number(text, int, lambda value: value >= 0, "a whole number of at least 0")


def positive_float(text: str) -> float:
    """A finite number above 0, for argparse."""
    return _number(text, float, lambda v: 0 < v < math.inf, "a number above 0")


def _number(text: str, kind: type, accept: Callable[[float], bool], wanted: str) -> int:
    try:
        value = kind(text)
        if accept(value):
            return value  # type: ignore[no-any-return]
    except ValueError:
        pass  # not a number at all: the same message serves
    raise argparse.ArgumentTypeError(f"wanted {wanted}, got {text!r}")


def parse_with_default_command(
    parser: argparse.ArgumentParser,
    commands: Sequence[str],
    argv: Sequence[str] | None,
) -> argparse.Namespace:
    """Parse a command line whose first command may be left out."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in (*commands, "-h", "--help", "--version"):
        arguments.insert(0, commands[0])
    return parser.parse_args(arguments)


def choose_backend(name: str | None) -> None:
    """Compute on that backend from now on; without a name, on the default one."""
    if name is not None:
        use_backend(name)


def run(
    program: str, command: Callable[[], None], user_errors: tuple[type[Exception], ...] = ()
) -> int:
    """Run a command; the process's exit code.

    Returns: 0 if all is well, 2 after a mistake of the user's (told in one line on stderr), 130
        after Ctrl-C, 141 where the reader of the output went away.
    """
    try:
        command()
        sys.stdout.flush()
    except (UserError, *USER_ERRORS, *user_errors) as error:
        print(f"{program}: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0
