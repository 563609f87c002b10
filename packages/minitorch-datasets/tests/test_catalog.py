"""The published files of data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from minitorch_datasets import (
    CATALOG,
    DatasetError,
    PublishedFiles,
    RemoteFile,
    UnavailableError,
    download_files,
)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files, which are published as the data set `two`."""
    folder = tmp_path / "served"
    folder.mkdir()
    files = []
    for name in ("a.gz", "b.gz"):
        (folder / name).write_bytes(name.encode())
        checksum = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        files.append(RemoteFile(name, 4, f"md5:{checksum}"))
    monkeypatch.setitem(CATALOG, "two", PublishedFiles(tuple(files), ("http://localhost:9",)))
    return folder


def test_files_are_downloaded_into_a_folder_once(
    served: Path, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    target = tmp_path / "x" / "y"
    paths = download_files("two", target, mirrors=[serve(served)])
    assert [path.read_bytes() for path in paths] == [b"a.gz", b"b.gz"]
    assert download_files("two", target, mirrors=[]) == paths  # nothing is asked for


def test_only_what_is_missing_is_downloaded(
    served: Path, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    (tmp_path / "a.gz").write_bytes(b"mine")
    (served / "a.gz").unlink()
    paths = download_files("two", tmp_path, mirrors=[serve(served)])
    assert [path.read_bytes() for path in paths] == [b"mine", b"b.gz"]


def test_another_content_is_refused(
    served: Path, tmp_path: Path, serve: Callable[[Path], str]
) -> None:
    (served / "b.gz").write_bytes(b"evil")
    with pytest.raises(UnavailableError, match="wrong checksum"):
        download_files("two", tmp_path / "x", mirrors=[serve(served)])
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["a.gz"]


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no data set 'cifar', wanted one of mnist, "):
        download_files("cifar", tmp_path)


def test_every_file_has_a_checksum_and_a_secure_or_known_mirror() -> None:
    for published in CATALOG.values():
        assert published.files and published.mirrors
        for file in published.files:
            kind, _, digits = file.checksum.rpartition(":")
            assert len(digits) == {"md5": 32, "": 64}[kind] and file.size > 1000
