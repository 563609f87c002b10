"""The IDX file format: one array of numbers, as MNIST is published.

A file is: two zero bytes, a code for the type, the number of dimensions, each size as a big-endian
32-bit number, then the values, big-endian, last dimension fastest. It may be gzipped.
Source: "The IDX file format" on the MNIST page (LeCun, Cortes and Burges).
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minitorch_datasets._files import StrPath, read_bytes
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

    Returns: a new array of the shape and the type in the file, in the machine's byte order.
    Raises: DatasetError if the file cannot be read, is no IDX file, or is longer or shorter than
        its header says.
    """
    return parse_idx(read_content(path), path)


def read_content(path: StrPath) -> bytes:
    """The bytes of a file, decompressed if it is gzipped; DatasetError if that fails."""
    content = read_bytes(path)
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise DatasetError(
            f"{path}: the gzip data ends early, after {len(content)} bytes: the file is truncated",
            _AGAIN,
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path}: the gzip data is damaged: {error}", _AGAIN) from error


def parse_idx(content: bytes, source: StrPath) -> NDArray[Any]:
    """The array in the decompressed content of an IDX file; errors name the source."""
    magic = content[:4]
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
    start = 4 + 4 * ndim
    if len(content) < start:
        raise DatasetError(
            f"{source}: truncated in its header: holds {len(content)} bytes, wanted {start} for "
            f"{ndim} dimensions",
            _AGAIN,
        )
    dtype = _DTYPES[code]
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", ndim, offset=4))
    wanted = start + math.prod(shape) * dtype.itemsize
    if len(content) != wanted:
        state = "truncated" if len(content) < wanted else "longer than its header says"
        raise DatasetError(
            f"{source}: {state}: holds {len(content)} bytes, wanted {wanted} for "
            f"{dtype.name} values of shape {shape}",
            _AGAIN,
        )
    try:
        values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # a size of 0 beside sizes beyond what numpy can count
        raise DatasetError(
            f"{source}: shape {shape} in the header, wanted one that fits in memory", _AGAIN
        ) from error
    return values.astype(dtype.newbyteorder("="))


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
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)  # gone already, if all went well
