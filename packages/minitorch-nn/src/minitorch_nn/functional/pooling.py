"""Pooling: each window reduced to one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np

from minitorch_nn.functional.windows import Pair, as_image, make_window, one_high, pair, single
from minitorch_tensor import Tensor, Window, pad, tensor
from minitorch_tensor.extend import Context, Function


class MaxPool2d(Function):
    """The largest element of every window, and its index in the plane (no gradient).

    Shapes:   x (N, C, H, W) -> values and indices (N, C, OH, OW)
    Gradient: d, added at the indices.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        values, indices = x.backend.max_pool2d(x.tensor_data, window)
        result, where = x.wrap(values), x.wrap(indices)
        ctx.save_for_backward(where)
        ctx.shape, ctx.window = x.shape, window
        return result, where

    @staticmethod
    def backward(ctx: Context, d: Tensor, _: Tensor) -> tuple[Tensor, None]:
        (indices,) = ctx.saved_tensors
        return MaxPool2dBackward.apply(d, indices, ctx.shape, ctx.window), None


class MaxPool2dBackward(Function):
    """d added at `indices` of a zero input. Gradient: the incoming gradient gathered there."""

    @staticmethod
    def forward(
        ctx: Context, d: Tensor, indices: Tensor, shape: tuple[int, ...], window: Window
    ) -> Tensor:
        ctx.save_for_backward(indices)
        return d.wrap(
            d.backend.max_pool2d_backward(d.tensor_data, indices.tensor_data, shape, window)
        )

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None]:
        (indices,) = ctx.saved_tensors
        picked = e.flatten(2).gather(2, indices.flatten(2))
        return picked.reshape(indices.shape), None, None, None


class AvgPool2d(Function):
    """The mean of every window: x (N, C, H, W) -> (N, C, OH, OW). Gradient: its adjoint."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, window: Window) -> Tensor:
        ctx.shape, ctx.window = x.shape, window
        return x.wrap(x.backend.avg_pool2d(x.tensor_data, window))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return AvgPool2dBackward.apply(d, ctx.shape, ctx.window), None


class AvgPool2dBackward(Function):
    """The adjoint of AvgPool2d: each d spread evenly over its window. Gradient: AvgPool2d."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: tuple[int, ...], window: Window) -> Tensor:
        ctx.window = window
        return d.wrap(d.backend.avg_pool2d_backward(d.tensor_data, shape, window))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return AvgPool2d.apply(e, ctx.window), None, None


def _pool_window(
    operation: str,
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
) -> tuple[Window, tuple[int, int]]:
    """The window, and how many rows and columns `ceil_mode` adds below and on the right, so that
    another window fits that starts inside the input or the padding before it."""
    _check_floating(operation, input)
    stride = kernel_size if stride is None else stride
    window = make_window(operation, input, kernel_size, stride, padding, dilation, ceil_mode)
    if any(2 * p > k for p, k in zip(window.padding, window.kernel)):
        raise ValueError(
            f"{operation}: padding {window.padding} must be at most half of kernel_size "
            f"{window.kernel}, or a window could lie in the padding alone."
        )
    height, width = (
        _overhang(*sizes) if ceil_mode else 0 for sizes in zip(input.shape[2:], *window)
    )
    padded = max(window.padding) > 0 or height > 0 or width > 0
    if max(window.dilation) > 1 and padded and _misses(input, window, (height, width)):
        raise ValueError(
            f"{operation}: with dilation {window.dilation} and padding {window.padding} a window "
            f"sees nothing of an input of {input.shape[2:]}. Use less of either."
        )
    return window, (height, width)


def _overhang(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How far the last window of `ceil_mode` reaches beyond the padding."""
    reach = dilation * (kernel - 1) + 1
    last = -(-(size + 2 * padding - reach) // stride)  # rounded up
    if last * stride >= size + padding:
        last -= 1
    return max(last * stride + reach - size - 2 * padding, 0)


def _misses(input: Tensor, window: Window, more: tuple[int, int]) -> bool:
    """True if some window sees only padding: with dilation it can step over the image."""
    sizes = input.shape[2:]
    outputs = window.output_size([size + extra for size, extra in zip(sizes, more)])
    return any(
        not any(0 <= i * s - p + j * d < size for j in range(k))
        for size, n, k, s, p, d in zip(sizes, outputs, *window)
        for i in range(n)
    )


def _check_floating(operation: str, input: Tensor) -> None:
    if not input.is_floating_point():
        raise TypeError(
            f"{operation}: wanted floating point, got {input.dtype}. Convert with .float()."
        )


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = ...,
    padding: Pair = ...,
    dilation: Pair = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = ...,
    padding: Pair = ...,
    dilation: Pair = ...,
    ceil_mode: bool = ...,
    *,
    return_indices: bool,
) -> Any: ...


def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of every window; padding is never chosen.

    Args:
        stride: defaults to kernel_size.
        ceil_mode: true for a last window that reaches beyond the padding: // rounds up.
        return_indices: also return the index of each maximum, h * W + w in its plane.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if the window does not fit; TypeError for integers.
    """
    if input.ndim == 3:
        one = input.unsqueeze(0)
        values, indices = max_pool2d(
            one, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True
        )
        values, indices = values.squeeze(0), indices.squeeze(0)
        return (values, indices) if return_indices else values
    window, (below, right) = _pool_window(
        "max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode
    )
    width = input.shape[3]
    if below or right:
        input = pad(input, (0, right, 0, below), value=-math.inf)
    values, indices = MaxPool2d.apply(input, window)
    if not return_indices:
        return values
    if right:
        indices = indices // (width + right) * width + indices % (width + right)
    return values, indices


def avg_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of every window.

    Args:
        stride: defaults to kernel_size.
        ceil_mode: true for a last window that reaches beyond the padding: // rounds up. What is
            beyond does not count.
        count_include_pad: true to count the padding in as zeros, false to leave it out.
        divisor_override: divides the sum of a window instead of its number of elements.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW) with
        OH = (H + 2 padding - KH) // stride + 1, and OW likewise
    Raises: ValueError if the window does not fit, or for a divisor of 0; TypeError for integers.
    """
    if input.ndim == 3:
        options = (ceil_mode, count_include_pad, divisor_override)
        return avg_pool2d(input.unsqueeze(0), kernel_size, stride, padding, *options).squeeze(0)
    window, (below, right) = _pool_window(
        "avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode
    )
    if divisor_override == 0:
        raise ValueError("avg_pool2d: divisor_override divides, and cannot be 0.")
    sizes = input.shape[2:]
    if below or right:
        input = pad(input, (0, right, 0, below))
    means: Tensor = AvgPool2d.apply(input, window)
    area = math.prod(window.kernel)
    if divisor_override is not None:
        return means * (area / divisor_override)
    if not (below or right or (max(window.padding) > 0 and not count_include_pad)):
        return means
    rows, columns = (
        [
            min(i * s - p + k, size + (p if count_include_pad else 0))
            - max(i * s - p, -p if count_include_pad else 0)
            for i in range(outputs)
        ]
        for size, k, s, p, outputs in zip(
            sizes, window.kernel, window.stride, window.padding, means.shape[2:]
        )
    )
    counted = np.multiply.outer(rows, columns)
    return means * tensor(area / counted, dtype=means.dtype, device=means.backend)


@overload
def max_pool1d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = ...,
    padding: Pair = ...,
    dilation: Pair = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool1d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = ...,
    padding: Pair = ...,
    dilation: Pair = ...,
    ceil_mode: bool = ...,
    *,
    return_indices: bool,
) -> Any: ...


def max_pool1d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of every window of a sequence; padding is never chosen.

    Args: as `max_pool2d`.

    Shapes: input (N, C, L) or (C, L) -> (N, C, OL) or (C, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    Raises: ValueError if the window does not fit; TypeError for integers.
    """
    image = as_image("max_pool1d", input)
    stride = kernel_size if stride is None else stride
    window = one_high("max_pool1d", kernel_size, stride, padding, dilation)
    values, indices = max_pool2d(image, *window, ceil_mode, return_indices=True)
    return (values.squeeze(-2), indices.squeeze(-2)) if return_indices else values.squeeze(-2)


def avg_pool1d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of every window of a sequence.

    Args: as `avg_pool2d`.

    Shapes: input (N, C, L) or (C, L) -> (N, C, OL) or (C, OL) with
        OL = (L + 2 padding - K) // stride + 1
    Raises: ValueError if the window does not fit; TypeError for integers.
    """
    image = as_image("avg_pool1d", input)
    stride = kernel_size if stride is None else stride
    window = one_high("avg_pool1d", kernel_size, stride, padding, 1)
    sizes = (window.kernel, window.stride, window.padding)
    return avg_pool2d(image, *sizes, ceil_mode, count_include_pad).squeeze(-2)


#: One number for both directions, or (height, width); None keeps the input's size.
OutputSize: TypeAlias = "int | Sequence[int | None] | None"


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The mean of one window per output element: window i of n over a size s runs from
    floor(i s / n) to ceil((i + 1) s / n).

    Args:
        output_size: (OH, OW), or one number for both; None keeps the input's.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW)
    Raises: ValueError for other shapes, or sizes below 1; TypeError for integers.
    """
    if input.ndim == 3:
        return adaptive_avg_pool2d(input.unsqueeze(0), output_size).squeeze(0)
    sizes = _adaptive_sizes("adaptive_avg_pool2d", input, output_size)
    kernel = _even_kernel(input, sizes)
    if kernel is not None:
        return avg_pool2d(input, kernel)
    # The mean over a rectangle is the mean of its row means, so two matrix products compute it.
    matrices = []
    for size, outputs in zip(input.shape[2:], sizes):
        matrix = np.zeros((outputs, size))
        for row, (start, end) in zip(matrix, _adaptive_windows(size, outputs)):
            row[start:end] = 1.0 / (end - start)
        matrices.append(tensor(matrix, dtype=input.dtype, device=input.backend))
    rows, columns = matrices
    return rows @ input @ columns.mT


def adaptive_max_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The largest element of one window per output element; windows are those of
    `adaptive_avg_pool2d`.

    Args:
        output_size: (OH, OW), or one number for both; None keeps the input's.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW)
    Raises: ValueError for other shapes, or sizes below 1; TypeError for integers.
    """
    if input.ndim == 3:
        return adaptive_max_pool2d(input.unsqueeze(0), output_size).squeeze(0)
    sizes = _adaptive_sizes("adaptive_max_pool2d", input, output_size)
    kernel = _even_kernel(input, sizes)
    if kernel is not None:
        return max_pool2d(input, kernel)
    n, c, *_ = input.shape
    windows = input
    lengths = []
    for dim, outputs in zip((2, 3), sizes):
        bounds = _adaptive_windows(input.shape[dim], outputs)
        length = max(end - start for start, end in bounds)
        # A shorter window repeats its last element, which leaves its maximum unchanged.
        places = [min(start + i, end - 1) for start, end in bounds for i in range(length)]
        windows = windows.index_select(dim, tensor(places, device=input.backend))
        lengths.append(length)
    (oh, ow), (kh, kw) = sizes, lengths
    windows = windows.reshape(n, c, oh, kh, ow, kw).permute(0, 1, 2, 4, 3, 5)
    values: Tensor = windows.reshape(n, c, oh, ow, kh * kw).max(-1).values
    return values


def adaptive_avg_pool1d(input: Tensor, output_size: int) -> Tensor:
    """`adaptive_avg_pool2d` of a sequence: (N, C, L) or (C, L) -> (N, C, output_size)
    or (C, output_size)."""
    outputs = single("adaptive_avg_pool1d: output_size", output_size, 1)
    return adaptive_avg_pool2d(as_image("adaptive_avg_pool1d", input), (1, outputs)).squeeze(-2)


def adaptive_max_pool1d(input: Tensor, output_size: int) -> Tensor:
    """`adaptive_max_pool2d` of a sequence: (N, C, L) or (C, L) -> (N, C, output_size)
    or (C, output_size)."""
    outputs = single("adaptive_max_pool1d: output_size", output_size, 1)
    return adaptive_max_pool2d(as_image("adaptive_max_pool1d", input), (1, outputs)).squeeze(-2)


def _adaptive_sizes(operation: str, input: Tensor, output_size: OutputSize) -> tuple[int, int]:
    _check_floating(operation, input)
    if input.ndim != 4 or 0 in input.shape[2:]:
        raise ValueError(
            f"{operation}: wanted an input of shape (N, C, H, W) or (C, H, W) with H and W of at "
            f"least 1, got {input.shape}."
        )
    if isinstance(output_size, Sequence) and len(output_size) == 2:
        given = output_size
    else:
        given = (output_size, output_size)  # type: ignore[assignment]
    wanted = [size if own is None else own for own, size in zip(given, input.shape[2:])]
    return pair(f"{operation}: output_size", wanted, 1)


def _even_kernel(input: Tensor, sizes: tuple[int, int]) -> tuple[int, int] | None:
    """The kernel size if all windows are equal and adjacent; else None."""
    (height, width), (oh, ow) = input.shape[2:], sizes
    return None if height % oh or width % ow else (height // oh, width // ow)


def _adaptive_windows(size: int, outputs: int) -> list[tuple[int, int]]:
    """Start and end of each window; -(-a // b) is a / b rounded up."""
    return [(i * size // outputs, -(-(i + 1) * size // outputs)) for i in range(outputs)]


__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "max_pool1d",
    "max_pool2d",
]
