"""Scalars of an Adam step that all parameters share."""

from __future__ import annotations

from minitorch_tensor.derived import AdamStep


def factors(settings: AdamStep) -> tuple[float, ...]:
    """The scalars of a step (Kingma and Ba 2015, end of section 2; decoupled weight decay:
    Loshchilov and Hutter 2019, algorithm 2).

    Returns: rate, beta1, 1 - beta1, beta2, 1 - beta2, correction, eps, decay, shrink, named as in
        the kernels `adam_step`.
    """
    step, lr, beta1, beta2, eps, weight_decay, decoupled = settings
    return (
        lr / (1.0 - beta1**step),
        beta1,
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        1.0 / (1.0 - beta2**step) ** 0.5,
        eps,
        0.0 if decoupled else weight_decay,
        1.0 - lr * weight_decay if decoupled else 1.0,
    )
