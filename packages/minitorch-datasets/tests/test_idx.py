"""IDX files: what is written is read again, and nothing else is read at all."""

from __future__ import annotations

import gzip
import os
import signal
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minitorch_datasets import DatasetError, read_idx, write_idx
from minitorch_datasets._files import scratch

SCALARS = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]
DTYPES = st.sampled_from(SCALARS).flatmap(
    lambda scalar: st.sampled_from(["<", ">"]).map(np.dtype(scalar).newbyteorder)
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
SMALL = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes(range(6))


def written(array: np.ndarray, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_idx(path, array)
        return path.read_bytes()


def read(content: bytes, name: str = "file") -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return read_idx(path)


def refused(content: bytes, saying: str) -> None:
    with pytest.raises(DatasetError, match=saying) as caught:
        read(content, "the-file")
    message = str(caught.value)
    assert "the-file" in message
    assert "\n" not in message


@given(array=ARRAYS, name=st.sampled_from(["file", "file.gz"]))
def test_what_is_written_is_read_again(array: np.ndarray, name: str) -> None:
    found = read(written(array, name), name)
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, array)


def test_the_layout_is_magic_sizes_values_all_big_endian() -> None:
    content = b"\0\0\x0b\x02" + b"\0\0\0\x01" + b"\0\0\0\x02" + b"\x01\x02" + b"\xff\xfe"
    array = np.array([[258, -2]], dtype=np.int16)
    np.testing.assert_array_equal(read(content), array)
    assert written(array, "file") == content


def test_gzip_is_told_by_content_not_by_name() -> None:
    expected = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(read(gzip.compress(SMALL), "plain"), expected)
    np.testing.assert_array_equal(read(SMALL, "packed.gz"), expected)


def test_what_is_read_can_be_written_to() -> None:
    array = read(SMALL)
    array[0, 0] = 99
    assert array[0, 0] == 99


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_no_beginning_of_a_file_is_a_file(length: int) -> None:
    refused(SMALL[:length], "truncated|no IDX file")


@given(rest=st.binary(min_size=1, max_size=8))
def test_a_file_with_something_behind_it_is_refused(rest: bytes) -> None:
    refused(SMALL + rest, "longer than its header says: holds .* bytes, wanted 18 for uint8")


@pytest.mark.parametrize("length", range(2, len(gzip.compress(SMALL))))
def test_no_beginning_of_a_gzipped_file_is_a_file(length: int) -> None:
    refused(gzip.compress(SMALL)[:length], "truncated")


def test_gzip_with_a_wrong_check_sum_of_its_own_is_refused() -> None:
    packed = bytearray(gzip.compress(SMALL))
    packed[-8] ^= 1
    refused(bytes(packed), "gzip data is damaged")


@pytest.mark.parametrize(
    ("content", "saying"),
    [
        (b"<!DOCTYPE html>", "begins with 3c 21 44 4f, wanted two zero bytes"),
        (b"\0\0\x07\x01" + b"\0\0\0\0", "unknown IDX type 07"),
        (b"\0\0\x08\x00" + b"\x05", "0 dimensions"),
        (b"\0\0\x08\x21" + b"\0\0\0\0" * 33, "33 dimensions"),
        (b"\0\0\x08\x04" + b"\0\0\0\0" + b"\xff\xff\xff\xff" * 3, "fits in memory"),
        (b"\0\0\x0e\x03" + b"\xff\xff\xff\xff" * 3, "truncated"),
    ],
)
def test_a_wrong_header_is_refused(content: bytes, saying: str) -> None:
    refused(content, saying)


@given(
    content=st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(lambda rest: b"\0\0\x08" + rest),
        st.binary(max_size=40).map(lambda rest: b"\x1f\x8b" + rest),
        st.tuples(st.integers(0, 2), st.binary(min_size=1)).map(
            lambda edit: edit[1] + SMALL[len(edit[1]) + edit[0] :]
        ),
    )
)
def test_any_bytes_are_an_array_or_a_clear_error(content: bytes) -> None:
    message = ""
    try:
        read(content)
    except DatasetError as error:
        message = str(error)
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent: cannot be read: No such file"):
        read_idx(tmp_path / "absent")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DatasetError, match="is a pipe or a device, wanted a file"):
            read_idx(path)
    with pytest.raises(DatasetError, match="loop: cannot be read"):
        read_idx(tmp_path / "loop")


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gigabyte of zeros, as a megabyte of gzip and with the header that fits."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.gz"
    packer = zlib.compressobj(wbits=31)
    content = packer.compress(b"\0\0\x08\x02" + np.array([1 << 8, 1 << 22], ">u4").tobytes())
    content += packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(1 << 22)) + packer.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(content + zeros * (1 << 8) + packer.flush())
    return path


def test_gzip_that_unpacks_without_end_is_refused_before_it_does(
    bomb: Path, peak_memory: Callable[[str], int]
) -> None:
    with pytest.raises(DatasetError, match=r"bomb\.gz: claims to hold 1,073,741,836 bytes, wanted"):
        read_idx(bomb)
    assert peak_memory(f"d.read_idx({str(bomb)!r})") < 200


def test_gzip_is_not_unpacked_beyond_what_the_header_says(
    bomb: Path, tmp_path: Path, peak_memory: Callable[[str], int]
) -> None:
    small = tmp_path / "small.gz"
    small.write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x01*") + bomb.read_bytes())
    with pytest.raises(DatasetError, match="longer than its header says: holds more than 9 bytes"):
        read_idx(small)
    assert peak_memory(f"d.read_idx({str(small)!r})") < 200


def test_a_file_of_holes_is_not_taken_for_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "holes"
    with path.open("wb") as file:
        file.write(b"\0\0\x08\x01" + (1 << 31).to_bytes(4, "big"))
        file.truncate((1 << 31) + 8)
    if path.stat().st_blocks * 512 > 1 << 20:
        pytest.skip("this file system knows no holes")
    with pytest.raises(DatasetError, match="claims to hold 2,147,483,656 bytes"):
        read_idx(path)


def test_an_array_that_packs_well_is_read_all_the_same(tmp_path: Path) -> None:
    blank = np.zeros((60_000, 28, 28), np.uint8)
    write_idx(tmp_path / "blank.gz", blank)
    assert read_idx(tmp_path / "blank.gz").shape == blank.shape


def test_equal_files_whenever_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, second in (("a.gz", 1e9), ("b.gz", 2e9)):
        monkeypatch.setattr("time.time", lambda second=second: second)
        write_idx(tmp_path / name, np.arange(9, dtype=np.uint8))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    process = os.fork()
    if process == 0:
        with scratch(tmp_path) as folder:
            (folder / "file").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(process, 0)
    assert len(list(tmp_path.rglob("*"))) == 2
    with scratch(tmp_path) as written:  # one that is in use stays
        (written / "file").write_bytes(b"whole")
        write_idx(tmp_path / "array", np.arange(9, dtype=np.uint8))
        assert sorted(tmp_path.rglob("*")) == [written, written / "file", tmp_path / "array"]
    assert list(tmp_path.iterdir()) == [tmp_path / "array"]


def test_equal_arrays_give_equal_files() -> None:
    array = np.arange(100, dtype=np.float32)
    assert written(array, "a.gz") == written(array.astype(">f4"), "a.gz")


@pytest.mark.parametrize(
    ("array", "saying"),
    [
        (np.zeros(3, dtype=np.int64), "no type for int64, wanted one of uint8, int8"),
        (np.zeros(3, dtype=np.bool_), "no type for bool"),
        (np.uint8(3), "0 dimensions"),
    ],
)
def test_what_idx_cannot_hold_is_not_written(
    tmp_path: Path, array: np.ndarray, saying: str
) -> None:
    with pytest.raises(DatasetError, match=saying):
        write_idx(tmp_path / "file", array)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_idx(target, np.zeros(3, dtype=np.uint8))
    assert list(tmp_path.iterdir()) == [target]
