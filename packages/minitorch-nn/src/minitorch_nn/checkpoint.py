"""Saving a trained model: a state_dict and what is needed to build the model around it again.

The file is a numpy archive (`.npz`): every tensor under its name, and the metadata as JSON text.
It is read without unpickling anything, so a file from a stranger runs no code.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch_tensor import Tensor

#: Where the metadata is kept in the archive; no dotted name of a tensor looks like it.
METADATA = "__metadata__"

#: What reading a damaged archive can raise; RuntimeError where the damage looks like a password.
DAMAGE = (zipfile.BadZipFile, EOFError, ValueError, KeyError, RuntimeError)

#: Reads and writes arrays; untyped in some of the numpy versions that we support.
_npy: Any = np.lib.format


class CheckpointError(ValueError):
    """A file is not a checkpoint, or cannot be read or written. The message is one line."""


class Checkpoint(NamedTuple):
    """What a file held: values by name, and the metadata given when it was saved."""

    state_dict: dict[str, npt.NDArray[Any]]
    metadata: dict[str, Any]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check, before hours of training, that a checkpoint can be written to `path`.

    Nothing is left behind, neither a file nor a folder.

    Raises: CheckpointError that says what stands in the way.
    """
    try:
        target = _resolved(path)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(13, "Permission denied")
        if not _is_special(target):
            folder = target.parent
            while not folder.exists():
                folder = folder.parent
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise _cannot_write(path, error) from None


def save_checkpoint(
    path: str | os.PathLike[str], state_dict: Mapping[str, Tensor], metadata: Mapping[str, Any]
) -> None:
    """Write values and metadata. The file appears whole or not at all; missing folders are made.

    Args:
        path: where. A file that is there is replaced, once the new one is complete.
        state_dict: tensors by name, of any backend.
        metadata: whatever JSON can hold.

    Raises: CheckpointError if it cannot be written; TypeError for metadata that JSON cannot hold.
    """
    content = _archive(state_dict, metadata)
    check_writable(path)
    temporary: Path | None = None
    try:
        target = _resolved(path)
        if _is_special(target):  # /dev/null, a pipe: to be written to, not replaced
            target.write_bytes(content)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        candidate = target.with_name(f".{secrets.token_hex(8)}.tmp")
        with candidate.open("xb") as file:
            temporary = candidate
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut after the renaming could leave it empty
        temporary.replace(target)
        temporary = None
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    Raises: CheckpointError if the file is missing, damaged, or something else.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {path}. Train first, or name the file that training wrote."
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}.") from None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            arrays = {
                info.filename.removesuffix(".npy"): _read_array(archive, info)
                for info in archive.infolist()
            }
        metadata = json.loads(str(arrays.pop(METADATA)))
        if not isinstance(metadata, dict):
            raise ValueError("the metadata is no dictionary")
    except DAMAGE:
        raise CheckpointError(
            f"{path} is no checkpoint, or is damaged. Name another file, or train again."
        ) from None
    return Checkpoint(arrays, metadata)


def _archive(state_dict: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> bytes:
    """The file's content: what `numpy.savez` would write, under any names."""
    arrays = {name: np.asarray(value.detach().numpy()) for name, value in state_dict.items()}
    arrays[METADATA] = np.array(json.dumps(dict(metadata)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                _npy.write_array(file, array, allow_pickle=False)
    return buffer.getvalue()


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed, which save_checkpoint does not do")
    # Read whole first: that compares the checksum before anything is made of the content.
    file = io.BytesIO(archive.read(info))
    array: npt.NDArray[Any] = _npy.read_array(file, allow_pickle=False)
    return array


def _resolved(path: str | os.PathLike[str]) -> Path:
    """Where a link leads, so that it is the file that is replaced and not the link."""
    target = Path(path).resolve()
    if target.is_dir() or os.fspath(path)[-1:] in ("", os.sep):
        raise CheckpointError(f"cannot write {path}: it is a folder; name a file in it.")
    return target


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> CheckpointError:
    return CheckpointError(f"cannot write {path}: {error.strerror or error}. Choose another place.")
