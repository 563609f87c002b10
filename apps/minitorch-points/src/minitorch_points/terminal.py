"""The same picture in a terminal: coarse, in half blocks and colour, or in plain letters."""

from __future__ import annotations

import os
from typing import TextIO

import numpy as np
import numpy.typing as npt

from minitorch_datasets import PointSet
from minitorch_points.boundary import Field, resampled
from minitorch_points.picture import COLOURS, shades

#: Characters per row, and rows. A character is about twice as high as wide.
COLUMNS, ROWS = 56, 28

#: The upper half of a character: its colour is the upper pixel, its background the lower.
HALF = "\u2580"


def render(field: Field, points: PointSet, colour: bool) -> str:
    """A square of COLUMNS characters a row and ROWS rows, with the points, and a legend.

    Args:
        field: logits, as of `logit_field`.
        points: the points to show.
        colour: half blocks in ANSI's 24-bit colours, two pixels each; or letters.
    """
    return _in_colour(field, points) if colour else _in_letters(field, points)


def shows_colour(stream: TextIO) -> bool:
    """True if stream is a terminal that supports colours and blocks, and NO_COLOR is not set
    (https://no-color.org)."""
    try:
        HALF.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def _in_colour(field: Field, points: PointSet) -> str:
    pixels = shades(resampled(field, COLUMNS, 2 * ROWS))
    for label in (0, 1):
        row, column = _cells(points, label, COLUMNS, 2 * ROWS)
        pixels[row, column] = COLOURS[label]
    lines = []
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist()):
        line = "".join(_escape(38, u) + _escape(48, b) + HALF for u, b in zip(upper, lower))
        lines.append(line + "\x1b[0m")
    legend = "  ".join(
        f"{_escape(38, COLOURS[label])}\u2588\x1b[0m label {label}" for label in (0, 1)
    )
    return "\n".join([*lines, f"{legend}  pale: where the network says so"])


def _escape(ground: int, colour: tuple[int, int, int]) -> str:
    return f"\x1b[{ground};2;{colour[0]};{colour[1]};{colour[2]}m"


def _in_letters(field: Field, points: PointSet) -> str:
    letters = np.where(resampled(field, COLUMNS, ROWS) > 0, ":", ".")
    for label, letter in enumerate("ox"):
        letters[_cells(points, label, COLUMNS, ROWS)] = letter
    rows = ["".join(row) for row in letters]
    return "\n".join(
        [*rows, "points: o label 0, x label 1; the network says: . label 0, : label 1"]
    )


def _cells(
    points: PointSet, label: int, width: int, height: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the cells, in a grid of height x width, that hold points of a label."""
    x, y = points.points[points.labels == label].T.astype(np.float64)
    column = np.clip(x * width, 0, width - 1).astype(np.intp)
    row = np.clip((1 - y) * height, 0, height - 1).astype(np.intp)
    return row, column
