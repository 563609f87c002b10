"""Convolution and its two adjoints.

Convolution is linear in the input and in the weight. Its gradients are the adjoints of these two
linear maps, and the gradients of the adjoints are convolutions again: the three functions below
differentiate into each other, to any order.
"""

from __future__ import annotations

from typing import TypeAlias

from minitorch_nn.functional.windows import Pair, as_image, make_window, one_high
from minitorch_tensor import Tensor, bool_
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
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Slide `weight` over `input`: a cross-correlation, as in PyTorch.

    Shapes: input (N, C, H, W), weight (O, C / groups, KH, KW), bias (O) -> (N, O, OH, OW) with
        OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1, and OW likewise
    Raises: ValueError if shapes, groups and window do not match; RuntimeError for operands
        on different backends; TypeError for bool.
    """
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
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Slide `weight` along `input`: `conv2d` over images one row high.

    Shapes: input (N, C, L), weight (O, C / groups, K), bias (O) -> (N, O, OL) with
        OL = (L + 2 padding - dilation (K - 1) - 1) // stride + 1
    Raises: as `conv2d`.
    """
    image = as_image("conv1d", input)
    if weight.ndim != 3:
        raise ValueError(
            f"conv1d: wanted a weight of shape (O, C / groups, K), got {weight.shape}."
        )
    _check_channels("conv1d", input, weight, bias, groups)
    window = one_high("conv1d", weight.shape[2:], stride, padding, dilation)
    return conv2d(image, weight.unsqueeze(2), bias, *window[1:], groups).squeeze(2)


def _check_channels(
    operation: str, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int
) -> None:
    channels, outputs = input.shape[1], weight.shape[0]
    if groups < 1 or outputs % groups or channels != weight.shape[1] * groups:
        raise ValueError(
            f"{operation}: input {input.shape} has {channels} channels, weight {weight.shape} with "
            f"groups={groups} wants {weight.shape[1]} * {groups} and outputs divisible by groups."
        )
    if bias is not None and bias.shape != (outputs,):
        raise ValueError(
            f"{operation}: wanted a bias of shape ({outputs},), one for each output channel of "
            f"weight {weight.shape}, got {bias.shape}."
        )
    check_backends(operation, input, weight, *([] if bias is None else [bias]))
    if input.dtype is bool_ and weight.dtype is bool_:
        raise TypeError(f"{operation}: bool tensors do not multiply. Convert with .float().")


__all__ = ["conv1d", "conv2d"]
