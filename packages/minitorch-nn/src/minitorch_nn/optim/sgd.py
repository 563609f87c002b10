"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from minitorch_nn.optim.optimizer import Group, Optimizer, Params, moment
from minitorch_tensor import Tensor
from minitorch_tensor.extend import SGDStep


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum.

    g = gradient + weight_decay * parameter; velocity = momentum * velocity + (1 - dampening) * g,
    starting at g; parameter -= lr * velocity, or lr * (g + momentum * velocity) for Nesterov's.

    Args:
        params: parameters or groups.
        lr: learning rate.
        momentum: fraction of the velocity kept at each step (Polyak 1964).
        dampening: fraction of a new gradient withheld from the velocity.
        weight_decay: factor of an L2 penalty.
        nesterov: Nesterov's momentum (Sutskever et al. 2013, section 2), in PyTorch's form.
        maximize: ascend instead.
        foreach, differentiable, fused: accepted for PyTorch's sake.

    Raises: ValueError for settings out of range, or Nesterov's without momentum.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and a dampening of 0.")

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        velocity = None
        dampening = group["dampening"]
        if group["momentum"]:
            if "momentum_buffer" not in state:
                dampening = 0.0  # the first velocity is the whole gradient, as in PyTorch
            velocity = moment(state, "momentum_buffer", p).tensor_data
        settings = SGDStep(
            group["lr"], group["momentum"], dampening, group["weight_decay"], group["nesterov"]
        )
        p.backend.sgd_step_(p.tensor_data, grad.tensor_data, velocity, settings)
