"""`minitorch-mnist`: train on digits, test a trained network, recognise digits in images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cli as cli
import minitorch_tensor as mt
from minitorch_data import Subset, random_split
from minitorch_datasets import (
    IMAGE_DATASETS,
    DatasetError,
    ImageDataset,
    load_image_dataset,
)
from minitorch_mnist import __version__
from minitorch_mnist.data import Digits, to_batches, to_input
from minitorch_mnist.images import read_images
from minitorch_mnist.models import RECIPES
from minitorch_nn import Module, optim
from minitorch_nn.checkpoint import Checkpoint
from minitorch_nn.training import ConsoleReporter, evaluate, fit

PROGRAM = "minitorch-mnist"

#: Where runs are without `--out`, and the file that version 0.1 wrote.
DEFAULT_OUT = "runs/mnist"
OLD_OUT = "minitorch-mnist.npz"

#: Share of the training images held out for validation after every epoch.
VALIDATION = 1 / 12

#: Mistakes that a report shows.
CONFUSED = 24

#: Images per batch in evaluation, where the size affects only memory.
EVALUATION_BATCH = 500


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return cli.main(
        PROGRAM,
        __version__,
        "Train a network to read handwritten digits, test it, and use it.",
        (
            cli.Command("train", "train a network and test it", add_train_options, train),
            cli.Command("evaluate", "test a trained network", add_evaluate_options, test),
            cli.Command("predict", "recognise digits in images", add_predict_options, predict),
            cli.Command("report", "draw a run", cli.add_report_options, report),
            cli.Command("compare", "draw runs on one chart", cli.add_compare_options, cli.compare),
        ),
        argv,
        user_errors=(DatasetError,),
    )


# -- options ---------------------------------------------------------------------------------------


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "--model", choices=list(RECIPES), default="lenet", help="network (default lenet)"
    )
    cli.add_training_options(
        parser,
        DEFAULT_OUT,
        epochs=_by_model("epochs"),
        batch_size=_by_model("batch_size"),
        lr=_by_model("lr"),
        runs=True,
    )
    _add_data_options(parser)


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    _add_data_options(parser)
    cli.add_batch_size(parser, str(EVALUATION_BATCH))


def add_predict_options(parser: argparse.ArgumentParser) -> None:
    """The options of `predict`."""
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="a picture of one digit (PNG, JPEG, ...), or an IDX file of many, gzipped or not",
    )
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    cli.add_batch_size(parser, str(EVALUATION_BATCH))


def _by_model(setting: str) -> str:
    """A setting's default for the help text: "8 for lenet, 5 for course"."""
    return ", ".join(f"{getattr(recipe, setting)} for {name}" for name, recipe in RECIPES.items())


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        "--dataset",
        choices=IMAGE_DATASETS,
        default="auto",
        help="mnist; the embedded digits; or auto: mnist where it is at hand or can be fetched, "
        "else digits (default auto)",
    )
    parser.add_argument(
        "--data-dir", metavar="DIR", help="folder that has MNIST's files (default: the cache)"
    )


# -- commands --------------------------------------------------------------------------------------


def train(args: argparse.Namespace) -> None:
    """Train a network, save it, and test it once."""
    with cli.training_run(args, PROGRAM, __version__, DEFAULT_OUT) as run:
        _train(args, run)


def _train(args: argparse.Namespace, run: cli.Run) -> None:
    recipe = RECIPES[args.model]
    data = _load(args)
    options = {
        "model": args.model,
        "data": data.name,
        "data_dir": args.data_dir,
        "epochs": args.epochs or recipe.epochs,
        "batch_size": args.batch_size or recipe.batch_size,
        "lr": args.lr or recipe.lr,
        "seed": args.seed,
    }
    if args.print_config:
        print(run.config(options), end="")
        return

    mt.manual_seed(args.seed)
    generator = mt.Generator(args.seed)
    images = Digits(data.train_images, data.train_labels)
    held_out = round(len(images) * VALIDATION)
    validate, learn = random_split(images, [held_out, len(images) - held_out], generator)
    batches = to_batches(Subset(images, sorted(learn.indices)), options["batch_size"], generator)
    validation = to_batches(validate, EVALUATION_BATCH)
    model = recipe.build()
    run.begin(options, model, {"model": args.model, "data": data.name})
    optimizer = optim.Adam(model.parameters())
    if not args.quiet:
        parameters = sum(p.numel() for p in model.parameters())
        print(
            f"{args.model} ({parameters:,} parameters) on {data.name}: {len(learn):,} images to "
            f"train on, {len(validate):,} to validate, {len(data.test_labels):,} to test; "
            f"backend {mt.get_backend().name}",
            flush=True,
        )
    fit(
        model,
        optimizer,
        batches,
        epochs=options["epochs"],
        validation=validation,
        scheduler=optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=options["lr"],
            total_steps=options["epochs"] * len(batches),
            cycle_momentum=False,
        ),
        **run.fit_options([] if args.quiet else [ConsoleReporter(unit="images")]),
    )
    saved = run.finish()
    if not args.quiet:
        print(f"saved {saved}")
    _report_test(model, data, EVALUATION_BATCH)
    if args.report and run.folder is not None:
        told = _draw(run.folder, model, data)
        if not args.quiet:
            print(f"drawn in {told}", file=sys.stderr)


def test(args: argparse.Namespace) -> None:
    """Test a trained network."""
    model, metadata = _load_model(cli.default_model(args, DEFAULT_OUT, OLD_OUT))
    data = _load(args)
    if not args.quiet:
        print(
            f"{metadata['model']} (trained on {_trained_on(metadata)}) on "
            f"{data.name}: {len(data.test_labels):,} images to test; "
            f"backend {mt.get_backend().name}",
            flush=True,
        )
    _report_test(model, data, args.batch_size or EVALUATION_BATCH)


@mt.no_grad()
def predict(args: argparse.Namespace) -> None:
    """Recognise digits; all images are read before anything is printed."""
    path = cli.default_model(args, DEFAULT_OUT, OLD_OUT)
    model, _ = _load_model(path)
    named = [pair for path in args.images for pair in read_images(path)]
    size = args.batch_size or EVALUATION_BATCH
    for start in range(0, len(named), size):
        part = named[start : start + size]
        logits = model(to_input(np.stack([image for _, image in part])))
        for (name, _), probabilities in zip(part, cli.probabilities(path, logits)):
            digit = int(probabilities.argmax())
            told = f"{cli.printable(name)}: {digit} ({probabilities[digit]:.1%})"
            print(digit if args.quiet else told)


def report(args: argparse.Namespace) -> None:
    """Draw a run, and write a page of the pictures."""
    folder, options = cli.chosen_run(args, DEFAULT_OUT)
    model, metadata = _load_model(str(folder))
    data, _ = load_image_dataset(
        metadata.get("data", "auto"),
        options.get("data-dir"),
        progress=False if args.quiet else None,
    )
    print(_draw(folder, model, data))


def _draw(folder: Path, model: Module, data: ImageDataset) -> str:
    """Draw a run into its folder; where the page is."""
    batches = to_batches(Digits(data.test_images, data.test_labels), EVALUATION_BATCH)
    labels, shares = cli.answers(model, batches)
    found = shares.argmax(1)
    wrong = cli.most_confused(labels, shares, CONFUSED)
    filters = next(p for name, p in model.named_parameters() if name == "conv1.weight")
    kernels = [kernel[0] for kernel in filters.detach().numpy()]
    pictures = [
        cli.confusion(labels, found, [str(digit) for digit in range(10)]),
        cli.images(
            "confused",
            "The mistakes of which the network is most certain: what it is, its answer, how sure.",
            [data.test_images[i] for i in wrong],
            [f"{labels[i]} → {found[i]}  {shares[i].max():.0%}" for i in wrong],
        ),
        cli.images(
            "filters",
            "The filters of the first layer: red weights answer to ink, blue ones to ground.",
            kernels,
            [str(number) for number in range(len(kernels))],
            columns=len(kernels),
            centred=True,
        ),
    ]
    right = int((found == labels).sum())
    facts = {"test accuracy": f"{right / len(labels):.2%} ({right:,} of {len(labels):,})"}
    return cli.report(folder, f"{PROGRAM}: {folder.name}", facts, pictures)


def _trained_on(metadata: dict[str, Any]) -> str:
    return cli.printable(metadata.get("data", "unknown data"))[:60]


def _load(args: argparse.Namespace) -> ImageDataset:
    data, note = load_image_dataset(
        args.data, args.data_dir, progress=False if args.quiet else None
    )
    if note and not args.quiet:
        print(cli.printable(note), file=sys.stderr)
    return data


def _load_model(path: str) -> tuple[Module, dict[str, Any]]:
    def build(checkpoint: Checkpoint) -> Module:
        name = checkpoint.metadata.get("model")
        return cli.named_network(path, PROGRAM, __version__, RECIPES, name).build()

    return cli.load_model(path, PROGRAM, build)


def _report_test(model: Module, data: ImageDataset, batch_size: int) -> None:
    batches = to_batches(Digits(data.test_images, data.test_labels), batch_size)
    print(f"test accuracy {evaluate(model, batches)}")
