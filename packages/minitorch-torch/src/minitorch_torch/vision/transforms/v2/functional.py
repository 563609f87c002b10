"""The second version's names of the same functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

import minitorch_tensor as mt
from minitorch_tensor import DType, Tensor
from minitorch_torch.missing import lacking
from minitorch_torch.vision.transforms.functional import *
from minitorch_torch.vision.transforms.functional import (
    convert_image_dtype,
    hflip,
    pil_to_tensor,
    vflip,
)

horizontal_flip = hflip
vertical_flip = vflip


def to_image(inpt: Image.Image | np.ndarray[Any, Any] | Tensor) -> Tensor:
    """A picture, or an array (H, W) or (H, W, C), as a tensor (C, H, W) of its own numbers."""
    if isinstance(inpt, Tensor):
        return inpt
    if isinstance(inpt, np.ndarray):
        if inpt.ndim not in (2, 3):
            raise ValueError(f"to_image: wanted an array (H, W) or (H, W, C), got {inpt.shape}.")
        array = inpt[:, :, None] if inpt.ndim == 2 else inpt
        return mt.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))
    return pil_to_tensor(inpt)


def to_dtype(inpt: Tensor, dtype: DType = mt.float32, scale: bool = False) -> Tensor:
    """The tensor in another type; with `scale`, the same intensities."""
    return convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


__getattr__ = lacking(__name__)
