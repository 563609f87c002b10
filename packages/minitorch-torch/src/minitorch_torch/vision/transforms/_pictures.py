"""The operations on pictures of Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from minitorch_torch.vision.transforms._arguments import Fill, Padding, sides

#: Where Pillow's picture modes have no type of numpy's that its numbers fit.
_TYPES = {"I": np.int32, "F": np.float32}
#: Pictures of one number a pixel that have no hue.
_GREY = ("L", "1", "I", "F")


def pixels(picture: Image.Image) -> NDArray[Any]:
    """A copy of the picture's numbers, (H, W, C)."""
    if picture.mode.startswith("I;16"):
        raise TypeError(
            f"pictures of mode {picture.mode} have 16 bits a pixel, and tensors have no type for "
            "them. Convert with picture.convert('I')."
        )
    array: NDArray[Any] = np.array(picture, _TYPES.get(picture.mode, np.uint8))
    if picture.mode == "1":
        array *= 255
    return array.reshape(picture.height, picture.width, len(picture.getbands()))


def adjust_hue(picture: Image.Image, hue_factor: float) -> Image.Image:
    """Turn the hues by this part of the circle."""
    if picture.mode in _GREY:
        return picture
    hue, saturation, value = picture.convert("HSV").split()
    turned = np.array(hue) + np.int32(hue_factor * 255).astype(np.uint8)  # modulo 256
    bands = (Image.fromarray(turned), saturation, value)
    return Image.merge("HSV", bands).convert(picture.mode)


def adjust_gamma(picture: Image.Image, gamma: float, gain: float) -> Image.Image:
    """255 gain (x / 255)^gamma, for each number."""
    table = [int((255 + 1 - 1e-3) * gain * pow(level / 255.0, gamma)) for level in range(256)]
    return picture.convert("RGB").point(table * 3).convert(picture.mode)


def blended(kind: type[Any], picture: Image.Image, factor: float) -> Image.Image:
    """A picture between its degenerate form (factor 0) and itself (factor 1), or beyond."""
    result: Image.Image = kind(picture).enhance(factor)
    return result


def adjust_brightness(picture: Image.Image, factor: float) -> Image.Image:
    """Between black and itself."""
    return blended(ImageEnhance.Brightness, picture, factor)


def adjust_contrast(picture: Image.Image, factor: float) -> Image.Image:
    """Between its mean grey and itself."""
    return blended(ImageEnhance.Contrast, picture, factor)


def adjust_saturation(picture: Image.Image, factor: float) -> Image.Image:
    """Between grey and itself."""
    return blended(ImageEnhance.Color, picture, factor)


def adjust_sharpness(picture: Image.Image, factor: float) -> Image.Image:
    """Between a smoothed form and itself."""
    return blended(ImageEnhance.Sharpness, picture, factor)


def to_grayscale(picture: Image.Image, channels: int) -> Image.Image:
    """Its lightness, in 1 channel or repeated in 3."""
    grey = picture.convert("L")
    return grey if channels == 1 else Image.merge("RGB", (grey,) * 3)


def filling(picture: Image.Image, fill: Fill) -> Any:
    """A color as Pillow takes it for the picture: one number, or one for each band."""
    bands = len(picture.getbands())
    given = [0 if fill is None else fill] if not isinstance(fill, Sequence) else list(fill)
    if len(given) == 1:
        given *= bands
    if len(given) != bands:
        raise ValueError(
            f"fill has {len(given)} numbers, and the picture has {bands} channels. Give one number "
            "for all of them, or one for each."
        )
    color = tuple(given if picture.mode == "F" else [int(number) for number in given])
    return color if bands > 1 else color[0]


def pad(picture: Image.Image, padding: Padding, fill: Fill, mode: str) -> Image.Image:
    """The picture in a frame; negative sides crop."""
    left, top, right, bottom = sides(padding)
    if mode == "constant":
        color = filling(picture, fill)
        framed = ImageOps.expand(picture, (left, top, right, bottom), color)
        if picture.mode == "P":
            framed.putpalette(picture.getpalette() or [])
        return framed
    box = (
        -min(left, 0),
        -min(top, 0),
        picture.width + min(right, 0),
        picture.height + min(bottom, 0),
    )
    array = np.asarray(picture.crop(box))
    frame = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
    frame += [(0, 0)] * (array.ndim - 2)
    framed = Image.fromarray(np.pad(array, frame, mode=mode))  # type: ignore[call-overload]
    if picture.mode == "P":
        framed.putpalette(picture.getpalette() or [])
    return framed


def transform(
    picture: Image.Image,
    method: Image.Transform,
    coefficients: Sequence[float],
    resample: int,
    fill: Fill,
) -> Image.Image:
    """Each pixel from where a map of coordinates says."""
    return picture.transform(
        picture.size,
        method,
        tuple(coefficients),
        Image.Resampling(resample),
        fillcolor=filling(picture, fill),
    )


def rotate(
    picture: Image.Image,
    angle: float,
    resample: int,
    expand: bool,
    center: Sequence[float] | None,
    fill: Fill,
) -> Image.Image:
    """The picture turned by an angle in degrees, counter-clockwise."""
    return picture.rotate(
        angle,
        Image.Resampling(resample),
        expand,
        None if center is None else (center[0], center[1]),
        fillcolor=filling(picture, fill),
    )
