"""Saving a trained model: a state_dict and what is needed to build the model around it again.

The file is a numpy archive (`.npz`): every tensor under its name, and the metadata as JSON text.
It is read without unpickling anything, so a file from a stranger runs no code.
"""

from __future__ import annotations

import json
import os
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


class CheckpointError(ValueError):
    """A file is not a checkpoint, or cannot be read or written. The message is one line."""


class Checkpoint(NamedTuple):
    """What a file held: values by name, and the metadata given when it was saved."""

    state_dict: dict[str, npt.NDArray[Any]]
    metadata: dict[str, Any]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check, before hours of training, that a checkpoint can be written to `path`.

    Missing folders are made.

    Raises: CheckpointError that says what stands in the way.
    """
    target = Path(path)
    if target.is_dir():
        raise CheckpointError(f"cannot write {target}: it is a folder; name a file in it.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
            pass
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise CheckpointError(
            f"cannot write {target}: {error.strerror}. Choose another place."
        ) from None


def save_checkpoint(
    path: str | os.PathLike[str], state_dict: Mapping[str, Tensor], metadata: Mapping[str, Any]
) -> None:
    """Write values and metadata. The file appears whole or not at all.

    Args:
        metadata: whatever JSON can hold.

    Raises: CheckpointError if it cannot be written.
    """
    target = Path(path)
    arrays = {name: np.asarray(value.detach().numpy()) for name, value in state_dict.items()}
    arrays[METADATA] = np.array(json.dumps(dict(metadata)))
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)  # mkstemp makes files that only their owner can read
        temporary.replace(target)
    except OSError as error:
        raise CheckpointError(
            f"cannot write {target}: {error.strerror}. Choose another place."
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    Raises: CheckpointError if the file is missing, damaged, or something else.
    """
    target = Path(path)
    try:
        with np.load(target, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        metadata = json.loads(str(arrays.pop(METADATA)))
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {target}. Train first, or name the file that training wrote."
        ) from None
    except OSError as error:
        raise CheckpointError(
            f"cannot read {target}: {error.strerror or error}."
        ) from None
    except (ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile):
        raise CheckpointError(
            f"{target} is not a checkpoint of this program, or is damaged. Train again."
        ) from None
    if not isinstance(metadata, dict):
        raise CheckpointError(f"{target} is damaged: its metadata is no dictionary. Train again.")
    return Checkpoint(arrays, metadata)
