"""IMDB from its archive and its folder: the same reviews, or an error that names what is wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
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


def test_one_wrong_bit_anywhere_is_told_or_changes_nothing(archive: Path) -> None:
    whole = archive.read_bytes()
    right = content(load_imdb(archive, verify=False))
    told = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        archive.write_bytes(damaged)
        try:
            assert content(load_imdb(archive, verify=False)) == right, place
        except DatasetError as error:
            told += 1
            assert "\n" not in str(error)
    assert told > len(whole) - 30  # but for gzip's header, which has the name and the time


def headers(**fields: object) -> bytes:
    info = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def long_name(size: int) -> bytes:
    return headers(name="././@LongLink", type=tarfile.GNUTYPE_LONGNAME, size=size)


def pax(**records: str) -> bytes:
    return tarfile.TarInfo.create_pax_global_header(records).replace(b"g", b"x", 1)


def old_sparse(size: int) -> bytes:
    """A header of GNU's old sparse format, which is all hole."""
    block = bytearray(headers(type=tarfile.GNUTYPE_SPARSE, size=0))
    block[483:495] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)  # type: ignore[attr-defined]
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


HOSTILE = {
    "a member of gigabytes": headers(size=6 << 30),
    "a name of gigabytes": long_name(6 << 30),
    "a name of what there is": long_name(64 << 20) + bytes(64 << 20),
    "names of names": long_name(1) * 4_000,
    "a member of negative size": headers(size=-512, type=tarfile.CONTTYPE),
    "a sparse member": old_sparse(6 << 30),
    "a sparse map": pax(**{"GNU.sparse.map": "0,0", "GNU.sparse.size": str(6 << 30)})
    + headers(size=0),
    "a map of gigabytes": pax(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    + headers(size=512)
    + b"%d\n" % 10**9
    + b"0\n" * (32 << 20),
    "a damaged header": headers(size=0) + headers(name="next")[:100] + b"?" * 412,
    "a review that ends early": headers(size=512) + bytes(10),
    "a review of a name of two lines": headers(name="\n/aclImdb/train/neg/0_9.txt", size=512),
    "a review twice": headers(size=0) * 2,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_takes_no_memory_and_is_told(
    name: str, tmp_path: Path, peak_memory: Callable[[str], int]
) -> None:
    path = tmp_path / NAME
    with tarfile.open(fileobj=(usual := io.BytesIO()), mode="w") as archive:
        for member, text in FILES.items():
            info = tarfile.TarInfo(member)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
        end = archive.offset
    path.write_bytes(gzip.compress(usual.getvalue()[:end] + HOSTILE[name], compresslevel=1))
    with pytest.raises(DatasetError, match=r"damaged or truncated|twice") as caught:
        load_imdb(path, verify=False)
    assert "\n" not in str(caught.value)
    assert peak_memory(f"d.load_imdb({str(path)!r}, verify=False)") < 300


@pytest.mark.slow
def test_reviews_that_unpack_without_end_are_refused_before_they_do(
    tmp_path: Path, peak_memory: Callable[[str], int]
) -> None:
    with tarfile.open(tmp_path / NAME, "w:gz", compresslevel=1) as archive:
        for number in range(40):
            info = tarfile.TarInfo(f"train/pos/{number}_9.txt")
            info.size = 15 << 20
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(DatasetError, match=r"claims to hold .* bytes, wanted"):
        load_imdb(tmp_path, verify=False)
    # what has been read until then, and a copy of one review
    assert peak_memory(f"d.load_imdb({str(tmp_path)!r}, verify=False)") < 500


def test_a_folders_review_is_a_file_and_no_novel(tmp_path: Path) -> None:
    folder = unpack(FILES, tmp_path)
    strange = folder / "train" / "pos" / "3_7.txt"
    strange.write_bytes(bytes(imdb.LARGEST_REVIEW + 1))
    with pytest.raises(DatasetError, match=r"3_7\.txt: claims to hold 16,777,217 bytes"):
        load_imdb(folder, verify=False)
    if hasattr(os, "mkfifo"):
        strange.unlink()
        os.mkfifo(strange)
        with pytest.raises(DatasetError, match=r"3_7\.txt: cannot be read: is a pipe"):
            load_imdb(folder, verify=False)


def test_reviews_are_ordered_by_numbers_of_any_length(tmp_path: Path) -> None:
    long = "1" * 200
    names = ["note", "9_1", "0010_2", f"{long}_3"]
    files = {f"aclImdb/train/pos/{name}.txt": name.encode() for name in reversed(names)}
    dataset = load_imdb(unpack({**FILES, **files}, tmp_path), verify=False)
    assert dataset.train_texts[2:] == (
        "note", "train positive 2", "9_1", "0010_2", "train positive 10", f"{long}_3"
    )  # fmt: skip
    packed = pack({f"train/pos/{'9' * 5000}_1.txt": b"", **FILES}, tmp_path / NAME)
    assert len(load_imdb(packed, verify=False).train_texts) == 5


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


@pytest.mark.slow
def test_the_real_imdb_is_25_000_and_25_000_reviews(real_imdb: Path) -> None:
    dataset = load_imdb(real_imdb)
    assert repr(dataset) == "TextDataset('imdb', 25,000 train, 25,000 test)"
    for labels in (dataset.train_labels, dataset.test_labels):
        assert labels.sum() == 12_500
        assert (np.diff(labels.astype(int)) >= 0).all()
    assert dataset.train_texts[0].startswith("Story of a man who has unnatural feelings for a pig")
    assert max(map(len, dataset.train_texts)) > 10_000
