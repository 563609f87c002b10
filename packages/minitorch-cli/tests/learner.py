"""A program that trains a small network in a run."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Any

import minitorch_cli as cli
import minitorch_nn as nn
import minitorch_tensor as mt
from minitorch_nn import optim
from minitorch_nn.checkpoint import Checkpoint
from minitorch_nn.training import BatchResult, Reporter, fit

PROGRAM, VERSION, OUT = "learner", "1.0", "runs/learner"

#: What happens in training: an action at a step.
EVENTS: dict[int, Any] = {}


class Batches:
    """Five batches of six points, drawn anew in each epoch."""

    def __init__(self) -> None:
        self.generator = mt.Generator(1)

    def __len__(self) -> int:
        return 5

    def __iter__(self) -> Any:
        for _ in range(5):
            x = mt.tensor(self.generator.draw("normal", size=(6, 2)).astype("float32"))
            yield x, (x.sum(1) > 0).long()


class Happens(Reporter):
    def batch_ends(self, result: BatchResult) -> None:
        if result.step in EVENTS:
            EVENTS.pop(result.step)()


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def add_options(parser: argparse.ArgumentParser) -> None:
    cli.add_training_options(parser, OUT, epochs="3", batch_size="6", lr="0.01", runs=True)
    parser.add_argument("--width", "--breadth", type=int, default=8)


def train(args: argparse.Namespace) -> None:
    with cli.training_run(args, PROGRAM, VERSION, OUT) as run:
        options = {
            "epochs": args.epochs or 3,
            "lr": args.lr or 0.01,
            "seed": args.seed,
            "width": args.width,
        }
        if args.print_config:
            sys.stdout.write(run.config(options))
            return
        mt.manual_seed(args.seed)
        model = build()
        run.begin(options, model, {"inputs": 2})
        optimizer = optim.Adam(model.parameters(), options["lr"])
        fit(
            model,
            optimizer,
            Batches(),
            epochs=options["epochs"],
            validation=Batches(),
            **run.fit_options([Happens()]),
        )
        sys.stdout.write(f"saved {run.finish()}\n")


def show(args: argparse.Namespace) -> None:
    path = cli.default_model(args, OUT, "learner.npz")
    model, metadata = cli.load_model(path, PROGRAM, built)
    sys.stdout.write(f"{path} {metadata['inputs']} {model[0].weight.tolist()[0]}\n")


def built(checkpoint: Checkpoint) -> nn.Module:
    return build()


COMMANDS = (
    cli.Command("train", "train it", add_options, train),
    cli.Command("show", "show it", lambda parser: cli.add_checkpoint_option(parser, OUT), show),
)


def main(argv: Sequence[str]) -> int:
    argv = [str(argument) for argument in argv]
    return cli.main(PROGRAM, VERSION, "Learns.", COMMANDS, argv)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)
