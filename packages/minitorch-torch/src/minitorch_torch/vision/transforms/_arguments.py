"""The arguments that several transforms share: interpolation, sizes, paddings, ranges."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from enum import Enum
from typing import Any

from PIL import Image

from minitorch_tensor import Tensor

#: What is transformed: a picture of Pillow's, or a tensor (..., H, W).
Picture = Image.Image | Tensor
#: A number for all channels, or one for each.
Fill = float | Sequence[float] | None
#: One number for all sides, (left and right, top and bottom), or (left, top, right, bottom).
Padding = int | Sequence[int]
#: (height, width), or one number.
Size = int | Sequence[int]

PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


class InterpolationMode(Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


#: Pillow's number of each mode; it tells nearest from nearest-exact by nothing.
PILLOW = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}
_BY_NUMBER = {number: mode for mode, number in reversed(PILLOW.items())}


def interpolation_mode(interpolation: InterpolationMode | int) -> InterpolationMode:
    """The mode that is given itself or by Pillow's number."""
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if isinstance(interpolation, int) and interpolation in _BY_NUMBER:
        return _BY_NUMBER[interpolation]
    raise TypeError(
        f"interpolation must be an InterpolationMode or Pillow's number of one, got "
        f"{interpolation!r}. InterpolationMode.BILINEAR is the usual one."
    )


def both(size: Any, what: str = "size") -> Sequence[int]:
    """(height, width), from one number or a sequence."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if isinstance(size, Sequence) and not isinstance(size, str) and len(size) in (1, 2):
        return size if len(size) == 2 else (size[0], size[0])
    raise ValueError(f"{what} must be one number or two, (height, width), got {size!r}.")


def sides(padding: Padding) -> tuple[int, int, int, int]:
    """(left, top, right, bottom)."""
    given = (padding,) if isinstance(padding, int) else tuple(padding)
    left, top, *others = given * 2 if len(given) == 1 else given
    right, bottom = others or (left, top)
    return left, top, right, bottom


def check_padding(padding: Any, padding_mode: str) -> None:
    """Raise unless these are the arguments of a padding."""
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError(f"padding must be a number or a sequence of them, got {padding!r}.")
    if not isinstance(padding, int) and len(padding) not in (1, 2, 4):
        raise ValueError(
            f"padding must be an int or a sequence of 1, 2 or 4, got {len(padding)} elements. Four "
            "are (left, top, right, bottom)."
        )
    if padding_mode not in PADDING_MODES:
        raise ValueError(
            f"padding_mode must be one of {', '.join(PADDING_MODES)}, got {padding_mode!r}."
        )


def check_fill(fill: Any) -> Fill:
    """The fill, 0 for None; raise for what is neither a number nor a sequence."""
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError(
            f"fill must be a number, or a sequence of one for each channel, got {fill!r}."
        )
    return fill  # type: ignore[return-value]


def pair(value: Any, what: str, lengths: tuple[int, ...] = (2,)) -> Sequence[float]:
    """The value, if it is a sequence of such a length."""
    wanted = " or ".join(map(str, lengths))
    if not isinstance(value, Sequence):
        raise TypeError(f"{what} must be a sequence of length {wanted}, got {value!r}.")
    if len(value) not in lengths:
        raise ValueError(
            f"{what} must be a sequence of length {wanted}, got {len(value)} elements."
        )
    return value


def angles(value: Any, what: str, lengths: tuple[int, ...] = (2,)) -> list[float]:
    """A range of angles: (-value, value) for a number."""
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(
                f"{what} must be positive if it is a single number, got {value}. A sequence gives "
                "the range itself."
            )
        return [float(-value), float(value)]  # type: ignore[arg-type, operator]
    return [float(number) for number in pair(value, what, lengths)]
