"""Laws for every program built on minitorch-cli, to run in its own tests.

    from minitorch_cli.testing import ProgramLaws


    class TestProgram(ProgramLaws):
        program = "minitorch-mnist"
        readme = Path(__file__).parent.parent / "README.md"
        training = ("--data", "digits", "--backend", "numpy")

A program NAME is installed as the script NAME and as the module of that name with underscores,
which has `__version__` and, in `cli`, `main(argv)`, which returns the exit status.

Needs pytest: install minitorch-cli[testing].
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeAlias

import pytest

from minitorch_cli.models import read_model
from minitorch_cli.process import ENDINGS
from minitorch_nn.training import read_records

__all__ = [
    "Ended",
    "Killed",
    "ProgramLaws",
    "Run",
    "accuracy",
    "hearing_signals",
    "in_process",
    "killed_and_resumed",
    "script",
    "without_notes",
]

_RESULT = re.compile(r"test accuracy (\d\.\d{4}) \((\d+)/(\d+)\)")


class Ended(NamedTuple):
    """The result of a command: its exit status, and its output on both streams."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on stderr of a command that failed as it should."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.count("\n") == 1 and self.err.endswith("\n")
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


#: Calls a program with arguments, which become strings.
Run: TypeAlias = Callable[..., Ended]


def in_process(main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> Run:
    """A fixture's function that runs the program in this process, which suits most tests."""

    def call(*argv: object) -> Ended:
        capsys.readouterr()
        code = main([str(arg) for arg in argv])
        out, err = capsys.readouterr()
        return Ended(code, out, without_notes(err))

    return call


def script(program: str) -> Path:
    """The path of the installed program."""
    return Path(sys.executable).with_name(program)


@contextlib.contextmanager
def hearing_signals() -> Iterator[None]:
    """Processes started in this context do not ignore the signals that end a program, even if this
    one does: SIGINT in the background of a script, SIGHUP under nohup."""
    before = {
        number: signal.signal(
            number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        )
        for number in ENDINGS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Killed(NamedTuple):
    """A training that was killed again and again, beside one that was not.

    Attributes:
        kills: how often it was killed while it trained.
        steps: the last that was reported, before each kill.
        differing: the names of values that are not equal to the last bit.
    """

    kills: int
    steps: list[int]
    differing: list[str]


def killed_and_resumed(
    command: Sequence[object], how: Sequence[object], kills: int, rng: random.Random
) -> Killed:
    """Train once in the folder `whole`, and once in the folder `killed`, where the process is
    killed at random moments and the run resumed each time.

    Args:
        command: the program.
        how: its options, those of the data and the network.
        kills: how often it is killed; fewer, if it ends before.
        rng: draws the moments.
    """
    # A checkpoint every 30 ms, so that many kills are in the middle of one.
    argv = [*map(str, (*command, *how)), "--quiet", "--checkpoint-minutes", "0.0005"]
    _train_on([*argv, "--out", "whole"])
    seconds = sum(r.get("seconds", 0) for r in read_records(Path("whole/metrics.jsonl")))
    steps: list[int] = []
    resume: list[str] = []
    while len(steps) < kills:
        metrics = Path("killed/metrics.jsonl")
        before = metrics.stat().st_ino if resume else 0
        arguments = [*argv, "--out", "killed", *resume]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)

        def waits(still: Callable[[], bool], process: subprocess.Popen[bytes] = process) -> None:
            while process.poll() is None and still():
                time.sleep(0.01)

        # The file is replaced when training begins, or goes on.
        waits(lambda: not metrics.exists() or metrics.stat().st_ino == before)  # noqa: B023
        if rng.random() < 0.8:  # else it is killed while it loads kernels, before a batch is done
            size = metrics.stat().st_size
            waits(lambda: metrics.stat().st_size == size)  # noqa: B023
        time.sleep(rng.uniform(0, 1.6 * seconds / (kills + 1)))
        process.kill()
        if process.wait() >= 0:
            assert process.returncode == 0, "going on failed"
            break
        resume = ["--resume"]
        steps.append(int(read_records(metrics)[-1]["step"]) if read_records(metrics) else 0)
    _train_on([*argv, "--out", "killed", *resume])
    whole, other = (read_model(name).state_dict for name in ("whole", "killed"))
    assert list(whole) == list(other)
    differing = [name for name in whole if whole[name].tobytes() != other[name].tobytes()]
    return Killed(len(steps), steps, differing)


def _train_on(argv: list[str]) -> None:
    ended = _ended(argv)
    assert ended.code == 0, ended.err


def without_notes(err: str) -> str:
    """Standard error without a backend's note that it compiles kernels."""
    lines = err.splitlines(keepends=True)
    return "".join(line for line in lines if "compiling kernels, which happens once" not in line)


def accuracy(out: str) -> float:
    """The accuracy in the last line of a program, checked against the numbers beside it."""
    found = _RESULT.fullmatch(out.splitlines()[-1])
    assert found, out
    share, correct, total = float(found[1]), int(found[2]), int(found[3])
    assert share == pytest.approx(correct / total, abs=5e-5)
    return share


class ProgramLaws:
    """Subclass it in a test module, with a fixture `run` that returns `in_process`'s result.

    Attributes:
        program: its installed name.
        readme: the file that lists its options, each as `--option`.
        commands: the names of its commands.
        training: arguments with which `train` begins at once, without downloads or compiling.
    """

    program: ClassVar[str]
    readme: ClassVar[Path]
    commands: ClassVar[tuple[str, ...]] = ("train", "evaluate", "predict")
    training: ClassVar[tuple[str, ...]]

    @property
    def module(self) -> str:
        """The program's name as a Python module."""
        return self.program.replace("-", "_")

    @property
    def version(self) -> Any:
        """The version that the program prints."""
        return importlib.import_module(self.module).__version__

    def test_the_version_is_the_distributions(self) -> None:
        assert self.version == importlib.metadata.version(self.program)

    def test_help_fits_a_terminal_and_explains_every_option(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        for command in [(), *[(name,) for name in self.commands]]:
            ended = run(*command, "--help")
            assert (ended.code, ended.err) == (0, "")
            lines = ended.out.splitlines()
            assert max(map(len, lines)) <= 80
            options = [i for i, line in enumerate(lines) if line.startswith("  -")]
            assert options
            for i in options:  # the explanation is beside a short option, or below a long one
                explained = re.search(r"\S  +\S", lines[i]) or lines[i + 1].startswith(" " * 10)
                assert explained, lines[i]

    def test_the_help_lists_what_the_readme_does(self, run: Run) -> None:
        options = set(re.findall(r"`(--[a-z-]+)", self.readme.read_text(encoding="utf-8")))
        helped = "".join([run(command, "--help").out for command in self.commands])
        assert options == set(re.findall(r"(--[a-z-]+)", helped)) - {"--help"}

    def test_help_starts_no_compiler(self) -> None:
        code = (
            f"import sys; from {self.module}.cli import main; main(['--help']); "
            "sys.exit('numba' in sys.modules or 'pooch' in sys.modules)"
        )
        ended = _ended([sys.executable, "-c", code])
        assert (ended.code, ended.err) == (0, "")

    def test_the_program_is_a_module_too(self) -> None:
        argv = [sys.executable, "-m", self.module]
        assert _ended([*argv, "--version"]).out == f"{self.program} {self.version}\n"
        assert _ended([*argv, "--lr", "x"]).error

    @pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
    @pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
    def test_a_signal_in_training_leaves_nothing(self, number: signal.Signals) -> None:
        argv = [str(script(self.program)), "--epochs", "99", "--out", "new/m.npz"]
        process = self._start([*argv, *self.training])
        assert process.stdout
        assert re.match(r"\w+ \([\d,]+ parameters\) on ", process.stdout.readline())
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert err == f"{self.program}: {ENDINGS[number]}\n"
        assert list(Path().iterdir()) == []

    @pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
    def test_a_signal_in_a_run_leaves_what_its_last_words_go_on_with(self) -> None:
        program = str(script(self.program))
        how = [program, "--out", "a run", *self.training]
        process = self._start([*how, "--epochs", "99"])
        assert process.stdout
        assert re.match(r"\w+ \([\d,]+ parameters\) on ", process.stdout.readline())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        way_on = f"{self.program} --out 'a run' --resume"
        assert err == f"{self.program}: interrupted. Go on with: {way_on}\n"
        changed = _ended([*how, "--resume", "--epochs", "98"])
        assert "--epochs is 98, and was 99" in changed.error
        begun = _ended([*how, "--epochs", "99"])
        assert f"a run holds a run. Go on with it: {way_on}" in begun.error

    @pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
    @pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
    def test_a_signal_in_the_first_moments_is_told_in_a_line(
        self, number: signal.Signals, tmp_path: Path
    ) -> None:
        slow = tmp_path / "numpy.py"  # replaces numpy, which takes a while to import
        slow.write_text("import time; print('importing', flush=True); time.sleep(60)")
        process = self._start([str(script(self.program))], PYTHONPATH=str(tmp_path))
        assert process.stdout
        assert process.stdout.readline() == "importing\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert err == f"{self.program}: {ENDINGS[number]}\n"

    @pytest.mark.skipif(os.name != "posix", reason="needs a shell")
    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
    def test_closed_streams_are_no_mistake(self, closed: str) -> None:
        argv = ["sh", "-c", f'exec "$0" "$@" {closed}', str(script(self.program))]
        for arguments, code in ((["--version"], 0), (["--help"], 0), (["--lr", "x"], 2)):
            ended = _ended([*argv, *arguments])
            assert ended.code == code
            assert "Traceback" not in ended.err

    def test_a_name_that_the_terminal_cannot_show_is_no_reason_to_fail(self) -> None:
        for encoding in ("ascii", "cp1252"):
            Path("\u2603\x1b]0;title\x07").touch()
            out = "\u2603\x1b]0;title\x07/run"
            argv = [str(script(self.program)), "--out", out, *self.training]
            process = self._start(argv, PYTHONIOENCODING=encoding)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out) == (2, "")
            assert r"cannot write \u2603\x1b]0;title\x07/run" in err

    def test_where_numba_may_not_compile_that_is_told_in_a_line(self) -> None:
        pytest.importorskip("minitorch_backends")
        process = self._start([str(script(self.program))], NUMBA_DISABLE_JIT="1")
        out, err = process.communicate(timeout=60)
        assert "NUMBA_DISABLE_JIT" in Ended(process.returncode, out, err).error

    @staticmethod
    def _start(argv: list[str], **environment: str) -> subprocess.Popen[str]:
        with hearing_signals():
            return subprocess.Popen(
                argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **environment},
            )


def _ended(argv: list[str]) -> Ended:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)
