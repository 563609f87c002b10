"""Reviews as inputs of the networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_datasets import (
    LengthBatches,
    TextDataset,
    Vocabulary,
    pad_sequences,
    tokenize,
    train_validation_split,
    truncate,
)
from minitorch_sentiment.models import Reviews
from minitorch_sentiment.recipes import Recipe
from minitorch_tensor import Tensor

Ids = npt.NDArray[np.int32]

#: Share of the training reviews held out if the data set has no validation reviews.
VALIDATION = 0.1


@dataclass(frozen=True)
class Reader:
    """Converts texts to numbers, up to the length that a network reads.

    Attributes:
        vocabulary: the words and their numbers.
        length: the most tokens of a text; the middle of a longer one is left out.
    """

    vocabulary: Vocabulary
    length: int

    def read(self, tokens: Sequence[str]) -> Ids:
        """The numbers of a text's tokens."""
        return truncate(self.vocabulary.encode(tokens), self.length)

    def read_all(self, texts: Iterable[str]) -> list[Ids]:
        """The numbers of many texts."""
        return [self.read(tokenize(text)) for text in texts]


@dataclass(frozen=True)
class Split:
    """Reviews as numbers, and their labels (N,)."""

    sequences: list[Ids]
    labels: npt.NDArray[np.uint8]

    def batches(self, batch_size: int, rng: np.random.Generator | None = None) -> ReviewBatches:
        """Batches of nearly equal length; shuffled in every epoch if there is a generator."""
        return ReviewBatches(self, batch_size, rng)


def prepare(
    data: TextDataset, recipe: Recipe, rng: np.random.Generator
) -> tuple[Reader, Split, Split]:
    """Build the vocabulary, and convert the training and validation reviews.

    Validation reviews are the data set's own, or else drawn from the training reviews; they do
    not contribute to the vocabulary.

    Returns: the reader, the training and the validation reviews.
    """
    tokens = [tokenize(text) for text in data.train_texts]
    labels = data.train_labels
    if data.validation_texts:
        held_out = [tokenize(text) for text in data.validation_texts]
        held_out_labels = data.validation_labels
    else:
        learn, validate = train_validation_split(len(tokens), VALIDATION, rng)
        held_out, held_out_labels = [tokens[i] for i in validate], labels[validate]
        tokens, labels = [tokens[i] for i in learn], labels[learn]
    vocabulary = Vocabulary.build(
        tokens, max_size=recipe.vocabulary, min_frequency=recipe.min_frequency
    )
    reader = Reader(vocabulary, recipe.length)
    return (
        reader,
        Split([reader.read(text) for text in tokens], labels),
        Split([reader.read(text) for text in held_out], held_out_labels),
    )


class ReviewBatches:
    """Minibatches of reviews and labels as tensors; each iteration is an epoch.

    Args:
        split: the reviews.
        batch_size: reviews in a batch; the last may be smaller.
        rng: shuffles in every epoch; None gives order of length.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._batches = LengthBatches(split.sequences, split.labels, batch_size, rng)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Reviews, Tensor]]:
        for ids, lengths, labels in self._batches:
            yield (
                Reviews(mt.from_numpy(ids), mt.from_numpy(lengths)),
                mt.from_numpy(labels.astype(np.int64)),
            )


def to_input(sequences: Sequence[Ids]) -> Reviews:
    """Sequences as one padded batch, in the given order."""
    ids, lengths = pad_sequences(sequences)
    return Reviews(mt.from_numpy(ids), mt.from_numpy(lengths))
