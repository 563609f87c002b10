"""Each word's part in an answer, and showing it by colours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_nn import Module
from minitorch_sentiment.models import Reviews

#: Colours of a terminal's 256, from faint to strong: for blame (red) and for praise (green).
RED = (224, 217, 210, 203)
GREEN = (194, 157, 120, 83)

#: Words that are named where there is no colour.
NAMED = 5


@mt.enable_grad()
def word_parts(model: Module, reviews: Reviews) -> list[npt.NDArray[Any]]:
    """The part of each word of each review in the answer: above 0 it speaks for praise.

    It is gradient times input: how the logit of praise less that of blame changes along the word's
    vector, times that vector. (Simonyan et al. 2014, "Deep inside convolutional networks", section
    3, has the gradient; its product with the input is the first-order change if the word's vector
    became 0.)

    Args:
        model: one of NETWORKS, in evaluation mode.
        reviews: ids (N, T) and lengths (N).

    Returns: for each review an array of its length.
    """
    kept: list[mt.Tensor] = []

    def keep(module: Module, inputs: Any, output: mt.Tensor) -> mt.Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1]

    embedding = dict(model.named_modules())["words.embedding"]
    handle = embedding.register_forward_hook(keep)
    try:
        logits = model(reviews)
    finally:
        handle.remove()
    (logits[:, 1] - logits[:, 0]).sum().backward()
    vectors = kept[0]
    assert vectors.grad is not None
    parts = (vectors.detach() * vectors.grad).sum(2).numpy()
    model.zero_grad()
    return [row[: int(length)] for row, length in zip(parts, reviews.lengths.tolist())]


def coloured(tokens: Sequence[str], parts: npt.NDArray[Any]) -> str:
    """Words on grounds of red and green, the stronger the greater their part.

    Args:
        tokens: the words, safe to print.
        parts: of each.
    """
    greatest = float(np.abs(parts).max(initial=0)) or 1.0
    shown = []
    for token, part in zip(tokens, parts):
        shades = GREEN if part > 0 else RED
        level = int(len(shades) * abs(float(part)) / greatest * 0.999 + 0.25) - 1
        plain = level < 0
        shown.append(token if plain else f"\x1b[30;48;5;{shades[level]}m{token}\x1b[0m")
    return " ".join(shown)


def named(tokens: Sequence[str], parts: npt.NDArray[Any]) -> str:
    """The words with the greatest parts, in their order: "superb +2.1, not -0.7"."""
    order = np.argsort(-np.abs(parts), kind="stable")[:NAMED]
    return ", ".join(f"{tokens[i]} {parts[i]:+.1f}" for i in sorted(order))


def shows_colour(stream: TextIO) -> bool:
    """True if stream is a terminal with colours, and NO_COLOR is not set (https://no-color.org)."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
