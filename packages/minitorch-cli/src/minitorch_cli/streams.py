"""Printing on any terminal, without harm from untrusted text."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata

from minitorch_cli.process import reopen_streams

#: Marks that change the direction of the following text, which can disguise it.
_TURNS = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u200e", "\u200f"}


def printable(text: object) -> str:
    r"""Untrusted text (a file's name, a review, a checkpoint's metadata) made safe for a terminal.

    Control characters, which could move the cursor or change the title, are written as escapes.

    >>> printable("good\x1b[2Jbad")
    'good\\x1b[2Jbad'
    """
    return "".join(
        _escaped(ord(character)) if _acts(character) else character for character in str(text)
    )


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _acts(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _TURNS


def prepare_streams() -> None:
    """Make stdout and stderr accept any text: characters that their encoding lacks are escaped."""
    reopen_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def tell(line: str) -> None:
    """Write a line to stderr, if it is open."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def abandon_stdout_if_broken() -> None:
    """Drop a broken stdout: Python flushes it at exit, and would print a traceback on failure."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
