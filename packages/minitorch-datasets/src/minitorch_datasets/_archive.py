"""Reading gzipped tar archives of unknown origin, forward only and within limits."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator

from minitorch_datasets._files import StrPath, check_size, reading, unpacked_limit
from minitorch_datasets.errors import DatasetError

_GZIP_MAGIC = b"\x1f\x8b"

#: The most bytes of all headers of one member: its name, and other pax attributes.
_LARGEST_HEADER = 1 << 20

#: Exceptions from reading a damaged archive; RecursionError if headers refer to headers.
_DAMAGE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


def members(
    path: StrPath, wanted: re.Pattern[str], largest: int, title: str
) -> Iterator[tuple[str, bytes]]:
    """Name and content of the members whose names match, in the order they are stored.

    Args:
        path: the archive.
        wanted: found somewhere in a name.
        largest: the most bytes that a member may have.
        title: the archive's usual name, for error messages.
    Raises: DatasetError if it is not gzipped, damaged, or larger than a file of its size should be.
    """
    with reading(path) as file:
        if file.read(len(_GZIP_MAGIC)) != _GZIP_MAGIC:
            raise DatasetError(
                f"{path}: is not gzipped, wanted the archive {title}",
                "Was a web page saved in its place? Get the file again",
            )
        file.seek(0)
        limit = unpacked_limit(file)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                content = _Content(unpacked, 4 * limit)  # includes headers
                for name, member in _members(content, wanted, largest):
                    limit -= len(member)
                    check_size(path, -min(0, limit), 0)
                    yield name, member
                content.finish()
        except DatasetError:  # which is a ValueError as well
            raise
        except _DAMAGE as error:
            raise DatasetError(
                f"{path}: the archive is damaged or truncated ({error})", "Get the file again"
            ) from error


class _Content:
    """The unpacked archive as a stream for tarfile: forward only, with a limited size.

    tarfile reads as much as a header claims, and headers may follow one another without end.

    Args:
        unpacked: the content; it checks gzip's checksum at its end.
        limit: the most bytes in all.
    """

    def __init__(self, unpacked: gzip.GzipFile, limit: int) -> None:
        self._unpacked = unpacked
        self._limit = limit
        self.allowed = 0
        self.last = b""

    def tell(self) -> int:
        return self._unpacked.tell()

    def seek(self, place: int) -> None:
        if not self.tell() <= place <= self._limit:
            raise tarfile.ReadError(f"a member ends at {place:,}")
        self._unpacked.seek(place)

    def read(self, size: int) -> bytes:
        self.allowed -= size
        if self.allowed < 0 or self.tell() + size > self._limit:
            raise tarfile.ReadError(f"a member claims more than {size:,} bytes")
        self.last = self._unpacked.read(size)
        return self.last

    def finish(self) -> None:
        """Read the rest, so that the checksum is checked."""
        while self.tell() <= self._limit:
            if not self._unpacked.read(1 << 20):
                return
        raise tarfile.ReadError(f"it goes on after {self._limit:,} bytes")


def _members(
    content: _Content, wanted: re.Pattern[str], largest: int
) -> Iterator[tuple[str, bytes]]:
    """Name and content of every wanted member of an unpacked archive."""
    content.allowed = _LARGEST_HEADER
    archive = tarfile.open(fileobj=content, mode="r:")  # type: ignore[call-overload]  # noqa: SIM115
    while member := archive.next():
        archive.members.clear()  # otherwise it keeps millions of them
        if wanted.search(member.name) and member.isreg():
            if member.issparse():
                raise tarfile.ReadError(f"{member.name!r} is sparse, which no such file is")
            if member.size > largest:
                raise tarfile.ReadError(f"{member.name!r} claims {member.size:,} bytes")
            content.seek(member.offset_data)
            content.allowed = member.size
            found = content.read(member.size)
            if len(found) < member.size:
                raise EOFError(f"{member.name!r} ends early")
            yield member.name, found
        content.allowed = _LARGEST_HEADER
    if content.last.strip(b"\0"):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError(f"no header at {archive.offset:,}")
