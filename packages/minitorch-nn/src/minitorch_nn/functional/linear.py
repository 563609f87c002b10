"""The affine map."""

from __future__ import annotations

import math

from minitorch_tensor import Tensor
from minitorch_tensor.extend import Context, Function


class Linear(Function):
    """out = x @ weight^T + bias.

    Shapes:    x (..., I), weight (O, I), bias (O) or None -> out (..., O)
    Gradients: d @ weight, d^T @ x, and d, the last two summed over leading dimensions
    """

    reads = (1,), (0,), ()

    @staticmethod
    def forward(ctx: Context, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        # One product of all rows: a batch of them would read the weight once for each.
        out = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]) @ weight.mT
        if bias is not None:
            out = out + bias
        return out.reshape(*x.shape[:-1], weight.shape[0])

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias = ctx.edges
        count = math.prod(d.shape[:-1])
        rows = d.reshape(count, d.shape[-1])
        return (
            (rows @ weight).reshape(x.shape) if to_x else None,
            rows.mT @ x.reshape(count, x.shape[-1]) if to_weight else None,
            rows.sum(0) if to_bias else None,
        )


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """out = input @ weight^T + bias.

    Shapes: input (..., in_features), weight (out_features, in_features), bias (out_features)
        -> (..., out_features)
    Raises: ValueError if the last size of input is not in_features, or other shapes do not match.
    """
    if weight.ndim != 2 or input.ndim == 0 or input.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear: input {input.shape} does not fit weight {weight.shape}: the last size of "
            "input must be the last of weight, in_features. Flatten the input?"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: wanted a bias of shape {weight.shape[:1]}, one for each row of weight "
            f"{weight.shape}, got {bias.shape}."
        )
    out: Tensor = Linear.apply(input, weight, bias)
    return out


__all__ = ["linear"]
