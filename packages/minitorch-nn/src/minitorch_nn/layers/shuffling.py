"""Layers that exchange channels for pixels."""

from __future__ import annotations

from minitorch_nn import functional as F
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class PixelShuffle(Module):
    """(*, C r**2, H, W) -> (*, C, H r, W r), r = upscale_factor; see `functional.pixel_shuffle`."""

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(*, C, H r, W r) -> (*, C r**2, H, W), r = downscale_factor; the inverse of
    `PixelShuffle`."""

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


__all__ = ["PixelShuffle", "PixelUnshuffle"]
