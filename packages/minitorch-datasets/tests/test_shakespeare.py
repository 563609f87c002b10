"""Tiny Shakespeare from a folder, the cache and the network; and any text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from minitorch_datasets import (
    DatasetError,
    UnavailableError,
    has_shakespeare,
    load_shakespeare,
    read_text,
    shakespeare,
)

TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a short file, which is taken for the published one."""
    content = TEXT.encode()
    remote = shakespeare._FILE._replace(
        size=len(content), checksum=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setattr(
        shakespeare, "_SHAKESPEARE", shakespeare._SHAKESPEARE._replace(remote=remote)
    )
    folder = tmp_path / "shakespeare"
    folder.mkdir()
    (folder / "input.txt").write_bytes(content)
    return folder


def test_the_file_is_found_in_a_folder_below_it_or_by_its_name(folder: Path) -> None:
    for place in (folder, folder.parent, folder / "input.txt"):
        assert has_shakespeare(place)
        assert load_shakespeare(place) == TEXT


def test_another_text_is_refused_unless_that_is_wanted(folder: Path) -> None:
    (folder / "input.txt").write_text(TEXT.replace("First", "Third"))
    with pytest.raises(DatasetError, match=r"is not Tiny Shakespeare: its 61 bytes have another"):
        load_shakespeare(folder)
    assert load_shakespeare(folder, verify=False).startswith("Third Citizen")


def test_a_folder_without_it_is_told(folder: Path) -> None:
    (folder / "input.txt").unlink()
    assert not has_shakespeare(folder)
    with pytest.raises(DatasetError, match=r"does not hold it, wanted input\.txt, in it or in its"):
        load_shakespeare(folder)


def test_it_is_downloaded_once_into_the_cache(
    folder: Path, cache: Path, serve: Callable[[Path], str]
) -> None:
    assert not has_shakespeare()
    with pytest.raises(UnavailableError, match="Tiny Shakespeare is not in the cache"):
        load_shakespeare(download=False)
    mirror = serve(folder)
    assert load_shakespeare(mirrors=[mirror]) == TEXT
    (folder / "input.txt").unlink()
    assert has_shakespeare()
    assert load_shakespeare(download=False) == TEXT
    (cache / "shakespeare" / "input.txt").write_text("damaged")
    with pytest.raises(UnavailableError, match=r"in the cache .* is not Tiny Shakespeare"):
        load_shakespeare(download=False)


def test_any_text_in_utf_8_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeffÀ la carte\r\n".encode())
    assert read_text(path) == "À la carte\r\n"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(DatasetError, match=r"byte 3 \(0xe9\) is not UTF-8"):
        read_text(path)
    for place, message in ((tmp_path, "is a folder"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(DatasetError, match=message):
            read_text(place)


def test_the_real_one_has_65_different_characters(real_shakespeare: Path) -> None:
    text = load_shakespeare(real_shakespeare)
    assert (len(text), len(set(text))) == (1_115_394, 65)
    assert text.startswith("First Citizen:\n")
