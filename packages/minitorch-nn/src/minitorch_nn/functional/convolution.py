"""Convolution and its two adjoints.

Convolution is linear in the input and in the weight. Its gradients are the adjoints of these two
linear maps, and the gradients of the adjoints are convolutions again: the three functions below
differentiate into each other, to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from minitorch_nn.functional.windows import Pair, as_image, make_window, one_high, pair, single
from minitorch_tensor import Tensor, Window, bool_, pad
from minitorch_tensor.extend import Context, Convolution, Function, check_backends, promoted

#: Gradients of the tensors, and None for each setting.
Gradients: TypeAlias = "tuple[Tensor | None, ...]"


class Conv2d(Function):
    """out[n, o, i, j] = bias[o] + sum over c, k, l of
    weight[o, c, k, l] * x[n, c, i s + k d, j s + l d].

    Shapes:    x (N, C, H, W), weight (O, C / groups, KH, KW), bias (O) or None
               -> out (N, O, OH, OW)
    Gradients: the adjoints of out as a linear map of x, of weight, and of bias
    """

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, weight: Tensor, bias: Tensor | None, conv: Convolution
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.conv = conv
        out = x.wrap(x.backend.conv2d(x.tensor_data, weight.tensor_data, conv))
        return out if bias is None else out + bias.reshape(-1, 1, 1)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Gradients:
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias, *_ = ctx.edges
        return (
            Conv2dInputGrad.apply(d, weight, x.shape, ctx.conv) if to_x else None,
            Conv2dWeightGrad.apply(d, x, weight.shape, ctx.conv) if to_weight else None,
            d.sum((0, 2, 3)) if to_bias else None,
            None,
        )


class Conv2dInputGrad(Function):
    """The adjoint of Conv2d in x: d (N, O, OH, OW), weight -> (N, C, H, W)."""

    @staticmethod
    def forward(
        ctx: Context,
        d: Tensor,
        weight: Tensor,
        input_shape: tuple[int, ...],
        conv: Convolution,
    ) -> Tensor:
        ctx.save_for_backward(d, weight)
        ctx.conv = conv
        return d.wrap(
            d.backend.conv2d_input_grad(d.tensor_data, weight.tensor_data, input_shape, conv)
        )

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> Gradients:
        d, weight = ctx.saved_tensors
        to_d, to_weight, *_ = ctx.edges
        return (
            Conv2d.apply(e, weight, None, ctx.conv) if to_d else None,
            Conv2dWeightGrad.apply(d, e, weight.shape, ctx.conv) if to_weight else None,
            None,
            None,
        )


class Conv2dWeightGrad(Function):
    """The adjoint of Conv2d in weight: d (N, O, OH, OW), x -> (O, C / groups, KH, KW)."""

    @staticmethod
    def forward(
        ctx: Context,
        d: Tensor,
        x: Tensor,
        weight_shape: tuple[int, ...],
        conv: Convolution,
    ) -> Tensor:
        ctx.save_for_backward(d, x)
        ctx.conv = conv
        return d.wrap(
            d.backend.conv2d_weight_grad(d.tensor_data, x.tensor_data, weight_shape, conv)
        )

    @staticmethod
    def backward(ctx: Context, e: Tensor) -> Gradients:
        d, x = ctx.saved_tensors
        to_d, to_x, *_ = ctx.edges
        return (
            Conv2d.apply(x, e, None, ctx.conv) if to_d else None,
            Conv2dInputGrad.apply(d, e, x.shape, ctx.conv) if to_x else None,
            None,
            None,
        )


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Slide `weight` over `input`: a cross-correlation, as in PyTorch.

    Args:
        padding: rows and columns of zeros on every side; "valid" for none, or with a stride of 1
            "same" for an output as large as the input.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O)
        -> (N, O, OH, OW) or (O, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if shapes, groups and window do not match; RuntimeError for operands
        on different backends; TypeError for bool.
    """
    if input.ndim == 3:
        one = input.unsqueeze(0)
        return conv2d(one, weight, bias, stride, padding, dilation, groups).squeeze(0)
    if isinstance(padding, str):
        input, padding = _padded("conv2d", input, weight.shape[2:], stride, padding, dilation)
    if weight.ndim != 4:
        raise ValueError(
            f"conv2d: wanted a weight of shape (O, C / groups, KH, KW), got {weight.shape}."
        )
    window = make_window("conv2d", input, weight.shape[2:], stride, padding, dilation)
    _check_channels("conv2d", input, weight, bias, groups)
    if input.dtype is not weight.dtype:
        input, weight = promoted(input, weight)
    if bias is not None and bias.dtype is not input.dtype:
        input, bias = promoted(input, bias)
        weight = weight.to(input.dtype)
    out: Tensor = Conv2d.apply(input, weight, bias, Convolution(window, groups))
    return out


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Slide `weight` along `input`: `conv2d` over images one row high.

    Shapes: input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O)
        -> (N, O, OL) or (O, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    Raises: as `conv2d`.
    """
    if input.ndim == 2:
        one = input.unsqueeze(0)
        return conv1d(one, weight, bias, stride, padding, dilation, groups).squeeze(0)
    image = as_image("conv1d", input)
    if weight.ndim != 3:
        raise ValueError(
            f"conv1d: wanted a weight of shape (O, C / groups, K), got {weight.shape}."
        )
    _check_channels("conv1d", input, weight, bias, groups)
    if isinstance(padding, str):
        image, padding = _padded("conv1d", image, weight.shape[2:], stride, padding, dilation)
    window = one_high("conv1d", weight.shape[2:], stride, padding, dilation)
    return conv2d(image, weight.unsqueeze(2), bias, *window[1:], groups).squeeze(2)


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    """For each dimension how much is added before and after, for an output as large as the input;
    an odd number has the larger half after."""
    totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
    return [(total // 2, total - total // 2) for total in totals]


def _padded(
    operation: str,
    input: Tensor,
    kernel: Sequence[int],
    stride: Pair,
    padding: str,
    dilation: Pair,
) -> tuple[Tensor, Pair]:
    """The input for a padding in words, and the padding in numbers that is left to add."""
    if padding == "valid":
        return input, 0
    if padding != "same":
        raise ValueError(
            f"{operation}: padding must be numbers, 'valid' or 'same', got {padding!r}."
        )
    steps = (stride,) if isinstance(stride, int) else tuple(stride)
    if set(steps) != {1}:
        raise ValueError(
            f"{operation}: padding='same' needs a stride of 1, got {stride}. Say how much to pad."
        )
    apart = (dilation,) * len(kernel) if isinstance(dilation, int) else tuple(dilation)
    sides = same_padding(kernel, apart)
    if any(before != after for before, after in sides):  # one more after it
        more = [n for before, after in reversed(sides) for n in (0, after - before)]
        input = pad(input, more)
    return input, [before for before, _ in sides]


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    """The adjoint of `conv2d`: each pixel of `input` adds `weight`, scaled by it, to a window of
    the output (Zeiler et al. 2010, section 3).

    Args:
        stride: how far windows of neighbouring pixels lie apart.
        padding: rows and columns cut off the output on every side.
        output_padding: rows and columns added to the output below and on the right, less than
            stride or dilation. They tell apart the sizes that a convolution makes equal.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW), bias (O)
        -> (N, O, OH, OW) or (O, OH, OW) with
        OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1, and OW likewise
    Raises: ValueError if shapes, groups and window do not match; RuntimeError for operands on
        different backends; TypeError for bool.
    """
    operation = "conv_transpose2d"
    if input.ndim == 3:
        settings = (stride, padding, output_padding, groups, dilation)
        return conv_transpose2d(input.unsqueeze(0), weight, bias, *settings).squeeze(0)
    if input.ndim != 4 or weight.ndim != 4:
        raise ValueError(
            f"{operation}: wanted an input (N, C, H, W) or (C, H, W) and a weight "
            f"(C, O / groups, KH, KW), got {input.shape} and {weight.shape}."
        )
    channels, part = weight.shape[:2]
    if groups < 1 or channels % groups or input.shape[1] != channels:
        raise ValueError(
            f"{operation}: input {input.shape} has {input.shape[1]} channels, weight "
            f"{weight.shape} with groups={groups} wants {channels}, divisible by groups."
        )
    outputs = part * groups
    _check_operands(operation, input, weight, bias, outputs)
    window = Window(
        (weight.shape[2], weight.shape[3]),
        pair(f"{operation}: stride", stride, 1),
        pair(f"{operation}: padding", padding, 0),
        pair(f"{operation}: dilation", dilation, 1),
    )
    more = pair(f"{operation}: output_padding", output_padding, 0)
    if any(m >= max(s, d) for m, s, d in zip(more, window.stride, window.dilation)):
        raise ValueError(
            f"{operation}: output_padding {more} must be less than stride {window.stride} or "
            f"dilation {window.dilation}."
        )
    whole = [
        (n - 1) * s + d * (k - 1) + 1
        for n, k, s, d in zip(input.shape[2:], window.kernel, window.stride, window.dilation)
    ]
    size = [n - 2 * p + m for n, p, m in zip(whole, window.padding, more)]
    if min(size) < 1:
        raise ValueError(
            f"{operation}: padding {window.padding} leaves nothing of an output of "
            f"{tuple(whole)}. Use less of it."
        )
    if input.dtype is not weight.dtype:
        input, weight = promoted(input, weight)
    frame = None
    if any(m >= s for m, s in zip(more, window.stride)):
        # A convolution of that size would have more outputs than there are: pad afterwards.
        frame = [n for p, m in reversed(list(zip(window.padding, more))) for n in (-p, m - p)]
        window, size = window._replace(padding=(0, 0)), whole
    shape = (input.shape[0], outputs, *size)
    out: Tensor = Conv2dInputGrad.apply(input, weight, shape, Convolution(window, groups))
    if frame is not None:
        out = pad(out, frame)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    """The adjoint of `conv1d`: `conv_transpose2d` of images one row high.

    Args: as `conv_transpose2d`.
    Shapes: input (N, C, L) or (C, L), weight (C, O / groups, K), bias (O)
        -> (N, O, OL) or (O, OL) with
        OL = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1
    Raises: as `conv_transpose2d`.
    """
    image = as_image("conv_transpose1d", input)
    if weight.ndim != 3:
        raise ValueError(
            f"conv_transpose1d: wanted a weight of shape (C, O / groups, K), got {weight.shape}."
        )
    window = one_high("conv_transpose1d", weight.shape[2:], stride, padding, dilation)
    more = (0, single("conv_transpose1d: output_padding", output_padding, 0))
    settings = (window.stride, window.padding, more, groups, window.dilation)
    return conv_transpose2d(image, weight.unsqueeze(2), bias, *settings).squeeze(-2)


def _check_channels(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int
) -> None:
    channels, outputs = input.shape[1], weight.shape[0]
    if groups < 1 or outputs % groups or channels != weight.shape[1] * groups:
        raise ValueError(
            f"{operation}: input {input.shape} has {channels} channels, weight {weight.shape} with "
            f"groups={groups} wants {weight.shape[1]} * {groups} and outputs divisible by groups."
        )
    _check_operands(operation, input, weight, bias, outputs)


def _check_operands(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, outputs: int
) -> None:
    if bias is not None and bias.shape != (outputs,):
        raise ValueError(
            f"{operation}: wanted a bias of shape ({outputs},), one for each output channel of "
            f"weight {weight.shape}, got {bias.shape}."
        )
    check_backends(operation, input, weight, *([] if bias is None else [bias]))
    if input.dtype is bool_ and weight.dtype is bool_:
        raise TypeError(f"{operation}: bool tensors do not multiply. Convert with .float().")


__all__ = ["conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"]
