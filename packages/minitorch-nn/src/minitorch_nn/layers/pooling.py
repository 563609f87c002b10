"""Pooling layers."""

from __future__ import annotations

from typing import Any

from minitorch_nn import functional as F
from minitorch_nn.functional.pooling import OutputSize
from minitorch_nn.functional.windows import Pair, single
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool2d(_MaxPool):
    """The largest element of every window, and with return_indices also where it is.

    Args: as `functional.max_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool1d(_MaxPool):
    """The largest element of every window of a sequence, and with return_indices also where it is.

    Args: as `functional.max_pool1d`; stride defaults to kernel_size.
    Shapes: (N, C, L) or (C, L) -> (N, C, OL) or (C, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            return_indices=self.return_indices,
        )


class _AvgPool(Module):
    kernel_size: Pair
    stride: Pair
    padding: Pair

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of every window.

    Args: as `functional.avg_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, OH, OW) or (C, OH, OW) with
        OH = (H + 2 padding - KH) // stride + 1, and OW likewise
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool1d(_AvgPool):
    """The mean of every window of a sequence.

    Args: as `functional.avg_pool1d`; stride defaults to kernel_size.
    Shapes: (N, C, L) or (C, L) -> (N, C, OL) or (C, OL) with OL = (L + 2 padding - K) // stride + 1
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = (single("AvgPool1d: kernel_size", kernel_size, 1),)
        stride = self.kernel_size if stride is None else stride
        self.stride = (single("AvgPool1d: stride", stride, 1),)
        self.padding = (single("AvgPool1d: padding", padding, 0),)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _AdaptivePool2d(Module):
    def __init__(self, output_size: OutputSize) -> None:
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """The mean of output_size windows: (N, C, H, W) -> (N, C, *output_size). See
    `functional.adaptive_avg_pool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """The largest element of output_size windows: (N, C, H, W) -> (N, C, *output_size). See
    `functional.adaptive_max_pool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_max_pool2d(input, self.output_size)


class _AdaptivePool1d(Module):
    def __init__(self, output_size: int) -> None:
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool1d):
    """The mean of output_size windows: (N, C, L) -> (N, C, output_size)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveMaxPool1d(_AdaptivePool1d):
    """The largest element of output_size windows: (N, C, L) -> (N, C, output_size)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_max_pool1d(input, self.output_size)


__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "MaxPool1d",
    "MaxPool2d",
]
