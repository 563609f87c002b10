"""Finding a published data set: in a named folder, or in the cache, or by downloading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from minitorch_datasets._files import StrPath, expanded
from minitorch_datasets.download import RemoteFile, cache_dir, fetch
from minitorch_datasets.errors import DatasetError, UnavailableError

T = TypeVar("T")


class Published(NamedTuple):
    """A data set that its publisher gives out as one archive.

    Attributes:
        operation: the function that loads it, for error messages.
        title: what people call it.
        folder: where it lies in the cache, and may lie in a folder that a user names.
        wanted: what a folder must hold, for error messages.
        remote: the archive.
    """

    operation: str
    title: str
    folder: str
    wanted: str
    remote: RemoteFile


def data_root(data_dir: StrPath | None) -> Path | None:
    """Where to look for a data set: data_dir, or without it the cache; None if there is none."""
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
    """Read a data set from data_dir and nowhere else; without that from the cache, and what is
    missing or damaged there is downloaded.

    Args:
        published: what it is.
        data_dir: a folder, or the archive itself.
        find: gives the place of the data set at or below a path, or None.
        read: reads it from there.
        download, progress, mirrors, timeout: as for `fetch`.
    Raises: UnavailableError if the cache lacks it and it cannot be, or may not be, downloaded.
        DatasetError if data_dir lacks it, or what `read` raises.
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
