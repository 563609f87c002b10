"""Checkpoints from strangers: refused in a line, for no more memory than they have bytes."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minitorch_nn.checkpoint import (
    CheckpointError,
    check_writable,
    load_checkpoint,
    save_checkpoint,
)


def npy(header: str, data: bytes = b"", length: int | None = None) -> bytes:
    text = header.encode() + b"\n"
    size = len(text) if length is None else length
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", size) + text + data


def of(descr: str, shape: str, data: bytes = b"", fortran: str = "False") -> bytes:
    header = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return npy(header, data)


def metadata(text: str = "{}") -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(text))
    return file.getvalue()


def pack(
    *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED, text: bytes | None = None
) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, content in members:
            archive.writestr(name, content)
        archive.writestr("__metadata__.npy", metadata() if text is None else text)
    return file.getvalue()


def with_offset(content: bytes, offset: int) -> bytes:
    """The first member's header lies elsewhere, says the directory."""
    place = content.index(b"PK\x01\x02") + 42
    return content[:place] + struct.pack("<I", offset) + content[place + 4 :]


def one_member_named(times: int) -> bytes:
    """One member of a megabyte, which the directory names many times."""
    content = pack(("w.npy", of("<f4", "(262144,)", bytes(1 << 20))))
    place = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[place : content.index(b"PK\x01\x02", place + 4)]
    directory = (
        b"".join([entry[:46] + f"w{i:04d}"[-5:].encode() + entry[51:] for i in range(times)])
        + content[place + len(entry) : end]
    )
    tail = struct.pack("<HHIIH", times + 1, times + 1, len(directory), place, 0)
    return content[:place] + directory + content[end : end + 8] + tail


WEIGHT = of("<f4", "(2,)", bytes(8))
HOSTILE = {
    "a header cut": pack(("w.npy", WEIGHT[:20])),
    "a header of nothing": pack(("w.npy", b"")),
    "a header longer than the file": pack(("w.npy", npy("{", length=65535))),
    "a header of another version": pack(("w.npy", WEIGHT.replace(b"NUMPY\x01", b"NUMPY\x09"))),
    "a header that is code": pack(("w.npy", npy("__import__('os')._exit(1)"))),
    "a header nested without end": pack(("w.npy", npy("(" * 60_000))),
    "objects": pack(("w.npy", of("|O", "(1,)", pickle.dumps([1])))),
    "records": pack(("w.npy", of("[('a', '<f4')]", "(1,)", bytes(4)))),
    "complex numbers": pack(("w.npy", of("<c8", "(1,)", bytes(8)))),
    "a type that is none": pack(("w.npy", of("<f1", "(1,)", bytes(1)))),
    "a text among the weights": pack(("w.npy", metadata("text"))),
    "more values than there are": pack(("w.npy", of("<f4", "(3,)", bytes(8)))),
    "fewer values than there are": pack(("w.npy", of("<f4", "(1,)", bytes(8)))),
    "values beyond memory": pack(("w.npy", of("<f4", "(1000000, 1000000)", bytes(8)))),
    "sizes that overflow": pack(("w.npy", of("<f4", "(4294967296, 4294967296)", b""))),
    "sizes beside none": pack(("w.npy", of("<f4", "(0, 9223372036854775807, 4)", b""))),
    "a negative size": pack(("w.npy", of("<f4", "(-1,)", bytes(8)))),
    "a fractional size": pack(("w.npy", of("<f4", "(2.0,)", bytes(8)))),
    "a size of many digits": pack(("w.npy", of("<f4", f"({'9' * 5000},)", bytes(8)))),
    "dimensions without end": pack(("w.npy", of("<f4", f"({'1, ' * 500})", bytes(4)))),
    "an offset past the end": with_offset(pack(("w.npy", WEIGHT)), 1 << 31),
    "an offset of nothing": with_offset(pack(("w.npy", WEIGHT)), 1),
    "members of one name": pack(("w.npy", WEIGHT), ("w.npy", WEIGHT)),
    "members of one name but for the ending": pack(("w.npy", WEIGHT), ("w", WEIGHT)),
    "one member named 9,000 times": one_member_named(9_000),
    "compressed members": pack(
        ("w.npy", of("<f4", "(8,)", bytes(32))), method=zipfile.ZIP_DEFLATED
    ),
    "no metadata": pack(text=b""),
    "metadata of several texts": pack(text=of("<U1", "(2,)", bytes(8))),
    "metadata beyond Unicode": pack(text=of("<U1", "()", b"\xff\xff\xff\x7f")),
    "metadata of numbers": pack(text=of("<f4", "()", bytes(4))),
    "metadata nested without end": pack(text=metadata("[" * 100_000)),
    "metadata of a number of many digits": pack(text=metadata('{"a": ' + "9" * 5000 + "}")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(
            CheckpointError, match=r"m\.npz is not a checkpoint, or is damaged\."
        ) as e:
            load_checkpoint(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "\n" not in str(e.value)
    assert len(str(e.value)) < 600
    assert peak < 40 << 20


@pytest.mark.parametrize("offset", [1 << 63, (1 << 63) - 1, 1 << 62])
def test_an_offset_beyond_every_file_is_refused(offset: int, tmp_path: Path) -> None:
    content = pack(("w.npy", WEIGHT))
    place = content.index(b"PK\x01\x02")
    entry = bytearray(content[place : content.index(b"PK\x01\x02", place + 4)])
    extra = struct.pack("<HHQ", 1, 8, offset)
    entry[42:46] = b"\xff" * 4
    entry[30:32] = struct.pack("<H", len(extra))
    rest = content[place + len(entry) :]
    end = rest.index(b"PK\x05\x06")
    size = len(entry) + len(extra) + end
    tail = rest[end : end + 12] + struct.pack("<II", size, place) + rest[end + 20 :]
    path = tmp_path / "m.npz"
    path.write_bytes(content[:place] + bytes(entry) + extra + rest[:end] + tail)
    with pytest.raises(CheckpointError, match="is not a checkpoint, or is damaged"):
        load_checkpoint(path)


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and devices")
def test_what_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(
            CheckpointError, match=r"cannot read .*: it is a pipe or a device\. Name"
        ):
            load_checkpoint(path)
    with pytest.raises(CheckpointError, match=r"cannot read .*: Too many levels of symbolic links"):
        load_checkpoint(tmp_path / "loop")
    for write in (check_writable, lambda path: save_checkpoint(path, {}, {})):
        with pytest.raises(CheckpointError, match=r"cannot write .*: Too many levels of symbolic"):
            write(tmp_path / "loop")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "pipe"]


def test_a_file_of_holes_is_not_read_for_what_it_claims(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    size = 3 << 30
    header = of("<f4", f"({size // 4},)")
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        archive.writestr("w.npy", header)
        archive.writestr("__metadata__.npy", metadata())
    content = path.read_bytes()
    after = content.index(b"PK\x03\x04", 4)
    for place in (14 + 4, content.index(b"PK\x01\x02") + 20):  # both sizes, in both headers
        sizes = struct.pack("<II", len(header) + size, len(header) + size)
        content = content[:place] + sizes + content[place + 8 :]
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4) + 42
    content = content[:second] + struct.pack("<I", after + size) + content[second + 4 :]
    end = content.index(b"PK\x05\x06") + 16
    start = content.index(b"PK\x01\x02") + size
    content = content[:end] + struct.pack("<I", start) + content[end + 4 :]
    with path.open("wb") as file:
        file.write(content[:after])
        file.seek(size, os.SEEK_CUR)
        file.write(content[after:])
    if path.stat().st_blocks * 512 > 1 << 20:
        pytest.skip("this file system knows no holes")
    with pytest.raises(
        CheckpointError, match=r"its members claim 3,221,\d+,\d+ bytes, and the file"
    ):
        load_checkpoint(path)


def test_arrays_that_numpy_laid_out_otherwise_are_read(tmp_path: Path) -> None:
    arrays = {
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "swapped": np.arange(3, dtype=">f4"),
        "scalar": np.array(2.5),
        "deep": np.arange(24, dtype=np.int16).reshape(2, 3, 4).T,
    }
    np.savez(tmp_path / "m.npz", __metadata__=np.array("{}"), **arrays)
    found = load_checkpoint(tmp_path / "m.npz").state_dict
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype.isnative
        assert found[name].flags.writeable
