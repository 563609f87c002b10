"""The published files of data sets that are kept in folders of a person's choice.

`load_mnist` and its kin know where their files belong; a program with a layout of its own downloads
them with this.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from minitorch_datasets._files import StrPath, expanded
from minitorch_datasets.download import CONNECT_TIMEOUT, RemoteFile, fetch
from minitorch_datasets.errors import DatasetError
from minitorch_datasets.mnist import MNIST_FILES, MNIST_MIRRORS

__all__ = ["CATALOG", "PublishedFiles", "download_files"]


class PublishedFiles(NamedTuple):
    """The files of a data set, and base URLs that serve them, the preferred one first."""

    files: tuple[RemoteFile, ...]
    mirrors: tuple[str, ...]


def _four(sizes: Sequence[int], checksums: Sequence[str]) -> tuple[RemoteFile, ...]:
    """Files of MNIST's names."""
    return tuple(
        RemoteFile(file.name, size, f"md5:{checksum}")
        for file, size, checksum in zip(MNIST_FILES, sizes, checksums, strict=True)
    )


#: By name. Sources: Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST"; Clanuwat et al. 2018, "Deep
#: learning for classical Japanese literature"; Krizhevsky 2009, "Learning multiple layers of
#: features from tiny images".
CATALOG: dict[str, PublishedFiles] = {
    "mnist": PublishedFiles(MNIST_FILES, MNIST_MIRRORS),
    "fashion-mnist": PublishedFiles(
        _four(
            (26421880, 29515, 4422102, 5148),
            (
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "25c81989df183df01b3e8a0aad5dffbe",
                "bef4ecab320f06d8554ea6380940ec79",
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
        ),
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",),
    ),
    "kmnist": PublishedFiles(
        _four(
            (18165135, 29497, 3041136, 5120),
            (
                "bdb82020997e1d708af4cf47b453dcf7",
                "e144d726b3acfaa3e44228e80efcd344",
                "5c965bf0a639b31b8f53240b1b52f4d7",
                "7320c461ea6c1c855c0b718fb2a4b134",
            ),
        ),
        ("http://codh.rois.ac.jp/kmnist/dataset/kmnist",),
    ),
    "cifar10": PublishedFiles(
        (RemoteFile("cifar-10-python.tar.gz", 170498071, "md5:c58f30108f718f92721af3b95e74349a"),),
        ("https://www.cs.toronto.edu/~kriz",),
    ),
    "cifar100": PublishedFiles(
        (RemoteFile("cifar-100-python.tar.gz", 169001437, "md5:eb9058c3a382ffc7106e4002c42a8d85"),),
        ("https://www.cs.toronto.edu/~kriz",),
    ),
}


def download_files(
    name: str,
    folder: StrPath,
    *,
    mirrors: Sequence[str] | None = None,
    progress: bool | None = None,
    timeout: float = CONNECT_TIMEOUT,
) -> list[Path]:
    """Download the files of a data set that a folder lacks, each as it is published.

    Args:
        name: in `CATALOG`.
        folder: where to; made if it does not exist.
        mirrors: base URLs to download from, in order of preference; the catalog's if omitted.
        progress: show one bar per download on stderr; None shows them if stderr is a terminal.
        timeout: seconds to connect to a mirror.
    Returns: the paths, in the catalog's order.
    Raises: DatasetError for a name that is not in the catalog. UnavailableError if no mirror serves
        a file intact and in time, or the folder cannot be written; what is complete stays.
    """
    if name not in CATALOG:
        raise DatasetError(
            f"download_files: no data set {name!r}, wanted one of {', '.join(CATALOG)}",
            "Check the name",
        )
    published, target = CATALOG[name], expanded(folder)
    lacking = [file for file in published.files if not (target / file.name).is_file()]
    if lacking:
        fetch(
            lacking,
            target,
            mirrors=published.mirrors if mirrors is None else mirrors,
            progress=progress,
            timeout=timeout,
        )
    return [target / file.name for file in published.files]
