"""The best training settings of each set, for either engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The defaults of the command line's options.

    Attributes:
        hidden: units in each of the two hidden layers.
        steps: training batches in total; with the number of points it determines the epochs.
        batch_size: points in a batch.
        lr: the initial learning rate.
    """

    hidden: int = 8
    steps: int = 600
    batch_size: int = 10
    lr: float = 0.03


#: Keyed as `minitorch_datasets.POINT_SETS`, in lower case.
RECIPES = {
    "simple": Recipe(),
    "diag": Recipe(),
    "split": Recipe(),
    "xor": Recipe(),
    "circle": Recipe(),
    "spiral": Recipe(hidden=16, steps=3000, batch_size=8, lr=0.015),
}
