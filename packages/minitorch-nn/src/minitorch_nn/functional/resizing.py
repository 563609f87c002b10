"""Images and sequences in other sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from minitorch_nn.functional.pooling import adaptive_avg_pool1d, adaptive_avg_pool2d
from minitorch_tensor import Tensor, tensor

#: One number for all directions, or one for each.
Scale: TypeAlias = "float | Sequence[float]"

#: The modes, and the numbers of dimensions of their inputs.
MODES = {
    "nearest": (3, 4),
    "nearest-exact": (3, 4),
    "area": (3, 4),
    "linear": (3,),
    "bilinear": (4,),
}


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: Scale | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """The image or sequence in another size, given itself or as a factor.

    Args:
        size: OL, or (OH, OW), or one number for both.
        scale_factor: how many times larger, likewise; the sizes round down.
        mode: "nearest" takes an element each, "linear" and "bilinear" weigh the nearest two or
            four, "area" is the mean of all that an element covers; "nearest-exact" is "nearest"
            without its shift by half an element.
        align_corners: for "linear" and "bilinear", true if the centres of the corners stay where
            they are, false (by default) if their outer edges do.
        recompute_scale_factor: true to compute elements from the rounded sizes, not from
            scale_factor.
        antialias: false; PyTorch's filter for smaller images is left out. Use "area".

    Shapes: input (N, C, L) -> (N, C, OL), or (N, C, H, W) -> (N, C, OH, OW)
    Raises: ValueError for another mode, an input of other dimensions, or unless there is one of
        size and scale_factor.
    """
    if mode not in MODES or input.ndim not in MODES[mode]:
        raise ValueError(
            "interpolate: wanted an input (N, C, L) with mode nearest, nearest-exact, area or "
            "linear, or (N, C, H, W) with mode nearest, nearest-exact, area or bilinear, got "
            f"{input.shape} with mode {mode!r}."
        )
    if antialias:
        raise ValueError("interpolate: antialias is left out. Use mode='area' to make it smaller.")
    linear = mode in ("linear", "bilinear")
    if align_corners is not None and not linear:
        raise ValueError(
            f"interpolate: align_corners is for the modes linear and bilinear, not {mode!r}."
        )
    outputs, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return (
            adaptive_avg_pool1d(input, outputs[0])
            if input.ndim == 3
            else adaptive_avg_pool2d(input, outputs)
        )
    result = input
    for dim, (wanted, factor) in enumerate(zip(outputs, factors), 2):
        present = input.shape[dim]
        step = present / wanted if factor is None else 1.0 / factor
        places = np.arange(wanted)
        if not linear:
            nearest = (places + (0.5 if mode == "nearest-exact" else 0.0)) * step
            result = _taken(result, dim, np.floor(nearest))
            continue
        if align_corners:
            positions = places * ((present - 1) / max(wanted - 1, 1))
        else:
            positions = np.maximum((places + 0.5) * step - 0.5, 0.0)
        before = np.minimum(np.floor(positions), present - 1)
        share = tensor(positions - before, dtype=input.dtype, device=input.backend)
        share = share.reshape(-1, *[1] * (input.ndim - 1 - dim))
        first, second = _taken(result, dim, before), _taken(result, dim, before + 1)
        result = first * (1.0 - share) + second * share
    return result


def _taken(input: Tensor, dim: int, places: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tensor:
    """The elements at places along a dimension; beyond the last there is the last."""
    index = np.minimum(places, input.shape[dim] - 1).astype(np.int64)
    return input.index_select(dim, tensor(index, device=input.backend))


def _sizes(
    input: Tensor,
    size: int | Sequence[int] | None,
    scale_factor: Scale | None,
    recompute: bool | None,
) -> tuple[list[int], list[float | None]]:
    """The sizes of the output, and the factors to compute its elements from, None for those of
    the sizes."""
    count = input.ndim - 2
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"interpolate: give either size or scale_factor, got {size} and {scale_factor}."
        )
    given: Any = scale_factor if size is None else size
    values = list(given) if isinstance(given, Sequence) else [given] * count
    if len(values) != count or min(values) <= 0:
        raise ValueError(
            f"interpolate: wanted one number above 0 or {count} for an input of {input.shape}, got "
            f"{given}."
        )
    if size is not None:
        return [int(value) for value in values], [None] * count
    outputs = [math.floor(n * factor) for n, factor in zip(input.shape[2:], values)]
    if min(outputs) < 1:
        raise ValueError(
            f"interpolate: scale_factor {scale_factor} leaves nothing of an input of {input.shape}."
        )
    return outputs, [None] * count if recompute else list(values)


__all__ = ["interpolate"]
