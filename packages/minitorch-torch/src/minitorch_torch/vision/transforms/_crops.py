"""Transforms that cut, frame and resize."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from minitorch_nn import Module
from minitorch_torch.vision.transforms import _draws
from minitorch_torch.vision.transforms import functional as F
from minitorch_torch.vision.transforms._arguments import (
    Fill,
    InterpolationMode,
    Padding,
    Picture,
    Size,
    both,
    check_fill,
    check_padding,
    interpolation_mode,
)

Range = Sequence[float]


def random_rectangle(
    height: int, width: int, scale: Range, ratio: Range, *, upright: bool
) -> tuple[int, int, int, int] | None:
    """(top, left, height, width) of a rectangle whose part of the area is uniform in `scale`, and
    the logarithm of whose proportions is uniform; None if ten were drawn and none fits.

    Args:
        upright: true if `ratio` is height to width, and the rectangle has to be smaller than the
            image in both; false if it is width to height.
    Source: Szegedy et al. 2015, "Going deeper with convolutions", section 6.
    """
    tallest, widest = height - upright, width - upright
    for _ in range(10):
        area = height * width * _draws.uniform(scale[0], scale[1])
        proportion = math.exp(_draws.uniform(math.log(ratio[0]), math.log(ratio[1])))
        along, across = round(math.sqrt(area * proportion)), round(math.sqrt(area / proportion))
        h, w = (along, across) if upright else (across, along)
        if (upright or min(h, w) > 0) and h <= tallest and w <= widest:
            return _draws.integer(0, height - h + 1), _draws.integer(0, width - w + 1), h, w
    return None


def check_ranges(operation: str, scale: Range, ratio: Range) -> None:
    """Raise or warn unless these are (min, max)."""
    for name, value in (("scale", scale), ("ratio", ratio)):
        if not isinstance(value, Sequence):
            raise TypeError(f"{operation}: {name} must be (min, max), got {value!r}.")
        if value[0] > value[1]:
            warnings.warn(f"{operation}: {name} must be (min, max), got {value}.", stacklevel=3)


class Resize(Module):
    """`functional.resize`: another size; one number is that of the shorter side."""

    def __init__(
        self,
        size: Size,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(
                f"Resize: size must be a number or a sequence, got {type(size).__name__}."
            )
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError(f"Resize: size must have 1 or 2 elements, got {size}.")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias

    def forward(self, img: Picture) -> Picture:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module):
    """`functional.center_crop`: the middle, with zeros around where the picture is smaller."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = both(size, "CenterCrop: size")

    def forward(self, img: Picture) -> Picture:
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """`functional.pad`: a frame around the picture."""

    def __init__(self, padding: Padding, fill: Fill = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        check_padding(padding, padding_mode)
        self.padding = padding
        self.fill = check_fill(fill)
        self.padding_mode = padding_mode

    def forward(self, img: Picture) -> Picture:
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(Module):
    """A rectangle from anywhere in the picture.

    Args:
        size: (height, width), or one number.
        padding, fill, padding_mode: of a frame that is put around first, as in `functional.pad`.
        pad_if_needed: put one around what is smaller than `size`.
    """

    def __init__(
        self,
        size: Size,
        padding: Padding | None = None,
        pad_if_needed: bool = False,
        fill: Fill = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(both(size, "RandomCrop: size"))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Picture, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a crop; ValueError if it does not fit."""
        _, h, w = F.get_dimensions(img)
        tall, wide = output_size
        if h < tall or w < wide:
            raise ValueError(
                f"RandomCrop: crops of {(tall, wide)} do not fit a picture of {(h, w)}. "
                "pad_if_needed=True puts a frame around it."
            )
        if (h, w) == (tall, wide):
            return 0, 0, h, w
        return _draws.integer(0, h - tall + 1), _draws.integer(0, w - wide + 1), tall, wide

    def forward(self, img: Picture) -> Picture:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            frame = [max(self.size[1] - width, 0), max(self.size[0] - height, 0)]
            if any(frame):
                img = F.pad(img, frame, self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    """A random part of the picture, in one size.

    Args:
        size: (height, width), or one number.
        scale: the least and the largest part of the area.
        ratio: the least and the largest width to height.
    Source: Szegedy et al. 2015, "Going deeper with convolutions", section 6.
    """

    def __init__(
        self,
        size: Size,
        scale: Range = (0.08, 1.0),
        ratio: Range = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = both(size, "RandomResizedCrop: size")
        check_ranges("RandomResizedCrop", scale, ratio)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Picture, scale: Range, ratio: Range) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a crop; the middle if none that is drawn fits."""
        _, height, width = F.get_dimensions(img)
        found = random_rectangle(height, width, scale, ratio, upright=False)
        if found is not None:
            return found
        h = min(height, round(width / min(ratio)))
        w = min(width, round(height * max(ratio)))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Picture) -> Picture:
        rectangle = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *rectangle, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, "
            f"scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


class FiveCrop(Module):
    """`functional.five_crop`: the four corners and the middle, as a tuple."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = both(size, "FiveCrop: size")

    def forward(self, img: Picture) -> tuple[Picture, ...]:
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """`functional.ten_crop`: the five of the picture, and those of its mirror image."""

    def __init__(self, size: Size, vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = both(size, "TenCrop: size")
        self.vertical_flip = vertical_flip

    def forward(self, img: Picture) -> tuple[Picture, ...]:
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomResizedCrop",
    "Resize",
    "TenCrop",
]
