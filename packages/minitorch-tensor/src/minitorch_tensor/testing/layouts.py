"""The same elements in memory in every way that a view can arrange them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.backend import Backend
from minitorch_tensor.creation import tensor
from minitorch_tensor.tensor import Tensor

Array = npt.NDArray[Any]


def contiguous(x: Array, backend: Backend) -> Tensor:
    """Row by row, on its own."""
    return tensor(x, device=backend)


def permuted(x: Array, backend: Backend) -> Tensor:
    """Column by column: the transpose of what lies row by row."""
    order = tuple(reversed(range(x.ndim)))
    return tensor(x.transpose(order).copy(), device=backend).permute(order)


def offset(x: Array, backend: Backend) -> Tensor:
    """Inside of a larger block, with other elements before, between and after."""
    frame = np.full([n + 3 for n in x.shape], 77).astype(x.dtype)
    inside = tuple([slice(1, n + 1) for n in x.shape])
    frame[inside] = x
    return tensor(frame, device=backend)[inside]


def stepped(x: Array, backend: Backend) -> Tensor:
    """Every second element of a larger block, along every dimension."""
    frame = np.full([2 * n + 1 for n in x.shape], 77).astype(x.dtype)
    every_second = tuple([slice(1, 2 * n + 1, 2) for n in x.shape])
    frame[every_second] = x
    return tensor(frame, device=backend)[every_second]


def reversed_(x: Array, backend: Backend) -> Tensor:
    """Back to front, along every dimension, by negative strides."""
    backwards = tuple([slice(None, None, -1)] * x.ndim)
    return tensor(x[backwards].copy(), device=backend)[backwards]


def expanded(x: Array, backend: Backend) -> Tensor:
    """One element where others are equal to it, by strides of 0."""
    shape = x.shape
    for dim, n in enumerate(shape):
        first = x.take([0], axis=dim) if n > 1 else x
        if n > 1 and np.array_equal(np.broadcast_to(first, x.shape), x, equal_nan=_has_nan(x)):
            x = first
    return tensor(x, device=backend).expand(shape)


def _has_nan(x: Array) -> bool:
    return x.dtype.kind == "f"


#: Every layout by name: from an array and a backend a tensor with its elements.
LAYOUTS: dict[str, Callable[[Array, Backend], Tensor]] = {
    "contiguous": contiguous,
    "permuted": permuted,
    "offset": offset,
    "stepped": stepped,
    "reversed": reversed_,
    "expanded": expanded,
}


def arrange(x: Array, layout: str, backend: Backend) -> Tensor:
    """The elements of x as a tensor in a layout of `LAYOUTS`."""
    return LAYOUTS[layout](x, backend)
