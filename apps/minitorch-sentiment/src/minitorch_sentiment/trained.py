"""Trained networks and their vocabulary, in one file."""

from __future__ import annotations

from dataclasses import dataclass

import minitorch_cli as cli
from minitorch_datasets import DatasetError, Vocabulary
from minitorch_nn import Module
from minitorch_nn.checkpoint import Checkpoint, CheckpointError
from minitorch_sentiment import __version__
from minitorch_sentiment.data import Reader
from minitorch_sentiment.models import NETWORKS, build
from minitorch_sentiment.recipes import Recipe

PROGRAM = "minitorch-sentiment"

#: The values that have a row for each word of the vocabulary.
TABLE = "words.embedding.weight"


@dataclass(frozen=True)
class Trained:
    """A network that was trained.

    Attributes:
        name: a key of NETWORKS.
        data: what it was trained on.
        model: the network, in evaluation mode.
        reader: makes numbers of texts, as it learned them.
    """

    name: str
    data: str
    model: Module
    reader: Reader


def save(path: str, trained: Trained, recipe: Recipe) -> None:
    """Write a network and its vocabulary; both or neither.

    Raises: CheckpointError if that cannot be done.
    """
    metadata = {
        "model": trained.name,
        "data": trained.data,
        "embedding": recipe.embedding,
        "hidden": recipe.hidden,
        "length": trained.reader.length,
        "vocabulary": trained.reader.vocabulary.words[len(Vocabulary.SPECIAL) :],
    }
    cli.save_model(path, trained.model, PROGRAM, __version__, metadata)


def load(path: str) -> Trained:
    """Read what `save` wrote.

    Raises: CheckpointError if the file is missing, damaged or another program's, or its vocabulary
        is not the network's.
    """
    described: list[tuple[str, str, Reader]] = []

    def build_again(checkpoint: Checkpoint) -> Module:
        metadata = checkpoint.metadata
        name = metadata.get("model")
        cli.named_network(path, PROGRAM, __version__, NETWORKS, name)
        try:
            sizes = {size: int(metadata[size]) for size in ("length", "embedding", "hidden")}
            if min(sizes.values()) < 1:
                raise ValueError(f"sizes {sizes}, wanted at least 1")
            reader = Reader(Vocabulary([*metadata["vocabulary"]]), sizes.pop("length"))
            data = str(metadata["data"])
        except KeyError as error:
            raise CheckpointError(
                f"{path} lacks {error}, which {PROGRAM} saves. Train again."
            ) from None
        except (DatasetError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: what it says of its network is wrong: {error}. Train again."
            ) from None
        rows = len(checkpoint.state_dict.get(TABLE, ()))
        if rows != len(reader.vocabulary):
            raise CheckpointError(
                f"{path}: the vocabulary of {len(reader.vocabulary):,} words does not fit the "
                f"network, which has vectors of {rows:,}. Train again."
            )
        described.append((str(name), data, reader))
        return build(str(name), len(reader.vocabulary), **sizes)

    model, _ = cli.load_model(path, PROGRAM, build_again)
    name, data, reader = described[0]
    return Trained(name, data, model, reader)
