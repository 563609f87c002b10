"""`minitorch-sentiment`: train on film reviews, test a trained network, classify new reviews."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch_cli as cli
import minitorch_tensor as mt
from minitorch_data import DataLoader
from minitorch_datasets import (
    SENTIMENTS,
    TEXT_DATASETS,
    DatasetError,
    TextDataset,
    load_text_dataset,
    tokenize,
    truncate,
)
from minitorch_nn import optim
from minitorch_nn.training import Evaluation, best_epoch, evaluate, fit
from minitorch_sentiment import __version__
from minitorch_sentiment.data import Ids, Reader, Split, prepare, to_batch, to_input
from minitorch_sentiment.explain import coloured, named, shows_colour, word_parts
from minitorch_sentiment.models import NETWORKS, Reviews, build
from minitorch_sentiment.progress import SentimentReporter, accuracies
from minitorch_sentiment.recipes import RECIPES
from minitorch_sentiment.trained import PROGRAM, Trained, described, load

#: Where runs are without `--out`, and the file that version 0.1 wrote.
DEFAULT_OUT = "runs/sentiment"
OLD_OUT = "minitorch-sentiment.npz"

#: Limit of the gradient norm of a batch: recurrent networks have exploding gradients.
CLIP_NORM = 1.0

#: Mistakes that a report quotes, and words of each.
CONFUSED = 12
QUOTED = 80

#: Reviews per batch in evaluation, where the size affects only memory.
EVALUATION_BATCH = 250

#: Unknown words that are named.
UNKNOWN = 8

#: Makes `predict` read reviews from standard input, one per line.
STDIN = "-"

#: Bytes of standard input that are read at most: /dev/zero has no end.
MOST_READ = 256 << 20


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return cli.main(
        PROGRAM,
        __version__,
        "Train a network to tell praise from blame in film reviews, test it, and use it.",
        (
            cli.Command("train", "train a network and test it", add_train_options, train),
            cli.Command("evaluate", "test a trained network", add_evaluate_options, test),
            cli.Command("predict", "tell what reviews think", add_predict_options, predict),
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
        "--model", choices=list(NETWORKS), default="gru", help="network (default gru)"
    )
    cli.add_training_options(
        parser,
        DEFAULT_OUT,
        epochs=_by_data("epochs"),
        batch_size=_by_data("batch_size"),
        lr=_by_data("lr"),
        runs=True,
    )
    _add_data_options(
        parser,
        "auto",
        "imdb; sst2; the embedded synthetic reviews; or auto: imdb where it is at hand or can be "
        "fetched, else synthetic (default auto)",
    )


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    _add_data_options(
        parser, None, "what to test on (default: the data that the network was trained on)"
    )
    cli.add_batch_size(parser, str(EVALUATION_BATCH))


def add_predict_options(parser: argparse.ArgumentParser) -> None:
    """The options of `predict`."""
    parser.add_argument(
        "texts",
        nargs="+",
        metavar="TEXT",
        help=f"a review, in quotes; {STDIN} reads reviews from standard input, one a line",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show each word's part in the answer: green for praise, red for blame; where there "
        "is no colour, name the greatest",
    )
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    cli.add_batch_size(parser, str(EVALUATION_BATCH))


def _by_data(setting: str) -> str:
    """A setting's default for the help text: "3 for imdb, 5 for sst2"."""
    return ", ".join(f"{getattr(recipe, setting)} for {name}" for name, recipe in RECIPES.items())


def _add_data_options(parser: argparse.ArgumentParser, default: str | None, help: str) -> None:
    parser.add_argument("--data", "--dataset", choices=TEXT_DATASETS, default=default, help=help)
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder that has IMDB's archive or SST-2's files (default: the cache)",
    )


# -- commands --------------------------------------------------------------------------------------


def train(args: argparse.Namespace) -> None:
    """Train a network, keep the weights of its best epoch, and test it once."""
    with cli.training_run(args, PROGRAM, __version__, DEFAULT_OUT) as run:
        _train(args, run)


def _train(args: argparse.Namespace, run: cli.Run) -> None:
    data = _load(args.data, args)
    recipe = RECIPES[data.name]
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
    reader, learn, validate = prepare(data, recipe, generator)
    batches = learn.batches(options["batch_size"], generator)
    model = build(
        args.model,
        len(reader.vocabulary),
        embedding=recipe.embedding,
        hidden=recipe.hidden,
        word_dropout=recipe.word_dropout,
        embedding_dropout=recipe.embedding_dropout,
        dropout=recipe.dropout,
    )
    trained = Trained(args.model, data.name, model, reader)
    run.begin(options, model, described(trained, recipe))
    optimizer = optim.Adam(model.parameters())
    if not args.quiet:
        parameters = sum(p.numel() for p in model.parameters())
        print(
            f"{args.model} ({parameters:,} parameters) on {data.name}: "
            f"{len(learn.labels):,} reviews to train on, {len(validate.labels):,} to validate, "
            f"{len(data.test_labels):,} to test; {len(reader.vocabulary):,} words; "
            f"backend {mt.get_backend().name}",
            flush=True,
        )
    results = fit(
        model,
        optimizer,
        batches,
        epochs=options["epochs"],
        validation=validate.batches(EVALUATION_BATCH),
        scheduler=optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=options["lr"],
            total_steps=options["epochs"] * len(batches),
            cycle_momentum=False,
        ),
        clip_norm=CLIP_NORM,
        keep_best=True,
        **run.fit_options([] if args.quiet else [SentimentReporter(args.model)]),
    )
    saved = run.finish()
    tested = _test(trained, data, EVALUATION_BATCH)
    if not args.quiet:
        print(f"saved {saved}")
        print(f"{accuracies(args.model, best_epoch(results), tested)}  (the best on validation)")
    print(f"test accuracy {tested}")
    if args.report and run.folder is not None:
        told = _draw(run.folder, trained, data)
        if not args.quiet:
            print(f"drawn in {told}", file=sys.stderr)


def test(args: argparse.Namespace) -> None:
    """Test a trained network."""
    trained = load(cli.default_model(args, DEFAULT_OUT, OLD_OUT))
    data = _load(args.data or trained.data, args)
    if not args.quiet:
        print(
            f"{trained.name} (trained on {cli.printable(trained.data)[:60]}) on {data.name}: "
            f"{len(data.test_labels):,} reviews to test; backend {mt.get_backend().name}",
            flush=True,
        )
    tested = _test(trained, data, args.batch_size or EVALUATION_BATCH)
    print(f"test accuracy {tested}")


@mt.no_grad()
def predict(args: argparse.Namespace) -> None:
    """Classify reviews; all of them are read before anything is printed."""
    path = cli.default_model(args, DEFAULT_OUT, OLD_OUT)
    trained = load(path)
    texts = [text for given in args.texts for text in _texts(given)]
    sequences = [
        _read(
            text, trained.reader, f"review {number}" if len(texts) > 1 else "the review", args.quiet
        )
        for number, text in enumerate(texts, start=1)
    ]
    size = args.batch_size or EVALUATION_BATCH
    for start in range(0, len(texts), size):
        reviews = to_input(sequences[start : start + size])
        parts = word_parts(trained.model, reviews) if args.explain else []
        logits = trained.model(reviews)
        for i, probabilities in enumerate(cli.probabilities(path, logits)):
            text = texts[start + i]
            label = int(probabilities.argmax())
            told = f"{SENTIMENTS[label]} ({probabilities[label]:.1%})"
            if len(texts) > 1:
                told += f": {_shortened(text)}"
            print(SENTIMENTS[label] if args.quiet else told)
            if args.explain:
                print(f"  {_explained(text, parts[i], trained.reader)}")


def report(args: argparse.Namespace) -> None:
    """Draw a run, and write a page of the pictures."""
    folder, options = cli.chosen_run(args, DEFAULT_OUT)
    trained = load(str(folder))
    data, _ = load_text_dataset(
        trained.data, options.get("data-dir"), progress=False if args.quiet else None
    )
    print(_draw(folder, trained, data))


def _draw(folder: Path, trained: Trained, data: TextDataset) -> str:
    """Draw a run into its folder, and quote the reviews that it mistakes; where the page is."""
    split = Split(trained.reader.read_all(data.test_texts), data.test_labels)
    # In the order of the texts, other than the batches of equal length.
    batches: DataLoader[tuple[Reviews, mt.Tensor]] = DataLoader(
        split, EVALUATION_BATCH, collate_fn=to_batch
    )
    labels, shares = cli.answers(trained.model, batches)
    found = shares.argmax(1)
    rows = [["what it is", "the answer", "review"]]
    for i in cli.most_confused(labels, shares, CONFUSED):
        words = data.test_texts[i].split()
        told = " ".join(words[:QUOTED]) + (" ..." if len(words) > QUOTED else "")
        answer = f"{SENTIMENTS[found[i]]} ({shares[i].max():.1%})"
        rows.append([SENTIMENTS[int(labels[i])], answer, told])
    tables = {"The mistakes of which the network is most certain": rows} if len(rows) > 1 else {}
    right = int((found == labels).sum())
    facts = {"test accuracy": f"{right / len(labels):.2%} ({right:,} of {len(labels):,})"}
    pictures = [cli.confusion(labels, found, SENTIMENTS)]
    return cli.report(folder, f"{PROGRAM}: {folder.name}", facts, pictures, tables)


def _explained(text: str, parts: npt.NDArray[Any], reader: Reader) -> str:
    """The words of a review that are read, with their parts in the answer."""
    tokens = tokenize(text)
    read = truncate(np.arange(len(tokens), dtype=np.int32), reader.length)
    words = [cli.printable(tokens[i]) for i in read]
    return coloured(words, parts) if shows_colour(sys.stdout) else named(words, parts)


def _texts(given: str) -> list[str]:
    """The reviews of an argument: its text, or the lines of standard input."""
    if given != STDIN:
        try:
            given.encode()
        except UnicodeEncodeError:  # Python hands on the bytes of an argument as lone surrogates
            raise cli.UserError(
                "a review is not in UTF-8. Change the encoding of the terminal, or give reviews "
                f"as {STDIN} on standard input."
            ) from None
        return [given]
    content = sys.stdin.buffer.read(MOST_READ + 1)
    if len(content) > MOST_READ:
        raise cli.UserError(
            f"standard input goes on after {MOST_READ:,} bytes. Give fewer reviews at a time."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise cli.UserError(
            f"standard input is not in UTF-8: byte {error.start} is {error.object[error.start]:#x}."
            " Convert it."
        ) from None
    # Not splitlines, which splits at more characters: a review may contain one of those.
    lines = [line for line in re.split(r"\r\n|\n|\r", text) if line.strip()]
    if not lines:
        raise cli.UserError("standard input is empty. Write a review in each line.")
    return lines


def _read(text: str, reader: Reader, name: str, quiet: bool) -> Ids:
    """A review as numbers; warnings about it go to stderr."""
    tokens = tokenize(text)
    if not tokens:
        raise cli.UserError(f"{name} is empty. Write what it says, in quotes.")
    if not quiet:
        words = [token for token in tokens if any(map(str.isalnum, token))]
        unknown = [word for word in dict.fromkeys(words) if word not in reader.vocabulary]
        if not any(token in reader.vocabulary for token in tokens):
            print(f"{name} has no word that the network knows: it guesses", file=sys.stderr)
        elif unknown:
            shown = ", ".join(cli.printable(word)[:40] for word in unknown[:UNKNOWN])
            more = f" and {len(unknown) - UNKNOWN} more" if len(unknown) > UNKNOWN else ""
            print(
                f"{name} has words that the network does not know: {shown}{more}", file=sys.stderr
            )
        if len(tokens) > reader.length:
            print(
                f"{name} has {len(tokens):,} words and marks, of which the network reads the first "
                f"and the last, {reader.length} in all",
                file=sys.stderr,
            )
    return reader.read(tokens)


def _shortened(text: str) -> str:
    words = cli.printable(" ".join(text.split()))
    return words if len(words) <= 60 else f"{words[:60]}..."


def _load(name: str, args: argparse.Namespace) -> TextDataset:
    data, note = load_text_dataset(name, args.data_dir, progress=False if args.quiet else None)
    if note and not args.quiet:
        print(cli.printable(note), file=sys.stderr)
    return data


def _test(trained: Trained, data: TextDataset, batch_size: int) -> Evaluation:
    split = Split(trained.reader.read_all(data.test_texts), data.test_labels)
    return evaluate(trained.model, split.batches(batch_size))
