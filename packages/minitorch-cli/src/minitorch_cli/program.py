"""The command line of a program: its commands, its help, and its exit codes.

A user error ends with one line on stderr and exit code 2, never with a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from minitorch_cli import process
from minitorch_cli.config import as_arguments
from minitorch_cli.errors import UserError
from minitorch_cli.process import ENDINGS
from minitorch_cli.streams import (
    abandon_stdout_if_broken,
    prepare_streams,
    printable,
    tell,
)
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import TrainingDiverged
from minitorch_tensor import (
    BackendBroken,
    BackendNotFound,
    BackendUnavailable,
    backend_names,
    get_backend,
    use_backend,
)

#: Errors that a user can cause and fix, shown without a traceback. OSError covers refusals of the
#: operating system (a full disk, too many open files), wherever they happen.
USER_ERRORS: tuple[type[Exception], ...] = (
    UserError,
    BackendBroken,
    BackendNotFound,
    BackendUnavailable,
    CheckpointError,
    TrainingDiverged,
    OSError,
)


#: The most characters of an error that are printed: text from an untrusted file may be very long.
MOST_TOLD = 2000


@dataclass(frozen=True)
class Command:
    """A command of a program.

    Attributes:
        name: its name on the command line.
        help: a short description.
        add_options: adds its options to a parser that already has `--backend` and `--quiet`.
        run: executes it, on the chosen backend. Its argument has the options, and also `given`,
            the names of those that are no defaults, and `read_config`, which reads a file of
            options as another such argument.
    """

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


def main(
    program: str,
    version: str,
    description: str,
    commands: Sequence[Command],
    argv: Sequence[str] | None = None,
    user_errors: tuple[type[Exception], ...] = (),
) -> int:
    """Run a program's command line; returns the process's exit code.

    Args:
        program: its name.
        version: what `--version` prints.
        description: one sentence for `--help`.
        commands: its commands; the first is the default.
        argv: the arguments, by default those of the process.
        user_errors: exceptions that count as user errors, in addition to USER_ERRORS.

    Returns: 0 after success, 2 after a user error (told in one line on stderr), 130 after Ctrl-C,
        143 and 129 after SIGTERM and SIGHUP, 141 if the reader of the output has exited.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else "-"
    if first.startswith("-") and first not in ("-h", "--help", "--version"):
        arguments.insert(0, commands[0].name)
    prepare_streams()
    mendable = (*USER_ERRORS, *user_errors)
    try:
        with signals_raised():
            try:
                args = _parsed(_parser(program, version, description, commands), arguments)
            except SystemExit as parsed:  # --help, --version, or a reported user error
                code = int(parsed.code or 0)
            else:
                command = next(command for command in commands if command.name == args.command)
                with use_backend(get_backend(args.backend)):
                    command.run(args)
                code = 0
            sys.stdout.flush()
    except Ending as ending:
        tell(f"{program}: {_told(ending)}")
        code = 128 + ending.number
    except KeyboardInterrupt as ending:
        tell(f"{program}: {_told(ending, 'interrupted')}")
        code = 130
    except BrokenPipeError:
        code = 141
    except mendable as error:
        tell(f"{program}: error: {printable(_told(error)[:MOST_TOLD])}")
        code = 2
    except MemoryError:
        tell(f"{program}: error: the memory does not suffice. Choose less of everything.")
        code = 2
    abandon_stdout_if_broken()
    return code


def _told(error: BaseException, message: str = "") -> str:
    """An exception and its notes, in one line."""
    notes = getattr(error, "__notes__", [])
    told = message or " ".join(str(error).split())
    if notes and told[-1:] not in (".", "?", "!"):
        told += "."
    return " ".join([told, *notes])


class Ending(KeyboardInterrupt):
    """A signal that asked the program to end, as Ctrl-C does.

    Attributes:
        number: the signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(ENDINGS[signal.Signals(number)])
        self.number = number


@contextlib.contextmanager
def signals_raised() -> Iterator[None]:
    """Make signals that ask a process to end raise an exception, once, so that it can clean up.

    A second signal ends it at once. Ignored signals stay ignored. Only the main thread can change
    signal handlers; in other threads this does nothing.
    """

    def end(number: int, _: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)
        raise Ending(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in ENDINGS:
            handler = signal.getsignal(number)
            if handler is signal.SIG_DFL or getattr(handler, "__module__", "") == process.__name__:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Parser(argparse.ArgumentParser):
    """Reports a user error in one line. What it parses has those options only that are given.

    Attributes:
        defaults: the values of the others, by attribute.
        options: by name, without leading dashes.
        commands: the parser of each command, by name.
        source: the file that is parsed, or "".
    """

    def __init__(self, **options: Any) -> None:
        self.defaults: dict[str, Any] = {}
        self.options: dict[str, argparse.Action] = {}
        self.commands: dict[str, _Parser] = {}
        self.source = ""
        super().__init__(**options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        flag = options.get("action") == "store_true"
        default = options.get("default", False if flag else None)
        action = super().add_argument(*names, **{**options, "default": argparse.SUPPRESS})
        if default is not argparse.SUPPRESS:
            self.defaults[action.dest] = default
        for name in action.option_strings:
            self.options[name.lstrip("-")] = action
        return action

    def error(self, message: str) -> NoReturn:
        source = f"{self.source}: " if self.source else ""
        told = printable(" ".join(f"{source}{message}".split()))
        self.exit(2, f"{self.prog}: error: {told} (see {self.prog} --help)\n")


def _parsed(parser: _Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """The options: those given, else those of the file that `--config` names, else defaults.

    Raises: SystemExit for --help, --version and user errors; UserError for a file of options.
    """
    given = parser.parse_args(arguments)
    command = parser.commands[given.command]

    def read(path: Any) -> argparse.Namespace:
        command.source = printable(path)
        try:
            return command.parse_args(as_arguments(path, command.options))
        finally:
            command.source = ""

    path = getattr(given, "config", None)
    found = {**(vars(read(path)) if path is not None else {}), **vars(given)}
    return argparse.Namespace(
        **{**command.defaults, **found}, given=frozenset(found), read_config=read
    )


def _parser(program: str, version: str, description: str, commands: Sequence[Command]) -> _Parser:
    default = commands[0]
    parser = _Parser(
        prog=program,
        usage=f"{program} [COMMAND] [OPTIONS]",
        description=description,
        epilog=_options_help(default)
        + f"\n`{program} COMMAND --help` lists the options of another.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{program} {version}")
    subparsers = parser.add_subparsers(
        dest="command",
        prog=program,
        required=True,
        metavar="COMMAND",
        title="commands",
        description=f"Without one, {default.name} is meant.",
    )
    for command in commands:
        sub = subparsers.add_parser(
            command.name, help=command.help, description=_sentence(command.help), allow_abbrev=False
        )
        _add_all_options(command, sub)
        parser.commands[command.name] = sub
    return parser


def _add_all_options(command: Command, parser: Any) -> None:
    command.add_options(parser)
    parser.add_argument(
        "--backend",
        metavar="NAME",
        help=f"what computes: {', '.join(backend_names())} (default: the fastest installed)",
    )
    parser.add_argument("--quiet", action="store_true", help="print the result only")


def _options_help(command: Command) -> str:
    """The part of a command's help that lists its options."""
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, add_help=False)
    _add_all_options(command, parser.add_argument_group(f"options of {command.name}"))
    return parser.format_help()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
