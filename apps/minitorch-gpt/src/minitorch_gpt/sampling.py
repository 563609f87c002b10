"""Choosing the next token, and what a text that outgrows the context forgets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Generator, default_generator


def choose(
    logits: npt.NDArray[Any],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: Generator | None = None,
) -> npt.NDArray[np.int64]:
    """Draw a token for each row of logits.

    Args:
        temperature: what logits are divided by: below 1 for likely tokens more often. 0 takes the
            most likely one, the first of equals.
        top_k: draw from that many of the most likely tokens, and their equals; None for all.
        top_p: draw from the most likely tokens that together have this probability, at least one
            (Holtzman et al. 2020, "The curious case of neural text degeneration"); None for all.
        generator: draws; the default generator if omitted.

    Shapes: logits (B, V) -> (B)
    Raises: ValueError for settings out of range, and for logits that are NaN or +inf.
    """
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError(
            f"choose: temperature {temperature} and top_k {top_k}, wanted at least 0 and 1."
        )
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"choose: top_p must be above 0 and at most 1, got {top_p}.")
    wide = logits.astype(np.float64)
    if not (wide.max(1) < np.inf).all():
        raise ValueError("choose: logits are NaN or infinite. Are the weights too large?")
    if temperature == 0:
        best: npt.NDArray[np.int64] = wide.argmax(1)
        return best
    if top_k is not None and top_k < wide.shape[1]:
        least = np.partition(wide, -top_k, 1)[:, -top_k, None]
        wide = np.where(wide < least, -np.inf, wide)
    shares = np.exp((wide - wide.max(1, keepdims=True)) / temperature)
    shares /= shares.sum(1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-shares, 1, kind="stable")
        falling = np.take_along_axis(shares, order, 1)
        falling[np.cumsum(falling, 1) - falling >= top_p] = 0.0
        np.put_along_axis(shares, order, falling, 1)
    sums = np.cumsum(shares, 1)
    drawn = (generator or default_generator).draw("random", (len(sums), 1)) * sums[:, -1:]
    found: npt.NDArray[np.int64] = (sums <= drawn).sum(1)
    return found


def beginning(length: int, context: int) -> int:
    """Where the context begins in a text: at 0 while it fits, and then so that half a context is
    forgotten at a time.

    >>> [beginning(length, 4) for length in range(1, 10)]
    [0, 0, 0, 0, 2, 2, 4, 4, 6]
    """
    half = max(1, context // 2)
    return max(0, -(-(length - context) // half) * half)
