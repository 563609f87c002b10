"""Pooling layers."""

from __future__ import annotations

from minitorch_nn import functional as F
from minitorch_nn.functional.pooling import OutputSize
from minitorch_nn.functional.windows import Pair
from minitorch_nn.module import Module
from minitorch_tensor import Tensor


class _Pool(Module):
    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _MaxPool(_Pool):
    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.dilation = dilation

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}"


class MaxPool2d(_MaxPool):
    """The largest element of every window.

    Args: as `functional.max_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) -> (N, C, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation)


class MaxPool1d(_MaxPool):
    """The largest element of every window of a sequence.

    Args: as `functional.max_pool1d`; stride defaults to kernel_size.
    Shapes: (N, C, L) -> (N, C, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.max_pool1d(input, self.kernel_size, self.stride, self.padding, self.dilation)


class AvgPool2d(_Pool):
    """The mean of every window, the padding counted in as zeros.

    Args: as `functional.avg_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) -> (N, C, OH, OW) with OH = (H + 2 padding - KH) // stride + 1
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding)


class AvgPool1d(_Pool):
    """The mean of every window of a sequence, the padding counted in as zeros.

    Args: as `functional.avg_pool1d`; stride defaults to kernel_size.
    Shapes: (N, C, L) -> (N, C, OL) with OL = (L + 2 padding - K) // stride + 1
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding)


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
