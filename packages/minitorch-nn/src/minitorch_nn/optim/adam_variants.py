"""NAdam and RAdam: Adam with Nesterov's momentum, and with a rectified start."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_nn.optim.optimizer import Group, Optimizer, Params, moment
from minitorch_tensor import Tensor


class _Variant(Optimizer):
    """What both do: weight decay, and the running moments."""

    def check(self, group: Group) -> None:
        super().check(group)
        self.check_betas(group)

    @staticmethod
    def _moments(
        p: Tensor, grad: Tensor, state: dict[str, Any], group: Group
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The gradient with its weight decay, and both moments after this step."""
        beta1, beta2 = group["betas"]
        mean, square = moment(state, "exp_avg", p), moment(state, "exp_avg_sq", p)
        state["step"] = state.get("step", 0) + 1
        decay = group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            p.copy_(p * (1.0 - group["lr"] * decay))
        elif decay:
            grad = grad + decay * p
        mean.copy_(beta1 * mean + (1.0 - beta1) * grad)
        square.copy_(beta2 * square + (1.0 - beta2) * grad * grad)
        return grad, mean, square


class NAdam(_Variant):
    """Adam with Nesterov's momentum (Dozat 2016, algorithm 8), in PyTorch's form.

    Args:
        params: parameters or groups.
        lr: learning rate.
        betas: decay of the running mean and of the running mean square.
        eps: added to the root of the running mean square.
        weight_decay: factor of an L2 penalty.
        momentum_decay: how fast the momentum grows to its full size.
        decoupled_weight_decay: subtract the weight decay from the parameter, as AdamW does.
        foreach, capturable, differentiable: accepted for PyTorch's sake.
        maximize: ascend instead.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        self.check_range(group, "momentum_decay", 0.0, math.inf)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        grad, mean, square = self._moments(p, grad, state, group)
        (beta1, beta2), step, lr = group["betas"], state["step"], group["lr"]
        now, later = (
            beta1 * (1.0 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (step, step + 1)
        )
        # In single precision, as PyTorch keeps it.
        product = float(np.float32(state.get("mu_product", 1.0)) * np.float32(now))
        state["mu_product"] = product
        root = (square / (1.0 - beta2**step)).sqrt() + group["eps"]
        by_gradient = lr * (1.0 - now) / (1.0 - product)
        by_mean = lr * later / (1.0 - product * later)
        p.copy_(p - by_gradient * (grad / root) - by_mean * (mean / root))


class RAdam(_Variant):
    """Adam whose first steps, before mean squares mean much, are those of momentum alone (Liu et
    al. 2020, algorithm 2).

    Args: as `NAdam`, without momentum_decay.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        _, mean, square = self._moments(p, grad, state, group)
        (beta1, beta2), step = group["betas"], state["step"]
        change = mean / (1.0 - beta1**step) * group["lr"]
        correction = 1.0 - beta2**step
        most = 2.0 / (1.0 - beta2) - 1.0
        length = most - 2.0 * step * beta2**step / correction
        if length > 5.0:
            rectified = (length - 4.0) * (length - 2.0) * most
            rectified /= (most - 4.0) * (most - 2.0) * length
            change = change * math.sqrt(rectified * correction) / (square.sqrt() + group["eps"])
        p.copy_(p - change)


__all__ = ["NAdam", "RAdam"]
