"""CIFAR's files: what is read, and that nothing in them is run."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch_datasets import DatasetError, read_cifar, read_cifar_names, unpack_cifar

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3072), dtype=np.uint8)
BATCH = {"data": PIXELS, "labels": [6, 0, 9], "batch_label": "x", "filenames": ["a", "b", "c"]}


def as_published(images: np.ndarray, labels: list[int]) -> bytes:
    """The instructions that Python 2's pickle wrote for CIFAR-10."""
    data = images.tobytes()
    return (
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05"
        b"("
        + b"".join(b"K" + bytes([label]) for label in labels)
        + b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00"
        b"\x85U\x01b\x87Rq\x09(K\x01K"
        + bytes([len(images)])
        + b"M\x00\x0c\x86cnumpy\ndtype\nq\nU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff"
        b"\xffJ\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<i", len(data)) + data + b"tbu."
    )


def read(tmp_path: Path, content: bytes) -> Any:
    path = tmp_path / "batch"
    path.write_bytes(content)
    return read_cifar(path)


def test_the_published_form_is_read(tmp_path: Path) -> None:
    content = as_published(PIXELS, [6, 0, 9])
    assert np.array_equal(pickle.loads(content, encoding="latin1")["data"], PIXELS)
    images, labels, coarse = read(tmp_path, content)
    assert images.shape == (3, 3, 32, 32) and images.dtype == np.uint8
    assert np.array_equal(images.reshape(3, -1), PIXELS)
    assert labels.tolist() == [6, 0, 9] and labels.dtype == np.int64 and coarse is None


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read(tmp_path: Path, protocol: int) -> None:
    for batch in (BATCH, {key.encode(): value for key, value in BATCH.items()}):
        images, labels, _ = read(tmp_path, pickle.dumps(batch, protocol))
        assert np.array_equal(images.reshape(3, -1), PIXELS) and labels.tolist() == [6, 0, 9]


def test_arrays_in_columns_are_read(tmp_path: Path) -> None:
    for protocol in (2, 5):
        columns = {**BATCH, "data": np.asfortranarray(PIXELS)}
        images, _, _ = read(tmp_path, pickle.dumps(columns, protocol))
        assert np.array_equal(images.reshape(3, -1), PIXELS)


def test_cifar_100_has_two_labels(tmp_path: Path) -> None:
    batch = {"data": PIXELS, "fine_labels": [99, 1, 2], "coarse_labels": [19, 0, 1]}
    _, labels, coarse = read(tmp_path, pickle.dumps(batch))
    assert labels.tolist() == [99, 1, 2] and coarse.tolist() == [19, 0, 1]


def test_names_of_classes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "meta"
    path.write_bytes(pickle.dumps({b"label_names": [b"cat", "dog"], b"num_vis": 3072}, 2))
    assert read_cifar_names(path) == {"label_names": ["cat", "dog"]}
    path.write_bytes(pickle.dumps({"num_vis": 3072}))
    with pytest.raises(DatasetError, match=r"meta: holds no names"):
        read_cifar_names(path)


class Evil:
    """Its pickle runs a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_run(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    evil = {**BATCH, "labels": Evil(open, str(trace), "w")}
    with pytest.raises(DatasetError, match=r"names \w+.open, which is not read here"):
        read(tmp_path, pickle.dumps(evil, protocol))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "no pickle of plain values"),
        (b"<html>", "no pickle"),
        (pickle.dumps([1]), "holds a list, wanted a dictionary"),
        (pickle.dumps({1: 2}), "keys that are not text"),
        (pickle.dumps({"x": {1}}), "instruction EMPTY_SET"),
        (pickle.dumps({"x": np.zeros(2)}), "something else than bytes"),
        (pickle.dumps({"x": np.zeros(2, object)}), "something else than bytes"),
        (pickle.dumps(BATCH)[:-9], "no pickle"),
        (b"\x80\x02.", "no pickle"),
        (b"\x80\x02}N\x86R.", "more from its stack|something else than numpy's"),
        (b"\x80\x02}(K\x01u.", "no pickle"),
        (b"\x80\x02}Nb.", "state of something else"),
        (b"\x80\x02]K\x01K\x02s.", "a list in the place of a dict"),
        (b"\x80\x02h\x09.", "no pickle"),
        # A name that is only text is no function.
        (b"\x80\x02X\x05\x00\x00\x00arrayq\x00)R.", "something else than numpy's"),
        (b"\x80\x02T\xff\xff\xff\x7fxx.", "no pickle"),
        (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fxx.", "no pickle"),
    ],
)
def test_other_pickles_are_refused(tmp_path: Path, content: bytes, text: str) -> None:
    with pytest.raises(DatasetError, match=text) as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"data": None}, "its pictures are missing"),
        ({"data": PIXELS[0]}, r"of shape \(3072,\)"),
        ({"data": PIXELS[:, :3]}, r"of shape \(3, 3\)"),
        ({"labels": [1, 2]}, "labels are not 3 small numbers"),
        ({"labels": [1, 2, 256]}, "labels are not"),
        ({"labels": [1, 2, -1]}, "labels are not"),
        ({"labels": [1, 2, "3"]}, "labels are not"),
        ({"labels": [1, 2, True]}, "labels are not"),
        ({"labels": None}, "labels are not"),
        ({"coarse_labels": [1]}, "coarse_labels are not"),
    ],
)
def test_a_batch_must_be_whole(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    with pytest.raises(DatasetError, match=text):
        read(tmp_path, pickle.dumps({**BATCH, **change}))


def test_a_claimed_shape_takes_no_memory(tmp_path: Path, peak_memory: Callable[[str], int]) -> None:
    content = as_published(PIXELS, [1, 2, 3]).replace(b"M\x00\x0c\x86", b"J\xff\xff\xff\x7f\x86")
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="another size than its shape"):
        read_cifar(path)
    assert peak_memory(f"d.read_cifar({str(path)!r})") < 300


def test_a_number_to_remember_takes_no_memory(
    tmp_path: Path, peak_memory: Callable[[str], int]
) -> None:
    path = tmp_path / "batch"
    path.write_bytes(b"\x80\x02}r\xff\xff\xff\xff.")  # Python's own machine makes a table of 32 GiB
    assert peak_memory(f"d.read_cifar({str(path)!r})") < 300


def tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_an_archive_is_unpacked(tmp_path: Path) -> None:
    content = as_published(PIXELS, [1, 2, 3])
    archive = tar(
        tmp_path / "a.tar.gz",
        {
            "cifar-10-batches-py/test_batch": content,
            "cifar-10-batches-py/readme.html": b"x",
            "other/file": b"y",
        },
    )
    root = tmp_path / "new" / "root"
    paths = unpack_cifar(archive, root)
    assert paths == [root / "cifar-10-batches-py" / name for name in ("test_batch", "readme.html")]
    assert read_cifar(paths[0]).labels.tolist() == [1, 2, 3]
    assert sorted(root.rglob("*")) == [paths[0].parent, *sorted(paths)]


def test_an_archive_writes_nowhere_else(tmp_path: Path) -> None:
    root = tmp_path / "root"
    names = [
        "cifar-100-python/..",
        "cifar-100-python/../../up",
        "/cifar-100-python/train",
        "../cifar-100-python/test",
    ]
    unpack_cifar(tar(tmp_path / "a.tar.gz", dict.fromkeys(names, b"x")), root)
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) == [
        "cifar-100-python",
        "cifar-100-python/test",
        "cifar-100-python/train",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "root"]


def test_another_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds neither"):
        unpack_cifar(tar(tmp_path / "a.tar.gz", {"x": b"y"}), tmp_path)
    (tmp_path / "b.tar.gz").write_bytes(b"<html>")
    with pytest.raises(DatasetError, match="not gzipped, wanted the archive of CIFAR"):
        unpack_cifar(tmp_path / "b.tar.gz", tmp_path)
