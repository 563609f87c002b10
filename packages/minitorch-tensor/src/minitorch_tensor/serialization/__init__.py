"""Saving and loading nested dictionaries and lists of tensors and plain values, in files that run
no code when they are read.

`structure` describes what is not a tensor, `container` is the file (safetensors), and `foreign`
reads PyTorch's own files.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from minitorch_tensor.files import write_file
from minitorch_tensor.registry import HOST, Place, device, get_backend
from minitorch_tensor.serialization.container import pack, unpack
from minitorch_tensor.serialization.errors import FileError, NotPlain
from minitorch_tensor.serialization.foreign import LEGACY, ZIP, read_pytorch

#: Where tensors go that are loaded: a device, or PyTorch's other ways to say so.
MapLocation: TypeAlias = "Place | Mapping[str, Place] | Callable[..., Any] | None"


def save(
    obj: Any,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int | None = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors and plain values, nested in dictionaries, lists and tuples.

    The file is a safetensors file (format 1 of MiniTorch's): a `state_dict` in it is read by any
    library that reads those, each tensor under its own name. The rest is JSON in its metadata. Two
    names of one tensor are one tensor again when they are loaded; a view is saved as a tensor of
    its own. numpy arrays and numbers, dtypes, devices, bytes and sets are plain values, too.

    Args:
        obj: what is saved; its tensors may be on any device.
        f: a path, where the file appears whole or not at all, or a file that is open for writing.
        pickle_module, pickle_protocol, _use_new_zipfile_serialization: accepted for PyTorch's sake.

    Raises: NotPlain, a TypeError, for anything else, by its place and the way out; OSError if the
        file cannot be written.
    """
    content = pack(obj)
    if hasattr(f, "write"):
        f.write(content)
    else:
        write_file(f, content)


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Read what `save` wrote, another library's safetensors file, or a `.pt` file of PyTorch's.

    No code in the file is run, and no more memory is taken than it holds bytes: it need not be
    trusted. Of PyTorch's files those since 1.6 are read, with tensors, dictionaries and plain
    values. float16 and bfloat16 become float32, int8 and int16 become int32.

    Args:
        f: a path, or a file that is open for reading.
        map_location: the device of the loaded tensors, by default "cpu"; or as PyTorch has it a
            dictionary of devices (the tensors' own is "cpu"), or a function, which leaves them.
        pickle_module, weights_only, mmap: accepted for PyTorch's sake.

    Raises: FileError, a ValueError, for a file that is damaged, of another kind, or has more than
        data in it; OSError if it cannot be read.
    """
    if hasattr(f, "read"):
        name, content = getattr(f, "name", "the file"), f.read()
    else:
        name, content = os.fspath(f), Path(f).read_bytes()
    backend = get_backend(_destination(map_location))
    if content.startswith(LEGACY):
        raise FileError(
            str(name),
            "it has the format from before PyTorch 1.6. Load it with PyTorch and save it again.",
        )
    if content[:4] == ZIP:
        return read_pytorch(str(name), io.BytesIO(content), backend)
    return unpack(str(name), content, backend)


def _destination(map_location: MapLocation) -> Place:
    if map_location is None or (callable(map_location) and not isinstance(map_location, device)):
        return HOST
    if isinstance(map_location, Mapping):
        return map_location.get(HOST, HOST)
    return map_location


__all__ = ["FileError", "NotPlain", "load", "save"]
