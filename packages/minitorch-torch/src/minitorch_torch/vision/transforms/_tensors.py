"""The operations on tensors (..., C, H, W) that only move values or change their type."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor
from minitorch_torch.vision.transforms._arguments import Padding, sides


def check_image(operation: str, image: Tensor, channels: tuple[int, ...] = ()) -> None:
    """Raise TypeError unless a tensor has the dimensions, and the channels, of an image."""
    if image.ndim < 2 + bool(channels):
        wanted = "(..., C, H, W)" if channels else "(..., H, W)"
        raise TypeError(f"{operation}: wanted an image {wanted}, got a tensor {image.shape}.")
    if channels and image.shape[-3] not in channels:
        raise TypeError(
            f"{operation}: wanted {' or '.join(map(str, channels))} channels, got "
            f"{image.shape[-3]} of {image.shape}."
        )


def largest(dtype: DType) -> int:
    """The value of full intensity: 1 for floats."""
    return 1 if dtype.is_floating_point else int(np.iinfo(dtype.name).max)


def convert_dtype(image: Tensor, dtype: DType) -> Tensor:
    """The same intensities in another type."""
    if image.dtype is dtype:
        return image
    into = largest(dtype)
    if image.dtype.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        if dtype is mt.int64 or (dtype is mt.int32 and image.dtype is mt.float32):
            raise RuntimeError(
                f"convert_image_dtype: {image.dtype} cannot hold every intensity of {dtype}. "
                "Convert to uint8, or use image.to(dtype), which does not scale."
            )
        # So that equal ranges of floats become each integer; 1.0 alone becomes 256 otherwise.
        return (image * (into + 1.0 - 1e-3)).to(dtype)
    outof = largest(image.dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / float(outof)
    if outof > into:
        return mt.div(image, (outof + 1) // (into + 1), rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((into + 1) // (outof + 1))


def normalize(image: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool) -> Tensor:
    """(image - mean) / std, with a mean and a std for each channel."""
    if not image.dtype.is_floating_point:
        raise TypeError(f"normalize: wanted floats, got {image.dtype}. ToTensor() makes floats.")
    if image.ndim < 3:
        raise ValueError(f"normalize: wanted an image (..., C, H, W), got {image.shape}.")
    if 0 in (std.tolist() if isinstance(std, Tensor) else std):
        raise ValueError(f"normalize: std has a zero, which would divide by it: {std}.")
    means, stds = _column(mean, image), _column(std, image)
    if max(len(means), len(stds)) not in (1, image.shape[-3]):
        raise RuntimeError(
            f"normalize: {max(len(means), len(stds))} means and standard deviations do not fit the "
            f"{image.shape[-3]} channels of {image.shape}. Give one of each for every channel."
        )
    if inplace:
        return image.sub_(means).div_(stds)
    return (image - means).div_(stds) if not image.requires_grad else (image - means) / stds


def _column(values: Sequence[float] | Tensor, image: Tensor) -> Tensor:
    """One number for each channel, (C, 1, 1), on the image's device and in its type."""
    if isinstance(values, Tensor):
        return values.to(image.device, image.dtype).view(-1, 1, 1)
    return _constants(tuple(values), image.dtype, image.device)


@functools.lru_cache(maxsize=16)
def _constants(values: tuple[float, ...], dtype: DType, device: mt.device) -> Tensor:
    """Made once, not for every picture: that takes as long as normalizing a small one."""
    return mt.tensor(values, dtype=dtype, device=device).view(-1, 1, 1)


def crop(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Rows top, ..., top + height - 1, and columns likewise; zeros outside of the image."""
    h, w = image.shape[-2:]
    bottom, right = top + height, left + width
    inside = image[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return inside
    frame = (
        max(min(0, right) - left, 0),
        max(right - max(w, left), 0),
        max(min(0, bottom) - top, 0),
        max(bottom - max(h, top), 0),
    )
    return mt.pad(inside, frame)


def pad(image: Tensor, padding: Padding, fill: float, mode: str) -> Tensor:
    """The image in a frame; negative sides crop."""
    left, top, right, bottom = sides(padding)
    if mode == "constant":
        if not image.dtype.is_floating_point:
            fill = int(fill)
        return mt.pad(image, (left, right, top, bottom), value=fill)
    h, w = image.shape[-2:]
    for dim, size, before, after in ((-2, h, top, bottom), (-1, w, left, right)):
        kept = np.arange(max(-before, 0), size - max(-after, 0))
        places = np.pad(kept, (max(before, 0), max(after, 0)), mode=mode)  # type: ignore[call-overload]
        if len(places) != size or before or after:
            image = image.index_select(dim % image.ndim, mt.from_numpy(places).to(image.device))
    return image


def erase(
    image: Tensor, i: int, j: int, h: int, w: int, v: Tensor | float, inplace: bool
) -> Tensor:
    """The image with v from row i and column j on, over h rows and w columns."""
    if not inplace:
        image = image.clone()
    image[..., i : i + h, j : j + w] = v.to(image.dtype) if isinstance(v, Tensor) else v
    return image
