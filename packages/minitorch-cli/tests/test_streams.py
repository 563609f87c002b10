"""Streams, signals and limits: no text, and nothing closed or forbidden, ends in a traceback."""

from __future__ import annotations

import _thread
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import minitorch_cli as cli
from minitorch_cli import process, streams
from minitorch_cli.process import ENDINGS
from minitorch_cli.testing import hearing_signals

Capture = pytest.CaptureFixture[str]


def run(action: Callable[[Any], None], *argv: str) -> int:
    command = cli.Command("do", "it", lambda parser: None, action)
    return cli.main("app", "1", "Does.", [command], ["--backend", "numpy", *argv])


# -- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain caf\u00e9 \u2603 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nb\rc\td\0", r"a\x0ab\x0dc\x09d\x00"),
        ("\x85 \x9b31m \x7f", r"\x85 \x9b31m \x7f"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("line\u2028end\u2029", r"line\u2028end\u2029"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_would_act_on_the_terminal_is_shown_as_an_escape(
    text: str, printed: str | None
) -> None:
    assert cli.printable(text) == (text if printed is None else printed)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_text_can_be_printed_in_any_encoding(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding, write_through=True))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding, write_through=True))

    def say(_: Any) -> None:
        print("caf\u00e9 \u2603 \udcff")  # noqa: T201
        raise cli.UserError("\u2603 \udcff")

    assert run(say) == 2
    shown = "caf\u00e9 \u2603 \\udcff\n".encode(encoding, "backslashreplace")
    assert out.getvalue() == shown
    assert err.getvalue().startswith(b"app: error: ")


def test_an_error_is_shown_without_what_acts_and_not_without_end(capsys: Capture) -> None:
    def fail(_: Any) -> None:
        raise cli.UserError("\x1b[2J\n" + "x" * 10_000_000)

    assert run(fail) == 2
    err = capsys.readouterr().err
    assert err.startswith(r"app: error: \x1b[2J xxx")
    assert len(err) < 3000
    assert run(fail, "\x1b[2J") == 2
    assert r"unrecognized arguments: \x1b[2J" in capsys.readouterr().err


def test_memory_that_does_not_suffice_is_told(capsys: Capture) -> None:
    def fail(_: Any) -> None:
        raise MemoryError

    assert run(fail) == 2
    assert capsys.readouterr().err.startswith("app: error: the memory does not suffice")


# -- closed streams --------------------------------------------------------------------------------


class Broken:
    """A stream whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("stderr", [Broken(), None])
def test_nobody_who_hears_of_an_error_changes_no_exit_code(
    stderr: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise cli.UserError("wrong")

    monkeypatch.setattr(sys, "stderr", stderr)
    assert run(fail) == 2


def test_streams_that_are_missing_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    def use(_: Any) -> None:
        print("out")  # noqa: T201
        print("err", file=sys.stderr)  # noqa: T201
        assert sys.stdin.buffer.read() == b""

    assert run(use) == 0


@pytest.mark.skipif(os.name != "posix", reason="needs descriptors")
def test_a_file_does_not_take_the_place_of_a_closed_stream() -> None:
    code = (
        "import os; os.close(1); os.close(0)\n"
        "from minitorch_cli.process import reopen_streams; reopen_streams()\n"
        "os._exit(os.open(os.devnull, os.O_RDONLY))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode > 2


# -- signals ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
def test_a_signal_ends_a_command_in_order(number: signal.Signals, capsys: Capture) -> None:
    tidied = []

    def wait(_: Any) -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(30)
        finally:
            tidied.append(number)

    with hearing_signals():
        before = [signal.getsignal(each) for each in ENDINGS]
        assert run(wait) == 128 + number
        assert [signal.getsignal(each) for each in ENDINGS] == before
    assert tidied == [number]
    assert capsys.readouterr().err == f"app: {ENDINGS[number]}\n"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ignored_signals_stay_so_and_other_threads_leave_them_alone() -> None:
    heard: list[Any] = []

    def look(_: Any) -> None:
        heard.append(signal.getsignal(signal.SIGHUP))

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(look) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == [signal.SIG_IGN]
    thread = threading.Thread(target=run, args=(look,))
    thread.start()
    thread.join()
    assert heard == [signal.SIG_IGN, before]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
def test_a_signal_before_and_after_a_command_is_told_in_a_line(number: signal.Signals) -> None:
    code = """
import sys
from minitorch_cli.process import start
start("app")
print("ready", flush=True)
sys.stdin.readline()
import minitorch_cli as cli
cli.main("app", "1", "Does.", [cli.Command("do", "it", lambda _: None, lambda _: None)], [])
print("done", flush=True)
sys.stdin.readline()
"""
    for moment in ("ready\n", "done\n"):
        with hearing_signals():
            started = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "MINITORCH_BACKEND": "numpy"},
            )
        assert started.stdin
        assert started.stdout
        assert started.stdout.readline() == "ready\n"
        if moment == "done\n":
            started.stdin.write("\n")
            started.stdin.flush()
            assert started.stdout.readline() == "done\n"
        started.send_signal(number)
        _, err = started.communicate(timeout=60)
        assert (started.returncode, err) == (128 + number, f"app: {ENDINGS[number]}\n")


def test_starting_imports_nothing_that_takes_long() -> None:
    code = (
        "import sys; before = set(sys.modules); from minitorch_cli import start; "
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {
        "__future__", "enum", "functools", "importlib", "minitorch_cli", "minitorch_cli.process",
        "operator", "reprlib", "signal", "types", "collections", "itertools", "keyword",
        "_collections", "_functools", "_operator", "_signal", "importlib._bootstrap",
        "importlib._bootstrap_external", "warnings", "builtins",
    }  # fmt: skip


# -- threads ---------------------------------------------------------------------------------------


def test_where_no_thread_may_be_started_libraries_are_told_beforehand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert process.may_start_threads(4)

    def start_new_thread(*_: Any) -> int:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", start_new_thread)
    assert not process.may_start_threads(1)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for name in process._ONE_THREAD:
        monkeypatch.setenv(name, "8")
    process.start("app")
    assert {os.environ[name] for name in process._ONE_THREAD} == {"1"}


def test_preparing_twice_changes_nothing_more() -> None:
    streams.prepare_streams()
    streams.prepare_streams()
