"""The transforms as functions: of pictures of Pillow's, and of tensors (..., C, H, W)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor
from minitorch_torch.missing import lacking
from minitorch_torch.vision.transforms import _colors, _pictures, _sampling, _tensors
from minitorch_torch.vision.transforms._arguments import (
    PILLOW,
    Fill,
    InterpolationMode,
    Padding,
    Picture,
    Size,
    both,
    check_padding,
    interpolation_mode,
)

#: Pillow's modes by how many channels an array has, the default first.
_MODES = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}
#: Pillow's mode of one channel, by the type of its numbers.
_MODE_OF_TYPE = {"uint8": "L", "int32": "I", "float32": "F"}


def _check(operation: str, img: Any) -> None:
    if not isinstance(img, (Image.Image, Tensor)):
        raise TypeError(
            f"{operation}: wanted a picture of Pillow's or a tensor, got {type(img).__name__}. "
            "ToPILImage() makes a picture of an array, ToTensor() a tensor."
        )
    if isinstance(img, Tensor):
        _tensors.check_image(operation, img)


def get_dimensions(img: Picture) -> list[int]:
    """[channels, height, width]."""
    _check("get_dimensions", img)
    if isinstance(img, Tensor):
        return [1 if img.ndim == 2 else img.shape[-3], *img.shape[-2:]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Picture) -> list[int]:
    """[width, height]."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Picture) -> int:
    """The number of channels."""
    return get_dimensions(img)[0]


def to_tensor(pic: Image.Image | np.ndarray[Any, Any]) -> Tensor:
    """A picture, or an array (H, W) or (H, W, C), as a tensor (C, H, W).

    Bytes become float32 from 0 to 1; other numbers keep their type and value.

    Raises: TypeError for something else, ValueError for other dimensions.
    """
    if isinstance(pic, Image.Image):
        array = _pictures.pixels(pic)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_tensor: wanted an array (H, W) or (H, W, C), got {pic.shape}.")
        array = pic[:, :, None] if pic.ndim == 2 else pic
    else:
        raise TypeError(
            f"to_tensor: wanted a picture of Pillow's or an array, got {type(pic).__name__}."
        )
    array = array.transpose(2, 0, 1)
    if array.dtype == np.uint8:
        return mt.from_numpy(array.astype(np.float32, order="C") / np.float32(255))
    return mt.from_numpy(np.array(array, order="C"))


def pil_to_tensor(pic: Image.Image) -> Tensor:
    """A picture as a tensor (C, H, W) of its own numbers."""
    if not isinstance(pic, Image.Image):
        raise TypeError(f"pil_to_tensor: wanted a picture of Pillow's, got {type(pic).__name__}.")
    array = _pictures.pixels(pic)
    if pic.mode == "1":
        array = array != 0
    return mt.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))


def convert_image_dtype(image: Tensor, dtype: DType = mt.float32) -> Tensor:
    """The same intensities in another type: floats run from 0 to 1, integers from 0 to their
    largest.

    Raises: TypeError for something else than a tensor; RuntimeError for integers that the floats
        cannot tell apart.
    """
    _check_tensor("convert_image_dtype", image)
    return _tensors.convert_dtype(image, dtype)


def to_pil_image(pic: Tensor | np.ndarray[Any, Any], mode: str | None = None) -> Image.Image:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a picture.

    Floats count from 0 to 1, and become bytes unless the mode is "F".

    Args:
        mode: of Pillow's; found from the channels and the type if omitted.
    Raises: TypeError for something else, or a type without a mode; ValueError for other dimensions,
        more than four channels, or a mode that does not fit.
    """
    if isinstance(pic, Tensor):
        array = pic.detach().to("cpu").numpy()
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"to_pil_image: wanted a tensor or an array, got {type(pic).__name__}.")
    if array.ndim not in (2, 3):
        raise ValueError(
            f"to_pil_image: wanted 2 or 3 dimensions, got {tuple(pic.shape)}. Give one image of a "
            "batch at a time."
        )
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        raise ValueError(f"to_pil_image: wanted at most 4 channels, got {channels}.")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    array = np.ascontiguousarray(array[:, :, 0] if array.ndim == 3 and channels == 1 else array)
    if channels == 1:
        found = _MODE_OF_TYPE.get(array.dtype.name)
        fitting: tuple[str | None, ...] = (found,)
    else:
        fitting = _MODES[channels]
        found = _MODES[channels][0] if array.dtype == np.uint8 else None
    if mode is not None and mode not in fitting:
        raise ValueError(
            f"to_pil_image: mode {mode!r} does not fit {array.dtype} values of {channels} "
            f"channels, wanted one of {fitting}."
        )
    if found is None:
        raise TypeError(
            f"to_pil_image: Pillow has no pictures of {array.dtype} values in {channels} channels. "
            "Convert to bytes first."
        )
    picture = Image.fromarray(array)
    if mode is None or mode == found:
        return picture
    # The numbers are what the mode says, not colors to be converted to it.
    return Image.frombytes(mode, picture.size, array.tobytes())


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """(tensor - mean) / std, with a mean and a standard deviation for each channel.

    Raises: TypeError for something else than a tensor of floats; ValueError for a std of 0, or
        fewer than three dimensions.
    """
    _check_tensor("normalize", tensor)
    return _tensors.normalize(tensor, mean, std, inplace)


def _check_tensor(operation: str, image: Any) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(
            f"{operation}: wanted a tensor, got {type(image).__name__}. Put ToTensor() before it."
        )


def resize(
    img: Picture,
    size: Size,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Picture:
    """The picture in another size.

    Args:
        size: (height, width), or one number for the shorter side, which keeps the proportions.
        max_size: the most that the longer side may have; only with one number.
        antialias: smooth what shrinks. Pictures of Pillow's are smoothed anyway.
    Raises: ValueError for other sizes.
    """
    mode = interpolation_mode(interpolation)
    given = [size] if isinstance(size, int) else list(size)
    if len(given) not in (1, 2):
        raise ValueError(f"resize: size must be one number or two, (height, width), got {size}.")
    if max_size is not None and len(given) == 2:
        raise ValueError(
            f"resize: max_size goes with one number, that of the shorter side, got size {size}."
        )
    _, height, width = get_dimensions(img)
    wanted = _resized(height, width, given, max_size)
    if wanted == (height, width):
        return img
    if isinstance(img, Tensor):
        return _sampling.resize(img, wanted, mode.value, bool(antialias))
    if antialias is False:
        warnings.warn(
            "resize: pictures of Pillow's are always smoothed; antialias=False has no effect.",
            stacklevel=2,
        )
    return img.resize(wanted[::-1], Image.Resampling(PILLOW[mode]))


def _resized(height: int, width: int, size: list[int], max_size: int | None) -> tuple[int, int]:
    """(height, width) for the given size."""
    if len(size) == 2:
        return size[0], size[1]
    shorter, longer = min(height, width), max(height, width)
    short, long = size[0], int(size[0] * longer / shorter)
    if max_size is not None:
        if max_size <= short:
            raise ValueError(
                f"resize: max_size {max_size} must be greater than {short}, the shorter side."
            )
        if long > max_size:
            short, long = int(max_size * short / long), max_size
    return (long, short) if width <= height else (short, long)


def pad(img: Picture, padding: Padding, fill: Fill = 0, padding_mode: str = "constant") -> Picture:
    """The picture in a frame.

    Args:
        padding: for all sides, (left and right, top and bottom) or (left, top, right, bottom);
            negative sides crop.
        fill: of the frame, in mode "constant".
        padding_mode: "constant", "edge" (repeats it), "reflect" (mirrors what is inside the edge)
            or "symmetric" (mirrors the edge too).
    """
    _check("pad", img)
    check_padding(padding, padding_mode)
    if not isinstance(img, Tensor):
        return _pictures.pad(img, padding, fill, padding_mode)
    if isinstance(fill, Sequence):
        raise TypeError(f"pad: fill must be one number for a tensor, got {fill!r}.")
    return _tensors.pad(img, padding, fill or 0, padding_mode)


def crop(img: Picture, top: int, left: int, height: int, width: int) -> Picture:
    """A rectangle of the picture; zeros where it reaches beyond."""
    _check("crop", img)
    if isinstance(img, Tensor):
        return _tensors.crop(img, top, left, height, width)
    return img.crop((left, top, left + width, top + height))


def center_crop(img: Picture, output_size: Size) -> Picture:
    """The middle of the picture, with zeros around where it is smaller."""
    tall, wide = both(output_size, "output_size")
    _, height, width = get_dimensions(img)
    more, wider = max(tall - height, 0), max(wide - width, 0)
    if more or wider:
        img = pad(img, [wider // 2, more // 2, (wider + 1) // 2, (more + 1) // 2])
        _, height, width = get_dimensions(img)
    if (tall, wide) == (height, width):
        return img
    top, left = round((height - tall) / 2.0), round((width - wide) / 2.0)
    return crop(img, top, left, tall, wide)


def resized_crop(
    img: Picture,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Size,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Picture:
    """A rectangle of the picture in another size."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def five_crop(img: Picture, size: Size) -> tuple[Picture, ...]:
    """The four corners and the middle: top left, top right, bottom left, bottom right, middle."""
    tall, wide = both(size)
    _, height, width = get_dimensions(img)
    if tall > height or wide > width:
        raise ValueError(
            f"five_crop: crops of {(tall, wide)} do not fit a picture of {(height, width)}."
        )
    corners = [(i, j) for i in (0, height - tall) for j in (0, width - wide)]
    return (*[crop(img, i, j, tall, wide) for i, j in corners], center_crop(img, (tall, wide)))


def ten_crop(img: Picture, size: Size, vertical_flip: bool = False) -> tuple[Picture, ...]:
    """`five_crop` of the picture, and of its mirror image."""
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def hflip(img: Picture) -> Picture:
    """Left and right exchanged."""
    _check("hflip", img)
    if isinstance(img, Tensor):
        return img.flip(-1)
    return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Picture) -> Picture:
    """Top and bottom exchanged."""
    _check("vflip", img)
    if isinstance(img, Tensor):
        return img.flip(-2)
    return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def _adjusted(operation: str, img: Picture, factor: float) -> Picture:
    """One of the functions that both kinds of picture have."""
    _check(operation, img)
    if isinstance(img, Tensor):
        if factor < 0:
            raise ValueError(f"{operation}: the factor must not be negative, got {factor}.")
        result: Picture = getattr(_colors, operation)(img, factor)
    else:
        result = getattr(_pictures, operation)(img, factor)
    return result


def adjust_brightness(img: Picture, brightness_factor: float) -> Picture:
    """The picture between black (0) and itself (1), or brighter."""
    return _adjusted("adjust_brightness", img, brightness_factor)


def adjust_contrast(img: Picture, contrast_factor: float) -> Picture:
    """The picture between its mean grey (0) and itself (1), or with more contrast."""
    return _adjusted("adjust_contrast", img, contrast_factor)


def adjust_saturation(img: Picture, saturation_factor: float) -> Picture:
    """The picture between its greys (0) and itself (1), or more colorful."""
    return _adjusted("adjust_saturation", img, saturation_factor)


def adjust_hue(img: Picture, hue_factor: float) -> Picture:
    """The hues turned by this part of the circle, from -0.5 to 0.5."""
    _check("adjust_hue", img)
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor must be from -0.5 to 0.5, got {hue_factor}.")
    if isinstance(img, Tensor):
        return _colors.adjust_hue(img, hue_factor)
    return _pictures.adjust_hue(img, hue_factor)


def adjust_gamma(img: Picture, gamma: float, gain: float = 1) -> Picture:
    """gain img^gamma, in intensities from 0 to 1."""
    _check("adjust_gamma", img)
    if gamma < 0:
        raise ValueError(f"adjust_gamma: gamma must not be negative, got {gamma}.")
    if isinstance(img, Tensor):
        return _colors.adjust_gamma(img, gamma, gain)
    return _pictures.adjust_gamma(img, gamma, gain)


def rgb_to_grayscale(img: Picture, num_output_channels: int = 1) -> Picture:
    """The picture's greys, in 1 channel or 3 equal ones."""
    _check("rgb_to_grayscale", img)
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"rgb_to_grayscale: num_output_channels must be 1 or 3, got {num_output_channels}."
        )
    if isinstance(img, Tensor):
        return _colors.to_grayscale(img, num_output_channels)
    return _pictures.to_grayscale(img, num_output_channels)


def to_grayscale(img: Image.Image, num_output_channels: int = 1) -> Picture:
    """`rgb_to_grayscale` of a picture of Pillow's."""
    if not isinstance(img, Image.Image):
        raise TypeError(
            f"to_grayscale: wanted a picture of Pillow's, got {type(img).__name__}. "
            "rgb_to_grayscale takes tensors."
        )
    return rgb_to_grayscale(img, num_output_channels)


def rotate(
    img: Picture,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill = None,
) -> Picture:
    """The picture turned by an angle in degrees, counter-clockwise.

    Args:
        expand: make the picture large enough to hold all of it.
        center: (x, y) from the top left corner; the middle if omitted.
        fill: of what was outside.
    """
    _check("rotate", img)
    mode = interpolation_mode(interpolation)
    if not isinstance(img, Tensor):
        return _pictures.rotate(img, angle, PILLOW[mode], expand, center, fill)
    matrix = _sampling.inverse_affine(_from_middle(img, center), -angle, (0, 0), 1.0, (0, 0))
    return _sampling.affine(img, matrix, mode.value, fill, expand)


def affine(
    img: Picture,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: Fill = None,
    center: Sequence[float] | None = None,
) -> Picture:
    """The picture sheared, scaled and turned around its center, then moved.

    Args:
        angle: in degrees, clockwise.
        translate: (right, down), in pixels.
        scale: a positive factor.
        shear: angles in degrees, along x and y; one number is that along x.
        center: (x, y) from the top left corner; the middle if omitted.
        fill: of what was outside.
    """
    _check("affine", img)
    mode = interpolation_mode(interpolation)
    if len(translate) != 2:
        raise ValueError(f"affine: translate must be (right, down), got {translate!r}.")
    if scale <= 0:
        raise ValueError(f"affine: scale must be positive, got {scale}.")
    shears: list[float] = list(shear) if isinstance(shear, Sequence) else [shear, 0.0]
    if len(shears) == 1:
        shears *= 2
    if len(shears) != 2:
        raise ValueError(f"affine: shear must be one angle or two, got {shear!r}.")
    if not isinstance(img, Tensor):
        middle = center if center is not None else (img.width * 0.5, img.height * 0.5)
        matrix = _sampling.inverse_affine(middle, angle, translate, scale, shears)
        return _pictures.transform(img, Image.Transform.AFFINE, matrix, PILLOW[mode], fill)
    middle = _from_middle(img, center)
    matrix = _sampling.inverse_affine(middle, angle, translate, scale, shears)
    return _sampling.affine(img, matrix, mode.value, fill)


def _from_middle(img: Tensor, center: Sequence[float] | None) -> tuple[float, float]:
    """A center from the middle of the image, which is that of tensors' coordinates."""
    if center is None:
        return 0.0, 0.0
    return center[0] - img.shape[-1] * 0.5, center[1] - img.shape[-2] * 0.5


def perspective(
    img: Picture,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Fill = None,
) -> Picture:
    """The picture as seen from elsewhere: four points (x, y) come to lie at four others.

    Args:
        startpoints, endpoints: top left, top right, bottom right, bottom left.
    """
    _check("perspective", img)
    mode = interpolation_mode(interpolation)
    coefficients = _sampling.perspective_coefficients(startpoints, endpoints)
    if not isinstance(img, Tensor):
        return _pictures.transform(
            img, Image.Transform.PERSPECTIVE, coefficients, PILLOW[mode], fill
        )
    return _sampling.perspective(img, coefficients, mode.value, fill)


def erase(
    img: Tensor, i: int, j: int, h: int, w: int, v: Tensor | float, inplace: bool = False
) -> Tensor:
    """The image with v from row i and column j on, over h rows and w columns."""
    _check_tensor("erase", img)
    return _tensors.erase(img, i, j, h, w, v, inplace)


def gaussian_blur(
    img: Picture, kernel_size: Size, sigma: float | Sequence[float] | None = None
) -> Picture:
    """The picture smoothed by a normal distribution, and mirrored at its edges.

    Args:
        kernel_size: odd, in pixels; for both directions, or (along x, along y).
        sigma: standard deviations; 0.15 kernel_size + 0.35 if omitted.
    Raises: ValueError for an even size, or a sigma that is not positive.
    """
    _check("gaussian_blur", img)
    lengths = both(kernel_size, "kernel_size")
    if any(length % 2 == 0 or length < 0 for length in lengths):
        raise ValueError(f"gaussian_blur: kernel_size must be odd and positive, got {kernel_size}.")
    if sigma is None:
        sigmas: Sequence[float] = [length * 0.15 + 0.35 for length in lengths]
    else:
        sigmas = [sigma] if isinstance(sigma, (int, float)) else list(sigma)
    if len(sigmas) not in (1, 2) or min(sigmas) <= 0:
        raise ValueError(f"gaussian_blur: sigma must be one or two positive numbers, got {sigma}.")
    image = img if isinstance(img, Tensor) else pil_to_tensor(img)
    columns = _sampling.gaussian(image.shape[-1], lengths[0], sigmas[0])
    rows = _sampling.gaussian(image.shape[-2], lengths[1], sigmas[-1])
    blurred = _sampling.mixed(image, rows, columns)
    return blurred if isinstance(img, Tensor) else to_pil_image(blurred, img.mode)


__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "affine",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "normalize",
    "pad",
    "perspective",
    "pil_to_tensor",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]

__getattr__ = lacking(__name__)
