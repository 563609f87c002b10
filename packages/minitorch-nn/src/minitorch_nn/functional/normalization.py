"""Normalization: activations shifted to mean 0 and scaled to variance 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch_tensor import Tensor, finfo, is_grad_enabled, no_grad
from minitorch_tensor.extend import Context, Function, check_backends


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
    statistics = {"running_mean": running_mean, "running_var": running_var}
    _check_channels("batch_norm", input, **statistics, weight=weight, bias=bias)
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
    return _scaled(centred / (var + eps).sqrt(), weight, bias)


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
    given = [x for x in (input, weight, bias) if x is not None]
    check_backends("layer_norm", *given)
    if 0 not in shape and input.is_floating_point() and all(x.dtype is input.dtype for x in given):
        rows = input if input.ndim == 2 and len(shape) == 1 else input.reshape(-1, math.prod(shape))
        if len(shape) > 1:
            weight, bias = (None if x is None else x.reshape(-1) for x in (weight, bias))
        out: Tensor = LayerNorm.apply(rows, weight, bias, float(eps))
        return out if out.shape == input.shape else out.reshape(input.shape)
    out = _normal(input, tuple(range(-len(shape), 0)), eps)
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


def _normal(input: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    """(x - mean) / sqrt(var + eps) over these dimensions."""
    centred = input - input.mean(dims, keepdim=True)
    return centred / (centred.square().mean(dims, keepdim=True) + eps).sqrt()


class LayerNorm(Function):
    """y = h weight + bias, with h = (x - mean) rstd for each row and rstd = 1 / sqrt(var + eps).

    Shapes:    x (R, M), weight and bias (M) or None -> y (R, M)
    Gradients: with g = d weight, rstd (g - mean of g - h mean of (g h)); the sums of d h and d
    """

    @staticmethod
    def forward(
        ctx: Context, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> Tensor:
        scale, shift = (None if y is None else y.tensor_data for y in (weight, bias))
        out, mean, rstd = x.backend.layer_norm(x.tensor_data, scale, shift, eps)
        ctx.save_for_backward(x, weight, x.wrap(mean), x.wrap(rstd))
        ctx.eps = eps
        return x.wrap(out)

    @staticmethod
    def backward(ctx: Context, d: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, rstd = ctx.saved_tensors
        if is_grad_enabled():
            h = _normal(x, (1,), ctx.eps)
            factor = 1.0 / ((x - x.mean(1, True)).square().mean(1, True) + ctx.eps).sqrt()
            g = d if weight is None else d * weight
            to_x = factor * (g - g.mean(1, True) - h * (g * h).mean(1, True))
            return to_x, (d * h).sum(0), d.sum(0), None
        scale = None if weight is None else weight.tensor_data
        gradients = x.backend.layer_norm_backward(
            d.tensor_data, x.tensor_data, scale, mean.tensor_data, rstd.tensor_data
        )
        made = [x.wrap(gradient) for gradient in gradients]
        return (*[m if edge else None for m, edge in zip(made, ctx.edges)], None)


def rms_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """out = x / sqrt(mean of x**2 + eps) * weight, over the last dimensions.

    Args:
        normalized_shape: sizes of input's last dimensions, over which the mean is taken.
        weight: of that shape; None for 1.
        eps: added to the mean; None for the distance from 1 to the next number of the dtype.

    Shapes: input (*, *normalized_shape), unchanged
    Raises: ValueError if shapes do not match.
    Source: Zhang and Sennrich 2019, equation 4.
    """
    shape = sizes(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(
            f"rms_norm: the last sizes of input {input.shape} must be normalized_shape {shape}."
        )
    if weight is not None and weight.shape != shape:
        raise ValueError(f"rms_norm: weight must have shape {shape}, got {weight.shape}.")
    dims = tuple(range(-len(shape), 0))
    eps = finfo(input.dtype).eps if eps is None else eps
    out = input / (input.square().mean(dims, keepdim=True) + eps).sqrt()
    return out if weight is None else out * weight


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """out = (x - mean) / sqrt(var + eps) * weight + bias, with the mean and the variance of a group
    of channels of one example.

    Args:
        num_groups: number of groups, which divides C.
        weight, bias: scale and shift of every channel; None for 1 and 0.
        eps: added to the variance.

    Shapes: input (N, C, *), weight and bias (C) -> (N, C, *)
    Raises: ValueError if shapes do not match.
    Source: Wu and He 2018, section 3.1.
    """
    if input.ndim < 2 or num_groups < 1 or input.shape[1] % num_groups:
        raise ValueError(
            f"group_norm: wanted an input (N, C, *) with C divisible by num_groups {num_groups}, "
            f"got {input.shape}."
        )
    _check_channels("group_norm", input, weight=weight, bias=bias)
    rows = input.reshape(input.shape[0], num_groups, -1)
    centred = rows - rows.mean(2, keepdim=True)
    out = centred / (centred.square().mean(2, keepdim=True) + eps).sqrt()
    return _scaled(out.reshape(input.shape), weight, bias)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """out = (x - mean) / sqrt(var + eps) * weight + bias, with the mean and the variance of each
    channel of each example.

    Args:
        running_mean, running_var: moved by `momentum` towards the mean over the batch of means and
            unbiased variances, and used instead of the input's without `use_input_stats`. None for
            neither.
        weight, bias: scale and shift of every channel; None for 1 and 0.
        eps: added to the variance.

    Shapes: input (N, C, *), all others (C) -> (N, C, *)
    Raises: ValueError if shapes do not match, statistics are missing, or a channel has a single
        value.
    Source: Ulyanov et al. 2016, section 2.
    """
    if input.ndim < 3:
        raise ValueError(f"instance_norm: wanted an input of shape (N, C, *), got {input.shape}.")
    statistics = {"running_mean": running_mean, "running_var": running_var}
    _check_channels("instance_norm", input, **statistics, weight=weight, bias=bias)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    dims = tuple(range(2, input.ndim))
    count = math.prod(input.shape[2:])
    if count < 2:
        raise ValueError(
            f"instance_norm: wanted more than one value a channel, got input {input.shape}."
        )
    mean = input.mean(dims, keepdim=True)
    centred = input - mean
    var = centred.square().mean(dims, keepdim=True)
    _move(running_mean, mean.mean(0), momentum)
    _move(running_var, var.mean(0) * (count / (count - 1)), momentum)
    return _scaled(centred / (var + eps).sqrt(), weight, bias)


def _check_channels(operation: str, input: Tensor, **values: Tensor | None) -> None:
    channels = input.shape[1]
    for name, value in values.items():
        if value is not None and value.shape != (channels,):
            raise ValueError(
                f"{operation}: input {input.shape} has {channels} channels, so {name} must have "
                f"shape ({channels},), got {value.shape}."
            )


def _scaled(out: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    wide = (1, -1, *[1] * (out.ndim - 2))
    if weight is not None:
        out = out * weight.reshape(wide)
    return out if bias is None else out + bias.reshape(wide)


def sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    """The shape as a tuple; an int is the size of its only dimension."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]
