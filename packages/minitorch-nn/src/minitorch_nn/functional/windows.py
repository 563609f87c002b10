"""Arguments of everything that slides a window: one number for both directions, or a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from minitorch_tensor import Tensor, Window

Pair: TypeAlias = "int | Sequence[int]"


def pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    """`value` as (height, width).

    Raises: ValueError if it is neither a number nor a pair, or less than `least`.
    """
    values = (value, value) if isinstance(value, int) else tuple(value)
    if len(values) != 2 or any(not isinstance(v, int) or v < least for v in values):
        raise ValueError(
            f"{name} must be an integer of at least {least}, or two of them (height, width); "
            f"got {value!r}."
        )
    return values


def make_window(
    operation: str,
    input: Tensor,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> Window:
    """The window, checked to fit the input at least once.

    Raises: ValueError if it does not, or input is not (N, C, H, W).
    """
    if input.ndim != 4:
        raise ValueError(
            f"{operation}: wanted an input of shape (N, C, H, W), got {input.shape}. "
            "For a single image use unsqueeze(0)."
        )
    window = Window(
        pair(f"{operation}: kernel_size", kernel_size, 1),
        pair(f"{operation}: stride", stride, 1),
        pair(f"{operation}: padding", padding, 0),
        pair(f"{operation}: dilation", dilation, 1),
    )
    if min(window.output_size(input.shape[2:])) < 1:
        raise ValueError(
            f"{operation}: a kernel of {window.kernel} with dilation {window.dilation} does not "
            f"fit into an input of {input.shape[2:]} with padding {window.padding}. "
            "Use a smaller kernel, or more padding."
        )
    return window
