"""Choosing a data set of digit images by name, with a way on where there is no network."""

from __future__ import annotations

from difflib import get_close_matches

from minitorch_datasets.digits import load_digits
from minitorch_datasets.errors import DatasetError, UnavailableError
from minitorch_datasets.idx import StrPath
from minitorch_datasets.images import ImageDataset
from minitorch_datasets.mnist import load_mnist

__all__ = ["IMAGE_DATASETS", "load_image_dataset"]

IMAGE_DATASETS = ("auto", "mnist", "digits")


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
      data_dir it is the same as `mnist`: who names a folder wants what is in it, or to know why
      not.

    Args:
        name: one of IMAGE_DATASETS.
        data_dir: a folder that holds MNIST's files; None for the cache, then the network.
        download: whether the cache may be filled from the network.
        progress: show a bar a download on stderr; None shows them if stderr is a terminal.
    Returns: the data set; and None, or one line that says why `auto` did not take MNIST and what
        it took instead.
    Raises: DatasetError if the name is unknown, data_dir is given for `digits`, or the data is
        missing, damaged or not MNIST; UnavailableError, one of those, if `mnist` is not in the
        cache and cannot be, or may not be, downloaded.
    """
    if name not in IMAGE_DATASETS:
        close = get_close_matches(name, IMAGE_DATASETS, n=1)
        raise DatasetError(
            f"load_image_dataset: no data set {name!r}, wanted one of {', '.join(IMAGE_DATASETS)}",
            f"Did you mean {close[0]!r}?" if close else "Check the name",
        )
    if name == "digits":
        if data_dir is not None:
            raise DatasetError(
                f"load_image_dataset: data_dir {data_dir} for 'digits', which read no file",
                "Leave data_dir out, or choose 'mnist'",
            )
        return load_digits(), None
    try:
        return load_mnist(data_dir, download=download, progress=progress), None
    except UnavailableError as error:
        if name == "mnist":
            raise
        return load_digits(), f"{error.reason}; taking the embedded digits instead"
