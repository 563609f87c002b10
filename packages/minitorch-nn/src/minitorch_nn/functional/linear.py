"""The affine map."""

from __future__ import annotations

from minitorch_tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """out = input @ weight^T + bias.

    Shapes: input (..., in_features), weight (out_features, in_features), bias (out_features)
        -> (..., out_features)
    Raises: ValueError if the last size of input is not in_features, or shapes are others.
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
    out = input @ weight.mT
    return out if bias is None else out + bias
