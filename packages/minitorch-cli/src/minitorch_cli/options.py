"""Options that programs share, and the types of their values for argparse."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def add_training_options(
    parser: argparse.ArgumentParser,
    default_out: str,
    *,
    epochs: str,
    batch_size: str,
    lr: str,
    runs: bool = False,
) -> None:
    """Add the options of training: `--epochs`, `--batch-size`, `--lr`, `--seed`, `--out`.

    Args:
        parser: the parser to extend.
        default_out: the file for the model without `--out`.
        epochs, batch_size, lr: their defaults as shown in the help.
        runs: true for a program that trains in a `training_run`: `--out` is the folder of the run,
            and `--resume`, `--checkpoint-minutes`, `--report`, `--tensorboard`, `--config` and
            `--print-config` are added.
    """
    parser.add_argument(
        "--epochs", type=positive_int, metavar="N", help=f"passes over the data (default {epochs})"
    )
    add_batch_size(parser, batch_size)
    parser.add_argument(
        "--lr", type=positive_float, metavar="RATE", help=f"peak learning rate (default {lr})"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all random numbers (default 0)"
    )
    if runs:
        _add_run_options(parser, default_out)
        add_config_options(parser)
        return
    parser.add_argument(
        "--out",
        default=default_out,
        metavar="FILE",
        help=f"where to write the trained model (default {default_out})",
    )


def _add_run_options(parser: argparse.ArgumentParser, default_out: str) -> None:
    parser.add_argument(
        "--out",
        default=default_out,
        metavar="RUN",
        help="folder for the run: options, metrics, checkpoints, the trained model (default "
        f"{default_out}, with a number if that exists); or a file for the model alone, which ends "
        "in .safetensors or .npz",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on exactly where the run stopped; without --out, the newest run",
    )
    parser.add_argument(
        "--checkpoint-minutes",
        type=positive_float,
        default=5.0,
        metavar="M",
        help="write a checkpoint at least this often, and after every epoch (default 5)",
    )
    parser.add_argument(
        "--report",
        action="store_true",
        help="draw the run at the end, and write a page of the pictures (needs matplotlib)",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write event files for TensorBoard, too"
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add `--config`, a file of options that `main` reads, and `--print-config`, which the command
    obeys."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="take options from a TOML file: lines such as epochs = 3; those given here win",
    )
    parser.add_argument(
        "--print-config",
        action="store_true",
        help="print all options as such a file, and do nothing else",
    )


def add_checkpoint_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--checkpoint`: the trained model that a command uses."""
    parser.add_argument(
        "--checkpoint",
        default=default,
        metavar="RUN",
        help=f"the trained model: a run's folder, or a file (default the newest {default})",
    )


def add_batch_size(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--batch-size`."""
    parser.add_argument(
        "--batch-size",
        type=positive_int,
        metavar="N",
        help=f"examples in a batch (default {default})",
    )


def positive_int(text: str) -> int:
    """An integer of at least 1, for argparse."""
    return int(_number(text, int, lambda value: value >= 1, "a whole number of at least 1"))


def seed(text: str) -> int:
    """An integer of at least 0, for argparse."""
    return int(_number(text, int, lambda value: value >= 0, "a whole number of at least 0"))


def positive_float(text: str) -> float:
    """A finite number above 0, for argparse."""
    return float(_number(text, float, lambda value: 0 < value < math.inf, "a number above 0"))


def _number(
    text: str, kind: Callable[[str], float], accept: Callable[[float], bool], wanted: str
) -> float:
    try:
        value: float | None = kind(text)
    except ValueError:
        value = None
    if value is None or not accept(value):
        raise argparse.ArgumentTypeError(f"wanted {wanted}, got {text!r}")
    return value
