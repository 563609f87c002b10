"""Pooling: windows folded to one number each."""

from __future__ import annotations

from minitorch_autodiff import Context, Function
from minitorch_tensor import Tensor, Window

from minitorch_nn.functional.windows import Pair, make_window


class MaxPool2d(Function):
    """The largest element of every window, and its index in the plane (no gradient).

    Gradient: d, added at the indices.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        values, indices = x.backend.max_pool2d(x._data, window)
        result, where = x._new(values), x._new(indices)
        ctx.save_for_backward(where)
        ctx.shape, ctx.window = x.shape, window
        return result, where

    @staticmethod
    def backward(ctx: Context, d: Tensor, _: Tensor) -> tuple[Tensor, None]:
        (indices,) = ctx.saved_tensors
        return MaxPool2dBackward.apply(d, indices, ctx.shape, ctx.window), None


class MaxPool2dBackward(Function):
    """d added at `indices` of a zero input. Gradient: e gathered from there."""

    @staticmethod
    def forward(
        ctx: Context, d: Tensor, indices: Tensor, shape: tuple[int, ...], window: Window
    ) -> Tensor:
        ctx.save_for_backward(indices)
        return d._new(d.backend.max_pool2d_backward(d._data, indices._data, shape, window))

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> tuple[Tensor, None, None, None]:
        (indices,) = ctx.saved_tensors
        picked = e.flatten(2).gather(2, indices.flatten(2))
        return picked.reshape(indices.shape), None, None, None


class AvgPool2d(Function):
    """The mean of every window. Gradient: its adjoint."""

    @staticmethod
    def forward(ctx: Context, x: Tensor, window: Window) -> Tensor:
        ctx.shape, ctx.window = x.shape, window
        return x._new(x.backend.avg_pool2d(x._data, window))

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor, None]:
        return AvgPool2dBackward.apply(d, ctx.shape, ctx.window), None


class AvgPool2dBackward(Function):
    """The adjoint of AvgPool2d: each d spread evenly over its window. Gradient: AvgPool2d."""

    @staticmethod
    def forward(ctx: Context, d: Tensor, shape: tuple[int, ...], window: Window) -> Tensor:
        ctx.window = window
        return d._new(d.backend.avg_pool2d_backward(d._data, shape, window))

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
) -> Window:
    stride = kernel_size if stride is None else stride
    window = make_window(operation, input, kernel_size, stride, padding, dilation)
    if any(2 * p > k for p, k in zip(window.padding, window.kernel)):
        raise ValueError(
            f"{operation}: padding {window.padding} must be at most half of kernel_size "
            f"{window.kernel}, or a window could lie in the padding alone."
        )
    return window


def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    *,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of every window; padding is never chosen.

    Args:
        stride: defaults to kernel_size.
        return_indices: also give where each lies, as h * W + w in its plane.

    Shapes: input (N, C, H, W) -> (N, C, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if the window does not fit.
    """
    window = _pool_window("max_pool2d", input, kernel_size, stride, padding, dilation)
    values, indices = MaxPool2d.apply(input, window)
    return (values, indices) if return_indices else values


def avg_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
) -> Tensor:
    """The mean of every window, the padding counted in as zeros.

    Args:
        stride: defaults to kernel_size.

    Shapes: input (N, C, H, W) -> (N, C, OH, OW) with OH = (H + 2 padding - KH) // stride + 1
    Raises: ValueError if the window does not fit.
    """
    window = _pool_window("avg_pool2d", input, kernel_size, stride, padding, 1)
    return AvgPool2d.apply(input, window)  # type: ignore[no-any-return]
