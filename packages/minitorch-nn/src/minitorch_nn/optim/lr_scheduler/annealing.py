"""Ways from one number to another."""

from __future__ import annotations

import math


def half_cosine(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine, at a share of the way."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * share))


def line(start: float, end: float, share: float) -> float:
    """From start to end along a line, at a share of the way."""
    return start + (end - start) * share
