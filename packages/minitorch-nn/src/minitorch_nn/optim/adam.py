"""Adam and AdamW."""

from __future__ import annotations

import math
from typing import Any

import minitorch_tensor as mt
from minitorch_nn.optim.optimizer import Group, Optimizer, Params, moment
from minitorch_tensor import Tensor
from minitorch_tensor.extend import AdamStep


class Adam(Optimizer):
    """Adam: steps scaled by running moments of the gradient (Kingma and Ba 2015, algorithm 1).

    Args:
        params: parameters or groups.
        lr: learning rate, the bound on the size of a step.
        betas: decay of the running mean and of the running mean square.
        eps: added to the root of the running mean square.
        weight_decay: factor of an L2 penalty, added to the gradient.
        amsgrad: divide by the largest running mean square so far (Reddi et al. 2018).
        maximize: ascend instead.
        foreach, capturable, differentiable, fused: accepted for PyTorch's sake.
        decoupled_weight_decay: subtract the weight decay from the parameter, as AdamW does.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        self.check_betas(group)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        mean, square = moment(state, "exp_avg", p), moment(state, "exp_avg_sq", p)
        state["step"] = state.get("step", 0) + 1
        beta1, beta2 = group["betas"]
        if group["amsgrad"]:
            self._amsgrad(p, grad, mean, square, state, group)
            return
        settings = AdamStep(
            state["step"],
            group["lr"],
            beta1,
            beta2,
            group["eps"],
            group["weight_decay"],
            group["decoupled_weight_decay"],
        )
        p.backend.adam_step_(
            p.tensor_data, grad.tensor_data, mean.tensor_data, square.tensor_data, settings
        )

    @staticmethod
    def _amsgrad(
        p: Tensor,
        grad: Tensor,
        mean: Tensor,
        square: Tensor,
        state: dict[str, Any],
        group: Group,
    ) -> None:
        """The step of Reddi et al. 2018, algorithm 2, with Adam's correction of the means."""
        step, (beta1, beta2), decay = state["step"], group["betas"], group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            p.mul_(1.0 - group["lr"] * decay)
        elif decay:
            grad = grad + decay * p
        mean.copy_(beta1 * mean + (1.0 - beta1) * grad)
        square.copy_(beta2 * square + (1.0 - beta2) * grad * grad)
        largest = moment(state, "max_exp_avg_sq", p)
        largest.copy_(mt.maximum(largest, square))
        root = largest.sqrt() / math.sqrt(1.0 - beta2**step) + group["eps"]
        p.copy_(p - group["lr"] / (1.0 - beta1**step) * (mean / root))


class AdamW(Adam):
    """Adam with decoupled weight decay: subtracted from the parameter, not added to the gradient
    (Loshchilov and Hutter 2019, algorithm 2).

    Args: as `Adam`; each step shrinks the parameter by lr * weight_decay of its value.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
