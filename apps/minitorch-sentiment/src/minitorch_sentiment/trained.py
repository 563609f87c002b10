"""Trained networks and their vocabulary, in one file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import minitorch_cli as cli
from minitorch_datasets import DatasetError, Vocabulary
from minitorch_nn import Module
from minitorch_nn.checkpoint import Checkpoint, CheckpointError
from minitorch_sentiment import __version__
from minitorch_sentiment.data import Reader
from minitorch_sentiment.models import NETWORKS, build
from minitorch_sentiment.recipes import Recipe

PROGRAM = "minitorch-sentiment"

#: The tensor with a row for each word of the vocabulary.
TABLE = "words.embedding.weight"

#: Networks up to this size are always built, so that an error can name missing values.
FEW = 1 << 20


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        name: a key of NETWORKS.
        data: the name of its training data.
        model: the network, in evaluation mode.
        reader: converts texts to its word numbers.
    """

    name: str
    data: str
    model: Module
    reader: Reader


def described(trained: Trained, recipe: Recipe) -> dict[str, Any]:
    """What is saved beside a network, for `load` to build it again."""
    return {
        "model": trained.name,
        "data": trained.data,
        "embedding": recipe.embedding,
        "hidden": recipe.hidden,
        "length": trained.reader.length,
        "vocabulary": trained.reader.vocabulary.words[len(Vocabulary.SPECIAL) :],
    }


def load(path: str) -> Trained:
    """Read a network that `train` saved, from its file or the folder of its run.

    Raises: CheckpointError if the file is missing, damaged or another program's, or its vocabulary
        is not the network's.
    """
    found: list[tuple[str, str, Reader]] = []

    def build_again(checkpoint: Checkpoint) -> Module:
        metadata = checkpoint.metadata
        name = metadata.get("model")
        cli.named_network(path, PROGRAM, __version__, NETWORKS, name)
        try:
            sizes = {size: _whole(metadata[size]) for size in ("length", "embedding", "hidden")}
            if not all(1 <= number < 1 << 31 for number in sizes.values()):
                raise ValueError(f"sizes {str(sizes)[:200]}, wanted at least 1")
            reader = Reader(Vocabulary([*metadata["vocabulary"]]), sizes.pop("length"))
            data = str(metadata["data"])
        except KeyError as error:
            raise CheckpointError(
                f"{path} lacks {error}, which {PROGRAM} saves. Train again."
            ) from None
        except (ArithmeticError, DatasetError, RecursionError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: what it says of its network is wrong: {error}. Train again."
            ) from None
        table = checkpoint.state_dict.get(TABLE)
        rows = 0 if table is None or table.ndim != 2 else len(table)
        if rows != len(reader.vocabulary):
            raise CheckpointError(
                f"{path}: the vocabulary of {len(reader.vocabulary):,} words does not fit the "
                f"network, which has vectors of {rows:,}. Train again."
            )
        wanted = values_of(str(name), vocabulary=rows, **sizes)
        held = sum(array.size for array in checkpoint.state_dict.values())
        if wanted > max(held, FEW):  # before it is built: the file may say anything
            raise CheckpointError(
                f"{path}: what it says of its network makes {wanted:,} values, but it holds "
                f"{held:,}. Train again."
            )
        found.append((str(name), data, reader))
        return build(str(name), len(reader.vocabulary), **sizes)

    model, _ = cli.load_model(path, PROGRAM, build_again)
    name, data, reader = found[0]
    return Trained(name, data, model, reader)


def _whole(number: Any) -> int:
    whole = int(number)
    if not isinstance(number, str) and whole != number:
        raise ValueError(f"{number} is no whole number")
    return whole


def values_of(name: str, **sizes: int) -> int:
    """The number of values of a network, without building it: each dimension is linear in each
    size, and the smallest networks give the coefficients."""
    one = dict.fromkeys(sizes, 1)
    first = _shapes(name, **one)
    larger = {size: _shapes(name, **{**one, size: 2}) for size in sizes}
    total = 0
    for key, shape in first.items():
        growth = {size: np.subtract(larger[size][key], shape).tolist() for size in sizes}
        total += math.prod(
            start + sum((sizes[size] - 1) * growth[size][i] for size in sizes)
            for i, start in enumerate(shape)
        )
    return total


@cache
def _shapes(name: str, vocabulary: int, embedding: int, hidden: int) -> dict[str, tuple[int, ...]]:
    small = build(name, vocabulary, embedding=embedding, hidden=hidden)
    return {key: value.shape for key, value in small.state_dict().items()}
