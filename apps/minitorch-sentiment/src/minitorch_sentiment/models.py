"""The four networks: three recurrent ones, and a CNN that looks for phrases."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

import minitorch_nn as nn
import minitorch_nn.functional as F
import minitorch_tensor as mt
from minitorch_datasets import Vocabulary
from minitorch_nn import Module, init
from minitorch_tensor import Tensor

CLASSES = 2


class Reviews(NamedTuple):
    """The input of the networks.

    Shapes: ids (N, T) int64, word numbers, padded with 0 at the end; lengths (N,) int64, each at
        least 1.
    """

    ids: Tensor
    lengths: Tensor

    def inside(self) -> Tensor:
        """A mask (N, T): true for words, false for padding."""
        steps = mt.arange(self.ids.shape[1], device=self.ids.backend)
        return steps < self.lengths.unsqueeze(1)


class Words(Module):
    """Vectors of words, with two kinds of dropout.

    Word dropout makes whole words unknown (Iyyer et al. 2015, "Deep unordered composition rivals
    syntactic methods for text classification", section 3.1), so that the network learns to handle
    unknown words and does not memorise single reviews.

    Shapes: reviews (N, T) -> (N, T, embedding); 0 for padding.
    """

    #: Small compared to PyTorch's 1: a rare word should have little effect until it is learned.
    STD: ClassVar[float] = 0.1

    def __init__(
        self, vocabulary: int, embedding: int, word_dropout: float, embedding_dropout: float
    ) -> None:
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(vocabulary, embedding, padding_idx=Vocabulary.PADDING)
        self.dropout = nn.Dropout(embedding_dropout)
        init.normal_(self.embedding.weight, std=self.STD)
        init.zeros_(self.embedding.weight.detach()[Vocabulary.PADDING])

    def forward(self, reviews: Reviews) -> Tensor:
        ids = reviews.ids
        if self.training and self.word_dropout:
            dropped = mt.rand(*ids.shape, device=ids.backend) < self.word_dropout
            ids = mt.where(dropped & reviews.inside(), Vocabulary.UNKNOWN, ids)
        vectors: Tensor = self.dropout(self.embedding(ids))
        return vectors


class Recurrent(Module):
    """A recurrent layer over the words, with max and mean pooling of its outputs over time, and the
    mean of the words' vectors.

    Source: the pooling is Howard and Ruder 2018, "Universal language model fine-tuning for text
    classification", section 3.3, with the words in place of the last state: information from single
    words bypasses the layer, which only needs to learn what their order adds.

    Shapes: reviews (N, T) -> logits (N, 2)
    """

    def __init__(
        self,
        layer: Callable[..., Module],
        words: Words,
        hidden: int,
        dropout: float,
    ) -> None:
        embedding = words.embedding.embedding_dim
        self.words = words
        self.layer = layer(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * hidden + embedding, CLASSES)

    def forward(self, reviews: Reviews) -> Tensor:
        words = self.words(reviews)  # (N, T, embedding)
        outputs, _ = self.layer(words, lengths=reviews.lengths)  # (N, T, hidden)
        # Both are 0 after a review's end, which is neutral in a sum, but could be the maximum.
        greatest = _greatest(outputs, reviews.inside())
        features = [greatest, _mean(outputs, reviews), _mean(words, reviews)]
        logits: Tensor = self.output(self.dropout(mt.cat(features, 1)))
        return logits


class PhraseCNN(Module):
    """Convolutions over 3, 4 and 5 words, with max pooling of each filter over time.

    Source: Kim 2014, "Convolutional neural networks for sentence classification", section 2. Here
    a window ends at every word, and may begin before the review, so that a review of one word has
    windows, too.

    Shapes: reviews (N, T) -> logits (N, 2)
    """

    WIDTHS: ClassVar[tuple[int, ...]] = (3, 4, 5)

    def __init__(self, words: Words, hidden: int, dropout: float) -> None:
        self.words = words
        self.convolutions = nn.ModuleList(
            nn.Conv1d(words.embedding.embedding_dim, hidden, width, padding=width - 1)
            for width in self.WIDTHS
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(len(self.WIDTHS) * hidden, CLASSES)

    def forward(self, reviews: Reviews) -> Tensor:
        steps, inside = reviews.ids.shape[1], reviews.inside()
        words = self.words(reviews).transpose(1, 2)  # (N, embedding, T)
        found = [
            _greatest(convolution(words)[:, :, :steps].transpose(1, 2), inside)
            for convolution in self.convolutions
        ]
        logits: Tensor = self.output(self.dropout(F.relu(mt.cat(found, 1))))
        return logits


def _greatest(values: Tensor, inside: Tensor) -> Tensor:
    """The maximum of values (N, T, D) over the positions (N, T) that hold words, (N, D)."""
    return values.masked_fill(~inside.unsqueeze(2), -math.inf).amax(1)


def _mean(values: Tensor, reviews: Reviews) -> Tensor:
    """The mean of values (N, T, D), 0 for padding, over the words of each review."""
    return values.sum(1) / reviews.lengths.unsqueeze(1)


NETWORKS: dict[str, Callable[..., Module]] = {
    "rnn": partial(Recurrent, nn.RNN),
    "lstm": partial(Recurrent, nn.LSTM),
    "gru": partial(Recurrent, nn.GRU),
    "cnn": PhraseCNN,
}


def build(
    model: str,
    vocabulary: int,
    *,
    embedding: int,
    hidden: int,
    word_dropout: float = 0.0,
    embedding_dropout: float = 0.0,
    dropout: float = 0.0,
) -> Module:
    """A new network.

    Args:
        model: a key of NETWORKS.
        vocabulary: the number of words, including padding and the unknown word.
        embedding, hidden, word_dropout, embedding_dropout, dropout: as in a Recipe.
    """
    words = Words(vocabulary, embedding, word_dropout, embedding_dropout)
    return NETWORKS[model](words, hidden=hidden, dropout=dropout)
