"""Normalization layers."""

from __future__ import annotations

from collections.abc import Sequence

import minitorch_tensor as mt
from minitorch_nn import functional as F
from minitorch_nn import init
from minitorch_nn.functional.normalization import sizes
from minitorch_nn.module import Module, Parameter
from minitorch_tensor import Tensor


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
    ) -> None:
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(mt.ones(num_features)) if affine else None
        self.bias = Parameter(mt.zeros(num_features)) if affine else None
        tracked = track_running_stats
        self.register_buffer("running_mean", mt.zeros(num_features) if tracked else None)
        self.register_buffer("running_var", mt.ones(num_features) if tracked else None)
        self.register_buffer("num_batches_tracked", mt.tensor(0) if tracked else None)

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
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
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


class LayerNorm(Module):
    """Normalize each example over its last dimensions.

    Args:
        normalized_shape: sizes of those dimensions; an int for the last one only.
        eps: added to the variance.
        elementwise_affine: true to learn a scale and a shift of every element.
        bias: true to learn the shift, too.

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
    ) -> None:
        self.normalized_shape = sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        affine = elementwise_affine
        self.weight = Parameter(mt.ones(self.normalized_shape)) if affine else None
        self.bias = Parameter(mt.zeros(self.normalized_shape)) if affine and bias else None

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
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm"]
