"""Printing tensors as PyTorch does, with dtype, device and history where they are not the
default."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from minitorch_tensor.dtypes import bool_, float32, int64
from minitorch_tensor.registry import current_backend_name

if TYPE_CHECKING:
    from minitorch_tensor.tensor import Tensor


@dataclass
class Options:
    """How tensors are printed.

    Attributes:
        precision: digits after the decimal point.
        threshold: a tensor of more elements prints the first and last few along each dimension.
        edgeitems: how many of them.
        linewidth: characters per line.
        sci_mode: true for powers of ten always, false for never, None where they read better.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


#: What `profile` stands for, as in PyTorch.
PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}

_options = Options()

#: A table in a notebook has at most so many rows and columns.
CELLS = 12

#: Stands for those left out.
_GAP = "&hellip;"

_PREFIX = "tensor("


def format_tensor(x: Tensor) -> str:
    """`tensor([...])`, with dtype, device and history where they are not the default."""
    array = x.backend.to_numpy(x._data)
    words = []
    if array.size == 0:
        text = "[]"
        if x.ndim != 1:
            words.append(f"size={x.shape}")
    else:
        summarize = array.size > _options.threshold
        shown = _edges(array) if summarize else array
        text = _rows(array, len(_PREFIX), summarize, *_formatter(shown))
    if x.dtype not in (float32, int64, bool_) or (array.size == 0 and x.dtype is not float32):
        words.append(f"dtype={x.dtype}")
    return _PREFIX + _with_words(text, words + _place_and_history(x)) + ")"


def _place_and_history(x: Tensor) -> list[str]:
    words = []
    if x.backend.name != current_backend_name():
        words.append(f"device={x.backend.name!r}")
    if x.grad_fn is not None:
        words.append(f"grad_fn={x.grad_fn!r}")
    elif x.requires_grad:
        words.append("requires_grad=True")
    return words


def to_html(x: Tensor) -> str:
    """A tensor for a notebook: a table if it has one or two dimensions, else its text; and its
    shape, dtype, and what `format_tensor` says of it. Colours are the notebook's own."""
    words = [type(x).__name__, f"shape {x.shape}", x.dtype.name, *_place_and_history(x)]
    note = f"<small>{escape(', '.join(words))}</small>"
    array = x.backend.to_numpy(x._data)
    if array.size and array.ndim in (1, 2):
        body = _table(np.atleast_2d(array), array.ndim == 2)
    else:
        body = f"<pre>{escape(format_tensor(x))}</pre>"
    return f'<div style="overflow-x: auto">{body}{note}</div>'


def _table(array: npt.NDArray[Any], numbered: bool) -> str:
    """Rows of cells under the columns' numbers, and behind the rows' if `numbered`."""
    rows, columns = (_shown(n) for n in array.shape)
    picked = array[[i for i in rows if i is not None]][:, [j for j in columns if j is not None]]
    write, _ = _formatter(picked)

    def line(head: str, cells: list[str], tag: str) -> str:
        first = f"<th>{head}</th>" if numbered else ""
        return f"<tr>{first}{''.join([f'<{tag}>{cell}</{tag}>' for cell in cells])}</tr>"

    lines = [line("", [_GAP if j is None else str(j) for j in columns], "th")]
    for i in rows:
        cells = [_GAP if None in (i, j) else write(array[i, j].item()) for j in columns]
        lines.append(line(_GAP if i is None else str(i), cells, "td"))
    return f"<table>{''.join(lines)}</table>"


def _shown(n: int) -> list[int | None]:
    """The indices below n, or the first and last few around None if there are too many."""
    if n <= CELLS:
        return list(range(n))
    few = CELLS // 2 - 1
    return [*range(few), None, *range(n - few, n)]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed from now on; what is left out stays, and `sci_mode` is reset.

    Args:
        precision: digits after the decimal point, 4 at first.
        threshold: a tensor of more elements, 1000 at first, is summarized.
        edgeitems: elements at either end of a summarized dimension, 3 at first.
        linewidth: characters per line, 80 at first.
        profile: "default", "short" or "full": all of these at once, before the others apply.
        sci_mode: true for powers of ten always, false for never, None where they read better.

    Raises: ValueError for an unknown profile or a number below 0.
    """
    if profile is not None and profile not in PROFILES:
        raise ValueError(
            f"set_printoptions: profile must be one of {', '.join(PROFILES)}, got {profile!r}."
        )
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    for name, value in given.items():
        least = 1 if name in ("edgeitems", "linewidth") else 0
        if value is not None and value < least:
            raise ValueError(f"set_printoptions: {name} must be at least {least}, got {value}.")
    start = _options if profile is None else PROFILES[profile]
    changed = {name: value for name, value in given.items() if value is not None}
    for field in fields(Options):
        setattr(_options, field.name, changed.get(field.name, getattr(start, field.name)))
    _options.sci_mode = sci_mode


def _edges(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The elements that a summary shows."""
    for dim, n in enumerate(array.shape):
        if n > 2 * _options.edgeitems:
            kept = [*range(_options.edgeitems), *range(n - _options.edgeitems, n)]
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
    apart = max(sizes) / min(sizes) > 1000 or max(sizes) > 1e8 or (min(sizes) < 1e-4 and not whole)
    if apart if _options.sci_mode is None else _options.sci_mode:
        write: Callable[[Any], str] = _scientific
    else:
        write = _whole if whole else _fixed
    return write, max(len(write(value)) for value in telling)


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _fixed(value: float) -> str:
    return f"{value:.{_options.precision}f}"


def _scientific(value: float) -> str:
    return f"{value:.{_options.precision}e}"


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
    cut = summarize and len(array) > 2 * _options.edgeitems
    if array.ndim == 1:
        words = [write(value).rjust(width) for value in (_edges(array) if cut else array).tolist()]
        if cut:
            words.insert(_options.edgeitems, " ...")
        in_line = max(1, (_options.linewidth - indent) // (width + 2))
        lines = [", ".join(words[i : i + in_line]) for i in range(0, len(words), in_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [
        _rows(part, indent + 1, summarize, write, width)
        for part in (
            np.concatenate([array[: _options.edgeitems], array[-_options.edgeitems :]])
            if cut
            else array
        )
    ]
    if cut:
        parts.insert(_options.edgeitems, "...")
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"


def _with_words(text: str, words: list[str]) -> str:
    """Append the words to the text, and start new lines as needed."""
    length = len(text) - text.rfind("\n") + 1
    for word in words:
        if length + len(word) + 2 > _options.linewidth:
            text += ",\n" + " " * len(_PREFIX) + word
            length = len(_PREFIX) + len(word)
        else:
            text += f", {word}"
            length += len(word) + 2
    return text
