"""Trained models in files: saving, loading, and refusing files that do not match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from minitorch_nn import Module
from minitorch_nn.checkpoint import (
    Checkpoint,
    CheckpointError,
    check_writable,
    load_checkpoint,
    pack_checkpoint,
    save_checkpoint,
)
from minitorch_tensor import Tensor

Choice = TypeVar("Choice")


def check_room(
    path: str, model: Module, program: str, version: str, metadata: Mapping[str, Any]
) -> None:
    """Check, before a model is trained, that `save_model` will be able to write it.

    Raises: CheckpointError that names the obstacle.
    """
    described = _described(program, version, metadata)
    check_writable(path, len(pack_checkpoint(model.state_dict(), described)))


def save_model(
    path: str, model: Module, program: str, version: str, metadata: Mapping[str, Any]
) -> None:
    """Write a trained model for `load_model`, with the metadata needed to build it again.

    Raises: CheckpointError if it cannot be written.
    """
    save_checkpoint(path, model.state_dict(), _described(program, version, metadata))


def _described(program: str, version: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"program": program, "version": version, **metadata}


def load_model(
    path: str, program: str, build: Callable[[Checkpoint], Module]
) -> tuple[Module, dict[str, Any]]:
    """Read a model that `save_model` wrote.

    Args:
        path: the file.
        program: the program that must have written it.
        build: makes the model that the file describes; its values are overwritten.

    Returns: the model in evaluation mode, and the metadata.
    Raises: CheckpointError if the file is missing, damaged, or another program's, or its values do
        not match the model.
    """
    checkpoint = load_checkpoint(path)
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
