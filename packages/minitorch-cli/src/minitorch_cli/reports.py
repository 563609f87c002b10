"""The commands that draw runs: `report` for one, `compare` for several."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_cli.config import RUN, read_toml
from minitorch_cli.errors import UserError
from minitorch_cli.plots import Picture, check_matplotlib, curves, records_of, write_report
from minitorch_cli.runs import CONFIG, newest
from minitorch_cli.streams import printable
from minitorch_nn import Module
from minitorch_tensor import Tensor, no_grad
from minitorch_tensor.files import write_file

#: Runs that are compared at most: there are no more colours.
MOST = 6


@no_grad()
def answers(
    model: Module, batches: Iterable[tuple[Any, Tensor]]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What a model answers to labelled examples: labels (N) and probabilities (N, C)."""
    model.eval()
    labels, shares = [], []
    for input, target in batches:
        labels.append(target.numpy())
        shares.append(model(input).softmax(1).numpy())
    return np.concatenate(labels), np.concatenate(shares)


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command `report`."""
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="folder of a run (default: the newest)"
    )


def add_compare_options(parser: argparse.ArgumentParser) -> None:
    """The options of a command `compare`."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--out",
        default="compare.png",
        metavar="FILE",
        help="where to draw the chart, as PNG (default compare.png)",
    )


def chosen_run(args: argparse.Namespace, default: str) -> tuple[Path, dict[str, Any]]:
    """The folder of the run that `report` names, and the options in it.

    Raises: UserError if there is none.
    """
    check_matplotlib()
    folder = Path(args.run) if args.run else newest(Path(default))
    if folder is None:
        raise UserError(f"there is no run {default}. Train first, or name the folder of a run.")
    return folder, read_toml(folder / CONFIG)


def report(
    folder: Path,
    title: str,
    facts: Mapping[str, object],
    pictures: Sequence[Picture],
    tables: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> str:
    """Draw a run: its curves, other pictures, and the page; where the page is, to be printed."""
    options = {key: value for key, value in read_toml(folder / CONFIG).items() if key != RUN}
    drawn = [curves({folder.name: records_of(folder)}), *pictures]
    return printable(write_report(folder, title, {**facts, **options}, drawn, tables))


def compare(args: argparse.Namespace) -> None:
    """Draw several runs on one chart, and print the last epoch of each."""
    check_matplotlib()
    if len(args.runs) > MOST:
        raise UserError(f"compare draws {MOST} runs at most, got {len(args.runs)}. Name fewer.")
    if not args.out.lower().endswith(".png"):
        raise UserError(f"cannot write {args.out}: the chart is a PNG. Name a file .png.")
    found = {run: records_of(Path(run)) for run in args.runs}
    write_file(args.out, curves(found).render())
    width = max(map(len, map(printable, found)))
    for run, records in found.items():
        epochs = [record for record in records if "batch" not in record]
        sys.stdout.write(f"{printable(run):{width}}  {_last(epochs)}\n")
    if not args.quiet:
        sys.stdout.write(f"saved {printable(args.out)}\n")


def _last(epochs: Sequence[Mapping[str, Any]]) -> str:
    if not epochs:
        return "no epoch is finished"
    last = epochs[-1]
    said = [f"epoch {last.get('epoch')}", f"loss {_number(last.get('train_loss'))}"]
    best = [e["validation_accuracy"] for e in epochs if e.get("validation_accuracy") is not None]
    if best:
        said.append(f"validation {best[-1]:.2%}, best {max(best):.2%}")
    return "  ".join(said)


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "-"
