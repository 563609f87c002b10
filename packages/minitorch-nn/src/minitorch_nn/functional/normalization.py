"""Normalization: activations shifted to mean 0 and scaled to variance 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_tensor import Tensor, no_grad


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """out = (x - mean) / sqrt(var + eps) * weight + bias, per channel.

    Args:
        running_mean, running_var: statistics used in evaluation; in training they move by
            `momentum` towards the mean and the unbiased variance of the batch. None for neither.
        weight, bias: scale and shift of every channel; None for 1 and 0.
        training: true to use the batch's mean and variance (divided by N, not N - 1).
        momentum: weight of the batch in the new running values.
        eps: added to the variance.

    Shapes: input (N, C, *), all others (C) -> (N, C, *)
    Raises: ValueError if shapes do not match, or if a channel has a single value in training: its
        variance would be 0.
    Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
    """
    if input.ndim < 2:
        raise ValueError(f"batch_norm: wanted an input of shape (N, C, *), got {input.shape}.")
    channels = input.shape[1]
    named = {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }
    for name, value in named.items():
        if value is not None and value.shape != (channels,):
            raise ValueError(
                f"batch_norm: input {input.shape} has {channels} channels, so {name} must have "
                f"shape ({channels},), got {value.shape}."
            )
    if not training and (running_mean is None or running_var is None):
        raise ValueError(
            "batch_norm: outside of training it needs running_mean and running_var. "
            "Pass training=True to use those of the batch."
        )
    dims = (0, *range(2, input.ndim))
    wide = (1, channels, *[1] * (input.ndim - 2))
    if training:
        count = math.prod(input.shape[d] for d in dims)
        if count < 2:
            raise ValueError(
                f"batch_norm: wanted more than one value a channel in training, got input "
                f"{input.shape}. Use larger batches, or eval()."
            )
        mean = input.mean(dims, keepdim=True)
        centred = input - mean
        var = (centred * centred).mean(dims, keepdim=True)
        _move(running_mean, mean, momentum)
        _move(running_var, var * (count / (count - 1)), momentum)
    else:
        assert running_mean is not None and running_var is not None  # checked above
        centred = input - running_mean.reshape(wide)
        var = running_var.reshape(wide)
    out = centred / (var + eps).sqrt()
    if weight is not None:
        out = out * weight.reshape(wide)
    return out if bias is None else out + bias.reshape(wide)


@no_grad()
def _move(running: Tensor | None, value: Tensor, momentum: float) -> None:
    if running is not None:
        running.copy_(running * (1.0 - momentum) + value.detach().reshape(-1) * momentum)


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """out = (x - mean) / sqrt(var + eps) * weight + bias, over the last dimensions.

    Args:
        normalized_shape: sizes of input's last dimensions, over which mean and variance (divided
            by N, not N - 1) are taken.
        weight, bias: of that shape; None for 1 and 0.
        eps: added to the variance.

    Shapes: input (*, *normalized_shape), unchanged
    Raises: ValueError if shapes do not match.
    Source: Ba, Kiros and Hinton 2016, section 3.
    """
    shape = sizes(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(
            f"layer_norm: the last sizes of input {input.shape} must be normalized_shape {shape}."
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value.shape != shape:
            raise ValueError(f"layer_norm: {name} must have shape {shape}, got {value.shape}.")
    dims = tuple(range(-len(shape), 0))
    centred = input - input.mean(dims, keepdim=True)
    out = centred / ((centred * centred).mean(dims, keepdim=True) + eps).sqrt()
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


def sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    """The shape as a tuple; an int is the size of its only dimension."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


__all__ = ["batch_norm", "layer_norm"]
