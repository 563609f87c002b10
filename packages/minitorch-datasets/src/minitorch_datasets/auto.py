"""Choosing a data set by name, with a fallback that needs no network."""

from __future__ import annotations

from difflib import get_close_matches

from minitorch_datasets._files import StrPath
from minitorch_datasets.digits import load_digits
from minitorch_datasets.errors import DatasetError, UnavailableError
from minitorch_datasets.images import ImageDataset
from minitorch_datasets.imdb import has_imdb, load_imdb
from minitorch_datasets.mnist import load_mnist
from minitorch_datasets.reviews import load_reviews
from minitorch_datasets.sst2 import has_sst2, load_sst2
from minitorch_datasets.text_dataset import TextDataset

__all__ = ["IMAGE_DATASETS", "TEXT_DATASETS", "load_image_dataset", "load_text_dataset"]

IMAGE_DATASETS = ("auto", "mnist", "digits")
TEXT_DATASETS = ("auto", "imdb", "sst2", "synthetic")


def load_image_dataset(
    name: str = "auto",
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    progress: bool | None = None,
) -> tuple[ImageDataset, str | None]:
    """Load a data set of digit images by name.

    - `mnist`: MNIST, or an error.
    - `digits`: the embedded digits, 10,000 train and 2,000 test images.
    - `auto`: MNIST if it is in the cache or can be downloaded, otherwise the embedded digits. With
      data_dir it is the same as `mnist`, so that a named folder is never ignored.

    Args:
        name: one of IMAGE_DATASETS.
        data_dir: a folder that holds MNIST's files; None for the cache, then the network.
        download: true if the cache may be filled from the network.
        progress: show one bar per download on stderr; None shows them if stderr is a terminal.
    Returns: the data set; and None, or one line that says why `auto` did not use MNIST and which
        data it used instead.
    Raises: DatasetError if the name is unknown, data_dir is given for `digits`, or the data is
        missing, damaged or not MNIST; its subclass UnavailableError if `mnist` is not in the
        cache and cannot be, or may not be, downloaded.
    """
    _check_name("load_image_dataset", name, IMAGE_DATASETS)
    if name == "digits":
        _check_no_folder("load_image_dataset", name, data_dir, "mnist")
        return load_digits(), None
    try:
        return load_mnist(data_dir, download=download, progress=progress), None
    except UnavailableError as error:
        if name == "mnist":
            raise
        return load_digits(), f"{error.reason}; taking the embedded digits instead"


def load_text_dataset(
    name: str = "auto",
    data_dir: StrPath | None = None,
    *,
    download: bool = True,
    progress: bool | None = None,
) -> tuple[TextDataset, str | None]:
    """Load a data set of reviews by name.

    - `imdb`, `sst2`: that data set, or an error.
    - `synthetic`: the embedded reviews, 6,000 train and 1,000 test texts.
    - `auto`: IMDB if it is in the cache or can be downloaded, otherwise the embedded reviews. With
      data_dir it is the IMDB or the SST-2 that the folder holds, or an error.

    Args:
        name: one of TEXT_DATASETS.
        data_dir: a folder that holds the data set; None for the cache, then the network.
        download: true if the cache may be filled from the network.
        progress: show one bar per download on stderr; None shows them if stderr is a terminal.
    Returns: the data set; and None, or one line that says why `auto` did not use IMDB and which
        data it used instead.
    Raises: DatasetError if the name is unknown, data_dir is given for `synthetic`, or the data is
        missing, damaged or of another data set; its subclass UnavailableError if `imdb` or
        `sst2` is not in the cache and cannot be, or may not be, downloaded.
    """
    _check_name("load_text_dataset", name, TEXT_DATASETS)
    if name == "synthetic":
        _check_no_folder("load_text_dataset", name, data_dir, "imdb")
        return load_reviews(), None
    if name == "auto" and data_dir is not None:
        name = _held_by(data_dir)
    if name == "sst2":
        return load_sst2(data_dir, download=download, progress=progress), None
    try:
        return load_imdb(data_dir, download=download, progress=progress), None
    except UnavailableError as error:
        if name == "imdb":
            raise
        return load_reviews(), f"{error.reason}; taking the embedded reviews instead"


def _held_by(data_dir: StrPath) -> str:
    """Which of IMDB and SST-2 a folder holds; IMDB if it holds both."""
    held = [name for name, has in (("imdb", has_imdb), ("sst2", has_sst2)) if has(data_dir)]
    if not held:
        raise DatasetError(
            f"load_text_dataset: data_dir {data_dir} holds neither IMDB's archive, packed or "
            "unpacked, nor SST-2's TSV files",
            "Check the path, or name the data set that it should hold",
        )
    return held[0]


def _check_name(operation: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        close = get_close_matches(name, names, n=1)
        raise DatasetError(
            f"{operation}: no data set {name!r}, wanted one of {', '.join(names)}",
            f"Did you mean {close[0]!r}?" if close else "Check the name",
        )


def _check_no_folder(operation: str, name: str, data_dir: StrPath | None, other: str) -> None:
    if data_dir is not None:
        raise DatasetError(
            f"{operation}: data_dir {data_dir} for {name!r}, which read no file",
            f"Leave data_dir out, or choose {other!r}",
        )
