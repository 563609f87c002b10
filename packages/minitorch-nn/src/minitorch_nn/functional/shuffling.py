"""Channels exchanged for pixels."""

from __future__ import annotations

from minitorch_tensor import Tensor


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """The r**2 channels of a pixel as r rows and r columns of pixels, r = upscale_factor.

    Shapes: input (*, C r**2, H, W) -> (*, C, H r, W r)
    Raises: ValueError for other shapes, or a factor below 1.
    Source: Shi et al. 2016, section 3.2.
    """
    r = _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ValueError(
            f"pixel_shuffle: the {channels} channels of input {input.shape} are not divisible by "
            f"upscale_factor**2 = {r * r}."
        )
    n = len(lead)
    apart = input.reshape(*lead, channels // (r * r), r, r, height, width)
    apart = apart.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return apart.reshape(*lead, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The inverse of `pixel_shuffle`.

    Shapes: input (*, C, H r, W r) -> (*, C r**2, H, W), r = downscale_factor
    Raises: ValueError for other shapes, or a factor below 1.
    """
    r = _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *lead, channels, height, width = input.shape
    if height % r or width % r:
        raise ValueError(
            f"pixel_unshuffle: the sides of input {input.shape} are not divisible by "
            f"downscale_factor {r}."
        )
    n = len(lead)
    apart = input.reshape(*lead, channels, height // r, r, width // r, r)
    apart = apart.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return apart.reshape(*lead, channels * r * r, height // r, width // r)


def _factor(operation: str, name: str, input: Tensor, factor: int) -> int:
    if input.ndim < 3 or factor < 1:
        raise ValueError(
            f"{operation}: wanted an input (*, C, H, W) and a {name} of at least 1, got "
            f"{input.shape} and {factor}."
        )
    return factor


__all__ = ["pixel_shuffle", "pixel_unshuffle"]
