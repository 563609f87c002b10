"""The steps of optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_tensor.backend import Backend
from minitorch_tensor.derived import AdamStep, SGDStep
from minitorch_tensor.testing.kernels.row import Kernel, kernel
from minitorch_tensor.testing.samples import FLOATS, Array, sample


def _sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array | None,
    settings: SGDStep,
) -> list[Array]:
    lr, momentum, dampening, weight_decay, nesterov = settings
    p, g = parameter.astype(np.float64), gradient.astype(np.float64)
    g = g + weight_decay * p
    if velocity is None:
        return [(p - lr * g).astype(parameter.dtype)]
    v = momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return [(p - lr * step).astype(parameter.dtype), v.astype(parameter.dtype)]


def _run_sgd(
    backend: Backend, parameter: Any, gradient: Any, velocity: Any, settings: SGDStep
) -> Any:
    backend.sgd_step_(parameter, gradient, velocity, settings)
    return [parameter] if velocity is None else [parameter, velocity]


def _adam(
    parameter: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    settings: AdamStep,
) -> list[Array]:
    step, lr, beta1, beta2, eps, weight_decay, decoupled = settings
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


def _run_adam(backend: Backend, *given: Any) -> Any:
    backend.adam_step_(*given)
    parameter, _, mean, square, _ = given
    return [parameter, mean, square]


ROWS: tuple[Kernel, ...] = (
    kernel(
        "sgd_step_",
        _sgd,
        lambda draw: [
            sample(
                draw(3, 4),
                draw(3, 4),
                draw(3, 4) if settings.momentum else None,
                settings,
            )
            for settings in [
                SGDStep(0.1),
                SGDStep(0.1, weight_decay=0.3),
                SGDStep(0.1, momentum=0.9),
                SGDStep(0.1, momentum=0.9, dampening=0.2, weight_decay=0.3),
                SGDStep(0.1, momentum=0.9, weight_decay=0.3, nesterov=True),
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
                AdamStep(step, 0.1, 0.9, 0.99, 1e-3, decay, decoupled),
            )
            for step, decay, decoupled in [(1, 0.0, False), (7, 0.3, False), (7, 0.3, True)]
        ],
        FLOATS,
        _run_adam,
        writes=True,
    ),
)
