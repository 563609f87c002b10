"""IMDB from its archive and its folder: the same reviews, or an error that names what is wrong."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minitorch_datasets import (
    DatasetError,
    UnavailableError,
    has_imdb,
    imdb,
    load_imdb,
    load_text_dataset,
)
from minitorch_datasets.download import RemoteFile

NAME = "aclImdb_v1.tar.gz"

#: As in the archive: not in order, and with files that are no reviews.
FILES = {
    "aclImdb/README": b"no review",
    "aclImdb/train/pos/10_9.txt": b"train positive 10",
    "aclImdb/train/pos/2_7.txt": b"train positive 2",
    "aclImdb/train/neg/0_1.txt": "négatif".encode(),
    "aclImdb/train/neg/1_4.txt": b"",
    "aclImdb/train/unsup/0_0.txt": b"unlabelled",
    "aclImdb/train/urls_pos.txt": b"http://localhost",
    "aclImdb/train/labeledBow.feat": b"\xff\xff",
    "aclImdb/test/pos/0_10.txt": b"test positive 0",
    "aclImdb/test/neg/0_3.txt": b"test negative 0<br />with a break",
}


def pack(files: dict[str, bytes], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def unpack(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "aclImdb"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(FILES, tmp_path / "data" / NAME)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package takes the archive of few reviews for IMDB."""
    monkeypatch.setattr(imdb, "_REVIEWS", 1)


def content(dataset: object) -> dict[str, object]:
    found = dict(vars(dataset))
    found.pop("name")
    return {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in found.items()}


def test_archive_and_folder_hold_the_same_reviews(archive: Path, tmp_path: Path) -> None:
    unpacked = unpack(FILES, tmp_path / "unpacked")
    dataset = load_imdb(archive, verify=False)
    assert dataset.name == "imdb layout"
    assert dataset.train_texts == ("négatif", "", "train positive 2", "train positive 10")
    assert dataset.train_labels.tolist() == [0, 0, 1, 1]
    assert dataset.test_texts == ("test negative 0<br />with a break", "test positive 0")
    assert dataset.test_labels.tolist() == [0, 1]
    assert dataset.validation_texts == ()
    for place in (archive.parent, unpacked, unpacked.parent):
        assert content(load_imdb(place, verify=False)) == content(dataset)


def test_a_folder_named_imdb_is_looked_into(tmp_path: Path) -> None:
    for place in (pack(FILES, tmp_path / "a/imdb" / NAME), unpack(FILES, tmp_path / "b/imdb")):
        assert has_imdb(place.parent.parent)
        assert len(load_imdb(place.parent.parent, verify=False).train_texts) == 4
    assert not has_imdb(tmp_path)
    assert not has_imdb(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"aclImdb/test/pos/0_10.txt": None}, r"lacks reviews test/pos/\*\.txt"),
        (dict.fromkeys(FILES), r"lacks reviews train/neg/\*\.txt"),
        (
            {"aclImdb/train/neg/0_1.txt": b"caf\xe9"},
            r"train/neg/0_1\.txt: byte 3 \(0xe9\) is not UTF-8",
        ),
    ],
)
@pytest.mark.parametrize("packed", [True, False], ids=["archive", "folder"])
def test_what_is_missing_or_in_another_encoding_is_named(
    change: dict[str, bytes | None], saying: str, packed: bool, tmp_path: Path
) -> None:
    files = {name: c for name, c in {**FILES, **change}.items() if c is not None}
    place = pack(files, tmp_path / NAME) if packed else unpack(files, tmp_path)
    if not packed:
        (place / "train").mkdir(parents=True, exist_ok=True)
    with pytest.raises(DatasetError, match=saying):
        load_imdb(place, verify=False)


def test_what_is_no_imdb_is_told(archive: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds 2 reviews train/neg/.*, wanted IMDB's 12,500"):
        load_imdb(archive)


def damage_truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damage_changed(content: bytes) -> bytes:
    changed = bytearray(content)
    for place in range(len(content) // 3, len(content), 7):
        changed[place] ^= 255
    return bytes(changed)


def damage_empty(content: bytes) -> bytes:
    return b""


def damage_web_page(content: bytes) -> bytes:
    return b"<html>404</html>"


def damage_not_tar(content: bytes) -> bytes:
    import gzip

    return gzip.compress(b"no archive at all, but something else that is long" * 40)


@pytest.mark.parametrize(
    "damage",
    [damage_truncated, damage_changed, damage_empty, damage_web_page, damage_not_tar],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_archive_is_told_in_one_line(
    damage: Callable[[bytes], bytes], archive: Path
) -> None:
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(DatasetError, match=NAME) as caught:
        load_imdb(archive.parent, verify=False)
    assert "\n" not in str(caught.value)
    assert "Get the file again" in str(caught.value) or "lacks reviews" in str(caught.value)


def test_a_folder_without_reviews_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place, state in (("nowhere", "does not exist"), (".", "does not hold it")):
        with pytest.raises(DatasetError, match=f"{state}, wanted {NAME}, or aclImdb"):
            load_imdb(tmp_path / place)
    with pytest.raises(DatasetError, match="is not gzipped"):
        load_imdb(tmp_path / "file")


# -- the cache and downloads -----------------------------------------------------------------------


def test_without_cache_and_download_it_is_unavailable(cache: Path) -> None:
    with pytest.raises(UnavailableError, match=r"IMDB is not in the cache .*may not be downloaded"):
        load_imdb(download=False)
    with pytest.raises(UnavailableError, match=r"IMDB is not in the cache .*cannot be downloaded"):
        load_imdb(mirrors=["http://127.0.0.1:9/imdb"], timeout=2.0)
    assert not cache.exists()


@pytest.mark.usefixtures("few")
def test_the_cache_is_read_and_what_is_damaged_in_it_told(cache: Path) -> None:
    files = {name: c for name, c in FILES.items() if "10_9" not in name and "1_4" not in name}
    path = pack(files, cache / "imdb" / NAME)
    dataset = load_imdb(download=False)
    assert dataset.name == "imdb"
    assert len(dataset.train_texts) == 2
    path.write_bytes(b"damaged")
    with pytest.raises(UnavailableError, match=rf"in the cache .*{NAME}: is not gzipped"):
        load_imdb(download=False)
    dataset, note = load_text_dataset("auto", download=False)
    assert dataset.name == "synthetic"
    assert note is not None
    assert note.endswith("taking the embedded reviews instead")


@pytest.mark.usefixtures("few")
def test_a_download_is_checked_by_the_published_md5(
    cache: Path, tmp_path: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: c for name, c in FILES.items() if "10_9" not in name and "1_4" not in name}
    packed = pack(files, tmp_path / "published" / NAME).read_bytes()
    mirror = serve(tmp_path / "published")
    right = f"md5:{hashlib.md5(packed, usedforsecurity=False).hexdigest()}"
    for checksum in ("md5:" + "0" * 32, right):
        remote = RemoteFile(NAME, len(packed), checksum)
        monkeypatch.setattr(imdb, "_IMDB", imdb._IMDB._replace(remote=remote))
        if checksum == right:
            assert len(load_imdb(mirrors=[mirror]).train_texts) == 2
            assert (cache / "imdb" / NAME).read_bytes() == packed
        else:
            with pytest.raises(UnavailableError, match="the file there has a wrong checksum"):
                load_imdb(mirrors=[mirror])
            assert not any(path.is_file() for path in cache.rglob("*"))


def test_the_published_archive_is_the_official_one() -> None:
    assert imdb._ARCHIVE == (NAME, 84125825, "md5:7c2ac02c03563afcf9b574c7e56c153a")


# -- the real data ---------------------------------------------------------------------------------


def test_the_real_imdb_is_25_000_and_25_000_reviews(real_imdb: Path) -> None:
    dataset = load_imdb(real_imdb)
    assert repr(dataset) == "TextDataset('imdb', 25,000 train, 25,000 test)"
    for labels in (dataset.train_labels, dataset.test_labels):
        assert labels.sum() == 12_500
        assert (np.diff(labels.astype(int)) >= 0).all()
    assert dataset.train_texts[0].startswith("Story of a man who has unnatural feelings for a pig")
    assert max(map(len, dataset.train_texts)) > 10_000
