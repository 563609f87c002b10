"""Transforms that change colors, blur, and erase."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_nn import Module
from minitorch_tensor import Tensor
from minitorch_torch.vision.transforms import _draws
from minitorch_torch.vision.transforms import functional as F
from minitorch_torch.vision.transforms._arguments import Picture, Size, both
from minitorch_torch.vision.transforms._crops import Range, check_ranges, random_rectangle

Factor = float | Sequence[float]
_Range = tuple[float, float] | None


def _range(
    value: Factor, name: str, center: float = 1, low: float = 0.0, high: float = float("inf")
) -> _Range:
    """(min, max) of a factor; None if it is always `center`, which changes nothing."""
    if isinstance(value, numbers.Real):
        if value < 0:
            raise ValueError(f"ColorJitter: {name} must not be negative, got {value}.")
        least, most = center - float(value), center + float(value)
        if center:
            least = max(least, low)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        least, most = float(value[0]), float(value[1])
    else:
        raise TypeError(f"ColorJitter: {name} must be a number or (min, max), got {value!r}.")
    if not low <= least <= most <= high:
        raise ValueError(f"ColorJitter: {name} must be from {low} to {high}, got {value}.")
    return None if least == most == center else (least, most)


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed at random, in a random order.

    Args:
        brightness, contrast, saturation: (min, max) of a factor; one number x is (1 - x, 1 + x).
        hue: (min, max) of a part of the circle, within -0.5 and 0.5; one number x is (-x, x).
    """

    def __init__(
        self, brightness: Factor = 0, contrast: Factor = 0, saturation: Factor = 0, hue: Factor = 0
    ) -> None:
        super().__init__()
        self.brightness = _range(brightness, "brightness")
        self.contrast = _range(contrast, "contrast")
        self.saturation = _range(saturation, "saturation")
        self.hue = _range(hue, "hue", center=0, low=-0.5, high=0.5)

    @staticmethod
    def get_params(
        brightness: _Range, contrast: _Range, saturation: _Range, hue: _Range
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """The order of the four changes, and their factors; None for no change."""
        order = mt.tensor(_draws.permutation(4))
        b, c, s, h = [
            None if given is None else _draws.uniform(given[0], given[1])
            for given in (brightness, contrast, saturation, hue)
        ]
        return order, b, c, s, h

    def forward(self, img: Picture) -> Picture:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for number in order.tolist():
            factor = factors[number]
            if factor is not None:
                img = changes[number](img, factor)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


class Grayscale(Module):
    """`functional.rgb_to_grayscale`: greys, in 1 channel or 3 equal ones."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Picture) -> Picture:
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Module):
    """Greys, with probability p, in as many channels as the picture has."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Picture) -> Picture:
        if not _draws.happens(self.p):
            return img
        return F.rgb_to_grayscale(img, F.get_image_num_channels(img))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class GaussianBlur(Module):
    """Smoothed by a normal distribution of a random width.

    Args:
        kernel_size: odd, in pixels; for both directions, or two.
        sigma: (min, max) of the standard deviation, or one number.
    """

    def __init__(self, kernel_size: Size, sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = both(kernel_size, "GaussianBlur: kernel_size")
        if any(length <= 0 or length % 2 == 0 for length in self.kernel_size):
            raise ValueError(
                f"GaussianBlur: kernel_size must be odd and positive, got {kernel_size}."
            )
        given = list(sigma) if isinstance(sigma, Sequence) else [sigma]
        if len(given) not in (1, 2) or not 0 < given[0] <= given[-1]:
            raise ValueError(
                f"GaussianBlur: sigma must be a positive number or (min, max), got {sigma!r}."
            )
        self.sigma: Sequence[float] = sigma if isinstance(sigma, Sequence) else (sigma, sigma)

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A standard deviation."""
        return _draws.uniform(sigma_min, sigma_max)

    def forward(self, img: Picture) -> Picture:
        sigma = self.get_params(self.sigma[0], self.sigma[-1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class RandomErasing(Module):
    """A rectangle of a tensor overwritten, with probability p.

    Args:
        scale: the least and the largest part of the area.
        ratio: the least and the largest height to width.
        value: what is written: a number, one for each channel, or "random" for normal numbers.
        inplace: overwrite the tensor that is given.
    Source: Zhong et al. 2020, "Random erasing data augmentation".
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Range = (0.02, 0.33),
        ratio: Range = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (numbers.Real, str, tuple, list)):
            raise TypeError(
                f"RandomErasing: value must be a number, one for each channel, or 'random', got "
                f"{value!r}."
            )
        if isinstance(value, str) and value != "random":
            raise ValueError(f"RandomErasing: value must be 'random' if it is text, got {value!r}.")
        check_ranges("RandomErasing", scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError(f"RandomErasing: scale must be from 0 to 1, got {scale}.")
        if not 0 <= p <= 1:
            raise ValueError(f"RandomErasing: p must be from 0 to 1, got {p}.")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Range, ratio: Range, value: list[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        """(top, left, height, width) and what is written there; the image itself if no rectangle
        that is drawn fits."""
        channels, height, width = img.shape[-3:]
        found = random_rectangle(height, width, scale, ratio, upright=True)
        if found is None:
            return 0, 0, height, width, img
        i, j, h, w = found
        v = mt.randn(channels, h, w) if value is None else mt.tensor(value).view(-1, 1, 1)
        return i, j, h, w, v

    def forward(self, img: Tensor) -> Tensor:
        if not isinstance(img, Tensor):
            raise TypeError(
                f"RandomErasing: wanted a tensor, got {type(img).__name__}. Put it after "
                "ToTensor()."
            )
        if not _draws.happens(self.p):
            return img
        if isinstance(self.value, str):
            value = None
        elif isinstance(self.value, Sequence):
            value = [float(number) for number in self.value]
        else:
            value = [float(self.value)]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                f"RandomErasing: value has {len(value)} numbers, and the image has "
                f"{img.shape[-3]} channels. Give one number for all of them, or one for each."
            )
        i, j, h, w, v = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, i, j, h, w, v, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


__all__ = ["ColorJitter", "GaussianBlur", "Grayscale", "RandomErasing", "RandomGrayscale"]
