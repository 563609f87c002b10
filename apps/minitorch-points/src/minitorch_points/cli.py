"""`minitorch-points`: train a network on points in the plane, and draw its decision boundary."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import minitorch_cli as cli
import minitorch_tensor as mt
from minitorch_datasets import DatasetError
from minitorch_nn.checkpoint import check_writable
from minitorch_nn.training import Evaluation, Reporter
from minitorch_points import __version__
from minitorch_points.boundary import logit_field
from minitorch_points.data import draw_task, to_batches
from minitorch_points.picture import draw_picture, save_picture
from minitorch_points.recipes import RECIPES
from minitorch_points.terminal import render, shows_colour
from minitorch_points.training import ENGINES, ConsoleReporter, evaluate, fit

PROGRAM = "minitorch-points"
DEFAULT_OUT = "minitorch-points-{}.png"
ALL = "all"

POINTS = 300
TEST_POINTS = 500

#: An upper bound of a picture's bytes.
PICTURE_SIZE = 1 << 18

#: Larger numbers would take days, or all memory.
MAX_POINTS = 1_000_000
MAX_HIDDEN = 1024


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return cli.main(
        PROGRAM,
        __version__,
        "Train a network of Scalars or of Tensors on points in the plane, and draw its boundary.",
        (
            cli.Command(
                "train", "train a network, test it, and draw its boundary", add_options, train
            ),
        ),
        argv,
        user_errors=(DatasetError,),
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "--data",
        "--dataset",
        type=str.lower,
        choices=[*RECIPES, ALL],
        default="circle",
        metavar="SET",
        help=f"{', '.join(RECIPES)}; or {ALL}, one after the other (default circle)",
    )
    parser.add_argument(
        "--engine",
        choices=list(ENGINES),
        default="tensor",
        metavar="ENGINE",
        help="what the network is made of: scalar (slow, and plain to see) or tensor "
        "(default tensor)",
    )
    parser.add_argument(
        "--points",
        type=cli.positive_int,
        default=POINTS,
        metavar="N",
        help=f"points to learn from (default {POINTS}); {TEST_POINTS} more are for the test",
    )
    parser.add_argument(
        "--hidden",
        type=cli.positive_int,
        metavar="N",
        help=f"units in each of the two hidden layers (default {_by_set('hidden')})",
    )
    parser.add_argument(
        "--epochs",
        type=cli.positive_int,
        metavar="N",
        help=f"passes over the points (default by number of batches: {_by_set('steps')})",
    )
    cli.add_batch_size(parser, _by_set("batch_size"))
    parser.add_argument(
        "--lr",
        type=cli.positive_float,
        metavar="RATE",
        help=f"learning rate at the start, falling to 0 (default {_by_set('lr')})",
    )
    parser.add_argument(
        "--seed", type=cli.seed, default=0, metavar="N", help="of all random numbers (default 0)"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help=f"where to draw the boundary, as PNG (default {DEFAULT_OUT.format('SET')}); "
        f"with --data {ALL} the name of the set is added to it",
    )


def _by_set(setting: str) -> str:
    """A setting's default for the help text: "16 for spiral, 8 for the others"."""
    usual = getattr(RECIPES["circle"], setting)
    others = [
        f"{getattr(recipe, setting)} for {name}"
        for name, recipe in RECIPES.items()
        if getattr(recipe, setting) != usual
    ]
    return ", ".join([*others, f"{usual} for the others"]) if others else str(usual)


def train(args: argparse.Namespace) -> None:
    """Train, test and draw, after checking all arguments."""
    if args.engine == "scalar" and args.backend is not None:
        raise cli.UserError(
            "--backend computes tensors, and --engine scalar has none. Leave one of the two out."
        )
    _check_at_most("--points", args.points, MAX_POINTS)
    _check_at_most("--hidden", args.hidden or 1, MAX_HIDDEN)
    datasets = list(RECIPES) if args.data == ALL else [args.data]
    files = {dataset: _file(args.out, dataset, args.data == ALL) for dataset in datasets}
    for file in files.values():
        check_writable(file, PICTURE_SIZE)
    results = []
    for dataset, file in files.items():
        results.append(_train(args, dataset, file))
        if args.data == ALL:
            print(f"{dataset} accuracy {results[-1]}", flush=True)
    print(f"test accuracy {_sum(results)}")


def _train(args: argparse.Namespace, dataset: str, file: str) -> Evaluation:
    """Train on one set and draw its picture; the result of its test."""
    recipe, engine = RECIPES[dataset], ENGINES[args.engine]
    hidden = args.hidden or recipe.hidden
    rng = np.random.default_rng(args.seed)
    task = draw_task(dataset, args.points, TEST_POINTS, rng)
    generator = mt.Generator()
    generator.set_state(dict(rng.bit_generator.state))  # goes on where the points have ended
    batches = to_batches(task.train, args.batch_size or recipe.batch_size, generator)
    epochs = args.epochs or math.ceil(recipe.steps / len(batches))
    network, optimizer = engine.build(hidden, args.seed, args.lr or recipe.lr)
    made_of = "Scalars" if args.engine == "scalar" else "Tensors"
    if not args.quiet:
        backend = f"; backend {mt.get_backend().name}" if args.engine == "tensor" else ""
        print(
            f"{dataset}: {args.points:,} points to train on, {TEST_POINTS:,} to test; a network of "
            f"{made_of}, 2-{hidden}-{hidden}-1{backend}",
            flush=True,
        )
    fit(
        network,
        optimizer,
        batches,
        epochs=epochs,
        reporter=Reporter() if args.quiet else ConsoleReporter(),
    )
    learned = evaluate(network, task.train)
    tested = evaluate(network, task.test)
    field = logit_field(network, engine.resolution)
    subtitle = f"train accuracy {learned}    test accuracy {tested}"
    title = f"{dataset.capitalize()}, learned by a network of {made_of}"
    save_picture(file, draw_picture(field, task.train, title, subtitle))
    if not args.quiet:
        print(f"saved {cli.printable(file)}")
        print(render(field, task.train, shows_colour(sys.stdout)))
        print(f"train accuracy {learned}", flush=True)
    return tested


def _check_at_most(option: str, value: int, limit: int) -> None:
    if value > limit:
        raise cli.UserError(f"{option} is {value:,}, at most {limit:,} can be had. Choose less.")


def _file(out: str | None, dataset: str, several: bool) -> str:
    """The file for the picture of one set."""
    if out is None:
        return DEFAULT_OUT.format(dataset)
    path = Path(out)
    if path.suffix.lower() not in ("", ".png"):
        raise cli.UserError(
            f"cannot write {out}: the picture is a PNG. Name a file that ends in .png."
        )
    if not several or path.is_dir() or out.endswith(("/", os.sep)) or not path.name:
        return out  # if it is a folder, `check_writable` raises
    return str(path.with_name(f"{path.stem}-{dataset}{path.suffix}"))


def _sum(results: Sequence[Evaluation]) -> Evaluation:
    """The total of several tests, with losses weighted by points."""
    total = sum(result.total for result in results)
    loss = sum(result.loss * result.total for result in results) / total
    return Evaluation(loss, sum(result.correct or 0 for result in results), total)
