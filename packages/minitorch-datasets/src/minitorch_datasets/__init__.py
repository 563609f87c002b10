"""Data sets for MiniTorch as numpy arrays: digit images, reviews, plain text and points."""

from __future__ import annotations

from importlib.metadata import version

from minitorch_datasets.auto import (
    IMAGE_DATASETS,
    TEXT_DATASETS,
    load_image_dataset,
    load_text_dataset,
)
from minitorch_datasets.catalog import CATALOG, PublishedFiles, download_files
from minitorch_datasets.cifar import CifarBatch, read_cifar, read_cifar_names, unpack_cifar
from minitorch_datasets.digits import draw_digits, load_digits
from minitorch_datasets.download import RemoteFile, cache_dir
from minitorch_datasets.errors import DatasetError, UnavailableError
from minitorch_datasets.idx import read_idx, write_idx
from minitorch_datasets.images import ImageDataset
from minitorch_datasets.imdb import IMDB_MIRRORS, has_imdb, load_imdb
from minitorch_datasets.mnist import MNIST_MIRRORS, has_mnist, load_mnist
from minitorch_datasets.points import POINT_SETS, PointSet, load_points
from minitorch_datasets.reviews import load_reviews, write_review
from minitorch_datasets.shakespeare import (
    SHAKESPEARE_MIRRORS,
    has_shakespeare,
    load_shakespeare,
    read_text,
)
from minitorch_datasets.sst2 import SST2_MIRRORS, has_sst2, load_sst2
from minitorch_datasets.text import Vocabulary, pad_sequences, tokenize, truncate
from minitorch_datasets.text_dataset import SENTIMENTS, TextDataset

__version__ = version("minitorch-datasets")

__all__ = [
    "CATALOG",
    "IMAGE_DATASETS",
    "IMDB_MIRRORS",
    "MNIST_MIRRORS",
    "POINT_SETS",
    "SENTIMENTS",
    "SHAKESPEARE_MIRRORS",
    "SST2_MIRRORS",
    "TEXT_DATASETS",
    "CifarBatch",
    "DatasetError",
    "ImageDataset",
    "PointSet",
    "PublishedFiles",
    "RemoteFile",
    "TextDataset",
    "UnavailableError",
    "Vocabulary",
    "__version__",
    "cache_dir",
    "download_files",
    "draw_digits",
    "has_imdb",
    "has_mnist",
    "has_shakespeare",
    "has_sst2",
    "load_digits",
    "load_image_dataset",
    "load_imdb",
    "load_mnist",
    "load_points",
    "load_reviews",
    "load_shakespeare",
    "load_sst2",
    "load_text_dataset",
    "pad_sequences",
    "read_cifar",
    "read_cifar_names",
    "read_idx",
    "read_text",
    "tokenize",
    "truncate",
    "unpack_cifar",
    "write_idx",
    "write_review",
]
