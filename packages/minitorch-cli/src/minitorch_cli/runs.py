"""Runs: a training's folder, with its options, its progress, and all that is needed to go on."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from minitorch_cli.config import RUN, as_toml, read_toml
from minitorch_cli.errors import UserError
from minitorch_cli.models import BEST, MODEL, Stateful, check_room, save_model
from minitorch_cli.plots import check_matplotlib
from minitorch_cli.streams import printable, tell
from minitorch_nn.checkpoint import CheckpointError, check_writable
from minitorch_nn.training import (
    CSVReporter,
    EpochResult,
    JSONLReporter,
    Reporter,
    TensorBoardReporter,
    TrainingDiverged,
    best_epoch,
    load_state,
    previous,
)
from minitorch_tensor import get_backend, use_backend
from minitorch_tensor.files import write_file

#: The files of a run's folder, beside those with the model.
CONFIG = "config.toml"
LOCK = "lock"
RECORDS = "metrics.jsonl"
TABLE = "metrics.csv"
CHECKPOINT = "checkpoint.safetensors"
DIVERGED = "diverged.safetensors"
TENSORBOARD = "tensorboard"

#: An `--out` with such an end is a file for the model alone.
FILES = (".npz", ".safetensors")

#: Options that may differ when a run goes on: its results do not depend on them.
FREE = ("checkpoint_minutes", "data_dir", "quiet", "report", "tensorboard")

#: Files that do not make a folder a run.
TRACES = (LOCK, ".minitorch-")


class Run:
    """Where a training writes: a folder, or a file for the model alone. `training_run` makes it.

    Attributes:
        place: the folder or the file.
        folder: the folder, or None.
        resumes: whether it goes on with what the folder holds.
    """

    def __init__(self, args: argparse.Namespace, program: str, version: str, default: str) -> None:
        self.args, self.program, self.version = args, program, version
        self._default = Path(default)
        self._numbered = "out" not in args.given and not args.resume
        self.place = self._choose()
        is_file = self.place.suffix.lower() in FILES or self.place.is_file()
        self.folder = None if is_file else self.place
        self.resumes = False
        self._begun = False
        self._options: dict[str, Any] = {}
        self._model: Stateful | None = None
        self._described: dict[str, Any] = {}
        self._held = contextlib.ExitStack()

    def _choose(self) -> Path:
        if not self.args.resume:
            return free(self._default) if self._numbered else Path(self.args.out)
        if "out" in self.args.given:
            return Path(self.args.out)
        found = newest(self._default)
        if found is None:
            raise UserError(
                f"--resume: there is no run {self._default}. Name the folder: --out RUN --resume."
            )
        return found

    @property
    def way_on(self) -> str:
        """The command that goes on with this run."""
        return f"{self.program} --out {shlex.quote(printable(self.place))} --resume"

    def open(self) -> None:
        """Look whether a run can be begun, or gone on with, before anything takes long.

        Raises: UserError or CheckpointError that names the obstacle.
        """
        if self.folder is None:
            for option in ("resume", "report", "tensorboard"):
                if getattr(self.args, option, False):
                    raise UserError(
                        f"--{option} needs the folder of a run, and {self.place} is a file for "
                        "the model alone. Name a folder: --out RUN."
                    )
            check_writable(self.args.out)
            return
        if getattr(self.args, "report", False):
            check_matplotlib()
        if getattr(self.args, "tensorboard", False):
            try:
                TensorBoardReporter(self.folder)
            except ImportError as error:
                raise UserError(f"--tensorboard: {error}") from None
        if not self.args.resume:
            if holds_run(self.folder):
                raise UserError(
                    f"{self.place} holds a run. Go on with it: {self.way_on}; or name another "
                    "folder."
                )
            if self.folder.is_dir() and not _is_empty(self.folder):
                raise UserError(
                    f"cannot write {self.place}: it is a folder with other files in it. Name a new "
                    "folder for the run."
                )
            check_writable(self.folder / MODEL)
            return
        if not self.folder.is_dir():
            raise UserError(
                f"--resume: there is no run {self.place}. Leave --resume out to begin it."
            )
        self._lock()
        if holds_run(self.folder):
            self._take_options()
            self.resumes = True
        elif not _is_empty(self.folder):
            raise UserError(f"--resume: {self.place} is no folder of a run. Name another.")

    def _take_options(self) -> None:
        """Take over the options with which the run was begun.

        Raises: UserError if it is another program's, or others are given now.
        """
        assert self.folder is not None
        path = self.folder / CONFIG
        said = read_toml(path).get(RUN)
        writer = said.get("program") if isinstance(said, dict) else None
        if writer != self.program:
            raise UserError(
                f"{self.place} is a run of {str(writer or 'another program')[:60]}, not of "
                f"{self.program}. Name another folder."
            )
        begun = vars(self.args.read_config(path))
        begun.pop("command", None)
        self._refuse(
            {name: value for name, value in begun.items() if name in self.args.given},
            {name: getattr(self.args, name) for name in begun},
        )
        for name, value in begun.items():
            if name not in self.args.given:
                setattr(self.args, name, value)
        backend = begun.get("backend")
        if backend is not None and backend != get_backend().name:
            self._held.enter_context(use_backend(get_backend(backend)))

    def _refuse(self, begun: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        changed = [
            f"--{name.replace('_', '-')} is {now.get(name)}, and was {value}"
            for name, value in begun.items()
            if name not in FREE and now.get(name) != value
        ]
        if changed:
            raise UserError(
                f"{self.place} was begun with other options: {'; '.join(changed)}. Leave them as "
                "they were, or begin another run: --out NEW without --resume."
            )

    def begin(
        self, options: Mapping[str, Any], model: Stateful, described: Mapping[str, Any]
    ) -> None:
        """Make the folder, if it is a new run; afterwards `fit` can begin.

        Args:
            options: all that decide the result, by name and as they are resolved; with a backend of
                None where none computes.
            model: the network, not yet trained.
            described: metadata for `load_model`.

        Raises: CheckpointError if there is not enough room; UserError if another process trains in
            the folder.
        """
        self._model, self._described = model, dict(described)
        if self.folder is None:
            check_room(str(self.place), model, self.program, self.version, described)
            return
        self._options = with_backend(options)
        check_room(str(self.folder / MODEL), model, self.program, self.version, described)
        if not self.resumes:
            self._make()
            content = self.config(options)
            try:
                write_file(self.folder / CONFIG, content.encode())
            except OSError as error:
                raise CheckpointError(
                    f"cannot write {self.folder / CONFIG}: {error.strerror or error}."
                ) from None
        self._begun = True

    def _make(self) -> None:
        while True:
            assert self.folder is not None
            try:
                self.folder.mkdir(parents=True, exist_ok=not self._numbered)
                break
            except FileExistsError:  # another process took the number just now
                self.place = self.folder = free(self._default)
        if not self.args.resume:
            self._lock()

    def config(self, options: Mapping[str, Any]) -> str:
        """The options as the content of a file for `--config`."""
        given = [name for name in options if name in self.args.given]
        if "backend" in self.args.given:
            given.append("backend")
        about = {"program": self.program, "version": self.version, "given": given}
        return as_toml(with_backend(options), given, about)

    def _lock(self) -> None:
        from filelock import FileLock, Timeout

        assert self.folder is not None
        try:
            self._held.enter_context(FileLock(self.folder / LOCK, timeout=0))
        except Timeout:
            raise UserError(
                f"another process trains in {self.place}. Wait until it ends, or name another "
                "folder."
            ) from None

    def fit_options(self, reporters: Sequence[Reporter]) -> dict[str, Any]:
        """What `fit` is to be given beside the model and its data: the reporters, these and those
        that write the run's files, and its checkpoint."""
        if self.folder is None:
            return {"reporters": list(reporters)}
        folder = self.folder
        written: list[Reporter] = [
            JSONLReporter(folder / RECORDS),
            CSVReporter(folder / TABLE),
            _Best(self),
        ]
        if getattr(self.args, "tensorboard", False):
            written.append(TensorBoardReporter(folder / TENSORBOARD))
        every = getattr(self.args, "checkpoint_minutes", None)
        return {
            **({} if every is None else {"checkpoint_minutes": every}),
            "reporters": [*reporters, *written],
            "checkpoint": folder / CHECKPOINT,
            "resume": self._last_good() if self.resumes else None,
            "notes": {
                "program": self.program,
                "version": self.version,
                "options": self._options,
                **self._described,
            },
        }

    def _last_good(self) -> Path | None:
        """The checkpoint to go on from: the last, or the one before it if that is damaged.

        Raises: CheckpointError if both are damaged; UserError if it has other options.
        """
        assert self.folder is not None
        last = self.folder / CHECKPOINT
        errors = []
        for path in (last, previous(last)):
            if not path.exists():
                continue
            try:
                notes = load_state(path).get("notes")
            except CheckpointError as error:
                errors.append(error)
                continue
            options = notes.get("options") if isinstance(notes, dict) else None
            if isinstance(options, dict):
                self._refuse(options, self._options)
            if errors:
                tell(f"{self.program}: {printable(errors[0])} Going on from the one before it.")
                # Out of the way: it must not take the place of the good one when that is replaced.
                last.replace(last.with_name(f"{last.name}.damaged"))
            return path
        if errors:
            raise errors[0]
        return None

    def save(self, name: str) -> None:
        """Write the model into the folder."""
        assert self.folder is not None and self._model is not None
        path = str(self.folder / name)
        save_model(path, self._model, self.program, self.version, self._described)

    def finish(self) -> str:
        """Write the trained model; where, as a person reads it.

        Raises: CheckpointError if it cannot be written.
        """
        if self.folder is not None:
            self.save(MODEL)
        else:
            assert self._model is not None
            save_model(str(self.place), self._model, self.program, self.version, self._described)
        return printable(self.place)

    def explain(self, error: BaseException) -> None:
        """Add to an error how to go on after it."""
        if self.folder is None or not self._begun:
            return
        if not isinstance(error, TrainingDiverged):
            error.add_note(f"Go on with: {self.way_on}")
            return
        with contextlib.suppress(CheckpointError):
            self.save(DIVERGED)
        config = shlex.quote(printable(self.folder / CONFIG))
        rate = self._options.get("lr")
        lower = f" --lr {rate / 4:.2g}" if isinstance(rate, float) else ""
        error.add_note(
            f"The weights before that step are in {printable(self.folder / DIVERGED)}, and the "
            f"run's checkpoints stay. Try again with: {self.program} --config {config}{lower}"
        )

    def close(self) -> None:
        """Let other processes have the folder."""
        self._held.close()


@contextlib.contextmanager
def training_run(
    args: argparse.Namespace, program: str, version: str, default: str
) -> Iterator[Run]:
    """Where a training writes: `--out`, a folder or a file; with `--resume`, `args` becomes what
    it was when the run was begun.

    Args:
        args: the options, `out` and `resume` among them, and what else of
            `add_training_options(..., runs=True)` the program has.
        program, version: of the program, for its files.
        default: the folder without `--out`; if it exists, a number is added to it.

    Raises: UserError or CheckpointError that names the obstacle. An interruption or an error that
        passes through it is given a note on how to go on.
    """
    run = Run(args, program, version, default)
    try:
        run.open()
        yield run
    except (Exception, KeyboardInterrupt) as error:
        run.explain(error)
        raise
    finally:
        run.close()


class _Best(Reporter):
    """Keeps the model of the best epoch so far in the run's folder."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._results: list[EpochResult] = []

    def fit_begins(self, step: int, results: Sequence[EpochResult]) -> None:
        self._results = list(results)
        if step and not self._run.args.quiet:
            tell(f"going on with {printable(self._run.place)} after step {step:,}")

    def epoch_ends(self, result: EpochResult) -> None:
        self._results.append(result)
        if result.validation is not None and best_epoch(self._results).epoch == result.epoch:
            self._run.save(BEST)


def with_backend(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options and the backend, unless they say themselves that there is none."""
    return {**options, "backend": options.get("backend", get_backend().name)}


def holds_run(folder: Path) -> bool:
    """True for the folder of a run."""
    return (folder / CONFIG).is_file()


def _is_empty(folder: Path) -> bool:
    return all(path.name.startswith(TRACES) for path in folder.iterdir())


def _numbered(default: Path) -> Iterator[Path]:
    yield default
    number = 2
    while True:
        yield default.with_name(f"{default.name}-{number}")
        number += 1


def free(default: Path) -> Path:
    """The first of `default`, `default-2`, ... that does not exist."""
    return next(path for path in _numbered(default) if not os.path.lexists(path))


def newest(default: Path) -> Path | None:
    """The last of the runs `default`, `default-2`, ... that exist."""
    last = None
    for path in _numbered(default):
        if not os.path.lexists(path):
            return last
        last = path if holds_run(path) else last
    return None


def default_model(args: argparse.Namespace, default: str, old: str) -> str:
    """The trained model that a command uses: `--checkpoint`, or else that of the newest run.

    Args:
        args: the options, with `--checkpoint`.
        default: where runs are without `--out`.
        old: the file that earlier versions wrote, if there is no run.
    """
    if "checkpoint" in args.given:
        return str(args.checkpoint)
    found = newest(Path(default))
    if found is not None:
        return str(found)
    return old if Path(old).exists() else default
