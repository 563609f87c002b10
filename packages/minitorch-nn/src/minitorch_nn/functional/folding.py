"""Windows of an image as columns, and columns added up to an image."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_nn.functional.windows import Pair, make_window, pair
from minitorch_tensor import Tensor, Window
from minitorch_tensor.extend import Context, Function


class Unfold(Function):
    """Every window of x, padded: (N, C, H, W) -> (N, C, KH, KW, OH, OW). Gradient: its adjoint."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, window: Window) -> Tensor:
        ctx.size, ctx.window = x.shape[2:], window
        padded = x.backend.pad2d(x.tensor_data, window.padding, 0.0)
        return x.wrap(x.backend.contiguous(x.backend.unfold2d(padded, window)))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return Fold.apply(d, ctx.size, ctx.window), None


class Fold(Function):
    """The adjoint of Unfold: windows, added where they overlap, to (N, C, H, W). Gradient:
    Unfold."""

    @staticmethod
    def forward(ctx: Context, windows: Tensor, size: tuple[int, int], window: Window) -> Tensor:
        ctx.window = window
        return windows.wrap(windows.backend.fold2d(windows.tensor_data, size, window))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None]:
        return Unfold.apply(e, ctx.window), None, None


def unfold(
    input: Tensor,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Tensor:
    """The windows of an image, each as a column.

    Args: as those of `conv2d`, which is the product of its weight and these columns.

    Shapes: input (N, C, H, W) or (C, H, W) -> (N, C KH KW, OH OW) or (C KH KW, OH OW)
    Raises: ValueError if the window does not fit.
    """
    if input.ndim == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    window = make_window("unfold", input, kernel_size, stride, padding, dilation)
    windows: Tensor = Unfold.apply(input, window)
    n, c, kh, kw, oh, ow = windows.shape
    return windows.reshape(n, c * kh * kw, oh * ow)


def fold(
    input: Tensor,
    output_size: Pair,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Tensor:
    """The adjoint of `unfold`: columns as windows of an image, added up where they overlap.

    Args:
        output_size: (H, W), or one number for both.

    Shapes: input (N, C KH KW, OH OW) or (C KH KW, OH OW) -> (N, C, H, W) or (C, H, W)
    Raises: ValueError if the columns are not those of an image of that size.
    """
    if input.ndim == 2:
        one = input.unsqueeze(0)
        return fold(one, output_size, kernel_size, dilation, padding, stride).squeeze(0)
    size = pair("fold: output_size", output_size, 1)
    window = Window(
        pair("fold: kernel_size", kernel_size, 1),
        pair("fold: stride", stride, 1),
        pair("fold: padding", padding, 0),
        pair("fold: dilation", dilation, 1),
    )
    area, outputs = math.prod(window.kernel), window.output_size(size)
    if (
        input.ndim != 3
        or min(outputs) < 1
        or input.shape[1] % area
        or input.shape[2] != math.prod(outputs)
    ):
        raise ValueError(
            f"fold: an image of {size} has {outputs[0]} x {outputs[1]} windows of {window.kernel}, "
            f"so wanted an input (N, C * {area}, {math.prod(outputs)}), got {input.shape}."
        )
    shape: Sequence[int] = (input.shape[0], input.shape[1] // area, *window.kernel, *outputs)
    result: Tensor = Fold.apply(input.reshape(shape), size, window)
    return result


__all__ = ["fold", "unfold"]
