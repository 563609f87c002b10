"""Layer normalization and its backward pass."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample


def _layer_norm(
    x: Array, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Array, Array]:
    mean, rstd = x.mean(1), 1 / np.sqrt(x.var(1) + eps)
    y = (x - mean[:, None]) * rstd[:, None]
    y = y if weight is None else y * weight
    return y if bias is None else y + bias, mean, rstd.astype(x.dtype)


def _layer_norm_backward(
    d: Array, x: Array, weight: Array | None, mean: Array, rstd: Array
) -> tuple[Array, Array, Array]:
    h = (x - mean[:, None]) * rstd[:, None]
    g = d if weight is None else d * weight
    level, along = g.mean(1, keepdims=True), (g * h).mean(1, keepdims=True)
    return rstd[:, None] * (g - level - h * along), (d * h).sum(0), d.sum(0)


def _backward(draw: Draw) -> list[Sample]:
    samples = []
    for rows, size, scaled in ((3, 4, True), (5, 3, False), (40, 70, True), (0, 3, True)):
        x = draw(rows, size)
        _, mean, rstd = _layer_norm(x, None, None, 1e-5)
        weight = draw(size) if scaled else None
        samples.append(sample(draw(rows, size), x, weight, mean, rstd))
    return samples


ROWS: tuple[Kernel, ...] = (
    kernel(
        "layer_norm",
        _layer_norm,
        lambda draw: [
            sample(draw(3, 4), draw(4), draw(4), 1e-5),
            sample(draw(3, 4) + 300, draw(4), None, 1e-5),
            sample(draw(2, 1), None, draw(1), 0.5),
            sample(draw(40, 70), None, None, 1e-5),
            sample(draw(0, 3), draw(3), draw(3), 1e-5),
        ],
    ),
    kernel("layer_norm_backward", _layer_norm_backward, _backward),
)
