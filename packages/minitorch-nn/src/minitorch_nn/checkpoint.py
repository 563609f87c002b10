"""Saving a trained model: a state_dict, and metadata for building the model again.

The file is a numpy archive (`.npz`): every tensor under its name, and the metadata as JSON text.
It is read without unpickling, and sizes in it are verified, so an untrusted file runs no code and
takes no more memory than it has bytes.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Tensor
from minitorch_tensor.files import is_special, try_writing, write_file

#: The name of the metadata in the archive; it cannot be the dotted name of a tensor.
METADATA = "__metadata__"

#: Exceptions from reading a damaged archive; RuntimeError if the damage looks like encryption or
#: the metadata is nested too deeply, MemoryError if the machine has less memory than the file.
DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)

#: The number of dimensions that every numpy supports.
MAX_DIMS = 32

#: The bytes that a sparse file may claim beyond its size on disk.
HOLES = 256 << 20

#: The beginning and the header of a `.npy` file that `numpy.save` writes for an array of numbers or
#: a text.
_NPY = re.compile(rb"\x93NUMPY(?:\x01\x00(?P<short>..)|[\x02\x03]\x00(?P<long>....))", re.DOTALL)
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[<>|=](?:b1|[iu][1248]|f[248]|U[0-9]{1,9}))', "
    rb"'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(?:[0-9]{1,19}, ?)*(?:[0-9]{1,19})?)\), ?\} *\n"
)

#: Reads and writes arrays; untyped in some of the numpy versions that we support.
_npy: Any = np.lib.format


class CheckpointError(ValueError):
    """A file is not a checkpoint, or cannot be read or written. The message is one line."""


class Checkpoint(NamedTuple):
    """The contents of a file: values by name, and the metadata given when it was saved."""

    state_dict: dict[str, npt.NDArray[Any]]
    metadata: dict[str, Any]


def check_writable(path: str | os.PathLike[str], size: int = 1) -> None:
    """Check, before hours of training, that a file of `size` bytes can be written to `path`.

    The check leaves neither a file nor a folder behind.

    Raises: CheckpointError that names the obstacle.
    """
    try:
        try_writing(path, size)
    except OSError as error:
        raise _cannot_write(path, error) from None


def save_checkpoint(
    path: str | os.PathLike[str], state_dict: Mapping[str, Tensor], metadata: Mapping[str, Any]
) -> None:
    """Write values and metadata. The file appears whole or not at all; missing folders are made.

    Args:
        path: the file. An existing file is replaced once the new one is complete; its mode stays.
        state_dict: tensors by name, on any backend.
        metadata: any values that JSON supports.

    Raises: CheckpointError if it cannot be written; TypeError for metadata that JSON cannot hold;
        ValueError for a name that the file cannot hold.
    """
    content = pack_checkpoint(state_dict, metadata)
    try:
        write_file(path, content)
    except OSError as error:
        raise _cannot_write(path, error) from None


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    The file need not be trusted: nothing is unpickled, and every size that it claims is compared
    with its content.

    Raises: CheckpointError if the file is missing, damaged, or not a checkpoint.
    """
    try:
        place = Path(path)
        if is_special(place) and not place.is_dir():
            raise CheckpointError(
                f"cannot read {path}: it is a pipe or a device. Name a file that training wrote."
            )
        with place.open("rb") as file:
            return _read(file)
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {path}. Train first, or name the file that training wrote."
        ) from None
    except DAMAGE as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{path} is not a checkpoint, or is damaged. Name another file, or train again: "
            f"{str(error)[:200] or type(error).__name__}."
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}.") from None


# -- the archive -----------------------------------------------------------------------------------


def pack_checkpoint(state_dict: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> bytes:
    """The content of a checkpoint: as written by `numpy.savez`, but allowing any names.

    Raises: TypeError for metadata that JSON cannot hold; ValueError for a name that the file cannot
        hold.
    """
    arrays = {name: np.asarray(value.detach().numpy()) for name, value in state_dict.items()}
    for name in arrays:
        if name == METADATA:
            raise ValueError(
                f"save_checkpoint: a tensor is named {name!r}, where the file keeps its metadata. "
                "Rename it."
            )
        if "\0" in name or not _is_text(name):
            raise ValueError(
                f"save_checkpoint: a tensor is named {name!r}, which a file cannot hold. Rename it."
            )
    arrays[METADATA] = np.array(json.dumps(dict(metadata)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                _npy.write_array(file, array, allow_pickle=False)
    return buffer.getvalue()


def _is_text(name: str) -> bool:
    try:
        return len(name.encode()) < 1 << 15
    except UnicodeEncodeError:  # a lone surrogate
        return False


def _read(file: io.BufferedReader) -> Checkpoint:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_members(members, os.fstat(file.fileno()))
        found = {_name(member): archive.read(member) for member in members}
    if METADATA not in found:
        raise ValueError(f"it has no {METADATA}")
    text = _parse_array(found.pop(METADATA), METADATA)
    if not isinstance(text, str):
        raise ValueError("the metadata is not text")
    metadata = json.loads(text)
    if not isinstance(metadata, dict):
        raise ValueError("the metadata is not a dictionary")
    arrays = {name: _parse_array(content, name) for name, content in found.items()}
    if any(isinstance(array, str) for array in arrays.values()):
        raise ValueError("a tensor is text")
    return Checkpoint(arrays, metadata)  # type: ignore[arg-type]


def _check_members(members: list[zipfile.ZipInfo], status: os.stat_result) -> None:
    """Compare the claims of the members with the file, before reading any.

    Raises: ValueError if two have the same name, one is compressed, or they overlap.
    """
    if len({_name(member) for member in members}) < len(members):
        raise ValueError("two members have one name")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ValueError(
                f"{member.filename!r} is compressed, which save_checkpoint does not do"
            )
        if not 0 <= member.header_offset < status.st_size:
            raise ValueError(f"{member.filename!r} lies outside the file")
    claimed = sum(member.file_size for member in members)
    held = min(status.st_size, HOLES + 16 * 512 * getattr(status, "st_blocks", status.st_size))
    if claimed > held:
        raise ValueError(f"its members claim {claimed:,} bytes, and the file holds {held:,}")


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _parse_array(content: bytes, name: str) -> npt.NDArray[Any] | str:
    """The array, or the single text, in the content of a `.npy` file.

    Raises: ValueError if it is damaged, or its header does not match the data after it.
    """
    found = _NPY.match(content)
    if found is None:
        raise ValueError(f"{name!r} has no header of an array of numbers")
    length = int.from_bytes(found["short"] or found["long"], "little")
    header = _NPY_HEADER.fullmatch(content, found.end(), min(found.end() + length, len(content)))
    if header is None:
        raise ValueError(f"{name!r} has no header of an array of numbers")
    data = memoryview(content)[header.end() :]
    shape = tuple(int(size) for size in header["shape"].split(b",") if size.strip())
    descr = header["descr"].decode()
    dtype = np.dtype(descr)
    # Python's integers, whose product cannot overflow
    if len(shape) > MAX_DIMS or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"{name!r} claims {descr} values of shape {shape} in {len(data):,} bytes")
    if dtype.kind == "U":
        if shape:
            raise ValueError(f"{name!r} is several texts")
        return bytes(data).decode("utf-32-be" if descr[0] == ">" else "utf-32-le").rstrip("\0")
    values: npt.NDArray[Any] = np.frombuffer(data, dtype)
    if header["fortran"] == b"True":
        values = values.reshape(shape[::-1]).T
    return values.reshape(shape).astype(dtype.newbyteorder("="))  # a writable copy


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> CheckpointError:
    if isinstance(error, IsADirectoryError):
        return CheckpointError(f"cannot write {path}: it is a folder; name a file in it.")
    return CheckpointError(f"cannot write {path}: {error.strerror or error}. Choose another place.")
