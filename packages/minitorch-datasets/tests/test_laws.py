"""What holds for every data set: each array is checked, and each way to lay the files is found."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch_datasets import (
    DatasetError,
    ImageDataset,
    TextDataset,
    UnavailableError,
    download,
    has_imdb,
    has_sst2,
    load_imdb,
    load_mnist,
    load_sst2,
    write_idx,
)

# -- every array of a data set is checked ----------------------------------------------------------

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([0, 9, 4], np.uint8)

#: What stands in the place of an array, and what is said of it.
NO_IMAGES = {
    "floats": (IMAGES.astype(np.float32), "holds float32 values"),
    "signed": (IMAGES.astype(np.int8), "holds int8 values"),
    "labels": (LABELS, "which look like labels.*swapped"),
    "too high": (np.zeros((3, 29, 28), np.uint8), r"shape \(3, 29, 28\)"),
    "too wide": (np.zeros((3, 28, 27), np.uint8), r"shape \(3, 28, 27\)"),
    "with a channel": (IMAGES[:, None], r"shape \(3, 1, 28, 28\)"),
    "flat": (IMAGES.reshape(3, -1), r"shape \(3, 784\)"),
}
NO_LABELS = {
    "wide": (LABELS.astype(np.int64), "holds int64 values"),
    "a column": (LABELS[:, None], r"shape \(3, 1\)"),
    "images": (IMAGES, "which look like images.*swapped"),
    "ten": (np.array([0, 9, 10], np.uint8), "label 10 at position 2, wanted 0 to 9"),
    "ten at first": (np.array([255, 9, 10], np.uint8), "label 255 at position 0"),
    "too few": (LABELS[:2], "3 images, but .* holds 2 labels"),
    "too many": (np.zeros(4, np.uint8), "3 images, but .* holds 4 labels"),
}
OF_IMAGES = [
    (field, value, message)
    for split in ("train", "test")
    for field, table in ((f"{split}_images", NO_IMAGES), (f"{split}_labels", NO_LABELS))
    for value, message in table.values()
]


@pytest.mark.parametrize(("field", "value", "message"), OF_IMAGES)
def test_each_array_of_images_is_checked_and_named(field: str, value: Any, message: str) -> None:
    arrays = {"train_images": IMAGES, "train_labels": LABELS}
    arrays |= {"test_images": IMAGES, "test_labels": LABELS}
    assert ImageDataset("own", **arrays).test_labels.tolist() == [0, 9, 4]
    with pytest.raises(DatasetError, match=message) as caught:
        ImageDataset("own", **{**arrays, field: value})
    assert field in str(caught.value)


NO_SENTIMENTS = {
    "wide": np.array([0, 1], np.int64),
    "two": np.array([0, 2], np.uint8),
    "two at first": np.array([2, 0], np.uint8),
    "too few": np.array([0], np.uint8),
    "too many": np.array([0, 1, 1], np.uint8),
    "a column": np.array([[0], [1]], np.uint8),
}


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("case", NO_SENTIMENTS)
def test_the_labels_of_each_split_of_texts_are_checked_and_named(split: str, case: str) -> None:
    right = {f"{s}_texts": ["a", "b"] for s in ("train", "validation", "test")}
    right |= {f"{s}_labels": np.array([0, 1], np.uint8) for s in ("train", "validation", "test")}
    dataset = TextDataset("own", **right)
    for s in ("train", "validation", "test"):
        assert getattr(dataset, f"{s}_texts") == ("a", "b")
        assert not getattr(dataset, f"{s}_labels").flags.writeable
    with pytest.raises(DatasetError, match=rf"{split}_labels: .* for 2 texts"):
        TextDataset("own", **{**right, f"{split}_labels": NO_SENTIMENTS[case]})


def test_the_arrays_that_a_data_set_was_made_of_stay_as_they_were() -> None:
    labels = LABELS.copy()
    dataset = ImageDataset("own", IMAGES.copy(), labels, IMAGES.copy(), labels)
    assert labels.flags.writeable
    for field in ("train_images", "train_labels", "test_images", "test_labels"):
        assert not getattr(dataset, field).flags.writeable


# -- each way to lay the files ---------------------------------------------------------------------

SST2 = "trainDevTestTrees_PTB.zip"
IMDB = "aclImdb_v1.tar.gz"


def sst2_archive(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for split in ("train", "dev", "test"):
            archive.writestr(f"trees/{split}.txt", f"(3 (2 {split}) (4 fine))\n")
    return path


def sst2_folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev", "test"):
        (path / f"{split}.tsv").write_text(f"{split} fine\t1\n")
    return path


def imdb_reviews() -> dict[str, bytes]:
    return {
        f"{split}/{label}/0_5.txt": f"{split} {label}".encode()
        for split in ("train", "test")
        for label in ("neg", "pos")
    }


def imdb_archive(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in imdb_reviews().items():
            info = tarfile.TarInfo(f"aclImdb/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def imdb_folder(path: Path) -> Path:
    for name, content in imdb_reviews().items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


#: Where the files may lie below the folder that is named; "" for a folder that is they.
LAID: dict[str, tuple[Callable[[Path], Path], str, Any, Any]] = {
    "sst2, the archive alone": (sst2_archive, SST2, load_sst2, has_sst2),
    "sst2, the archive in sst2": (sst2_archive, f"sst2/{SST2}", load_sst2, has_sst2),
    "sst2, the files": (sst2_folder, "", load_sst2, has_sst2),
    "sst2, the files in sst2": (sst2_folder, "sst2", load_sst2, has_sst2),
    "imdb, the archive alone": (imdb_archive, IMDB, load_imdb, has_imdb),
    "imdb, the archive in imdb": (imdb_archive, f"imdb/{IMDB}", load_imdb, has_imdb),
    "imdb, the reviews": (imdb_folder, "", load_imdb, has_imdb),
    "imdb, unpacked": (imdb_folder, "aclImdb", load_imdb, has_imdb),
    "imdb, unpacked in imdb": (imdb_folder, "imdb/aclImdb", load_imdb, has_imdb),
    "imdb, the reviews in imdb": (imdb_folder, "imdb", load_imdb, has_imdb),
}


@pytest.mark.parametrize("name", LAID)
def test_the_files_are_found_wherever_the_documentation_says(name: str, tmp_path: Path) -> None:
    make, where, load, has = LAID[name]
    root = tmp_path / "data"
    root.mkdir()
    assert not has(root)
    with pytest.raises(DatasetError, match="does not hold it"):
        load(root, verify=False)
    made = make(root / where)
    for place in {root, made}:
        assert has(place)
        dataset = load(place, verify=False)
        texts = dataset.train_texts + dataset.validation_texts + dataset.test_texts
        wanted = ["train fine", "dev fine", "test fine"]
        if name.startswith("imdb"):
            wanted = ["train neg", "train pos", "test neg", "test pos"]
        assert list(texts) == wanted
        assert dataset.train_labels.tolist() == ([1] if len(wanted) == 3 else [0, 1])


@pytest.mark.parametrize(
    "name", [n for n in LAID if "alone" in n or n.endswith(("in sst2", "in imdb"))]
)
def test_the_cache_is_searched_as_a_named_folder_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, where, load, has = LAID[name]
    monkeypatch.setenv("MINITORCH_DATA_DIR", str(tmp_path))
    assert not has()
    make(tmp_path / where)
    assert has()
    assert len(load(download=False, verify=False).train_texts) in (1, 2)


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.idx", "a.idx.gz"])
def test_equal_arrays_give_equal_files_in_any_second(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for second in (1e9, 2e9):
        monkeypatch.setattr(time, "time", lambda second=second: second)
        write_idx(tmp_path / name, np.arange(9, dtype=np.uint8))
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_an_array_that_cannot_be_put_in_place_leaves_the_old_file_and_nothing_else(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.idx"
    target.write_bytes(b"old")

    def full(self: Path, *_: Any) -> None:
        if failing == "write_bytes":
            with self.open("wb") as file:
                file.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, failing, full)
    with pytest.raises(OSError, match="No space"):
        write_idx(target, np.arange(9, dtype=np.uint8))
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.idx"]


# -- two limits of time ----------------------------------------------------------------------------


def test_the_limits_to_connect_and_to_read_are_two(
    published: Path, cache: Path, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests

    asked: list[Any] = []
    get = requests.get

    def recorded(url: str, **options: Any) -> Any:
        asked.append(options["timeout"])
        return get(url, **options)

    monkeypatch.setattr(requests, "get", recorded)
    monkeypatch.setattr(download, "READ_TIMEOUT", 7.0)
    load_mnist(mirrors=[serve(published)], timeout=3.0)
    assert asked == [(3.0, 7.0)] * 4


def test_a_mirror_that_cannot_be_connected_to_is_given_up_after_the_limit_to_connect(
    published: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    waited: list[float] = []

    def create_connection(address: tuple[str, int], timeout: float) -> None:
        waited.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    monkeypatch.setattr(download, "READ_TIMEOUT", 7.0)
    with pytest.raises(UnavailableError, match=r"no connection within 0\.3 s"):
        load_mnist(mirrors=["http://127.0.0.1:9/mnist"], timeout=0.3)
    assert waited == [0.3]
