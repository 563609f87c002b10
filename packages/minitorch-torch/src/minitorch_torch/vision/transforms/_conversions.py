"""Transforms from one representation of a picture to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from minitorch_nn import Module
from minitorch_tensor import DType, Tensor
from minitorch_torch.vision.transforms import functional as F


class ToTensor:
    """`functional.to_tensor`: a picture, or an array (H, W, C), as a tensor (C, H, W); bytes become
    float32 from 0 to 1."""

    def __call__(self, pic: Image.Image | np.ndarray[Any, Any]) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """`functional.pil_to_tensor`: a picture as a tensor (C, H, W) of its own numbers."""

    def __call__(self, pic: Image.Image) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    """`functional.convert_image_dtype`: the same intensities in another type."""

    def __init__(self, dtype: DType) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage:
    """`functional.to_pil_image`: a tensor (C, H, W), or an array (H, W, C), as a picture."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Tensor | np.ndarray[Any, Any]) -> Image.Image:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize(Module):
    """(tensor - mean) / std, with a mean and a standard deviation for each channel.

    Args:
        inplace: overwrite the tensor.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class LinearTransformation(Module):
    """(x - mean_vector) @ transformation_matrix, of an image as a flat vector: whitening.

    Shapes: transformation_matrix (D, D), mean_vector (D); images (..., C, H, W) with C H W = D.
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        n = len(mean_vector)
        if transformation_matrix.shape != (n, n):
            raise ValueError(
                f"LinearTransformation: a mean_vector of {n} goes with a matrix {(n, n)}, got "
                f"{transformation_matrix.shape}."
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        n = len(self.mean_vector)
        if tensor.ndim < 3 or np.prod(tensor.shape[-3:]) != n:
            raise ValueError(
                f"LinearTransformation: wanted images (..., C, H, W) of {n} numbers, got "
                f"{tensor.shape}."
            )
        flat = tensor.reshape(-1, n) - self.mean_vector
        return (flat @ self.transformation_matrix.to(flat.dtype)).reshape(tensor.shape)

    def __repr__(self) -> str:
        matrix, mean = self.transformation_matrix.tolist(), self.mean_vector.tolist()
        return f"{type(self).__name__}(transformation_matrix={matrix}, mean_vector={mean})"


__all__ = [
    "ConvertImageDtype",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "ToPILImage",
    "ToTensor",
]
