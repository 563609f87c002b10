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
) -> None:
    """Add the options of training: `--epochs`, `--batch-size`, `--lr`, `--seed`, `--out`.

    Args:
        parser: the parser to extend.
        default_out: the file for the model without `--out`.
        epochs, batch_size, lr: their defaults as shown in the help.
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
    parser.add_argument(
        "--out",
        default=default_out,
        metavar="FILE",
        help=f"where to write the trained model (default {default_out})",
    )


def add_checkpoint_option(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--checkpoint`: the trained model that a command uses."""
    parser.add_argument(
        "--checkpoint",
        default=default,
        metavar="FILE",
        help=f"the trained model (default {default})",
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
