"""Arguments of convolution and pooling windows: one number for both directions, or a pair."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TypeAlias

from minitorch_tensor import Tensor, Window

Pair: TypeAlias = "int | Sequence[int]"


def pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    """`value` as (height, width).

    Raises: ValueError if it is neither a whole number nor a pair, or less than `least`.
    """
    height, width = _whole(name, value, 2, least, ", or two of them (height, width)")
    return height, width


def single(name: str, value: Pair, least: int) -> int:
    """`value`, a whole number or a sequence of one, as an int.

    Raises: ValueError if it is neither, or less than `least`.
    """
    return _whole(name, value, 1, least, "")[0]


def _whole(name: str, value: Pair, count: int, least: int, more: str) -> tuple[int, ...]:
    try:
        given = value if isinstance(value, Sequence) else (value,) * count
        values = tuple([operator.index(v) for v in given])
    except TypeError:
        values = ()
    if len(values) != count or min(values) < least:
        raise ValueError(f"{name} must be an integer of at least {least}{more}; got {value!r}.")
    return values


def make_window(
    operation: str,
    input: Tensor,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    reaching: bool = False,
) -> Window:
    """The window, checked to fit inside the input, or if `reaching` to reach beyond it by less than
    a stride.

    Raises: ValueError if it does not fit, or input is not (N, C, H, W).
    """
    if input.ndim != 4:
        raise ValueError(
            f"{operation}: wanted an input of shape (N, C, H, W) or (C, H, W), got {input.shape}."
        )
    window = Window(
        pair(f"{operation}: kernel_size", kernel_size, 1),
        pair(f"{operation}: stride", stride, 1),
        pair(f"{operation}: padding", padding, 0),
        pair(f"{operation}: dilation", dilation, 1),
    )
    more = [stride - 1 if reaching else 0 for stride in window.stride]
    if min(window.output_size([size + m for size, m in zip(input.shape[2:], more)])) < 1:
        raise ValueError(
            f"{operation}: a kernel of {window.kernel} with dilation {window.dilation} does not "
            f"fit into an input of {input.shape[2:]} with padding {window.padding}. "
            "Use a smaller kernel, or more padding."
        )
    return window


def as_image(operation: str, input: Tensor) -> Tensor:
    """A sequence (N, C, L) or (C, L) as an image one row high, (N, C, 1, L) or (C, 1, L).

    Raises: ValueError for another number of dimensions.
    """
    if input.ndim not in (2, 3):
        raise ValueError(
            f"{operation}: wanted an input of shape (N, C, L) or (C, L), got {input.shape}."
        )
    return input.unsqueeze(-2)


def one_high(
    operation: str, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Window:
    """A window along a sequence, as a window over an image one row high."""
    return Window(
        (1, single(f"{operation}: kernel_size", kernel_size, 1)),
        (1, single(f"{operation}: stride", stride, 1)),
        (0, single(f"{operation}: padding", padding, 0)),
        (1, single(f"{operation}: dilation", dilation, 1)),
    )
