"""Finding a published data set: in a given folder, in the cache, or by download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from minitorch_datasets._files import StrPath, expanded
from minitorch_datasets.download import RemoteFile, cache_dir, fetch
from minitorch_datasets.errors import DatasetError, UnavailableError

T = TypeVar("T")


class Published(NamedTuple):
    """A data set that is published as one archive.

    Attributes:
        operation: the function that loads it, for error messages.
        title: its usual name.
        folder: its folder in the cache, and possibly in a folder that a user names.
        wanted: the files that a folder must hold, for error messages.
        remote: the archive.
    """

    operation: str
    title: str
    folder: str
    wanted: str
    remote: RemoteFile


def data_root(data_dir: StrPath | None) -> Path | None:
    """The folder to search for a data set: data_dir, or else the cache; None if there is none."""
    if data_dir is not None:
        return expanded(data_dir)
    try:
        return cache_dir()
    except UnavailableError:
        return None


def load_published(
    published: Published,
    data_dir: StrPath | None,
    find: Callable[[Path], Path | None],
    read: Callable[[Path], T],
    *,
    download: bool,
    progress: bool | None,
    mirrors: Sequence[str],
    timeout: float,
) -> T:
    """Read a data set only from data_dir if given, else from the cache, after downloading missing
    or damaged files.

    Args:
        published: the data set.
        data_dir: a folder, or the archive itself.
        find: finds the data set at or below a path, or returns None.
        read: reads it from the path that `find` returned.
        download, progress, mirrors, timeout: as for `fetch`.
    Raises: UnavailableError if the cache lacks it and it cannot be, or may not be, downloaded.
        DatasetError if data_dir lacks it, or any error of `read`.
    """
    if data_dir is not None:
        root = expanded(data_dir)
        found = find(root)
        if found is None:
            if root.is_dir():
                state = "does not hold it"
            else:
                state = "is something else" if root.exists() else "does not exist"
            raise DatasetError(
                f"{published.operation}: data_dir {root} {state}, wanted {published.wanted}",
                "Check the path, or leave data_dir out to use the cache or download",
            )
        return read(found)
    root = cache_dir()
    found = find(root)
    state = f"{published.title} is not in the cache {root}"
    if found is not None:
        try:
            return read(found)
        except DatasetError as error:
            state = f"in the cache {error.reason}"
    if not download:
        raise UnavailableError(
            f"{state}, and it may not be downloaded",
            "Allow the download, or name the folder that holds it as data_dir",
        )
    try:
        (path,) = fetch(
            [published.remote],
            root / published.folder,
            mirrors=mirrors,
            progress=progress,
            timeout=timeout,
        )
    except UnavailableError as error:
        raise UnavailableError(f"{state}, and {error.reason}", error.way_out) from error
    return read(path)
