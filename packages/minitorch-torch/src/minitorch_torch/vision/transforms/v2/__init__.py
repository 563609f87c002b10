"""The second version's names of the same transforms. They take and give one picture: labels, boxes
and masks beside it are left to the script. What is random is as in the first version."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from minitorch_nn import Module
from minitorch_tensor import DType, Tensor
from minitorch_torch.missing import lacking
from minitorch_torch.vision.transforms.transforms import *
from minitorch_torch.vision.transforms.transforms import InterpolationMode
from minitorch_torch.vision.transforms.v2 import functional


class ToImage(Module):
    """A picture, or an array (H, W, C), as a tensor (C, H, W) of its own numbers."""

    def forward(self, inpt: Image.Image | np.ndarray[Any, Any] | Tensor) -> Tensor:
        return functional.to_image(inpt)


class ToDtype(Module):
    """A tensor in another type.

    Args:
        scale: keep intensities, not numbers: floats run from 0 to 1, integers to their largest.
    """

    def __init__(self, dtype: DType, scale: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.scale = scale

    def forward(self, inpt: Tensor) -> Tensor:
        return functional.to_dtype(inpt, self.dtype, self.scale)

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


__getattr__ = lacking(__name__)
