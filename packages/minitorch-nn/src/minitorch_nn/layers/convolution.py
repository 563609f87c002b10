"""Convolution layers."""

from __future__ import annotations

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.windows import Pair, pair, single
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor


class _Convolution(Module):
    """Settings and parameters shared by Conv1d and Conv2d."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    def _make(self, in_channels: int, out_channels: int, groups: int, bias: bool) -> None:
        name = type(self).__name__
        if in_channels < 1 or out_channels < 1:
            raise ValueError(
                f"{name}: in_channels and out_channels must be at least 1, got {in_channels} and "
                f"{out_channels}."
            )
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: in_channels {in_channels} and out_channels {out_channels} must both be "
                f"divisible by groups {groups}."
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(mt.empty(shape))
        self.bias = Parameter(mt.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise the parameters again."""
        init.default_(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if any(p != 0 for p in self.padding):
            text += f", padding={self.padding}"
        if any(d != 1 for d in self.dilation):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else text + ", bias=False"


class Conv2d(_Convolution):
    """A convolution over images (a cross-correlation, as in PyTorch).

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (KH, KW), or one int for both; likewise stride, padding, dilation.
        stride: how far the window moves.
        padding: rows and columns of zeros on every side.
        dilation: distance between neighbouring elements of a window.
        groups: number of independent groups that the channels are split into.
        bias: true to add a learned bias to each output channel.

    Attributes:
        weight: (O, C / groups, KH, KW), uniform in [-b, b] with b = 1 / sqrt(fan_in).
        bias: (O), likewise; or None.

    Shapes: (N, C, H, W) -> (N, O, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        self.kernel_size = pair("Conv2d: kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d: stride", stride, 1)
        self.padding = pair("Conv2d: padding", padding, 0)
        self.dilation = pair("Conv2d: dilation", dilation, 1)
        self._make(in_channels, out_channels, groups, bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class Conv1d(_Convolution):
    """A convolution along sequences (a cross-correlation, as in PyTorch).

    Args: as `Conv2d`, each a single int.

    Attributes:
        weight: (O, C / groups, K), uniform in [-b, b] with b = 1 / sqrt(fan_in).
        bias: (O), likewise; or None.

    Shapes: (N, C, L) -> (N, O, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        self.kernel_size = (single("Conv1d: kernel_size", kernel_size, 1),)
        self.stride = (single("Conv1d: stride", stride, 1),)
        self.padding = (single("Conv1d: padding", padding, 0),)
        self.dilation = (single("Conv1d: dilation", dilation, 1),)
        self._make(in_channels, out_channels, groups, bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv1d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


__all__ = ["Conv1d", "Conv2d"]
