"""The structure of all data sets of digit images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minitorch_datasets.errors import DatasetError

__all__ = ["ImageDataset"]

SIZE = 28  # height and width of an image, in pixels
NUM_CLASSES = 10
_OTHER = "Is it damaged, or of another data set?"


def check_images(images: NDArray[np.uint8], source: str) -> None:
    """Raise DatasetError, naming the source, unless images are (N, 28, 28) uint8."""
    wanted = f"wanted images (N, {SIZE}, {SIZE}) uint8"
    if images.ndim == 1:
        raise DatasetError(
            f"{source}: holds {_describe(images)}, which look like labels, {wanted}",
            "Are the files of images and labels swapped?",
        )
    if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
        raise DatasetError(f"{source}: holds {_describe(images)}, {wanted}", _OTHER)


def check_labels(labels: NDArray[np.uint8], source: str) -> None:
    """Raise DatasetError, naming the source, unless labels are (N,) uint8 from 0 to 9."""
    wanted = "wanted labels (N,) uint8"
    if labels.ndim == 3:
        raise DatasetError(
            f"{source}: holds {_describe(labels)}, which look like images, {wanted}",
            "Are the files of images and labels swapped?",
        )
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise DatasetError(f"{source}: holds {_describe(labels)}, {wanted}", _OTHER)
    strange = np.flatnonzero(labels >= NUM_CLASSES)
    if strange.size:
        raise DatasetError(
            f"{source}: label {labels[strange[0]]} at position {strange[0]}, wanted 0 to "
            f"{NUM_CLASSES - 1}",
            _OTHER,
        )


def check_counts(
    images: NDArray[np.uint8], images_source: str, labels: NDArray[np.uint8], labels_source: str
) -> None:
    """Raise DatasetError, naming both sources, unless there is one label per image."""
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_source}: holds {len(images)} images, but {labels_source} holds "
            f"{len(labels)} labels, wanted as many",
            "Are both of the same split of one data set?",
        )


def _describe(array: NDArray[np.uint8]) -> str:
    return f"{array.dtype} values of shape {array.shape}"


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset:
    """Grey images of ten classes, in a train and a test split. Immutable: the arrays are read-only.

    Shapes: images (N, 28, 28) uint8, 0 for background to 255 for ink; labels (N,) uint8, 0 to 9.
    Raises: DatasetError if an array has another shape or dtype, or labels do not match the images.
    """

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check the arrays, and keep read-only views of them."""
        for split in ("train", "test"):
            sources = f"{split}_images", f"{split}_labels"
            images, labels = (getattr(self, source) for source in sources)
            check_images(images, sources[0])
            check_labels(labels, sources[1])
            check_counts(images, sources[0], labels, sources[1])
            for source, array in zip(sources, (images, labels), strict=True):
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, source, view)  # bypasses frozen, only here

    def __repr__(self) -> str:
        return (
            f"ImageDataset({self.name!r}, {len(self.train_labels)} train and "
            f"{len(self.test_labels)} test images of {SIZE}x{SIZE})"
        )
