"""Images as inputs of the networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import minitorch_tensor as mt
from minitorch_data import DataLoader, Dataset
from minitorch_tensor import Generator, Tensor

#: Mean and standard deviation of MNIST's training pixels, scaled to [0, 1].
MEAN, STD = 0.1307, 0.3081


def to_input(images: npt.NDArray[np.uint8]) -> Tensor:
    """Grey images (N, 28, 28), 0 black to 255 white, as normalised tensors (N, 1, 28, 28)."""
    scaled = images.astype(np.float32)
    scaled *= 1.0 / (255.0 * STD)
    scaled -= MEAN / STD
    return mt.from_numpy(scaled[:, None])


class Digits(Dataset[tuple[Tensor, Tensor]]):
    """Images and labels as the networks take them; in memory they stay bytes.

    Args:
        images: (N, 28, 28), uint8.
        labels: (N), uint8.
    """

    def __init__(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, labels = self.__getbatch__([index])
        return images[0], labels[0]

    def __getbatch__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch at once: (B, 1, 28, 28) and (B)."""
        labels = self.labels[indices].astype(np.int64)
        return to_input(self.images[indices]), mt.from_numpy(labels)


def to_batches(
    data: Dataset[tuple[Tensor, Tensor]], batch_size: int, generator: Generator | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Minibatches (images, labels); each iteration is an epoch, shuffled if there is a
    generator."""
    return DataLoader(data, batch_size, shuffle=generator is not None, generator=generator)
