"""The points: drawn, split into training and test points, and put in batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_data import DataLoader, TensorDataset
from minitorch_datasets import POINT_SETS, PointSet
from minitorch_tensor import Generator, Tensor

#: Scales the centred unit square, so that points have mean 0 and variance 4/3.
SCALE = 4.0


class Task(NamedTuple):
    """Training points and test points."""

    train: PointSet
    test: PointSet


def draw_task(dataset: str, train: int, test: int, rng: np.random.Generator) -> Task:
    """Draw points of one of the six sets, and split them.

    Both parts come from one draw, because Spiral is not random: two draws could give the same
    points. Training points are spread evenly over the draw, and so over Spiral's arms, with the
    test points in between. In the other sets points are independent, so any split is as good.

    Args:
        dataset: a key of POINT_SETS, in lower case.
        train, test: the number of points in each part.
        rng: source of random numbers.
    """
    total = train + test
    points, labels = POINT_SETS[dataset.capitalize()](total, rng)
    learn = np.arange(train) * total // train
    hold = np.setdiff1d(np.arange(total), learn)
    return Task(PointSet(points[learn], labels[learn]), PointSet(points[hold], labels[hold]))


def to_input(points: npt.NDArray[np.float32]) -> Tensor:
    """Points (N, 2) of the unit square as inputs for the networks: centred and scaled."""
    return mt.from_numpy((points - np.float32(0.5)) * np.float32(SCALE))


def to_batches(
    points: PointSet, batch_size: int, generator: Generator | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Minibatches (inputs, labels); each iteration is an epoch, shuffled if there is a
    generator."""
    data = TensorDataset(to_input(points.points), mt.from_numpy(points.labels))
    return DataLoader(data, batch_size, shuffle=generator is not None, generator=generator)
