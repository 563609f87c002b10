"""Reviews as inputs of the networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_data import DataLoader, Dataset, LengthBatchSampler, random_split
from minitorch_datasets import (
    DatasetError,
    TextDataset,
    Vocabulary,
    pad_sequences,
    tokenize,
    truncate,
)
from minitorch_sentiment.models import Reviews
from minitorch_sentiment.recipes import Recipe
from minitorch_tensor import Generator, Tensor

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
class Split(Dataset["tuple[Ids, int]"]):
    """Reviews as numbers, and their labels (N,)."""

    sequences: list[Ids]
    labels: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> tuple[Ids, int]:
        return self.sequences[index], int(self.labels[index])

    def batches(
        self, batch_size: int, generator: Generator | None = None
    ) -> DataLoader[tuple[Reviews, Tensor]]:
        """Batches of nearly equal length; shuffled in every epoch if there is a generator."""
        lengths = [len(sequence) for sequence in self.sequences]
        return DataLoader(
            self,
            batch_sampler=LengthBatchSampler(lengths, batch_size, generator),
            collate_fn=to_batch,
        )


def to_batch(examples: Sequence[tuple[Ids, int]]) -> tuple[Reviews, Tensor]:
    """Reviews padded to the longest, and their labels (B)."""
    sequences, labels = zip(*examples)
    return to_input(sequences), mt.tensor(labels)


def prepare(data: TextDataset, recipe: Recipe, generator: Generator) -> tuple[Reader, Split, Split]:
    """Build the vocabulary, and convert the training and validation reviews.

    Validation reviews are the data set's own, or else drawn from the training reviews; they do
    not contribute to the vocabulary.

    Returns: the reader, the training and the validation reviews.
    Raises: DatasetError if there is only one training review, and none for validation.
    """
    tokens = [tokenize(text) for text in data.train_texts]
    labels = data.train_labels
    if data.validation_texts:
        held_out = [tokenize(text) for text in data.validation_texts]
        held_out_labels = data.validation_labels
    else:
        if len(tokens) < 2:
            raise DatasetError(
                f"{data.name}: {len(tokens)} training review, wanted at least 2",
                "One of them is held out for validation",
            )
        count = max(round(len(tokens) * VALIDATION), 1)
        parts = random_split(tokens, [count, len(tokens) - count], generator)
        validate, learn = (np.sort(part.indices) for part in parts)
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


def to_input(sequences: Sequence[Ids]) -> Reviews:
    """Sequences as one padded batch, in the given order."""
    ids, lengths = pad_sequences(sequences)
    return Reviews(mt.from_numpy(ids), mt.from_numpy(lengths))
