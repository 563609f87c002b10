"""The state of training in a file, so that it goes on exactly where it was interrupted.

The file is what `minitorch_tensor.save` writes: safetensors, in which the weights are called
`model.NAME` and the optimizer's tensors `optimizer.state.NUMBER.NAME`; numbers, random states and
settings are JSON in its metadata.
"""

from __future__ import annotations

import io
import os
import platform
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_tensor as mt
from minitorch_nn.checkpoint import CheckpointError
from minitorch_nn.module import Module
from minitorch_nn.optim import Optimizer
from minitorch_nn.training.results import EpochResult
from minitorch_tensor import Generator, Tensor, default_generator
from minitorch_tensor.files import write_file
from minitorch_tensor.serialization import FileError, load, save

#: The version of the layout, raised when older programs would misread it.
FORMAT = 1

#: What a checkpoint says of the versions that wrote it.
LAYERS = ("minitorch-autodiff", "minitorch-tensor", "minitorch-backends", "minitorch-nn", "numpy")

#: What is behind a checkpoint's name for the one before it.
PREVIOUS = ".previous"


@dataclass
class Progress:
    """Where training is.

    Attributes:
        results: of the epochs that are done.
        batch: how many batches of the next epoch are done.
        step: how many batches are done in all.
        seconds: that the next epoch has taken so far.
        tally: the sums over its batches.
        at_epoch: the random states when it began.
        best: the weights of the best epoch, if they are kept.
    """

    results: list[EpochResult] = field(default_factory=list)
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    tally: dict[str, Any] = field(default_factory=dict)
    at_epoch: dict[str, Any] | None = None
    best: dict[str, Tensor] = field(default_factory=dict)


def save_state(
    path: str | os.PathLike[str],
    progress: Progress,
    parts: Mapping[str, Any],
    data: Mapping[str, Any],
    notes: Mapping[str, Any],
) -> None:
    """Write a checkpoint; the one that was there becomes the previous one.

    Args:
        path: the file; it appears whole or not at all.
        progress: where training is.
        parts: model, optimizer and scheduler, as far as there are.
        data: the batches, whose random states are kept.
        notes: what else is to be kept: settings, a vocabulary.

    Raises: CheckpointError if it cannot be written; the old one stays then.
    """
    place = Path(path)
    state = {
        "format": FORMAT,
        "versions": versions(),
        **{name: part.state_dict() for name, part in parts.items()},
        "best": progress.best,
        "random": random_states(data),
        "progress": {
            "results": [result.to_dict() for result in progress.results],
            "batch": progress.batch,
            "step": progress.step,
            "seconds": progress.seconds,
            "tally": progress.tally,
            "at_epoch": progress.at_epoch,
        },
        "notes": dict(notes),
    }
    content = io.BytesIO()
    save(state, content)
    new = place.with_name(place.name + ".new")
    try:
        write_file(new, content.getvalue())
        if place.exists():
            place.replace(previous(place))
        new.replace(place)
    except OSError as error:
        raise CheckpointError(
            f"cannot write {path}: {error.strerror or error}. What was written before is still "
            "there; make room, and go on from it."
        ) from None


def previous(path: str | os.PathLike[str]) -> Path:
    """Where the checkpoint before the last is kept."""
    place = Path(path)
    return place.with_name(place.name + PREVIOUS)


def load_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `save_state` wrote; it need not be trusted.

    Raises: CheckpointError, in one line, if it is missing, damaged, or of another kind.
    """
    try:
        state = load(path)
    except FileNotFoundError:
        raise CheckpointError(
            f"no checkpoint {path}. Train first, or name the file that training wrote."
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}.") from None
    except (FileError, MemoryError) as error:
        told = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"{path} is not a checkpoint, or is damaged. Name another file, or train again: {told}"
        ) from None
    if not isinstance(state, dict) or not isinstance(state.get("format"), int):
        raise CheckpointError(
            f"{path} holds values, but not where training was. Name a file that fit wrote."
        )
    if state["format"] != FORMAT:
        raise CheckpointError(
            f"{path} has format {state['format']}, and this minitorch-nn reads {FORMAT}. Upgrade "
            "it: pip install --upgrade minitorch-nn."
        )
    return state


def restore(
    path: str | os.PathLike[str],
    state: Mapping[str, Any],
    parts: Mapping[str, Any],
    data: Mapping[str, Any],
) -> Progress:
    """Put the parts in the state that a checkpoint holds; the random states of the data are set
    last of all, by `fit`.

    Raises: CheckpointError if the checkpoint is of another model, optimizer or scheduler.
    """
    try:
        for name, part in parts.items():
            part.load_state_dict(_to_place(state[name], part))
        at = state["progress"]
        progress = Progress(
            [EpochResult.from_dict(result) for result in at["results"]],
            int(at["batch"]),
            int(at["step"]),
            float(at["seconds"]),
            dict(at["tally"]),
            at["at_epoch"],
            dict(state["best"]),
        )
        for states in (progress.at_epoch, state["random"]):
            if states is not None:
                set_random_states(states, data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        told = " ".join(str(error).split())[:300]
        raise CheckpointError(
            f"{path} does not fit what is to be trained: {told or type(error).__name__}. Give the "
            "model, optimizer and scheduler that it was written with."
        ) from None
    return progress


def _to_place(state: Any, part: object) -> Any:
    """The tensors of a state on the device of what takes them."""
    parameter = None
    if isinstance(part, Module):
        parameter = next(iter(part.parameters()), None)
    elif isinstance(part, Optimizer):
        parameter = part.param_groups[0]["params"][0]
    if parameter is None:
        return state

    def moved(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(parameter.backend)
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        return value

    return moved(state)


def versions() -> dict[str, str]:
    """The versions of Python and of the layers that are installed."""
    found = {"python": platform.python_version()}
    for name in LAYERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# -- random states --------------------------------------------------------------------------------


def random_states(data: Mapping[str, Any]) -> dict[str, Any]:
    """The states of all that draws: the default generator, Python's and numpy's, and the data's."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - a person's program may draw from it
    return {
        "default": default_generator.get_state(),
        "python": random.getstate(),
        "numpy": (kind, [int(key) for key in keys], *rest),
        "data": {name: _data_state(batches) for name, batches in data.items()},
    }


def set_random_states(states: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Set what `random_states` gave.

    Raises: KeyError, TypeError or ValueError for anything else.
    """
    default_generator.set_state(states["default"])
    random.setstate(states["python"])
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))  # noqa: NPY002
    for name, batches in data.items():
        kept = states["data"][name]
        if kept is None:
            continue
        if hasattr(batches, "load_state_dict"):
            batches.load_state_dict(kept)
        else:
            batches.generator.set_state(kept)


def _data_state(batches: Any) -> Any:
    if hasattr(batches, "state_dict"):
        return batches.state_dict()
    generator = getattr(batches, "generator", None)
    return generator.get_state() if isinstance(generator, Generator) else None


def copied(model: Module) -> dict[str, Tensor]:
    """A model's values, which later steps do not change."""
    with mt.no_grad():
        return {name: value.clone() for name, value in model.state_dict().items()}
