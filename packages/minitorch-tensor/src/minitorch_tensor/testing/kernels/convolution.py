"""Convolution and its two gradients."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from minitorch_tensor.derived import Convolution
from minitorch_tensor.layout import Shape
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.kernels.windows import WINDOWS, places
from minitorch_tensor.testing.samples import Array, Draw, sample


def _conv2d(x: Array, weight: Array, conv: Convolution) -> Array:
    window, groups = conv
    outputs, per_group = weight.shape[:2]
    out = np.zeros((x.shape[0], outputs, *window.output_size(x.shape[2:])), x.dtype)
    for i, j, k, m, h, w in places(window, x.shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[:, o, i, j] += weight[o, c, k, m] * x[:, channel, h, w]
    return out


def _conv2d_input_grad(d: Array, weight: Array, shape: Shape, conv: Convolution) -> Array:
    window, groups = conv
    outputs, per_group = weight.shape[:2]
    out = np.zeros(shape, d.dtype)
    for i, j, k, m, h, w in places(window, shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[:, channel, h, w] += weight[o, c, k, m] * d[:, o, i, j]
    return out


def _conv2d_weight_grad(d: Array, x: Array, shape: Shape, conv: Convolution) -> Array:
    window, groups = conv
    outputs, per_group = shape[:2]
    out = np.zeros(shape, d.dtype)
    for i, j, k, m, h, w in places(window, x.shape[2:]):
        for o, c in itertools.product(range(outputs), range(per_group)):
            channel = o // (outputs // groups) * per_group + c
            out[o, c, k, m] += (d[:, o, i, j] * x[:, channel, h, w]).sum()
    return out


#: (channels, outputs, groups): one group, several, one for each channel.
_GROUPS = [(2, 3, 1), (4, 6, 2), (3, 3, 3)]


def _convolutions(draw: Draw) -> Iterator[tuple[Array, Array, Convolution, Array]]:
    for n, (window, (channels, outputs, groups)) in enumerate(itertools.product(WINDOWS, _GROUPS)):
        x = draw(1 + n % 2, channels, 5, 6)
        weight = draw(outputs, channels // groups, *window.kernel)
        d = draw(len(x), outputs, *window.output_size((5, 6)))
        yield x, weight, Convolution(window, groups), d


ROWS: tuple[Kernel, ...] = (
    kernel(
        "conv2d",
        _conv2d,
        lambda draw: [sample(x, weight, conv) for x, weight, conv, _ in _convolutions(draw)],
    ),
    kernel(
        "conv2d_input_grad",
        _conv2d_input_grad,
        lambda draw: [
            sample(d, weight, x.shape, conv) for x, weight, conv, d in _convolutions(draw)
        ],
    ),
    kernel(
        "conv2d_weight_grad",
        _conv2d_weight_grad,
        lambda draw: [
            sample(d, x, weight.shape, conv) for x, weight, conv, d in _convolutions(draw)
        ],
    ),
)
