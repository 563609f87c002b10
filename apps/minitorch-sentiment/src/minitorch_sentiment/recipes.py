"""The best training settings, found on validation data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The settings for one data set.

    Attributes:
        vocabulary: the most words, including padding and the unknown word.
        min_frequency: rarer words in the training reviews count as unknown.
        length: the most tokens of a review; the middle of a longer one is left out.
        embedding: size of a word's vector.
        hidden: state size of a recurrent layer; number of filters of each width in the CNN.
        word_dropout: share of words that are made unknown in training.
        embedding_dropout: dropout of the words' vectors.
        dropout: dropout before the last layer.
        epochs, batch_size: of training.
        lr: peak learning rate.
    """

    vocabulary: int
    min_frequency: int
    length: int
    embedding: int
    hidden: int
    word_dropout: float
    embedding_dropout: float
    dropout: float
    epochs: int
    batch_size: int
    lr: float


#: By data set.
RECIPES = {
    "imdb": Recipe(
        vocabulary=30_000,
        min_frequency=2,
        length=400,
        embedding=128,
        hidden=128,
        word_dropout=0.1,
        embedding_dropout=0.5,
        dropout=0.5,
        epochs=3,
        batch_size=64,
        lr=2e-3,
    ),
    "sst2": Recipe(
        vocabulary=30_000,
        min_frequency=1,
        length=64,
        embedding=128,
        hidden=128,
        word_dropout=0.2,
        embedding_dropout=0.5,
        dropout=0.5,
        epochs=5,
        batch_size=32,
        lr=2e-3,
    ),
    "synthetic": Recipe(
        vocabulary=1_000,
        min_frequency=1,
        length=128,
        embedding=32,
        hidden=32,
        word_dropout=0.0,
        embedding_dropout=0.0,
        dropout=0.1,
        epochs=4,
        batch_size=32,
        lr=1e-2,
    ),
}
