"""Activation functions. Those that are also methods of tensors (relu, sigmoid, tanh, softmax,
log_softmax) are imported from minitorch_tensor."""

from __future__ import annotations

import math

from minitorch_tensor import Tensor, sigmoid, where
from minitorch_tensor.extend import Context, Function


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where positive, else negative_slope * x (Maas et al. 2013, section 2). Any shape."""
    return where(input > 0, input, input * negative_slope)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x), with Phi the normal distribution function (Hendrycks and Gimpel 2016, section 2).

    Args:
        approximate: "none", or "tanh" for their approximation
            0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))).

    Raises: ValueError for any other `approximate`.
    """
    if approximate == "none":
        return input * 0.5 * (1.0 + (input * math.sqrt(0.5)).erf())
    if approximate == "tanh":
        inner = (input + 0.044715 * input * input * input) * math.sqrt(2.0 / math.pi)
        return input * 0.5 * (1.0 + inner.tanh())
    raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}.")


def silu(input: Tensor) -> Tensor:
    """x sigmoid(x), also called swish (Elfwing et al. 2018, equation 6). Any shape."""
    return input * input.sigmoid()


class Softplus(Function):
    """log(1 + e**x). Gradient: d sigmoid(x).

    It has its own backward because log1p(exp(-|x|)) + max(x, 0), which does not overflow, would
    get the derivative at 0 wrong: |x| and max have none there.
    """

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        out: Tensor = (-x.abs()).exp().log1p() + x.relu()
        return out

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return d * sigmoid(x)


def softplus(input: Tensor) -> Tensor:
    """log(1 + e**x), a smooth relu, without overflow. Any shape."""
    return Softplus.apply(input)


__all__ = ["gelu", "leaky_relu", "silu", "softplus"]
