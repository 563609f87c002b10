"""Printing tensors as PyTorch does, with dtype, backend and history where they are not the
default."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtypes import bool_, float32, int64
from minitorch_tensor.registry import current_backend_name

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor

#: A tensor of more elements prints the first and last few along each dimension.
THRESHOLD = 1000
EDGE = 3

#: Digits after the decimal point, and characters per line.
PRECISION = 4
WIDTH = 80

_PREFIX = "tensor("


def format_tensor(x: Tensor) -> str:
    """`tensor([...])`, with dtype, backend and history where they are not the default."""
    array = x.backend.to_numpy(x._data)
    words = []
    if array.size == 0:
        text = "[]"
        if x.ndim != 1:
            words.append(f"size={x.shape}")
    else:
        summarize = array.size > THRESHOLD
        shown = _edges(array) if summarize else array
        text = _rows(array, len(_PREFIX), summarize, *_formatter(shown))
    if x.dtype not in (float32, int64, bool_) or (array.size == 0 and x.dtype is not float32):
        words.append(f"dtype={x.dtype}")
    if x.backend.name != current_backend_name():
        words.append(f"backend={x.backend.name!r}")
    if x.grad_fn is not None:
        words.append(f"grad_fn={x.grad_fn!r}")
    elif x.requires_grad:
        words.append("requires_grad=True")
    return _PREFIX + _with_words(text, words) + ")"


def _edges(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The elements that a summary shows."""
    for dim, n in enumerate(array.shape):
        if n > 2 * EDGE:
            kept = [*range(EDGE), *range(n - EDGE, n)]
            array = array.take(kept, axis=dim)
    return array


def _formatter(array: npt.NDArray[Any]) -> tuple[Callable[[Any], str], int]:
    """A function that formats one element, and the common width that aligns them."""
    if array.dtype.kind != "f":
        return str, max(len(str(value)) for value in array.ravel().tolist())
    telling = [value for value in array.ravel().tolist() if value != 0 and math.isfinite(value)]
    if not telling:
        return _whole, 1
    sizes = [abs(value) for value in telling]
    whole = all(value == math.floor(value) for value in telling)
    if max(sizes) / min(sizes) > 1000 or max(sizes) > 1e8 or (min(sizes) < 1e-4 and not whole):
        write: Callable[[Any], str] = _scientific
    else:
        write = _whole if whole else _fixed
    return write, max(len(write(value)) for value in telling)


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _fixed(value: float) -> str:
    return f"{value:.{PRECISION}f}"


def _scientific(value: float) -> str:
    return f"{value:.{PRECISION}e}"


def _rows(
    array: npt.NDArray[Any],
    indent: int,
    summarize: bool,
    write: Callable[[Any], str],
    width: int,
) -> str:
    """Nested brackets, with one line, or several if needed, for each row of the last dimension."""
    if array.ndim == 0:
        return write(array.item()).rjust(width)
    cut = summarize and len(array) > 2 * EDGE
    if array.ndim == 1:
        words = [write(value).rjust(width) for value in (_edges(array) if cut else array).tolist()]
        if cut:
            words.insert(EDGE, " ...")
        in_line = max(1, (WIDTH - indent) // (width + 2))
        lines = [", ".join(words[i : i + in_line]) for i in range(0, len(words), in_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [
        _rows(part, indent + 1, summarize, write, width)
        for part in (np.concatenate([array[:EDGE], array[-EDGE:]]) if cut else array)
    ]
    if cut:
        parts.insert(EDGE, "...")
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"


def _with_words(text: str, words: list[str]) -> str:
    """Append the words to the text, and start new lines as needed."""
    length = len(text) - text.rfind("\n") + 1
    for word in words:
        if length + len(word) + 2 > WIDTH:
            text += ",\n" + " " * len(_PREFIX) + word
            length = len(_PREFIX) + len(word)
        else:
            text += f", {word}"
            length += len(word) + 2
    return text
