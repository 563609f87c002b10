"""Trained models in files: saving, loading, and refusing files that do not match."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_nn import Module
from minitorch_nn.checkpoint import (
    METADATA,
    Checkpoint,
    CheckpointError,
    check_writable,
    load_checkpoint,
    pack_checkpoint,
    save_checkpoint,
)
from minitorch_tensor import Tensor
from minitorch_tensor.files import write_file
from minitorch_tensor.serialization import FileError, load, save

Choice = TypeVar("Choice")


class Stateful(Protocol):
    """What can be saved: a Module, or another that gives its values as tensors by name."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """The values by name."""


#: The files of a run's folder that hold a model: the trained one, and the best until then.
MODEL = "model.safetensors"
BEST = "best.safetensors"


def check_room(
    path: str, model: Stateful, program: str, version: str, metadata: Mapping[str, Any]
) -> None:
    """Check, before a model is trained, that `save_model` will be able to write it.

    Raises: CheckpointError that names the obstacle.
    """
    described = _described(program, version, metadata)
    check_writable(path, len(_packed(path, model, described)))


def save_model(
    path: str, model: Stateful, program: str, version: str, metadata: Mapping[str, Any]
) -> None:
    """Write a trained model for `load_model`, with the metadata needed to build it again.

    A name that ends in `.safetensors` makes a safetensors file, in which each tensor has its own
    name and the metadata are JSON; any other a numpy archive.

    Raises: CheckpointError if it cannot be written.
    """
    described = _described(program, version, metadata)
    if not path.endswith(".safetensors"):
        save_checkpoint(path, model.state_dict(), described)
        return
    try:
        write_file(path, _packed(path, model, described))
    except OSError as error:
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}. Choose another place."
        ) from None


def _packed(path: str, model: Stateful, described: Mapping[str, Any]) -> bytes:
    """The content of the file."""
    if not path.endswith(".safetensors"):
        return pack_checkpoint(model.state_dict(), described)
    content = io.BytesIO()
    save({**model.state_dict(), METADATA: dict(described)}, content)
    return content.getvalue()


def read_model(path: str) -> Checkpoint:
    """The values and metadata of a model's file, of either kind, or of a run's folder: there the
    trained model, or the best so far where training has not ended.

    Raises: CheckpointError, in one line, if there is none, or it is damaged.
    """
    place = Path(path)
    if place.is_dir():
        found = next((place / name for name in (MODEL, BEST) if (place / name).is_file()), None)
        if found is None:
            raise CheckpointError(
                f"{path} is a folder without a trained model. Train first, or name another."
            )
        place = found
    if not place.is_file() or not _is_safetensors(place):
        return load_checkpoint(place)
    try:
        content = load(place)
        metadata = content.pop(METADATA)
        values = {name: value.numpy() for name, value in content.items()}
    except (FileError, MemoryError, KeyError, AttributeError, TypeError) as error:
        told = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{place} is not a trained model, or is damaged. Name another file, or train again: "
            f"{told or type(error).__name__}."
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot read {place}: {error.strerror or error}.") from None
    if not isinstance(metadata, dict):
        raise CheckpointError(f"{place}: its metadata is no dictionary. Train again.")
    return Checkpoint(values, metadata)


def _is_safetensors(place: Path) -> bool:
    """True if a file begins as those do: eight bytes of length, and an object of JSON."""
    try:
        with place.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError:
        return False


def _described(program: str, version: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"program": program, "version": version, **metadata}


def load_model(
    path: str, program: str, build: Callable[[Checkpoint], Module]
) -> tuple[Module, dict[str, Any]]:
    """Read a model that `save_model` wrote.

    Args:
        path: the file, or the folder of a run.
        program: the program that must have written it.
        build: makes the model that the file describes; its values are overwritten.

    Returns: the model in evaluation mode, and the metadata.
    Raises: CheckpointError if the file is missing, damaged, or another program's, or its values do
        not match the model.
    """
    checkpoint = read_model(path)
    metadata = checkpoint.metadata
    if metadata.get("program") != program:
        raise CheckpointError(
            f"{path} was written by {str(metadata.get('program', 'another program'))[:60]}, not by "
            f"{program}. Name the file that `{program} train` wrote."
        )
    model = build(checkpoint)
    _check_values(path, model, checkpoint.state_dict)
    try:
        model.load_state_dict(checkpoint.state_dict)
    except ValueError as error:
        told = " ".join(str(error).split())  # it has a line for each value
        raise CheckpointError(f"{path}: {told}") from None
    return model.eval(), metadata


def _check_values(path: str, model: Module, state_dict: Mapping[str, npt.NDArray[Any]]) -> None:
    """Check that values have the right kind of dtype, and are finite.

    Raises: CheckpointError that names the first bad value.
    """
    for name, own in model.state_dict().items():
        values = state_dict.get(name)
        if values is None:  # load_state_dict reports it
            continue
        kinds = "f" if own.dtype.kind == "float" else "iub"
        if values.dtype.kind not in kinds:
            raise CheckpointError(
                f"{path}: {name} holds {values.dtype} values, wanted {own.dtype}. Train again."
            )
        with np.errstate(over="ignore"):  # overflow becomes infinite
            finite = np.isfinite(values.astype(own.dtype.name))
        if not finite.all():
            raise CheckpointError(
                f"{path}: {name} holds NaN or infinite values, with which no answer is any good. "
                "Train again."
            )


def named_network(
    path: str, program: str, version: str, networks: Mapping[str, Choice], name: object
) -> Choice:
    """The network that a checkpoint names.

    Raises: CheckpointError if the program has no network of that name.
    """
    if not isinstance(name, str) or name not in networks:
        raise CheckpointError(
            f"{path} holds the network {repr(name)[:60]}, which {program} {version} does not "
            f"have: it has {', '.join(sorted(networks))}. Train again."
        )
    return networks[name]


def probabilities(path: str, logits: Tensor) -> npt.NDArray[Any]:
    """The probability of each class (N, C), from logits (N, C).

    Raises: CheckpointError if one is NaN: the values in the file are too large.
    """
    shares = logits.softmax(1).numpy()
    if not np.isfinite(shares).all():
        raise CheckpointError(
            f"{path}: its network gives no numbers: its values are too large. Train again."
        )
    return shares
