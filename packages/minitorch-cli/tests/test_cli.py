"""What apps share on the command line: exit codes, one line for a mistake, no traceback."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import minitorch_cli as cli
import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_cli.testing import hearing_signals
from minitorch_nn.checkpoint import Checkpoint, CheckpointError
from minitorch_nn.training import TrainingDiverged


class Strange(Exception):
    """An app's own kind of mistake."""


SEEN: list[argparse.Namespace] = []


def show(args: argparse.Namespace) -> None:
    SEEN.append(args)
    sys.stdout.write(f"{mt.get_backend().name}\n")


def fail(args: argparse.Namespace) -> None:
    errors: dict[str, BaseException] = {
        "user": cli.UserError("that was\n  wrong"),
        "checkpoint": CheckpointError("no file"),
        "diverged": TrainingDiverged("the loss is nan"),
        "system": OSError(28, "No space left on device"),
        "own": Strange("strange"),
        "interrupt": KeyboardInterrupt(),
        "bug": ZeroDivisionError("a bug"),
    }
    raise errors[args.kind]


def add_fail_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    cli.add_training_options(parser, "out.npz", epochs="3", batch_size="8", lr="0.1")


COMMANDS = (
    cli.Command("train", "learn something", add_train_options, show),
    cli.Command("fail", "go wrong", add_fail_options, fail),
)


def run(*argv: str) -> int:
    SEEN.clear()
    return cli.main("app", "1.2.3", "Does things.", COMMANDS, argv, user_errors=(Strange,))


Capture = pytest.CaptureFixture[str]


# -- commands and options --------------------------------------------------------------------------


def test_the_first_command_is_meant_where_none_is_named(capsys: Capture) -> None:
    for argv in ([], ["train"], ["--epochs", "3"], ["train", "--epochs", "3"]):
        assert run(*argv) == 0
        assert SEEN[0].command == "train"
    assert SEEN[0].epochs == 3
    assert SEEN[0].seed == 0
    assert SEEN[0].out == "out.npz"
    assert capsys.readouterr().err == ""


def test_arguments_default_to_those_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app", "train", "--seed", "5"])
    SEEN.clear()
    assert cli.main("app", "1", "Does things.", COMMANDS) == 0
    assert SEEN[0].seed == 5


def test_help_shows_the_commands_and_the_options_of_the_first(capsys: Capture) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    for part in ("usage: app [COMMAND] [OPTIONS]", "Does things.", "train", "fail  ", "go wrong"):
        assert part in text
    for option in ("--epochs", "--batch-size", "--lr", "--seed", "--out", "--backend", "--quiet"):
        assert option in text
    assert "kind" not in text
    assert run("fail", "--help") == 0
    assert "usage: app fail [-h] [--backend NAME] [--quiet] kind" in capsys.readouterr().out
    assert run("--version") == 0
    assert capsys.readouterr().out == "app 1.2.3\n"


def test_the_backend_is_chosen_for_the_command_alone(capsys: Capture) -> None:
    assert run("--backend", "simple") == 0
    assert capsys.readouterr().out == "simple\n"
    assert mt.get_backend().name == "numpy"


def test_without_a_choice_the_current_backend_computes(capsys: Capture) -> None:
    assert run() == 0
    assert capsys.readouterr().out == "numpy\n"


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--epochs", "0"], "argument --epochs: wanted a whole number of at least 1, got '0'"),
        (["--epochs", "2.5"], "argument --epochs: wanted a whole number of at least 1, got '2.5'"),
        (["--epochs", "x"], "argument --epochs: wanted a whole number of at least 1, got 'x'"),
        (["--epochs"], "argument --epochs: expected one argument"),
        (["--batch-size", "-3"], "argument --batch-size: wanted a whole number of at least 1"),
        (["--lr", "0"], "argument --lr: wanted a number above 0, got '0'"),
        (["--lr", "nan"], "argument --lr: wanted a number above 0, got 'nan'"),
        (["--lr", "inf"], "argument --lr: wanted a number above 0, got 'inf'"),
        (["--lr", "1e999"], "argument --lr: wanted a number above 0, got '1e999'"),
        (["--seed", "-1"], "argument --seed: wanted a whole number of at least 0, got '-1'"),
        (["--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["tarin"], "argument COMMAND: invalid choice: 'tarin'"),
        (["--quiet", "fail"], "unrecognized arguments: fail"),
        (["fail"], "the following arguments are required: kind"),
        (["--backend", "nump"], "no backend 'nump': misspelled or not installed"),
        (["fail", "user"], "app: error: that was wrong\n"),
        (["fail", "checkpoint"], "app: error: no file\n"),
        (["fail", "diverged"], "app: error: the loss is nan\n"),
        (["fail", "system"], "app: error: [Errno 28] No space left on device\n"),
        (["fail", "own"], "app: error: strange\n"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(
    argv: Any, message: str, capsys: Capture
) -> None:
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("app") and "error: " in err
    assert err.count("\n") == 1 and err.endswith("\n")
    assert SEEN == []


def test_a_bad_backend_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = run_script("cli.main('app', '1', 'D.', COMMANDS, [])", MINITORCH_BACKEND="nump")
    assert ended.returncode == 2
    assert ended.stderr.startswith("app: error: environment variable MINITORCH_BACKEND: no backend")
    assert ended.stderr.count("\n") == 1


def test_ctrl_c_is_told_in_one_line(capsys: Capture) -> None:
    assert run("fail", "interrupt") == 130
    assert capsys.readouterr().err == "app: interrupted\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run("fail", "bug")


# -- in a process of its own -----------------------------------------------------------------------

PREAMBLE = """
import sys, time
import minitorch_cli as cli
def loud(args):
    for _ in range(100000):
        print("line")
def few(args):
    print("line")
def slow(args):
    print("ready", flush=True)
    time.sleep(60)
def add(parser):
    pass
COMMANDS = [cli.Command(run.__name__, "run", add, run) for run in (loud, few, slow)]
sys.exit({call})
"""


def start_script(
    call: str, stdout: Any = subprocess.PIPE, **environment: str
) -> subprocess.Popen[str]:
    # An empty PYTHONUNBUFFERED: with one that is set, nothing is left to flush at exit.
    settings = {"MINITORCH_BACKEND": "numpy", "PYTHONUNBUFFERED": "", **environment}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE.format(call=call)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    )


def run_script(call: str, **environment: str) -> subprocess.CompletedProcess[str]:
    process = start_script(call, **environment)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    process = start_script("cli.main('app', '1', 'D.', COMMANDS, ['loud'])")
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("command", ["few", "loud"])  # fails at the end, or in the middle
def test_a_full_disk_under_the_output_is_an_error(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        process = start_script(f"cli.main('app', '1', 'D.', COMMANDS, ['{command}'])", full)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert err == "app: error: [Errno 28] No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_real_ctrl_c_ends_the_program_with_130() -> None:
    with hearing_signals():
        process = start_script("cli.main('app', '1', 'D.', COMMANDS, ['slow'])")
    assert process.stdout and process.stderr
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "app: interrupted\n"
    assert process.returncode == 130


# -- trained models --------------------------------------------------------------------------------


def build(checkpoint: Checkpoint) -> nn.Module:
    return nn.Linear(checkpoint.metadata["in"], 2)


def test_a_saved_model_comes_back_with_what_was_said_of_it(tmp_path: Path) -> None:
    path = str(tmp_path / "m.npz")
    model = nn.Linear(3, 2).train()
    cli.save_model(path, model, "learner", "1.0", {"in": 3})
    again, metadata = cli.load_model(path, "learner", build)
    assert metadata == {"program": "learner", "version": "1.0", "in": 3}
    assert not again.training
    for one, other in zip(model.parameters(), again.parameters()):
        assert one.tolist() == other.tolist()


def test_another_programs_model_and_one_that_does_not_fit_are_told(tmp_path: Path) -> None:
    path = str(tmp_path / "m.npz")
    cli.save_model(path, nn.Linear(3, 2), "learner", "1.0", {"in": 4})
    with pytest.raises(CheckpointError, match=r"m.npz was written by learner, not by other. Name"):
        cli.load_model(path, "other", build)
    with pytest.raises(CheckpointError, match=r"m.npz: load_state_dict: .*do not fit Linear") as e:
        cli.load_model(path, "learner", build)
    assert "\n" not in str(e.value)


def test_a_network_that_the_program_lacks_is_named_with_those_it_has() -> None:
    networks = {"small": 1, "large": 2}
    assert cli.named_network("m.npz", "learner", "1.0", networks, "large") == 2
    for name in ("huge", None, 3, ["large"]):
        named = rf"network {re.escape(repr(name))}, .* it has large, small"
        with pytest.raises(CheckpointError, match=named):
            cli.named_network("m.npz", "learner", "1.0", networks, name)
