"""`minitorch-mnist`: train on digits, evaluate a trained model, recognise images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import minitorch_tensor as mt
import numpy as np
from minitorch_datasets import (
    IMAGE_DATASETS,
    DatasetError,
    ImageDataset,
    load_image_dataset,
    train_validation_split,
)
from minitorch_nn import Module, cli, optim
from minitorch_nn.checkpoint import (
    CheckpointError,
    check_writable,
    load_checkpoint,
    save_checkpoint,
)
from minitorch_nn.training import ConsoleReporter, Reporter, evaluate, fit

from minitorch_mnist import __version__
from minitorch_mnist.data import ImageBatches, to_input
from minitorch_mnist.images import read_images
from minitorch_mnist.models import RECIPES, Recipe

PROGRAM = "minitorch-mnist"
DEFAULT_OUT = "minitorch-mnist.npz"

#: Share of the training images kept apart, to validate on after every epoch.
VALIDATION = 1 / 12


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="LeNet learns digits. Without a command it trains.",
        epilog=f"`{PROGRAM} COMMAND --help` lists a command's options.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    training = commands.add_parser("train", help="train a network and test it (the default)")
    training.add_argument(
        "--model", choices=sorted(RECIPES), default="lenet", help="network (default lenet)"
    )
    cli.add_training_options(training, DEFAULT_OUT)

    evaluation = commands.add_parser("evaluate", help="test a trained network")
    prediction = commands.add_parser("predict", help="recognise digits in images")
    prediction.add_argument(
        "images", nargs="+", metavar="IMAGE", help="a PNG of one digit, or an IDX file of many"
    )
    for sub in (evaluation, prediction):
        sub.add_argument(
            "--checkpoint",
            default=DEFAULT_OUT,
            metavar="FILE",
            help=f"the trained model (default {DEFAULT_OUT})",
        )
    for sub in (training, evaluation):
        sub.add_argument(
            "--data",
            choices=IMAGE_DATASETS,
            default="auto",
            help="mnist; the embedded digits; or auto: mnist where it is at hand or can be "
            "fetched, else digits (default auto)",
        )
    for sub in (training, evaluation, prediction):
        cli.add_common_options(sub)
    return parser


def train(args: argparse.Namespace) -> None:
    """Train a network, save it, and test it once."""
    recipe = RECIPES[args.model]
    epochs = args.epochs or recipe.epochs
    batch_size = args.batch_size or recipe.batch_size
    check_writable(args.out)
    cli.choose_backend(args.backend)
    data = _load(args)

    mt.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    learn, validate = train_validation_split(len(data.train_labels), VALIDATION, rng)
    batches = ImageBatches(
        data.train_images[learn], data.train_labels[learn], batch_size, rng
    )
    validation = ImageBatches(
        data.train_images[validate], data.train_labels[validate], batch_size=500
    )
    model = recipe.build()
    optimizer = optim.Adam(model.parameters())
    if not args.quiet:
        _say_hello(args, model, data, len(learn), len(validate))
    fit(
        model,
        optimizer,
        batches,
        epochs=epochs,
        validation=validation,
        scheduler=optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=args.lr or recipe.lr, total_steps=epochs * len(batches)
        ),
        reporter=Reporter() if args.quiet else ConsoleReporter(unit="images"),
    )
    metadata = {"program": PROGRAM, "model": args.model, "data": data.name}
    save_checkpoint(args.out, model.state_dict(), metadata)
    if not args.quiet:
        print(f"saved {args.out}")
    _report_test(model, data)


def evaluate_command(args: argparse.Namespace) -> None:
    """Test a trained network."""
    cli.choose_backend(args.backend)
    model, _ = _load_model(args.checkpoint)
    _report_test(model, _load(args), args.batch_size)


def predict(args: argparse.Namespace) -> None:
    """Recognise digits; all images are read before anything is printed."""
    cli.choose_backend(args.backend)
    model, _ = _load_model(args.checkpoint)
    named = [pair for path in args.images for pair in read_images(path)]
    size = args.batch_size or 500
    for start in range(0, len(named), size):
        part = named[start : start + size]
        with mt.no_grad():
            logits = model(to_input(np.stack([image for _, image in part])))
        for (name, _), probabilities in zip(part, logits.softmax(1).numpy()):
            digit = int(probabilities.argmax())
            if args.quiet:
                print(digit)
            else:
                print(f"{name}: {digit} ({probabilities[digit]:.1%})")


def _load(args: argparse.Namespace) -> ImageDataset:
    data, note = load_image_dataset(
        args.data, args.data_dir, progress=False if args.quiet else None
    )
    if note and not args.quiet:
        print(note, file=sys.stderr)
    return data


def _load_model(path: str) -> tuple[Module, Recipe]:
    checkpoint = load_checkpoint(path)
    recipe = RECIPES.get(str(checkpoint.metadata.get("model")))
    if checkpoint.metadata.get("program") != PROGRAM or recipe is None:
        raise CheckpointError(
            f"{path} was not written by {PROGRAM}, but by "
            f"{checkpoint.metadata.get('program', 'another program')}."
        )
    model = recipe.build()
    try:
        model.load_state_dict(checkpoint.state_dict)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return model.eval(), recipe


def _say_hello(
    args: argparse.Namespace, model: Module, data: ImageDataset, learn: int, validate: int
) -> None:
    count = sum(p.numel() for p in model.parameters())
    print(
        f"{args.model} ({count:,} parameters) on {data.name}: {learn:,} images to train on, "
        f"{validate:,} to validate, {len(data.test_labels):,} to test; "
        f"backend {mt.get_backend().name}",
        flush=True,
    )


def _report_test(model: Module, data: ImageDataset, batch_size: int | None = None) -> None:
    batches = ImageBatches(data.test_images, data.test_labels, batch_size or 500)
    print(f"test accuracy {evaluate(model, batches)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = cli.parse_with_default_command(
        build_parser(), ("train", "evaluate", "predict"), argv
    )
    command = {"train": train, "evaluate": evaluate_command, "predict": predict}[args.command]
    return cli.run(PROGRAM, lambda: command(args), (DatasetError,))
