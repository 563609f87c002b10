"""A network on the unit square: its logits on a grid of points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from minitorch_autodiff import no_grad
from minitorch_points.data import to_input
from minitorch_points.training import Network

Field = npt.NDArray[np.float32]


@no_grad()
def logit_field(network: Network, resolution: int) -> Field:
    """The logits at resolution x resolution points of the unit square, border included.

    Returns: (resolution, resolution), row 0 at y = 1 and column 0 at x = 0, as in a picture.
    """
    along = np.linspace(0, 1, resolution, dtype=np.float32)
    x, y = np.meshgrid(along, along[::-1])
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    logits = network.values(network(to_input(points)))
    return logits.astype(np.float32).reshape(resolution, resolution)


def at(field: Field, points: npt.NDArray[np.floating]) -> Field:
    """A field at points (N, 2) of the square, interpolated linearly: (N)."""
    last = field.shape[0] - 1
    x, y = np.clip(points[:, 0] * last, 0, last), np.clip((1 - points[:, 1]) * last, 0, last)
    left, up = np.minimum(x.astype(int), last - 1), np.minimum(y.astype(int), last - 1)
    right_share, down_share = x - left, y - up
    upper = field[up, left] * (1 - right_share) + field[up, left + 1] * right_share
    lower = field[up + 1, left] * (1 - right_share) + field[up + 1, left + 1] * right_share
    found: npt.NDArray[np.floating] = upper * (1 - down_share) + lower * down_share
    return found.astype(np.float32)


def resampled(field: Field, width: int, height: int) -> Field:
    """A field at the centres of width x height pixels that cover the square: (height, width)."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, 1 - (np.arange(height) + 0.5) / height)
    return at(field, np.stack([x.ravel(), y.ravel()], axis=1)).reshape(height, width)


def probability(logits: Field) -> Field:
    """The sigmoid, computed without overflow."""
    small = np.exp(-np.abs(logits))
    p: Field = np.where(logits >= 0, 1, small) / (1 + small)
    return p
