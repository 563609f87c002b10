"""Transforms that flip, turn and bend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch_nn import Module
from minitorch_tensor import Tensor
from minitorch_torch.vision.transforms import _draws
from minitorch_torch.vision.transforms import functional as F
from minitorch_torch.vision.transforms._arguments import (
    Fill,
    InterpolationMode,
    Picture,
    angles,
    check_fill,
    interpolation_mode,
    pair,
)


def _filling(fill: Fill, img: Picture) -> Fill:
    """The fill as it suits the picture: for a tensor, a list."""
    if not isinstance(img, Tensor):
        return fill
    if isinstance(fill, Sequence):
        return [float(number) for number in fill]
    return [float(fill or 0)] * F.get_image_num_channels(img)


class RandomHorizontalFlip(Module):
    """Left and right exchanged, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Picture) -> Picture:
        return F.hflip(img) if _draws.happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    """Top and bottom exchanged, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Picture) -> Picture:
        return F.vflip(img) if _draws.happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomRotation(Module):
    """Turned by a random angle.

    Args:
        degrees: (min, max), counter-clockwise; one number d is (-d, d).
        interpolation, expand, center, fill: as in `functional.rotate`.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Fill = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "RandomRotation: degrees")
        self.center = None if center is None else pair(center, "RandomRotation: center")
        self.interpolation = interpolation_mode(interpolation)
        self.expand = expand
        self.fill = check_fill(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """An angle."""
        return _draws.uniform(degrees[0], degrees[1])

    def forward(self, img: Picture) -> Picture:
        angle, fill = self.get_params(self.degrees), _filling(self.fill, img)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}, "
            f"fill={self.fill})"
        )


class RandomAffine(Module):
    """Sheared, scaled, turned and moved at random.

    Args:
        degrees: (min, max), clockwise; one number d is (-d, d).
        translate: the most, to the right and down, as parts of width and height.
        scale: (min, max).
        shear: (min, max) along x, or (min, max, min, max) along x and y; one number s is (-s, s).
        interpolation, fill, center: as in `functional.affine`.
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        fill: Fill = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "RandomAffine: degrees")
        self.translate = None if translate is None else pair(translate, "RandomAffine: translate")
        if self.translate is not None and not all(0 <= part <= 1 for part in self.translate):
            raise ValueError(f"RandomAffine: translate must be from 0 to 1, got {translate}.")
        self.scale = None if scale is None else pair(scale, "RandomAffine: scale")
        if self.scale is not None and min(self.scale) <= 0:
            raise ValueError(f"RandomAffine: scale must be positive, got {scale}.")
        self.shear = None if shear is None else angles(shear, "RandomAffine: shear", (2, 4))
        self.interpolation = interpolation_mode(interpolation)
        self.fill = check_fill(fill)
        self.center = None if center is None else pair(center, "RandomAffine: center")

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Angle, translation, scale and shear, for a picture of (width, height)."""
        angle = _draws.uniform(degrees[0], degrees[1])
        most = [part * size for part, size in zip(translate or (0, 0), img_size)]
        right, down = [round(_draws.uniform(-m, m)) if translate else 0 for m in most]
        scale = _draws.uniform(*scale_ranges) if scale_ranges is not None else 1.0
        given = [] if shears is None else [shears[:2], shears[2:]]
        shear_x, shear_y = [_draws.uniform(*s) if s else 0.0 for s in given] or [0.0, 0.0]
        return angle, (right, down), scale, (shear_x, shear_y)

    def forward(self, img: Picture) -> Picture:
        _, height, width = F.get_dimensions(img)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, (width, height)
        )
        fill = _filling(self.fill, img)
        return F.affine(
            img, *drawn, interpolation=self.interpolation, fill=fill, center=self.center
        )

    def __repr__(self) -> str:
        given: dict[str, Any] = {"degrees": self.degrees}
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                given[name] = getattr(self, name)
        if self.interpolation is not InterpolationMode.NEAREST:
            given["interpolation"] = self.interpolation.value
        if self.fill != 0:
            given["fill"] = self.fill
        if self.center is not None:
            given["center"] = self.center
        return f"{type(self).__name__}({', '.join(f'{k}={v}' for k, v in given.items())})"


class RandomPerspective(Module):
    """Seen from elsewhere, with probability p: each corner is moved inwards.

    Args:
        distortion_scale: how far, as a part of half the picture.
        interpolation, fill: as in `functional.perspective`.
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        fill: Fill = 0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = interpolation_mode(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = check_fill(fill)

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """The corners, and where they are moved: top left, top right, bottom right, bottom left."""
        reach_x = int(distortion_scale * (width // 2))
        reach_y = int(distortion_scale * (height // 2))
        startpoints = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        endpoints = [
            [
                _draws.integer(x - reach_x, x + 1) if x else _draws.integer(0, reach_x + 1),
                _draws.integer(y - reach_y, y + 1) if y else _draws.integer(0, reach_y + 1),
            ]
            for x, y in startpoints
        ]
        return startpoints, endpoints

    def forward(self, img: Picture) -> Picture:
        if not _draws.happens(self.p):
            return img
        _, height, width = F.get_dimensions(img)
        corners = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, *corners, self.interpolation, _filling(self.fill, img))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


__all__ = [
    "RandomAffine",
    "RandomHorizontalFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomVerticalFlip",
]
