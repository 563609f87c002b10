"""Options in TOML files: reading them as if they stood on the command line, and writing them."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from minitorch_cli.errors import UserError

#: What a file cannot say: these are about the file itself, or about one call.
NOT_IN_FILES = ("config", "help", "print-config", "resume")

#: The table in which a run's file says who wrote it; it is no option.
RUN = "run"

#: A file of options is a page; a larger one is something else.
MOST_BYTES = 1 << 20


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a TOML file holds.

    Raises: UserError, in one line, if it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UserError(f"{path} is larger than a file of options. Name another file.")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML
        raise UserError(
            f"{path} is no TOML file of options, such as epochs = 3 in a line: {error}."
        ) from None


def as_arguments(path: str | os.PathLike[str], options: Mapping[str, argparse.Action]) -> list[str]:
    """The options of a file as arguments of the command line.

    Args:
        path: the file: `name = value` for each option, with dashes or underscores.
        options: those that the command has, by name without leading dashes.

    Raises: UserError, in one line, for an unknown name, with the nearest that is known, and for a
        value that is no text, number or truth value.
    """
    known = sorted(name for name in options if name not in NOT_IN_FILES)
    arguments = []
    for key, value in read_toml(path).items():
        if key == RUN and isinstance(value, dict):
            continue
        name = key.replace("_", "-")
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(known)}."
            raise UserError(f"{path}: unknown option {key!r:.60}; {hint}")
        action = options[name]
        if action.nargs == 0:
            if not isinstance(value, bool):
                raise UserError(f"{path}: {key} is {value!r:.60}, wanted true or false.")
            arguments += [f"--{name}"] if value else []
        elif isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise UserError(f"{path}: {key} is {value!r:.60}, wanted a number or a text.")
        else:
            arguments.append(f"--{name}={value}")
    return arguments


def as_toml(
    options: Mapping[str, Any], given: Collection[str], run: Mapping[str, Any] | None = None
) -> str:
    """Options as a TOML file, with a remark at those that were given.

    Args:
        options: by name, with dashes or underscores; those that are None are left out.
        given: the names of those that are no defaults.
        run: what else is known, for a table at the end.
    """
    lines = []
    for name, value in options.items():
        if value is not None:
            remark = "  # given" if name in given else ""
            lines.append(f"{name.replace('_', '-')} = {_value(value)}{remark}")
    if run:
        lines += ["", f"[{RUN}]", *(f"{name} = {_value(value)}" for name, value in run.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A value in TOML, whose texts, numbers and lists are written as those of JSON."""
    return json.dumps(value).replace("\x7f", "\\u007f")
