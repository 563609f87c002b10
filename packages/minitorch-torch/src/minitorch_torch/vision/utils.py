"""Many pictures in one, and pictures as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad
from minitorch_torch.missing import lacking


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images side by side in one.

    Args:
        tensor: images (B, C, H, W), one image (C, H, W) or (H, W), or a list of equal ones. Grey
            images get three equal channels.
        nrow: images in a row.
        padding: pixels between the images, and around them.
        normalize: stretch the values to run from 0 to 1.
        value_range: which values become 0 and 1; the least and the largest if omitted.
        scale_each: stretch each image by itself.
        pad_value: of the pixels between.
    Returns: (C, rows (H + padding) + padding, columns (W + padding) + padding); of one image that
        image alone.
    Raises: TypeError for something else.
    """
    if isinstance(tensor, list):
        strange = [type(x).__name__ for x in tensor if not isinstance(x, Tensor)]
    else:
        strange = [] if isinstance(tensor, Tensor) else [type(tensor).__name__]
    if strange:
        raise TypeError(f"make_grid: wanted a tensor or a list of tensors, got {strange[0]}.")
    if normalize and value_range is not None and not isinstance(value_range, tuple):
        raise TypeError(f"make_grid: value_range must be a tuple (min, max), got {value_range!r}.")
    with no_grad():
        images: Any = mt.stack(tensor) if isinstance(tensor, list) else tensor
        images = images.reshape((1,) * (4 - images.ndim) + images.shape)
        if images.shape[1] == 1:
            images = mt.cat([images] * 3, 1)
        if normalize:
            images = _stretched(images, value_range, scale_each)
        if len(images) == 1:
            return images[0]  # type: ignore[no-any-return]
        count, channels, h, w = images.shape
        columns = min(nrow, count)
        rows = math.ceil(count / columns)
        tall, wide = h + padding, w + padding
        size = (channels, rows * tall + padding, columns * wide + padding)
        grid = mt.full(size, pad_value, dtype=images.dtype, device=images.device)
        for number in range(count):
            top, left = (
                place * step + padding for place, step in zip(divmod(number, columns), (tall, wide))
            )
            grid[:, top : top + h, left : left + w] = images[number]
        return grid


def _stretched(images: Tensor, value_range: tuple[float, float] | None, scale_each: bool) -> Tensor:
    """The images with values from 0 to 1."""
    if scale_each:
        return mt.stack([_stretched(image, value_range, False) for image in images])
    low, high = value_range or (images.min().item(), images.max().item())
    return (images.clamp(low, high) - low) / max(high - low, 1e-5)


def save_image(
    tensor: Tensor | Sequence[Tensor], fp: Any, format: str | None = None, **kwargs: Any
) -> None:
    """Write images, side by side, as one file of a picture.

    Args:
        tensor: as `make_grid` takes it, with values from 0 to 1.
        fp: the file's name, or a file.
        format: of Pillow's; that of the name's ending if omitted.
        kwargs: arguments of `make_grid`.
    """
    grid = make_grid(tensor, **kwargs)
    bytes_ = (grid * 255.0 + 0.5).clamp(0, 255).permute(1, 2, 0).to("cpu", mt.uint8)
    target = Path(fp) if isinstance(fp, str) else fp
    Image.fromarray(bytes_.contiguous().numpy()).save(target, format=format)


__all__ = ["make_grid", "save_image"]

__getattr__ = lacking(__name__)
