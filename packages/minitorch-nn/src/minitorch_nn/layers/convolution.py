"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.convolution import same_padding
from minitorch_nn.functional.windows import Pair, pair, single
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place


class _Convolution(Module):
    """Settings and parameters shared by convolutions and their adjoints."""

    #: How many dimensions the window slides along.
    dims: ClassVar[int]

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...] = ()

    def _window(self, kernel_size: Pair, stride: Pair, padding: Pair | str, dilation: Pair) -> None:
        self.kernel_size = self._sizes("kernel_size", kernel_size, 1)
        self.stride = self._sizes("stride", stride, 1)
        self.dilation = self._sizes("dilation", dilation, 1)
        if not isinstance(padding, str):
            self.padding = self._sizes("padding", padding, 0)
            return
        if padding not in ("valid", "same") or (padding == "same" and max(self.stride) > 1):
            raise ValueError(
                f"{type(self).__name__}: padding must be numbers, 'valid', or with a stride of 1 "
                f"'same', got {padding!r} with a stride of {self.stride}."
            )
        self.padding = padding

    def _sizes(self, name: str, value: Pair, least: int) -> tuple[int, ...]:
        name = f"{type(self).__name__}: {name}"
        return pair(name, value, least) if self.dims == 2 else (single(name, value, least),)

    def _make(
        self,
        in_channels: int,
        out_channels: int,
        groups: int,
        bias: bool,
        padding_mode: str,
        transposed: bool = False,
        **made: Any,
    ) -> None:
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
        modes = ("zeros",) if transposed else ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ValueError(
                f"{name}: padding_mode must be {', '.join(modes)}, got {padding_mode!r}."
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        self.padding_mode = padding_mode
        self.transposed = transposed
        sides = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        shape = (sides[0], sides[1] // groups, *self.kernel_size)
        self.weight = Parameter(mt.empty(shape, **made))
        self.bias = Parameter(mt.empty(out_channels, **made)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise the parameters again."""
        init.default_(self.weight, self.bias)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input, padded unless with zeros, and the padding that is left for the function."""
        if self.padding_mode == "zeros" or self.padding == "valid":
            return input, self.padding
        if isinstance(self.padding, str):
            sides = same_padding(self.kernel_size, self.dilation)
        else:
            sides = [(p, p) for p in self.padding]
        flat = [n for both in reversed(sides) for n in both]
        return F.pad(input, flat, self.padding_mode), 0

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if isinstance(self.padding, str) or any(p != 0 for p in self.padding):
            text += f", padding={self.padding}"
        if any(d != 1 for d in self.dilation):
            text += f", dilation={self.dilation}"
        if any(p != 0 for p in self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class Conv2d(_Convolution):
    """A convolution over images (a cross-correlation, as in PyTorch).

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (KH, KW), or one int for both; likewise stride, padding, dilation.
        stride: how far the window moves.
        padding: rows and columns added on every side; "valid" for none, or with a stride of 1
            "same" for an output as large as the input.
        dilation: distance between neighbouring elements of a window.
        groups: number of independent groups that the channels are split into.
        bias: true to add a learned bias to each output channel.
        padding_mode: "zeros", or a mode of `functional.pad`: "reflect", "replicate", "circular".
        device, dtype: of the parameters.

    Attributes:
        weight: (O, C / groups, KH, KW), uniform in [-b, b] with b = 1 / sqrt(fan_in).
        bias: (O), likewise; or None.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, O, OH, OW) or (O, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    dims = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self._window(kernel_size, stride, padding, dilation)
        self._make(
            in_channels, out_channels, groups, bias, padding_mode, device=device, dtype=dtype
        )

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Convolution):
    """A convolution along sequences (a cross-correlation, as in PyTorch).

    Args: as `Conv2d`, each a single int.

    Attributes:
        weight: (O, C / groups, K), uniform in [-b, b] with b = 1 / sqrt(fan_in).
        bias: (O), likewise; or None.

    Shapes: (N, C, L) or (C, L) -> (N, O, OL) or (O, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    dims = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self._window(kernel_size, stride, padding, dilation)
        self._make(
            in_channels, out_channels, groups, bias, padding_mode, device=device, dtype=dtype
        )

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return F.conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _Transposed(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Pair = 1,
        padding_mode: str = "zeros",
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self._window(kernel_size, stride, padding, dilation)
        self.output_padding = self._sizes("output_padding", output_padding, 0)
        self._make(
            in_channels, out_channels, groups, bias, padding_mode, True, device=device, dtype=dtype
        )

    def _more(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The output_padding that gives `output_size`, or the layer's own for None.

        Raises: ValueError if there is none.
        """
        if output_size is None:
            return self.output_padding
        name, wanted = type(self).__name__, tuple(output_size)[-self.dims :]
        sizes = input.shape[-self.dims :]
        assert not isinstance(self.padding, str)  # the constructor takes numbers alone
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                sizes, self.stride, self.padding, self.dilation, self.kernel_size
            )
        ]
        more = tuple([want - n for want, n in zip(wanted, least)])
        fits = all(0 <= m < s for m, s in zip(more, self.stride))
        if len(output_size) not in (self.dims, input.ndim) or not fits:
            most = [n + s - 1 for n, s in zip(least, self.stride)]
            raise ValueError(
                f"{name}: output_size {tuple(output_size)} is not between {least} and {most}, the "
                f"sizes that an input of {tuple(sizes)} can have come from."
            )
        return more


class ConvTranspose2d(_Transposed):
    """The adjoint of `Conv2d`, which makes images larger; see `functional.conv_transpose2d`.

    Args:
        in_channels: C.
        out_channels: O.
        kernel_size: (KH, KW), or one int for both; likewise stride, padding, output_padding and
            dilation.
        stride: how far windows of neighbouring pixels lie apart.
        padding: rows and columns cut off the output on every side.
        output_padding: rows and columns added to the output below and on the right.
        groups: number of independent groups that the channels are split into.
        bias: true to add a learned bias to each output channel.
        dilation: distance between neighbouring elements of a window.
        padding_mode: "zeros".
        device, dtype: of the parameters.

    Attributes:
        weight: (C, O / groups, KH, KW), uniform in [-b, b] with
            b = 1 / sqrt(O / groups * KH * KW).
        bias: (O), likewise; or None.

    Called as `layer(input, output_size=None)`; output_size, (OH, OW), takes the place of
    output_padding.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, O, OH, OW) or (O, OH, OW) with
        OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1, and OW likewise
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    dims = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.conv_transpose2d(
            input,
            self.weight,
            self.bias,
            self.stride,
            cast("tuple[int, ...]", self.padding),
            self._more(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_Transposed):
    """The adjoint of `Conv1d`, which makes sequences longer; see `functional.conv_transpose1d`.

    Args, attributes and call: as `ConvTranspose2d`, each size a single int.

    Shapes: (N, C, L) or (C, L) -> (N, O, OL) or (O, OL) with
        OL = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1
    Raises: ValueError if a setting is out of range, or channels are not divisible by groups.
    """

    dims = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.conv_transpose1d(
            input,
            self.weight,
            self.bias,
            self.stride,
            cast("tuple[int, ...]", self.padding),
            self._more(input, output_size),
            self.groups,
            self.dilation,
        )


__all__ = ["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"]
