"""Normalization layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.normalization import sizes
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import DType, Tensor
from minitorch_tensor.extend import Place


class _BatchNorm(Module):
    """Batch normalization; subclasses say how many dimensions the input has."""

    #: Numbers of dimensions that the input may have, and how they are written.
    dims: tuple[int, ...]
    layout: str

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        made: Any = {"device": device, "dtype": dtype}
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(mt.ones(num_features, **made)) if affine else None
        self.bias = Parameter(mt.zeros(num_features, **made)) if affine and bias else None
        tracked = track_running_stats
        self.register_buffer("running_mean", mt.zeros(num_features, **made) if tracked else None)
        self.register_buffer("running_var", mt.ones(num_features, **made) if tracked else None)
        count = mt.tensor(0, device=device) if tracked else None
        self.register_buffer("num_batches_tracked", count)

    def reset_parameters(self) -> None:
        """Reset weight and bias to 1 and 0, and the running statistics to their start."""
        for value, start in (
            (self.weight, 1.0),
            (self.bias, 0.0),
            (self.running_mean, 0.0),
            (self.running_var, 1.0),
            (self.num_batches_tracked, 0),
        ):
            if value is not None:
                init.constant_(value, start)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in self.dims or input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: wanted an input of shape {self.layout} with C = "
                f"{self.num_features}, got {input.shape}."
            )
        momentum = self.momentum or 0.0
        tracked = self.num_batches_tracked if self.training else None
        if tracked is not None and self.momentum is None:
            momentum = 1.0 / (tracked.item() + 1)
        out = F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training or self.running_mean is None,
            momentum=momentum,
            eps=self.eps,
        )
        if tracked is not None:
            tracked.add_(1)
        return out

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalize each channel over the batch and the length.

    Args, attributes and source: as `BatchNorm2d`.

    Shapes: (N, C) or (N, C, L), unchanged
    Raises: ValueError for another shape, or a single value per channel in training.
    """

    dims = (2, 3)
    layout = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Normalize each channel over the batch and the image.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: weight of a batch in the new running values; None for the mean of all batches.
        affine: true to learn a scale and a shift of every channel.
        track_running_stats: true to keep running statistics and use them in evaluation.
        device, dtype: of the parameters and the statistics.
        bias: true to learn the shift, too, where `affine` is.

    Attributes:
        weight, bias: (C), starting at 1 and 0; or None.
        running_mean, running_var: (C), starting at 0 and 1; or None.
        num_batches_tracked: number of batches in the running statistics.

    Shapes: (N, C, H, W), unchanged
    Raises: ValueError for another shape, or a single value a channel in training.
    Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
    """

    dims = (4,)
    layout = "(N, C, H, W)"


class _InstanceNorm(_BatchNorm):
    """Instance normalization; subclasses say how many dimensions the input has."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Place | None = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in self.dims or input.shape[-self.dims[0] + 1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: wanted an input of shape {self.layout} with C = "
                f"{self.num_features}, got {input.shape}."
            )
        single = input.ndim == self.dims[0] - 1
        out = F.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            self.momentum or 0.0,
            self.eps,
        )
        return out.squeeze(0) if single else out


class InstanceNorm1d(_InstanceNorm):
    """Normalize each channel of each example over the length.

    Args, attributes and source: as `InstanceNorm2d`.

    Shapes: (N, C, L) or (C, L), unchanged
    Raises: ValueError for another shape, or a single value per channel.
    """

    dims = (3, 2)
    layout = "(N, C, L) or (C, L)"


class InstanceNorm2d(_InstanceNorm):
    """Normalize each channel of each example over the image.

    Args: as `BatchNorm2d`; neither affine nor with running statistics by default.

    Attributes: as `BatchNorm2d`; as in PyTorch, num_batches_tracked stays 0.

    Shapes: (N, C, H, W) or (C, H, W), unchanged
    Raises: ValueError for another shape, or a single value per channel.
    Source: Ulyanov et al. 2016, section 2.
    """

    dims = (4, 3)
    layout = "(N, C, H, W) or (C, H, W)"


class GroupNorm(Module):
    """Normalize each group of channels of each example.

    Args:
        num_groups: number of groups, which divides num_channels.
        num_channels: C.
        eps: added to the variance.
        affine: true to learn a scale and a shift of every channel.
        device, dtype: of the parameters.
        bias: true to learn the shift, too, where `affine` is.

    Attributes:
        weight, bias: (C), starting at 1 and 0; or None.

    Shapes: (N, C, *), unchanged
    Raises: ValueError if the groups do not divide the channels, or for another shape.
    Source: Wu and He 2018, section 3.1.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_channels {num_channels} must be divisible by num_groups "
                f"{num_groups}."
            )
        made: Any = {"device": device, "dtype": dtype}
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(mt.ones(num_channels, **made)) if affine else None
        self.bias = Parameter(mt.zeros(num_channels, **made)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Reset weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2 or input.shape[1] != self.num_channels:
            raise ValueError(
                f"GroupNorm: wanted an input of shape (N, C, *) with C = {self.num_channels}, got "
                f"{input.shape}."
            )
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(Module):
    """Normalize each example over its last dimensions.

    Args:
        normalized_shape: sizes of those dimensions; an int for the last one only.
        eps: added to the variance.
        elementwise_affine: true to learn a scale and a shift of every element.
        bias: true to learn the shift, too.
        device, dtype: of the parameters.

    Attributes:
        weight, bias: of normalized_shape, starting at 1 and 0; or None.

    Shapes: (*, *normalized_shape), unchanged
    Source: Ba, Kiros and Hinton 2016, section 3.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        made: Any = {"device": device, "dtype": dtype}
        self.normalized_shape = sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        affine = elementwise_affine
        self.weight = Parameter(mt.ones(self.normalized_shape, **made)) if affine else None
        self.bias = Parameter(mt.zeros(self.normalized_shape, **made)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Reset weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide each example by the root of its mean square over its last dimensions.

    Args:
        normalized_shape: sizes of those dimensions; an int for the last one only.
        eps: added to the mean square; None for the distance from 1 to the next number.
        elementwise_affine: true to learn a scale of every element.
        device, dtype: of the parameter.

    Attributes:
        weight: of normalized_shape, starting at 1; or None.

    Shapes: (*, *normalized_shape), unchanged
    Source: Zhang and Sennrich 2019, equation 4.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Place | None = None,
        dtype: DType | None = None,
    ) -> None:
        self.normalized_shape = sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = mt.ones(self.normalized_shape, device=device, dtype=dtype)
        self.weight = Parameter(weight) if elementwise_affine else None

    def reset_parameters(self) -> None:
        """Reset weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "LayerNorm",
    "RMSNorm",
]
