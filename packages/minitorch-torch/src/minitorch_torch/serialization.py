"""`save` and `load` with PyTorch's way of keeping whole modules, which are pickles.

What is plain data goes to `minitorch_tensor.save`, whose files run no code. A module, or anything
else that is not plain, is pickled, and such a file is loaded only with `weights_only=False`: it can
run any code that it names.
"""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import IO, Any

import minitorch_tensor as mt
from minitorch_tensor.files import write_file
from minitorch_tensor.serialization import FileError, MapLocation, NotPlain

#: How a pickle begins, from protocol 2 on.
_PICKLE = b"\x80"


def save(
    obj: Any,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int | None = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors and plain values as data; anything else, such as a whole module, as a pickle.

    Args:
        obj: what is saved.
        f: a path, where the file appears whole or not at all, or a file that is open for writing.
        pickle_module, pickle_protocol: accepted for PyTorch's sake.

    Raises: OSError if the file cannot be written; as pickle for what cannot be pickled.
    """
    buffer = io.BytesIO()
    try:
        mt.save(obj, buffer)
    except NotPlain:
        buffer = io.BytesIO(pickle.dumps(obj))
    if hasattr(f, "write"):
        f.write(buffer.getvalue())
    else:
        write_file(f, buffer.getvalue())


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Read what `save` wrote, a safetensors file, or a `.pt` file of PyTorch's.

    Args:
        f: a path, or a file that is open for reading.
        map_location: as for `minitorch_tensor.load`; a pickle's tensors go where they were.
        weights_only: false to unpickle a whole module, which may run any code.
        pickle_module, mmap: accepted for PyTorch's sake.

    Raises: FileError, a ValueError, for a file that is damaged, or that is a pickle and
        weights_only is true; OSError if it cannot be read.
    """
    if hasattr(f, "read"):
        name, content = getattr(f, "name", "the file"), f.read()
    else:
        name, content = os.fspath(f), Path(f).read_bytes()
    if not content.startswith(_PICKLE) or not content.endswith(b"."):
        file = io.BytesIO(content)
        file.name = str(name)
        return mt.load(file, map_location)
    if weights_only:
        raise FileError(
            str(name),
            "it is a pickle, which may run any code. Where you trust it, pass weights_only=False; "
            "better, save a state_dict.",
        )
    return pickle.loads(content)


__all__ = ["load", "save"]
