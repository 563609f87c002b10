"""Reading images to recognise: PNG and whatever else Pillow opens, or IDX files of many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from minitorch_datasets import DatasetError, read_idx
from minitorch_nn.cli import UserError

Image = npt.NDArray[np.uint8]

#: MNIST's digits were scaled into a box of this size, then centred by mass in 28 x 28 (LeCun et
#: al. 1998, section III.A).
BOX = 20
SIZE = 28


def read_images(path: str) -> list[tuple[str, Image]]:
    """The images of a file as the networks know them: 28 x 28, a light digit on black.

    Returns: (name, image) pairs: one for a picture; one for each image of an IDX file.
    Raises: UserError if it cannot be read, or holds no images.
    """
    file = Path(path)
    try:
        start = file.open("rb").read(4)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}.") from None
    if start[:2] in (b"\x00\x00", b"\x1f\x8b"):  # IDX, or gzip
        return _read_idx_images(path)
    return [(path, fit_digit(_read_picture(path)))]


def _read_idx_images(path: str) -> list[tuple[str, Image]]:
    try:
        array = read_idx(path)
    except DatasetError as error:
        raise UserError(str(error)) from None
    if array.ndim != 3 or array.dtype != np.uint8:
        raise UserError(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}, wanted images "
            "(N, height, width) of bytes. Are these labels?"
        )
    return [(f"{path}[{i}]", fit_digit(image)) for i, image in enumerate(array)]


def _read_picture(path: str) -> Image:
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    try:
        with pillow.open(path) as picture:
            if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
                # What shows through a transparent picture is the page: white.
                layers = picture.convert("RGBA")
                page = pillow.new("RGBA", layers.size, "white")
                picture = pillow.alpha_composite(page, layers)  # noqa: PLW2901
            return np.asarray(picture.convert("L"), np.uint8)
    except UnidentifiedImageError:
        raise UserError(f"{path} is not an image that can be read; wanted PNG or IDX.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{path} is a damaged image: {error}. Save it again.") from None


def fit_digit(image: Image) -> Image:
    """A grey picture of one digit, made like MNIST's: light on black, 28 x 28.

    A picture that is light at the border is taken as ink on paper and inverted. One of another
    size is cut to the digit, scaled into a box of 20 x 20 and centred by mass.
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.median(border) > 127:
        image = 255 - image
    if image.shape == (SIZE, SIZE):
        return image
    ink = image > 64
    if not ink.any():
        return np.zeros((SIZE, SIZE), np.uint8)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    digit = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_scaled(digit))


def _scaled(digit: Image) -> Image:
    from PIL import Image as pillow

    height, width = digit.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(pillow.fromarray(digit).resize(size, pillow.Resampling.LANCZOS), np.uint8)


def _centred(digit: Image) -> Image:
    height, width = digit.shape
    mass = digit.sum(dtype=np.float64)
    row = (digit.sum(1) @ np.arange(height)) / mass
    column = (digit.sum(0) @ np.arange(width)) / mass
    top = int(np.clip(round((SIZE - 1) / 2 - row), 0, SIZE - height))
    left = int(np.clip(round((SIZE - 1) / 2 - column), 0, SIZE - width))
    out = np.zeros((SIZE, SIZE), np.uint8)
    out[top : top + height, left : left + width] = digit
    return out
