"""Pooling layers."""

from __future__ import annotations

from minitorch_tensor import Tensor

from minitorch_nn import functional as F
from minitorch_nn.functional.windows import Pair
from minitorch_nn.module import Module


class MaxPool2d(Module):
    """The largest element of every window.

    Args: as `functional.max_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) -> (N, C, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    """

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation

    def forward(self, input: Tensor) -> Tensor:
        out = F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation)
        assert isinstance(out, Tensor)
        return out

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}"
        )


class AvgPool2d(Module):
    """The mean of every window, the padding counted in as zeros.

    Args: as `functional.avg_pool2d`; stride defaults to kernel_size.
    Shapes: (N, C, H, W) -> (N, C, OH, OW) with OH = (H + 2 padding - KH) // stride + 1
    """

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
