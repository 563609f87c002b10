"""The points: drawn, divided into those to learn from and those to test on, and put in batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_datasets import POINT_SETS, Batches, PointSet

Points = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]

#: Stretches the unit square: its points have mean 0 and variance 4/3 then.
SCALE = 4.0


class Task(NamedTuple):
    """The points to learn from, and those to be tested on."""

    train: PointSet
    test: PointSet


def draw_task(dataset: str, train: int, test: int, rng: np.random.Generator) -> Task:
    """Draw points of one of the six sets, and divide them.

    One draw for both sides, because nothing in Spiral is random: two draws could be the same
    points. Those to learn from are spread evenly over the draw, and so over Spiral's arms, with
    those of the test in between. In the other sets each point is drawn by itself, and any division
    is as good.

    Args:
        dataset: a key of POINT_SETS, in lower case.
        train, test: how many points on either side.
        rng: draws.
    """
    total = train + test
    points, labels = POINT_SETS[dataset.capitalize()](total, rng)
    learn = np.arange(train) * total // train
    hold = np.setdiff1d(np.arange(total), learn)
    return Task(PointSet(points[learn], labels[learn]), PointSet(points[hold], labels[hold]))


def to_input(points: Points) -> Points:
    """Points (N, 2) of the unit square as the networks know them: centred, and stretched."""
    return (points - np.float32(0.5)) * np.float32(SCALE)


def to_batches(
    points: PointSet, batch_size: int, rng: np.random.Generator | None = None
) -> Batches:
    """Minibatches (inputs, labels); each iteration is an epoch, with an rng in a new order."""
    return Batches(to_input(points.points), points.labels, batch_size=batch_size, rng=rng)
