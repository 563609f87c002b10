"""The steps of optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_tensor.backend import Backend
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import FLOATS, Array, sample


def _sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array | None,
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> list[Array]:
    p, g = parameter.astype(np.float64), gradient.astype(np.float64)
    g = g + weight_decay * p
    if velocity is None:
        return [(p - lr * g).astype(parameter.dtype)]
    v = momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return [(p - lr * step).astype(parameter.dtype), v.astype(parameter.dtype)]


def _run_sgd(backend: Backend, parameter: Any, gradient: Any, velocity: Any, **how: Any) -> Any:
    backend.sgd_step_(parameter, gradient, velocity, **how)
    return [parameter] if velocity is None else [parameter, velocity]


def _adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    *,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
) -> list[Array]:
    p, g, m, s = [x.astype(np.float64) for x in (parameter, gradient, mean, square)]
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g * g
    root = np.sqrt(s / (1 - beta2**step))
    p = p - lr * (m / (1 - beta1**step)) / (root + eps)
    return [x.astype(parameter.dtype) for x in (p, m, s)]


def _run_adam(backend: Backend, *data: Any, **how: Any) -> Any:
    backend.adam_step_(*data, **how)
    parameter, _, mean, square = data
    return [parameter, mean, square]


ROWS: tuple[Kernel, ...] = (
    kernel(
        "sgd_step_",
        _sgd,
        lambda draw: [
            sample(
                draw(3, 4),
                draw(3, 4),
                draw(3, 4) if momentum else None,
                lr=0.1,
                momentum=momentum,
                dampening=dampening,
                weight_decay=decay,
                nesterov=nesterov,
            )
            for momentum, dampening, decay, nesterov in [
                (0.0, 0.0, 0.0, False),
                (0.0, 0.0, 0.3, False),
                (0.9, 0.0, 0.0, False),
                (0.9, 0.2, 0.3, False),
                (0.9, 0.0, 0.3, True),
            ]
        ],
        FLOATS,
        _run_sgd,
        writes=True,
    ),
    kernel(
        "adam_step_",
        _adam,
        lambda draw: [
            sample(
                draw(3, 4),
                draw(3, 4),
                draw(3, 4),
                draw(3, 4, low=0.1),
                step=step,
                lr=0.1,
                beta1=0.9,
                beta2=0.99,
                eps=1e-3,
                weight_decay=decay,
                decoupled=decoupled,
            )
            for step, decay, decoupled in [(1, 0.0, False), (7, 0.3, False), (7, 0.3, True)]
        ],
        FLOATS,
        _run_adam,
        writes=True,
    ),
)
