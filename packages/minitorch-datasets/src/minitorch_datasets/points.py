"""Six sets of labelled points in the plane, from trivial to hard: the first things to classify.

They are the course's: Simple, Diag, Split, Xor, Circle and Spiral.
Source: minitorch (Rush), `datasets.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets._checks import check_not_negative
from minitorch_datasets.errors import DatasetError

__all__ = ["POINT_SETS", "PointSet", "load_points"]

Coordinates = NDArray[np.float32]


class PointSet(NamedTuple):
    """Points (N, 2) float32 in [0, 1] x [0, 1], and their labels (N,) uint8, 0 or 1."""

    points: Coordinates
    labels: NDArray[np.uint8]


def _labelled(
    n: int, rng: np.random.Generator, rule: Callable[[Coordinates, Coordinates], NDArray[np.bool_]]
) -> PointSet:
    """Draw n points uniformly from the square; label 1 where the rule holds."""
    points = rng.random((n, 2), dtype=np.float32)
    return PointSet(points, rule(points[:, 0], points[:, 1]).astype(np.uint8))


def simple(n: int, rng: np.random.Generator) -> PointSet:
    """Label 1 in the left half: x < 0.5."""
    return _labelled(n, rng, lambda x, y: x < 0.5)


def diag(n: int, rng: np.random.Generator) -> PointSet:
    """Label 1 in a corner, below a diagonal: x + y < 0.5."""
    return _labelled(n, rng, lambda x, y: x + y < 0.5)


def split(n: int, rng: np.random.Generator) -> PointSet:
    """Label 1 in two bands with a gap between them: x < 0.2 or x > 0.8."""
    return _labelled(n, rng, lambda x, y: (x < 0.2) | (x > 0.8))


def xor(n: int, rng: np.random.Generator) -> PointSet:
    """Label 1 in two opposite quarters: exactly one of x and y is below 0.5, the other above."""
    return _labelled(n, rng, lambda x, y: ((x < 0.5) & (y > 0.5)) | ((x > 0.5) & (y < 0.5)))


def circle(n: int, rng: np.random.Generator) -> PointSet:
    """Label 1 outside a circle: (x - 0.5)^2 + (y - 0.5)^2 > 0.1."""
    return _labelled(n, rng, lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1)


def spiral(n: int, rng: np.random.Generator) -> PointSet:
    """Two interleaved arms, labels 0 and 1; they are not random, so rng is not used.

    Arm 0 is (0.5, 0.5) + t / 20 (cos t, sin t), arm 1 the same with a quarter turn, for t up to
    10. In the course, t exceeds 10, more so with fewer points, so that arms leave the unit square
    (and an odd n gives one point too few); here the last point of an arm has t = 10.
    """
    count = (n + 1) // 2
    t = 10.0 * (np.arange(count) + 5) / (count + 4)
    x, y = t * np.cos(t) / 20, t * np.sin(t) / 20
    arms = np.concatenate([np.stack([x, y], axis=1), np.stack([y, -x], axis=1)]) + 0.5
    labels = np.repeat(np.array([0, 1], dtype=np.uint8), count)
    return PointSet(arms[:n].astype(np.float32), labels[:n])


POINT_SETS: dict[str, Callable[[int, np.random.Generator], PointSet]] = {
    "Simple": simple,
    "Diag": diag,
    "Split": split,
    "Xor": xor,
    "Circle": circle,
    "Spiral": spiral,
}


def load_points(name: str, n: int = 50, seed: int = 0) -> PointSet:
    """Draw n points of one of the course's sets.

    Args:
        name: a key of POINT_SETS, in upper or lower case.
        n: number of points.
        seed: at least 0; the same arguments give the same points.
    Returns: points (n, 2) float32 in [0, 1] x [0, 1], labels (n,) uint8, 0 or 1.
    Raises: DatasetError for an unknown name, or a negative n or seed.
    """
    generate = POINT_SETS.get(name.capitalize())
    if generate is None:
        close = get_close_matches(name.capitalize(), POINT_SETS, n=1)
        raise DatasetError(
            f"load_points: no point set {name!r}, wanted one of {', '.join(POINT_SETS)}",
            f"Did you mean {close[0]!r}?" if close else "Check the name",
        )
    check_not_negative("load_points", n=n, seed=seed)
    return generate(n, np.random.default_rng(seed))
