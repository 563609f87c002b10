"""`minitorch-gpt`: train a GPT on sums or texts, test it, and let it write."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import minitorch_cli as cli
import minitorch_tensor as mt
from minitorch_datasets import DatasetError, load_shakespeare, read_text
from minitorch_gpt import __version__, recipes
from minitorch_gpt.data import (
    DIGITS,
    SUM,
    WHOLE_SUMS,
    Drawn,
    Sums,
    Text,
    Whole,
    digits_of,
    loss_of,
    read_sum,
    splits,
)
from minitorch_gpt.models import GPT, Config, learning_rate
from minitorch_gpt.progress import TextReporter, told
from minitorch_gpt.recipes import Recipe
from minitorch_gpt.tokens import KINDS, Tokens, learn_tokens
from minitorch_gpt.trained import ADDITION, PROGRAM, Trained, described, load
from minitorch_nn import optim
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.training import ConsoleReporter, best_epoch, evaluate, fit
from minitorch_tensor import Generator, Tensor

SHAKESPEARE = "shakespeare"

#: Where runs are without `--out`.
DEFAULT_OUT = "runs/gpt"

#: Tokens in a batch of evaluation, where the size affects only memory.
EVALUATION_TOKENS = 16_384

#: Tokens of a vocabulary of byte pairs.
BYTE_PAIRS = 1_000

#: Tokens that `sample` writes, and those of a report; sums that a report quotes.
LENGTH = 500
QUOTED = 12


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return cli.main(
        PROGRAM,
        __version__,
        "Train a GPT to add numbers or to write, test it, and use it.",
        (
            cli.Command("train", "train a GPT and test it", add_train_options, train),
            cli.Command("evaluate", "test a trained GPT", add_evaluate_options, test),
            cli.Command("sample", "let a trained GPT write", add_sample_options, sample),
            cli.Command("report", "draw a run", cli.add_report_options, report),
            cli.Command("compare", "draw runs on one chart", cli.add_compare_options, cli.compare),
        ),
        argv,
        user_errors=(DatasetError,),
    )


# -- options ---------------------------------------------------------------------------------------


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    cli.add_training_options(
        parser,
        DEFAULT_OUT,
        epochs=f"{_by_data('epochs')}; each is --steps batches, drawn anew",
        batch_size=_by_data("batch_size"),
        lr=f"{_by_data('lr')}, falling to a tenth",
        runs=True,
    )
    _add_data_options(parser, ADDITION, "(default addition)")
    parser.add_argument(
        "--tokens",
        choices=KINDS,
        default="characters",
        help="what a text is read by; bpe are byte pairs, learned from the text, and needs the "
        "library tokenizers (default characters)",
    )
    for name, kind, what in (
        ("layers", cli.positive_int, "blocks of attention and MLP"),
        ("heads", cli.positive_int, "heads of attention"),
        ("width", cli.positive_int, "of the vectors"),
        ("context", cli.positive_int, "tokens that it looks back on"),
        ("dropout", _share, "share of values that are dropped in training"),
        ("steps", cli.positive_int, "batches in an epoch"),
        ("warmup", cli.seed, "batches until the learning rate is at its peak"),
        ("weight-decay", _not_negative, "of matrices and embeddings"),
        ("clip", cli.positive_float, "limit of the gradient's norm"),
    ):
        metavar = "RATE" if kind in (_share, _not_negative, cli.positive_float) else "N"
        shown = f"{what} (default {_by_data(name.replace('-', '_'))})"
        parser.add_argument(f"--{name}", type=kind, metavar=metavar, help=shown)
    parser.add_argument(
        "--vocabulary",
        type=cli.positive_int,
        metavar="N",
        default=BYTE_PAIRS,
        help=f"byte pairs of --tokens bpe, 256 or more (default {BYTE_PAIRS})",
    )


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    _add_data_options(parser, None, "(default: the data that it was trained on)")
    cli.add_batch_size(parser, f"of {EVALUATION_TOKENS:,} tokens")


def add_sample_options(parser: argparse.ArgumentParser) -> None:
    """The options of `sample`."""
    parser.add_argument(
        "text",
        nargs="?",
        default="",
        metavar="TEXT",
        help="what it is to go on with, in quotes; a sum such as 85+50 for one that adds",
    )
    cli.add_checkpoint_option(parser, DEFAULT_OUT)
    parser.add_argument(
        "--length",
        type=cli.positive_int,
        default=LENGTH,
        metavar="N",
        help=f"tokens to write (default {LENGTH})",
    )
    parser.add_argument(
        "--temperature",
        type=_not_negative,
        default=0.8,
        metavar="T",
        help="0 for the most likely token each time, 1 for as likely as learned (default 0.8)",
    )
    parser.add_argument(
        "--top-k",
        type=cli.positive_int,
        metavar="N",
        help="draw from the N most likely tokens (default: from all)",
    )
    parser.add_argument(
        "--top-p",
        type=_share_of_tokens,
        metavar="P",
        help="draw from the most likely tokens that have the probability P (default: from all)",
    )
    parser.add_argument(
        "--seed", type=cli.seed, default=0, metavar="N", help="of what is drawn (default 0)"
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="read the whole context again for every token: slower, the same text",
    )


def _by_data(setting: str) -> str:
    """A setting's default for the help text: "12 for sums, 8 for texts"."""
    sums, texts = getattr(recipes.ADDITION, setting), getattr(recipes.TEXT, setting)
    return f"{sums}" if sums == texts else f"{sums} for sums, {texts} for texts"


def _add_data_options(parser: argparse.ArgumentParser, default: str | None, told: str) -> None:
    parser.add_argument(
        "--data",
        "--dataset",
        metavar="DATA",
        default=default,
        help=f"addition, of numbers up to 999; shakespeare; or a file of text {told}",
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder that has Tiny Shakespeare's input.txt (default: the cache)",
    )


def _not_negative(text: str) -> float:
    return 0.0 if text.strip() in ("0", "0.0") else cli.positive_float(text)


def _share(text: str) -> float:
    share = _not_negative(text)
    if share >= 1:
        raise argparse.ArgumentTypeError(f"wanted a number from 0 to below 1, got {text!r}")
    return share


def _share_of_tokens(text: str) -> float:
    share = cli.positive_float(text)
    if share > 1:
        raise argparse.ArgumentTypeError(f"wanted a number above 0, and at most 1, got {text!r}")
    return share


# -- commands --------------------------------------------------------------------------------------


def train(args: argparse.Namespace) -> None:
    """Train a GPT, keep the weights of its best epoch, and test it once."""
    with cli.training_run(args, PROGRAM, __version__, DEFAULT_OUT) as run:
        _train(args, run)


def _train(args: argparse.Namespace, run: cli.Run) -> None:
    text = _load(args.data, args)
    recipe = recipes.ADDITION if text is None else recipes.TEXT
    options = _options(args, recipe)
    if args.print_config:
        print(run.config(options), end="")
        return
    tokens = None
    if text is not None:
        tokens = learn_tokens(args.tokens, text.train + text.validation, args.vocabulary)
    config = _config(options, tokens)
    mt.manual_seed(args.seed)
    generator = mt.Generator(args.seed)
    batch_size, steps, epochs = options["batch_size"], options["steps"], options["epochs"]
    reporter: ConsoleReporter
    if text is None or tokens is None:
        learn, validate, _ = splits()
        given = 2 * DIGITS
        batches = Drawn(Sums(learn), batch_size, steps, generator, given)
        validation = _whole(digits_of(validate), given)
        reporter = ConsoleReporter(unit="sums")
        told_data = f"{len(learn):,} sums to train on, {len(validate):,} to validate"
    else:
        windows, rows = text.windows(tokens, config.context)
        batches, validation = Drawn(windows, batch_size, steps, generator), _whole(rows)
        reporter = TextReporter(config.context, text.tokens_per_character(tokens))
        told_data = f"{len(windows.ids):,} tokens to train on, {rows[:, 1:].size:,} to validate"
    model = GPT(config)
    name = ADDITION if text is None else text.name
    run.begin(options, model, described(config, name, tokens))
    optimizer = model.optimizer(options["lr"], options["weight_decay"])
    if not args.quiet:
        print(
            f"gpt ({config.parameters:,} parameters) on {cli.printable(name)}: {told_data}; "
            f"{config.vocabulary:,} different tokens; backend {mt.get_backend().name}",
            flush=True,
        )
    results = fit(
        model,
        optimizer,
        batches,
        epochs=epochs,
        validation=validation,
        loss_function=loss_of,
        metric=WHOLE_SUMS if text is None else None,
        scheduler=optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate(step, epochs * steps, options["warmup"])
        ),
        clip_norm=options["clip"],
        keep_best=True,
        **run.fit_options([] if args.quiet else [reporter]),
    )
    saved = run.finish()
    if not args.quiet:
        best = best_epoch(results)
        print(f"saved {saved}, of epoch {best.epoch}, the best on validation")
    trained = Trained(model, name, tokens)
    print(_tested(trained, text, None))
    if args.report and run.folder is not None:
        drawn = _draw(run.folder, trained, text)
        if not args.quiet:
            print(f"drawn in {drawn}", file=sys.stderr)


def test(args: argparse.Namespace) -> None:
    """Test a trained GPT."""
    trained = load(cli.default_model(args, DEFAULT_OUT, DEFAULT_OUT))
    text = _load(args.data or trained.data, args)
    if (text is None) != (trained.tokens is None):
        wanted = "texts" if trained.tokens else "sums"
        raise cli.UserError(f"this network was trained on {wanted}. Choose such --data.")
    if not args.quiet:
        name = ADDITION if text is None else text.name
        print(
            f"gpt (trained on {cli.printable(trained.data)[:60]}) on {cli.printable(name)}; "
            f"backend {mt.get_backend().name}",
            flush=True,
        )
    print(_tested(trained, text, args.batch_size))


def sample(args: argparse.Namespace) -> None:
    """Write, each character as soon as it is known."""
    path = cli.default_model(args, DEFAULT_OUT, DEFAULT_OUT)
    trained = load(path)
    generator = mt.Generator(args.seed)
    how = {"top_k": args.top_k, "top_p": args.top_p, "cache": not args.no_cache}
    try:
        args.text.encode()
    except UnicodeEncodeError:  # Python hands on the bytes of an argument as lone surrogates
        raise cli.UserError("the text is not in UTF-8. Change the terminal's encoding.") from None
    try:
        if trained.tokens is None:
            digits = add(trained.model, read_sum(args.text), how)
            print(digits if args.quiet else f"{args.text.strip().rstrip('= ')}={digits}")
            return
        ids = trained.tokens.encode(args.text or "\n")
        _write(args.text)
        how = {**how, "temperature": args.temperature, "generator": generator}
        for piece in _written(trained.model, trained.tokens, ids, args.length, how):
            _write(piece)
    except ValueError as error:
        raise CheckpointError(f"{path}: its network gives no numbers: {error}") from None
    print()


def report(args: argparse.Namespace) -> None:
    """Draw a run, and write a page of the pictures."""
    folder, options = cli.chosen_run(args, DEFAULT_OUT)
    trained = load(str(folder))
    args.data_dir = options.get("data-dir")
    print(_draw(folder, trained, _load(trained.data, args)))


# -- parts -----------------------------------------------------------------------------------------


def _options(args: argparse.Namespace, recipe: Recipe) -> dict[str, Any]:
    """All that decides the result: what was given, or else the recipe's."""
    chosen = {
        name: usual if getattr(args, name) is None else getattr(args, name)
        for name, usual in asdict(recipe).items()
    }
    return {
        "data": args.data,
        "data_dir": args.data_dir,
        "tokens": args.tokens,
        "vocabulary": args.vocabulary,
        **chosen,
        "seed": args.seed,
    }


def _config(options: dict[str, Any], tokens: Tokens | None) -> Config:
    """The network's sizes.

    Raises: UserError for some that do not go together.
    """
    if options["width"] % options["heads"]:
        raise cli.UserError(
            f"--width {options['width']} is not divisible by --heads {options['heads']}. Change "
            "one of them."
        )
    if tokens is None and options["context"] < SUM - 1:
        raise cli.UserError(
            f"--context {options['context']} is too short for a sum. Choose at least {SUM - 1}."
        )
    sizes = {name: options[name] for name in ("context", "layers", "heads", "width", "dropout")}
    return Config(vocabulary=10 if tokens is None else len(tokens), **sizes)


def _load(name: str, args: argparse.Namespace) -> Text | None:
    """The text of a name; None for sums.

    Raises: UserError for a name that is none; DatasetError if it cannot be read.
    """
    if name == ADDITION or name != SHAKESPEARE:
        if args.data_dir is not None:
            raise cli.UserError(
                f"--data-dir is for --data shakespeare, and not for {name}. Leave it out."
            )
        if name == ADDITION:
            return None
        if not Path(name).exists():
            raise cli.UserError(
                f"--data {name} is neither addition nor shakespeare nor a file. Check the name."
            )
        return Text.split(name, read_text(name))
    return Text.split(name, load_shakespeare(args.data_dir, progress=False if args.quiet else None))


def _whole(rows: Any, given: int = 1, batch_size: int | None = None) -> Whole:
    length = rows.shape[1] - 1
    return Whole(rows, batch_size or max(1, EVALUATION_TOKENS // length), given)


def _tested(trained: Trained, text: Text | None, batch_size: int | None) -> str:
    """The last line: the result on sums that were not trained on, or on the end of the text."""
    model = trained.model
    if text is None or trained.tokens is None:
        batches = _whole(digits_of(splits()[2]), 2 * DIGITS, batch_size)
        found = evaluate(model, batches, loss_function=loss_of, metric=WHOLE_SUMS)
        return f"test accuracy {found}"
    rows = text.held_out(trained.tokens, model.config.context)
    batches = _whole(rows, batch_size=batch_size)
    found = evaluate(model, batches, loss_function=loss_of, metric=None)
    return f"validation loss {told(found.loss, text.tokens_per_character(trained.tokens))}"


def add(model: GPT, digits: Any, how: dict[str, Any]) -> int:
    """What two numbers make, in the model's opinion."""
    ids = mt.from_numpy(digits[None])
    new = [int(d.item()) for d in model.stream(ids, DIGITS + 1, **{**how, "temperature": 0.0})]
    return sum(digit * 10**place for place, digit in enumerate(new))


def _written(
    model: GPT, tokens: Tokens, ids: Any, length: int, how: dict[str, Any]
) -> Iterator[str]:
    """What a model goes on with, piece by piece."""
    decode = tokens.decoder()
    for token in model.stream(mt.from_numpy(ids[None]), length, **how):
        yield decode(int(token.item()))


def _write(piece: str) -> None:
    """Text on the terminal, at once; of what could act there, only line ends and tabs do."""
    parts = re.split(r"([\n\t])", piece)
    print(
        *[part if part in ("\n", "\t") else cli.printable(part) for part in parts], sep="", end=""
    )
    sys.stdout.flush()


def _draw(folder: Path, trained: Trained, text: Text | None) -> str:
    """Draw a run into its folder, with sums that are wrong or a text; where the page is."""
    result = _tested(trained, text, None)
    if trained.tokens is None:
        wrong = [["the sum", "the answer", "right"], *_mistakes(trained.model)]
        tables = {"Sums that it gets wrong": wrong} if len(wrong) > 1 else {}
    else:
        ids = trained.tokens.encode("\n" if text is None else text.validation[:1])
        how = {"temperature": 0.8, "generator": Generator(0)}
        words = "".join(_written(trained.model, trained.tokens, ids, LENGTH, how))
        lines = [[cli.printable(line)] for line in words.splitlines()]
        tables = {"What it writes": [["text"], *lines]}
    return cli.report(folder, f"{PROGRAM}: {folder.name}", {"result": result}, [], tables)


@mt.no_grad()
def _mistakes(model: GPT) -> list[list[str]]:
    """Some of the test's sums that are wrong: sum, answer, what is right."""
    found: list[list[str]] = []
    pairs = splits()[2]
    rows = digits_of(pairs)
    model.eval()
    for start in range(0, len(rows), 1000):
        part: Tensor = mt.from_numpy(rows[start : start + 1000, :-1].copy())
        answers = model(part)[:, 2 * DIGITS - 1 :].argmax(2).numpy()
        for i in (answers != rows[start : start + 1000, 2 * DIGITS :]).any(1).nonzero()[0]:
            a, b = divmod(int(pairs[start + i]), 10**DIGITS)
            answer = sum(int(d) * 10**place for place, d in enumerate(answers[i]))
            found.append([f"{a} + {b}", str(answer), str(a + b)])
    return found[:QUOTED]
