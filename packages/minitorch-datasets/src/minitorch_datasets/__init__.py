"""Data sets for MiniTorch, as numpy arrays: digit images, points in the plane, minibatches."""

from __future__ import annotations

from importlib.metadata import version

from minitorch_datasets.auto import IMAGE_DATASETS, load_image_dataset
from minitorch_datasets.batching import Batches, train_validation_split
from minitorch_datasets.digits import draw_digits, load_digits
from minitorch_datasets.download import cache_dir
from minitorch_datasets.errors import DatasetError, UnavailableError
from minitorch_datasets.idx import read_idx, write_idx
from minitorch_datasets.images import ImageDataset
from minitorch_datasets.mnist import MNIST_MIRRORS, has_mnist, load_mnist
from minitorch_datasets.points import POINT_SETS, PointSet, load_points

__version__ = version("minitorch-datasets")

__all__ = [
    "IMAGE_DATASETS",
    "MNIST_MIRRORS",
    "POINT_SETS",
    "Batches",
    "DatasetError",
    "ImageDataset",
    "PointSet",
    "UnavailableError",
    "__version__",
    "cache_dir",
    "draw_digits",
    "has_mnist",
    "load_digits",
    "load_image_dataset",
    "load_mnist",
    "load_points",
    "read_idx",
    "train_validation_split",
    "write_idx",
]
