"""The part of what is saved that is not tensors, as JSON.

Texts, bools, None, integers, finite floats and lists are JSON's own. Everything else is an object
with one key, which says what it is: {"dict": [[key, value], ...]}, {"tensor": name}, and so on.
"""

from __future__ import annotations

import base64
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_tensor import dtypes
from minitorch_tensor.dtypes import DType
from minitorch_tensor.registry import device
from minitorch_tensor.serialization.errors import NotPlain
from minitorch_tensor.tensor import Tensor

#: Stores a tensor or an array, given the path to it; returns its name.
Keep = Callable[[Any, tuple[Any, ...]], str]

#: Gives a stored tensor by its name.
Find = Callable[[str], Any]


def describe(value: Any, keep: Keep, path: tuple[Any, ...] = ()) -> Any:
    """A value as JSON.

    Raises: NotPlain for one that is not plain, with the path to it.
    """
    if value is None or isinstance(value, (str, bool)):
        if isinstance(value, str) and not _is_unicode(value):
            raise NotPlain(f"save: {_at(path)} is a text with a lone surrogate. Encode it first.")
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        return {"number": keep(np.asarray(value), path)}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    if isinstance(value, Tensor):
        stored = {"tensor": keep(value, path)}
        return {**stored, "requires_grad": True} if value.requires_grad else stored
    if isinstance(value, np.ndarray):
        return {"array": keep(value, path)}
    if isinstance(value, DType):
        return {"dtype": value.name}
    if isinstance(value, device):
        return {"device": str(value)}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": base64.b64encode(value).decode()}
    return _container(value, keep, path)


def _container(value: Any, keep: Keep, path: tuple[Any, ...]) -> Any:
    if isinstance(value, dict):
        kind = "ordered" if isinstance(value, OrderedDict) else "dict"
        pairs = [
            [describe(key, keep, (*path, "a key")), describe(item, keep, (*path, key))]
            for key, item in value.items()
        ]
        return {kind: pairs}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [describe(item, keep, (*path, number)) for number, item in enumerate(value)]
        if isinstance(value, list):
            return items
        return {"tuple" if isinstance(value, tuple) else "set": items}
    kind = type(value).__name__
    advice = (
        "Save its state_dict() and load that into a new one."
        if hasattr(value, "state_dict")
        else "Save what it is made of: numbers, texts, lists, dictionaries, tensors."
    )
    raise NotPlain(f"save: {_at(path)} is of type {kind}, which is not plain data. {advice}")


def _at(path: tuple[Any, ...]) -> str:
    return "".join(f"[{key!r}]" for key in path) or "the object"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def rebuild(described: Any, find: Find) -> Any:
    """The value of a description.

    Raises: KeyError, TypeError, ValueError, AttributeError for what `describe` does not give.
    """
    if described is None or isinstance(described, (str, bool, int, float)):
        return described
    if isinstance(described, list):
        return [rebuild(item, find) for item in described]
    if not isinstance(described, dict):
        raise ValueError(f"{described!r} describes nothing")
    known = [kind for kind in described if kind in _REBUILT]
    if len(known) != 1 or described.keys() - {known[0], "requires_grad"}:
        raise ValueError(f"an object with the keys {sorted(described)} describes nothing")
    (kind,) = known
    made = _REBUILT[kind](described[kind], find)
    return made.requires_grad_() if described.get("requires_grad") is True else made


def _pairs(pairs: Any, find: Find) -> list[tuple[Any, Any]]:
    return [(rebuild(key, find), rebuild(value, find)) for key, value in pairs]


def _not_finite(text: Any, find: Find) -> float:
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[text]


def _dtype(name: Any, find: Find) -> DType:
    return {dtype.name: dtype for dtype in dtypes.ALL}[name]


_REBUILT: dict[str, Callable[[Any, Find], Any]] = {
    "tensor": lambda name, find: find(name),
    "array": lambda name, find: find(name).numpy(),
    "number": lambda name, find: find(name).numpy()[()],
    "dict": lambda pairs, find: dict(_pairs(pairs, find)),
    "ordered": lambda pairs, find: OrderedDict(_pairs(pairs, find)),
    "tuple": lambda items, find: tuple([rebuild(item, find) for item in items]),
    "set": lambda items, find: {rebuild(item, find) for item in items},
    "float": _not_finite,
    "dtype": _dtype,
    "device": lambda text, find: device(text),
    "bytes": lambda text, find: base64.b64decode(text, validate=True),
}
