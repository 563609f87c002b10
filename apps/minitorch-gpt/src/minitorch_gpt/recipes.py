"""The settings without options, by data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The settings for one kind of data.

    Attributes:
        layers, heads, width, context, dropout: of the network.
        epochs, steps, batch_size: batches are drawn, `steps` of them in an epoch.
        lr: the highest learning rate; it falls to a tenth.
        warmup: steps until it is reached.
        weight_decay: of matrices and embeddings.
        clip: limit of the gradient's norm.
    """

    layers: int
    heads: int
    width: int
    context: int
    dropout: float
    epochs: int
    steps: int
    batch_size: int
    lr: float
    warmup: int
    weight_decay: float
    clip: float


#: For sums; and for texts, as nanoGPT's README suggests for a CPU.
ADDITION = Recipe(
    layers=2,
    heads=4,
    width=64,
    context=9,
    dropout=0.0,
    epochs=12,
    steps=250,
    batch_size=128,
    lr=3e-3,
    warmup=100,
    weight_decay=0.1,
    clip=1.0,
)
TEXT = Recipe(
    layers=4,
    heads=4,
    width=128,
    context=64,
    dropout=0.0,
    epochs=8,
    steps=250,
    batch_size=12,
    lr=1e-3,
    warmup=100,
    weight_decay=0.1,
    clip=1.0,
)
