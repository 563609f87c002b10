"""`minitorch-points`: train a network on points in the plane, and draw its decision boundary."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cli as cli
import minitorch_tensor as mt
from minitorch_datasets import DatasetError
from minitorch_nn.checkpoint import check_writable
from minitorch_nn.training import Evaluation
from minitorch_points import __version__
from minitorch_points.boundary import logit_field
from minitorch_points.data import draw_task, to_batches
from minitorch_points.picture import draw_picture, save_picture
from minitorch_points.recipes import RECIPES
from minitorch_points.terminal import render, shows_colour
from minitorch_points.training import ENGINES, ConsoleReporter, evaluate, fit

PROGRAM = "minitorch-points"
DEFAULT_OUT = "minitorch-points-{}.png"
DEFAULT_RUN = "runs/points"
ALL = "all"

#: The picture in the folder of a run.
PICTURE = "boundary.png"

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
        metavar="OUT",
        help=f"where to draw the boundary, as PNG (default {DEFAULT_OUT.format('SET')}); "
        f"with --data {ALL} the name of the set is added to it; or a folder for a whole run: "
        "options, metrics, checkpoints, the network, the boundary",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on exactly where the run in --out stopped"
    )
    cli.add_config_options(parser)


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
    if args.resume and args.out is None:
        raise cli.UserError("--resume needs the folder of a run: --out RUN --resume.")
    if args.print_config or _is_folder(args):
        if args.data == ALL:
            raise cli.UserError(
                f"the folder of a run is for one set, and --data {ALL} is of several. Name one of "
                "them, or a PNG file."
            )
        with cli.training_run(args, PROGRAM, __version__, DEFAULT_RUN) as run:
            _check_sizes(args)
            options = _options(args, args.data)
            if args.print_config:
                print(run.config(options), end="")
                return
            tested = _train(args, args.data, options, run)
        print(f"test accuracy {tested}")
        return
    _check_sizes(args)
    datasets = list(RECIPES) if args.data == ALL else [args.data]
    files = {dataset: _file(args.out, dataset, args.data == ALL) for dataset in datasets}
    for file in files.values():
        check_writable(file, PICTURE_SIZE)
    results = []
    for dataset, file in files.items():
        results.append(_train(args, dataset, _options(args, dataset), file))
        if args.data == ALL:
            print(f"{dataset} accuracy {results[-1]}", flush=True)
    print(f"test accuracy {_sum(results)}")


def _is_folder(args: argparse.Namespace) -> bool:
    """True if `--out` is the folder of a run: not a picture's file."""
    return args.out is not None and (args.resume or not Path(args.out).suffix)


def _check_sizes(args: argparse.Namespace) -> None:
    _check_at_most("--points", args.points, MAX_POINTS)
    _check_at_most("--hidden", args.hidden or 1, MAX_HIDDEN)


def _options(args: argparse.Namespace, dataset: str) -> dict[str, Any]:
    """All options as they are resolved for a set."""
    recipe = RECIPES[dataset]
    batch_size = args.batch_size or recipe.batch_size
    return {
        "data": dataset,
        "engine": args.engine,
        "points": args.points,
        "hidden": args.hidden or recipe.hidden,
        "epochs": args.epochs or math.ceil(recipe.steps / math.ceil(args.points / batch_size)),
        "batch_size": batch_size,
        "lr": args.lr or recipe.lr,
        "seed": args.seed,
        **({"backend": None} if args.engine == "scalar" else {}),
    }


def _train(
    args: argparse.Namespace, dataset: str, options: dict[str, Any], out: cli.Run | str
) -> Evaluation:
    """Train on one set and draw its picture, in a run or as a file; the result of its test."""
    engine, hidden = ENGINES[args.engine], options["hidden"]
    rng = np.random.default_rng(args.seed)
    task = draw_task(dataset, args.points, TEST_POINTS, rng)
    generator = mt.Generator()
    generator.set_state(dict(rng.bit_generator.state))  # goes on where the points have ended
    batches = to_batches(task.train, options["batch_size"], generator)
    network, optimizer = engine.build(hidden, args.seed, options["lr"])
    made_of = "Scalars" if args.engine == "scalar" else "Tensors"
    run = None if isinstance(out, str) else out
    if run is not None:
        run.begin(options, network, {"data": dataset, "engine": args.engine, "hidden": hidden})
    if not args.quiet:
        backend = f"; backend {mt.get_backend().name}" if args.engine == "tensor" else ""
        print(
            f"{dataset}: {args.points:,} points to train on, {TEST_POINTS:,} to test; a network of "
            f"{made_of}, 2-{hidden}-{hidden}-1{backend}",
            flush=True,
        )
    told = [] if args.quiet else [ConsoleReporter()]
    how = {"reporters": told} if run is None else run.fit_options(told)
    fit(network, optimizer, batches, epochs=options["epochs"], **how)
    learned = evaluate(network, task.train)
    tested = evaluate(network, task.test)
    field = logit_field(network, engine.resolution)
    subtitle = f"train accuracy {learned}    test accuracy {tested}"
    title = f"{dataset.capitalize()}, learned by a network of {made_of}"
    file = f"{run.finish()}/{PICTURE}" if run is not None else str(out)
    place = run.place / PICTURE if run is not None else file
    save_picture(str(place), draw_picture(field, task.train, title, subtitle))
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
    if path.suffix.lower() != ".png" and path.name:
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
