"""Reading images to recognise: pictures of one digit, or IDX files of many."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as pillow

from minitorch_cli import UserError
from minitorch_datasets import DatasetError, read_idx

Image = npt.NDArray[np.uint8]

# Errors are told in one line; Pillow logs some of them before it raises.
logging.getLogger("PIL").addHandler(logging.NullHandler())

#: MNIST's digits were scaled into a box of this size, then centred by mass in 28 x 28 (LeCun et
#: al. 1998, section III.A).
BOX = 20
SIZE = 28

#: Accepted formats; for others Pillow may start external programs.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

#: The most pixels of a picture before it is reduced, and then on its longer side.
MOST_PIXELS = 36_000_000
LARGEST_SIDE = 2000

#: How to rotate a picture, by the orientation that its camera recorded.
TURNS = {
    2: pillow.Transpose.FLIP_LEFT_RIGHT,
    3: pillow.Transpose.ROTATE_180,
    4: pillow.Transpose.FLIP_TOP_BOTTOM,
    5: pillow.Transpose.TRANSPOSE,
    6: pillow.Transpose.ROTATE_270,
    7: pillow.Transpose.TRANSVERSE,
    8: pillow.Transpose.ROTATE_90,
}

#: Share of the greatest contrast from which a pixel counts as ink.
INK = 0.25


def read_images(path: str) -> list[tuple[str, Image]]:
    """The images of a file as inputs for the networks: 28 x 28, a light digit on black.

    Returns: (name, image) pairs: one for a picture; one for each image of an IDX file.
    Raises: UserError if it cannot be read, or holds no images.
    """
    try:
        if Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir():
            raise UserError(f"cannot read {path}: it is a pipe or a device. Name a file.")
        with Path(path).open("rb") as file:
            start = file.read(3)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from None
    # IDX is two zero bytes and a type from 8 to 14; 1f 8b is gzip.
    if start[:2] == b"\x1f\x8b" or (start[:2] == b"\x00\x00" and 8 <= start[-1] <= 14):
        return _read_idx_images(path)
    digit = fit_digit(_read_picture(path))
    if not digit.any():
        raise UserError(f"{path} shows no digit: all of it is of one colour.")
    return [(path, digit)]


def _read_idx_images(path: str) -> list[tuple[str, Image]]:
    try:
        array = read_idx(path)
    except DatasetError as error:
        raise UserError(str(error)) from None
    if array.ndim != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise UserError(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}, wanted images "
            "(N, height, width) of bytes. Are these labels?"
        )
    return [(f"{path}[{i}]", fit_digit(image)) for i, image in enumerate(array)]


def _read_picture(path: str) -> Image:
    """A picture in grey, 0 black to 255 white, as a viewer would show it on a white page; reduced
    to LARGEST_SIDE."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a damaged tag
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(path, formats=FORMATS) as file:
                # JPEG alone can be reduced while it is decoded.
                file.draft(None, (LARGEST_SIDE, LARGEST_SIDE))
                if file.width * file.height > MOST_PIXELS:
                    raise pillow.DecompressionBombError(f"{file.width} x {file.height} pixels")
                file.load()  # TIFF is turned by that, and the others below
                grey = _in_grey(file)
                turn = TURNS.get(file.getexif().get(ExifTags.Base.Orientation, 1))
                return np.asarray(grey if turn is None else grey.transpose(turn), np.uint8)
    except UnidentifiedImageError:
        raise UserError(f"{path} is neither a picture (PNG, JPEG, ...) nor an IDX file.") from None
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError):
        raise UserError(f"{path} is too large a picture for one digit. Make it smaller.") from None
    except Exception as error:  # noqa: BLE001 - damage can make decoders raise anything
        raise UserError(f"{path} is a damaged picture: {error}. Save it again.") from None


def _in_grey(picture: pillow.Image) -> pillow.Image:
    """The picture in grey, with transparency on white, and reduced."""
    if picture.mode.startswith("I"):  # 16 bits, which convert("L") would clip to 8
        return _reduced(pillow.fromarray(_high_bits(np.asarray(picture))))
    if picture.has_transparency_data:
        layers = _reduced(picture if picture.mode == "LA" else picture.convert("RGBA"))
        layers = layers.convert("RGBA")
        page = pillow.new("RGBA", layers.size, "white")
        return pillow.alpha_composite(page, layers).convert("L")
    return _reduced(picture.convert("L"))


def _reduced(picture: pillow.Image) -> pillow.Image:
    factor = -(-max(picture.size) // LARGEST_SIDE)
    return picture.reduce(factor) if factor > 1 else picture


def _high_bits(wide: npt.NDArray[Any]) -> Image:
    """The upper 8 of 16 bits, row by row, since intermediate numbers take four times the memory."""
    high = np.empty(wide.shape, np.uint8)
    for row, into in zip(wide, high, strict=True):
        into[:] = np.clip(row.astype(np.int32), 0, 65535) >> 8
    return high


def fit_digit(image: Image) -> Image:
    """A grey picture of one digit, made like MNIST's: light on black, 28 x 28.

    A picture with a light border counts as ink on paper and is inverted. If its size is not 28 x
    28, the background is subtracted, and the digit is cropped, scaled into a box of 20 x 20 and
    centred by mass; without a digit the result is all black.
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    background = float(np.median(border))
    if background > 127:
        image, background = 255 - image, 255 - background
    if image.shape == (SIZE, SIZE):
        return image
    contrast = np.maximum(image - background, 0)
    if contrast.max() < 1:
        return np.zeros((SIZE, SIZE), np.uint8)
    contrast /= contrast.max()
    ink = contrast > INK
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    digit = contrast[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_scaled((255 * digit).astype(np.uint8)))


def _scaled(digit: Image) -> Image:
    height, width = digit.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(pillow.fromarray(digit).resize(size, pillow.Resampling.LANCZOS), np.uint8)


def _centred(digit: Image) -> Image:
    height, width = digit.shape
    mass = digit.sum(dtype=np.float64)
    row = float(digit.sum(1) @ np.arange(height) / mass)
    column = float(digit.sum(0) @ np.arange(width) / mass)
    # In MNIST the centre of mass is pixel 14, to within the half pixel of rounding.
    top = int(np.clip(round(SIZE / 2 - row), 0, SIZE - height))
    left = int(np.clip(round(SIZE / 2 - column), 0, SIZE - width))
    out = np.zeros((SIZE, SIZE), np.uint8)
    out[top : top + height, left : left + width] = digit
    return out
