"""Making a batch of examples."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableSequence, Sequence
from typing import Any

import numpy as np

import minitorch_tensor as mt
from minitorch_tensor import Tensor


def default_convert(data: Any) -> Any:
    """numpy arrays and numbers as tensors, also within dictionaries, tuples and lists; anything
    else as it is."""
    if isinstance(data, (np.ndarray, np.generic)):
        return mt.tensor(data) if np.asarray(data).dtype.kind in "fiub" else data
    return _rebuilt(data, default_convert)


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch of examples that are alike: tensors and arrays are stacked, numbers become a tensor,
    texts a list; in dictionaries, tuples and lists each place becomes a batch of its own.

    Keys that the first of several dictionaries does not have are left out.

    Raises: RuntimeError for shapes or lengths that differ; KeyError for a dictionary that lacks a
        key of the first; TypeError for other kinds of examples.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        _check_shapes([tuple(x.shape) for x in batch])
        return mt.stack(list(batch))
    if isinstance(first, np.ndarray):
        if first.dtype.kind not in "fiub":
            raise TypeError(f"default_collate: wanted arrays of numbers, got {first.dtype}.")
        _check_shapes([x.shape for x in batch])
        return mt.tensor(np.stack(batch))
    if isinstance(first, float):
        return mt.tensor(list(batch), dtype=mt.float64)
    if isinstance(first, np.generic) and first.dtype.kind in "fiub":
        return mt.tensor(np.stack(batch))
    if isinstance(first, int):  # a bool is one
        return mt.tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        for key in first:
            if any(key not in example for example in batch):
                raise KeyError(f"default_collate: {key!r} is in the first example, not in all.")
        return _like(first, {key: default_collate([d[key] for d in batch]) for key in first})
    if isinstance(first, Sequence):
        sizes = sorted({len(example) for example in batch})
        if len(sizes) > 1:
            raise RuntimeError(
                f"default_collate: sequences of {' and '.join(map(str, sizes))} elements make no "
                "batch. Pass collate_fn= to pad them."
            )
        places = [default_collate(place) for place in zip(*batch)]
        if isinstance(first, tuple) and hasattr(first, "_fields"):
            return type(first)(*places)
        if isinstance(first, MutableSequence) and type(first) is not list:
            kept = copy.copy(first)
            for place, value in enumerate(places):
                kept[place] = value
            return kept
        return places
    raise TypeError(
        "default_collate: wanted tensors, arrays, numbers, texts, dictionaries or lists, got "
        f"{type(first).__name__}. Pass collate_fn= to make batches of them."
    )


def _check_shapes(shapes: list[tuple[int, ...]]) -> None:
    different = sorted(set(shapes))
    if len(different) > 1:
        raise RuntimeError(
            f"default_collate: shapes {' and '.join(map(str, different[:2]))} make no batch. Pad "
            "or crop the examples to one shape, or pass collate_fn=."
        )


def _rebuilt(data: Any, change: Any) -> Any:
    """Containers with each value changed; anything else as it is."""
    if isinstance(data, Mapping):
        return _like(data, {key: change(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*[change(value) for value in data])
    if isinstance(data, (tuple, list)):
        return [change(value) for value in data]
    return data


def _like(original: Mapping[Any, Any], content: dict[Any, Any]) -> Any:
    """The content in a mapping of the original's type, if that can be made of a dictionary."""
    if type(original) is dict:
        return content
    try:
        return type(original)(content)  # type: ignore[call-arg]
    except TypeError:
        return content


__all__ = ["default_collate", "default_convert"]
