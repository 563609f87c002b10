"""The operations on tensors (..., C, H, W) that change colors."""

from __future__ import annotations

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_torch.vision.transforms._tensors import check_image, convert_dtype, largest


def to_grayscale(image: Tensor, channels: int) -> Tensor:
    """Lightness, by the weights of ITU-R BT.601, in 1 channel or repeated in 3."""
    check_image("rgb_to_grayscale", image, (1, 3))
    if image.shape[-3] == 3:
        red, green, blue = image.unbind(-3)
        grey = (red * 0.2989 + green * 0.587 + blue * 0.114).to(image.dtype).unsqueeze(-3)
    else:
        grey = image.clone()
    return grey.expand(*image.shape[:-3], 3, *image.shape[-2:]) if channels == 3 else grey


def blended(image: Tensor, other: Tensor | float, factor: float) -> Tensor:
    """factor image + (1 - factor) other, within the intensities of the image's type."""
    mixed = image * float(factor) + other * (1.0 - factor)
    return mixed.clamp(0, largest(image.dtype)).to(image.dtype)


def adjust_brightness(image: Tensor, factor: float) -> Tensor:
    """Between black and itself."""
    check_image("adjust_brightness", image, (1, 3))
    return blended(image, 0.0, factor)


def adjust_contrast(image: Tensor, factor: float) -> Tensor:
    """Between its mean grey and itself."""
    check_image("adjust_contrast", image, (1, 3))
    grey = to_grayscale(image, 1)
    if not grey.dtype.is_floating_point:
        grey = grey.float()
    return blended(image, grey.mean((-3, -2, -1), keepdim=True), factor)


def adjust_saturation(image: Tensor, factor: float) -> Tensor:
    """Between grey and itself."""
    check_image("adjust_saturation", image, (1, 3))
    return image if image.shape[-3] == 1 else blended(image, to_grayscale(image, 1), factor)


def adjust_hue(image: Tensor, hue_factor: float) -> Tensor:
    """Turn the hues by this part of the circle."""
    check_image("adjust_hue", image, (1, 3))
    if image.shape[-3] == 1:
        return image
    hue, saturation, value = _hsv(convert_dtype(image, mt.float32))
    return convert_dtype(_rgb((hue + hue_factor) % 1.0, saturation, value), image.dtype)


def adjust_gamma(image: Tensor, gamma: float, gain: float) -> Tensor:
    """gain image^gamma, in intensities from 0 to 1."""
    check_image("adjust_gamma", image, (1, 3))
    floating = image if image.dtype.is_floating_point else convert_dtype(image, mt.float32)
    return convert_dtype((floating.pow(gamma) * gain).clamp(0, 1), image.dtype)


def _hsv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue as a part of the circle, saturation and value, (..., H, W) each; a grey has hue 0.

    Source: Smith 1978, "Color gamut transform pairs".
    """
    red, green, blue = image.unbind(-3)
    high, low = image.amax(-3), image.amin(-3)
    grey = high == low
    ones = mt.ones_like(high)
    saturation = (high - low) / mt.where(grey, ones, high)
    span = mt.where(grey, ones, high - low)
    r, g, b = ((high - x) / span for x in (red, green, blue))
    hue = mt.where(high == red, b - g, mt.where(high == green, r - b + 2.0, g - r + 4.0))
    return (hue / 6.0 + 1.0) % 1.0, saturation, high


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The colors (..., 3, H, W) of which `_hsv` gives these."""
    sixth = (hue * 6.0).floor()
    rest = hue * 6.0 - sixth
    p = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    q = (value * (1.0 - saturation * rest)).clamp(0.0, 1.0)
    t = (value * (1.0 - saturation * (1.0 - rest))).clamp(0.0, 1.0)
    sectors = [
        (value, t, p),
        (q, value, p),
        (p, value, t),
        (p, q, value),
        (t, p, value),
        (value, p, q),
    ]
    channels = list(sectors[0])
    for number, sector in enumerate(sectors[1:], 1):
        here = sixth == float(number)
        channels = [mt.where(here, new, old) for new, old in zip(sector, channels)]
    return mt.stack(channels, -3)
