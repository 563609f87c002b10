"""Images as inputs of the networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_datasets import Batches
from minitorch_tensor import Tensor

#: Mean and standard deviation of MNIST's training pixels, scaled to [0, 1].
MEAN, STD = 0.1307, 0.3081


def to_input(images: npt.NDArray[np.uint8]) -> Tensor:
    """Grey images (N, 28, 28), 0 black to 255 white, as normalised tensors (N, 1, 28, 28)."""
    scaled = images.astype(np.float32)
    scaled *= 1.0 / (255.0 * STD)
    scaled -= MEAN / STD
    return mt.from_numpy(scaled[:, None])


class ImageBatches:
    """Minibatches of images and labels as tensors; each iteration is an epoch.

    Args:
        images: (N, 28, 28), uint8.
        labels: (N), uint8.
        batch_size: images in a batch; the last may be smaller.
        rng: shuffles in every epoch; None keeps the order.
    """

    def __init__(
        self,
        images: npt.NDArray[Any],
        labels: npt.NDArray[Any],
        batch_size: int,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._batches = Batches(images, labels, batch_size=batch_size, rng=rng)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in self._batches:
            yield to_input(images), mt.from_numpy(labels.astype(np.int64))
