"""Scalars of an Adam step that all parameters share."""

from __future__ import annotations

from typing import Any, NamedTuple

from minitorch_tensor.derived import AdamStep


class Factors(NamedTuple):
    """What the kernels `adam_step` take of a step; or the types of it.

    Attributes:
        rate: lr, with the mean's correction of bias.
        beta1, weight1: of the mean, and 1 - beta1.
        beta2, weight2: of the square, and 1 - beta2.
        correction: of the bias of the square's root.
        eps: added to that root.
        decay: weight decay that is added to the gradient.
        shrink: factor of the parameter, where weight decay is taken off it.
    """

    rate: Any
    beta1: Any
    weight1: Any
    beta2: Any
    weight2: Any
    correction: Any
    eps: Any
    decay: Any
    shrink: Any


def factors(settings: AdamStep) -> Factors:
    """The scalars of a step (Kingma and Ba 2015, end of section 2; decoupled weight decay:
    Loshchilov and Hutter 2019, algorithm 2)."""
    step, lr, beta1, beta2, eps, weight_decay, decoupled = settings
    return Factors(
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
