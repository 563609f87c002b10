"""IDX files: what is written is read again, and nothing else is read at all."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minitorch_datasets import DatasetError, read_idx, write_idx

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
