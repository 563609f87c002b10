"""Softmax, its logarithm, cross-entropy, and their backward passes."""

from __future__ import annotations

import numpy as np

from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import Array, Draw, Sample, sample


def _softmax(x: Array, dim: int) -> Array:
    shifted = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=dim, keepdims=True))


def _softmax_backward(y: Array, d: Array, dim: int) -> Array:
    return np.asarray(y * (d - (d * y).sum(dim, keepdims=True)))


def _log_softmax_backward(y: Array, d: Array, dim: int) -> Array:
    return np.asarray(d - np.exp(y) * d.sum(dim, keepdims=True))


def _cross_entropy(x: Array, target: Array) -> tuple[Array, Array]:
    y = np.log(_softmax(x, 1))
    return np.array([-y[i, j] for i, j in enumerate(target)], x.dtype), y


def _cross_entropy_backward(y: Array, target: Array, d: Array) -> Array:
    one_hot = (np.arange(y.shape[1]) == target[:, None]).astype(y.dtype)
    result: Array = d[:, None] * (np.exp(y) - one_hot)
    return result


def _inputs(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4), 1),
        sample(draw(3, 4), 0),
        sample(draw(2, 3, 4), 1),
        sample(draw(2, 3) + 300, 1),
        sample(draw(2, 0), 0),
    ]


def _outputs_and_gradients(draw: Draw) -> list[Sample]:
    return [
        sample(draw(3, 4), draw(3, 4), 1),
        sample(draw(3, 4), draw(3, 4), 0),
        sample(draw(2, 3, 4), draw(2, 3, 4), 1),
        sample(draw(2, 0), draw(2, 0), 1),
    ]


ROWS: tuple[Kernel, ...] = (
    kernel("softmax", _softmax, _inputs),
    kernel("log_softmax", lambda x, dim: np.log(_softmax(x, dim)), _inputs),
    kernel("softmax_backward", _softmax_backward, _outputs_and_gradients),
    kernel("log_softmax_backward", _log_softmax_backward, _outputs_and_gradients),
    kernel(
        "cross_entropy",
        _cross_entropy,
        lambda draw: [
            sample(draw(4, 3), np.array([0, 2, 1, 2])),
            sample(draw(1, 5) + 300, np.array([4])),
            sample(draw(0, 3), np.zeros(0, np.int64)),
        ],
    ),
    kernel(
        "cross_entropy_backward",
        _cross_entropy_backward,
        lambda draw: [
            sample(draw(4, 3), np.array([0, 2, 1, 2]), draw(4)),
            sample(draw(1, 5), np.array([4]), draw(1)),
            sample(draw(0, 3), np.zeros(0, np.int64), draw(0)),
        ],
    ),
)
