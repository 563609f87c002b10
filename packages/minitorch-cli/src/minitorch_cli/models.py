"""Trained models in files: save one, load it again, and refuse what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from minitorch_nn import Module
from minitorch_nn.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint

Choice = TypeVar("Choice")


def save_model(
    path: str, model: Module, program: str, version: str, metadata: Mapping[str, Any]
) -> None:
    """Write a trained model for `load_model`, with what it takes to build it again.

    Raises: CheckpointError if it cannot be written.
    """
    save_checkpoint(path, model.state_dict(), {"program": program, "version": version, **metadata})


def load_model(
    path: str, program: str, build: Callable[[Checkpoint], Module]
) -> tuple[Module, dict[str, Any]]:
    """Read a model that `save_model` wrote.

    Args:
        path: the file.
        program: which must have written it.
        build: makes the model that the file describes; its values are overwritten.

    Returns: the model in evaluation mode, and the metadata.
    Raises: CheckpointError if the file is missing, damaged, or another program's, or its values do
        not fit the model.
    """
    checkpoint = load_checkpoint(path)
    metadata = checkpoint.metadata
    if metadata.get("program") != program:
        raise CheckpointError(
            f"{path} was written by {metadata.get('program', 'another program')}, not by "
            f"{program}. Name the file that `{program} train` wrote."
        )
    model = build(checkpoint)
    try:
        model.load_state_dict(checkpoint.state_dict)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return model.eval(), metadata


def named_network(
    path: str, program: str, version: str, networks: Mapping[str, Choice], name: object
) -> Choice:
    """The network that a checkpoint names.

    Raises: CheckpointError if the program has no network of that name.
    """
    if not isinstance(name, str) or name not in networks:
        raise CheckpointError(
            f"{path} holds the network {name!r}, which {program} {version} does not have: it has "
            f"{', '.join(sorted(networks))}. Train again."
        )
    return networks[name]
