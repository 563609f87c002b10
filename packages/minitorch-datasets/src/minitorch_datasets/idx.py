"""The IDX file format: one array of numbers, as MNIST is published.

A file is: two zero bytes, a code for the type, the number of dimensions, each size as a big-endian
32-bit number, then the values, big-endian, last dimension fastest. It may be gzipped.
Source: "The IDX file format" on the MNIST page (LeCun, Cortes and Burges).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minitorch_datasets._files import StrPath, check_size, reading, scratch, unpacked_limit
from minitorch_datasets.errors import DatasetError

__all__ = ["read_idx", "write_idx"]

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"
_AGAIN = "The file is damaged or no IDX file; download or copy it again"
_MAX_DIMS = 32  # no numpy that this package supports has fewer


def read_idx(path: StrPath) -> NDArray[Any]:
    """Read an array from an IDX file, gzipped or not (told by its content, not its name).

    The sizes in the header are compared with the file before memory is allocated, and a gzipped
    file is not unpacked beyond them.

    Returns: a new array of the shape and the type in the file, in the machine's byte order.
    Raises: DatasetError if the file cannot be read, is not an IDX file, is longer or shorter than
        its header says, or unpacks to far more than a file of its size should.
    """
    values, _ = read_hashed(path)
    return values


def read_hashed(path: StrPath) -> tuple[NDArray[Any], str]:
    """The array of `read_idx`, and the SHA-256 of the file's content without gzip."""
    with reading(path) as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if not packed:
            return _read(file, path, unpacked_limit(file), os.fstat(file.fileno()).st_size)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(unpacked, path, unpacked_limit(file), None)
        except EOFError as error:
            raise DatasetError(
                f"{path}: the gzip data ends early, after {file.tell()} bytes: the file is "
                "truncated",
                _AGAIN,
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(f"{path}: the gzip data is damaged: {error}", _AGAIN) from error


def _read(
    stream: io.BufferedIOBase, source: StrPath, limit: int, held: int | None
) -> tuple[NDArray[Any], str]:
    """The array in the content of an IDX file, and the content's SHA-256.

    Args:
        stream: the content.
        source: its name in errors.
        limit: the most bytes that its header may claim.
        held: its actual number of bytes, if known.
    """
    header = _read_up_to(stream, bytearray(4))
    dtype, ndim = _parse_magic(header, source)
    header += _read_up_to(stream, bytearray(4 * ndim))
    start = 4 + 4 * ndim
    if len(header) < start:
        raise DatasetError(
            f"{source}: truncated in its header: holds {len(header)} bytes, wanted {start} for "
            f"{ndim} dimensions",
            _AGAIN,
        )
    shape = tuple(int(size) for size in np.frombuffer(header, ">u4", ndim, offset=4))
    wanted = start + math.prod(shape) * dtype.itemsize
    told = f"bytes, wanted {wanted} for {dtype.name} values of shape {shape}"
    if held is not None and held != wanted:
        state = "truncated" if held < wanted else "longer than its header says"
        raise DatasetError(f"{source}: {state}: holds {held} {told}", _AGAIN)
    check_size(source, wanted, limit)
    content = np.empty(wanted - start, np.uint8)
    found = len(_read_up_to(stream, content))
    if found < len(content):
        raise DatasetError(f"{source}: truncated: holds {start + found} {told}", _AGAIN)
    if stream.read(1):  # at the end gzip compares its checksum
        raise DatasetError(
            f"{source}: longer than its header says: holds more than {wanted} {told}", _AGAIN
        )
    digest = hashlib.sha256(header)
    digest.update(content.data)
    try:
        values = content.view(dtype).reshape(shape)
    except ValueError as error:  # a size of 0 beside sizes beyond what numpy can count
        raise DatasetError(
            f"{source}: shape {shape} in the header, wanted one that fits in memory", _AGAIN
        ) from error
    return values.astype(dtype.newbyteorder("="), copy=False), digest.hexdigest()


def _read_up_to(stream: io.BufferedIOBase, buffer: Any) -> Any:
    """The buffer, filled from the stream; only its filled beginning if the stream is shorter."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(memoryview(buffer)[filled:])
        if not count:
            break
        filled += count
    return buffer[:filled]


def _parse_magic(magic: bytes, source: StrPath) -> tuple[np.dtype[Any], int]:
    """The type of the values and the number of dimensions."""
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DatasetError(
            f"{source}: no IDX file: begins with {_hex(magic)}, wanted two zero bytes, "
            "a type and a number of dimensions",
            "Is it of another format, or an error page saved under this name?",
        )
    code, ndim = magic[2], magic[3]
    if code not in _DTYPES:
        known = ", ".join(f"{code:02x} {dtype.name}" for code, dtype in _DTYPES.items())
        raise DatasetError(
            f"{source}: unknown IDX type {code:02x} in the magic number {_hex(magic)}, wanted one "
            f"of {known}",
            _AGAIN,
        )
    if not 1 <= ndim <= _MAX_DIMS:
        raise DatasetError(
            f"{source}: {ndim} dimensions in the magic number {_hex(magic)}, wanted 1 to "
            f"{_MAX_DIMS}",
            _AGAIN,
        )
    return _DTYPES[code], ndim


def _hex(magic: bytes) -> str:
    return magic.hex(" ") or "nothing"


def write_idx(path: StrPath, array: ArrayLike) -> None:
    """Write an array as an IDX file, gzipped if the name ends in `.gz`.

    An existing file is replaced only once the new one is complete. Equal arrays give equal files.

    Raises: DatasetError if IDX has no code for the dtype, or the array has no dimension.
        OSError if the file cannot be written.
    """
    values = np.asarray(array)
    code = _CODES.get(values.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(dtype.name for dtype in _CODES)
        raise DatasetError(
            f"write_idx: IDX has no type for {values.dtype}, wanted one of {known}",
            "Convert with astype",
        )
    if not 1 <= values.ndim <= _MAX_DIMS:
        raise DatasetError(
            f"write_idx: an array of {values.ndim} dimensions, wanted 1 to {_MAX_DIMS}",
            "Reshape it",
        )
    sizes = np.array(values.shape, dtype=">u4").tobytes()
    content = bytes([0, 0, code, values.ndim]) + sizes + values.astype(_DTYPES[code]).tobytes()
    target = Path(path)
    if target.name.endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    # beside the target, so that replacing is one step of the file system
    with scratch(target.parent) as folder:
        temporary = folder / "file"
        temporary.write_bytes(content)
        temporary.replace(target)
