"""Adagrad, Adadelta and Adamax: steps scaled by what gradients have been."""

from __future__ import annotations

from typing import Any

import minitorch_tensor as mt
from minitorch_nn.optim.optimizer import Group, Optimizer, Params, moment
from minitorch_tensor import Tensor


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients (Duchi et al. 2011, figure 1).

    Args:
        params: parameters or groups.
        lr: learning rate.
        lr_decay: step n has the learning rate lr / (1 + (n - 1) lr_decay).
        weight_decay: factor of an L2 penalty.
        initial_accumulator_value: what the sum starts from.
        eps: added to the root.
        foreach, differentiable, fused: accepted for PyTorch's sake.
        maximize: ascend instead.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        for name in ("lr_decay", "initial_accumulator_value"):
            self.check_range(group, name, 0.0, float("inf"))

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        if "sum" not in state and group["initial_accumulator_value"]:
            state["sum"] = mt.full_like(p.detach(), group["initial_accumulator_value"])
        total = moment(state, "sum", p)
        state["step"] = state.get("step", 0) + 1
        if group["weight_decay"]:
            grad = grad + group["weight_decay"] * p
        total.copy_(total + grad * grad)
        lr = group["lr"] / (1.0 + (state["step"] - 1) * group["lr_decay"])
        p.copy_(p - lr * (grad / (total.sqrt() + group["eps"])))


class Adadelta(Optimizer):
    """Steps with the root mean square of past steps over that of past gradients (Zeiler 2012,
    algorithm 1).

    Args:
        params: parameters or groups.
        lr: factor of a step.
        rho: decay of both running mean squares.
        eps: added to both.
        weight_decay: factor of an L2 penalty.
        foreach, capturable, differentiable: accepted for PyTorch's sake.
        maximize: ascend instead.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        if group["rho"] != 1.0:  # which PyTorch allows
            self.check_range(group, "rho", 0.0, 1.0)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        square, steps = moment(state, "square_avg", p), moment(state, "acc_delta", p)
        state["step"] = state.get("step", 0) + 1
        if group["weight_decay"]:
            grad = grad + group["weight_decay"] * p
        square.copy_(rho * square + (1.0 - rho) * grad * grad)
        step = (steps + eps).sqrt() / (square + eps).sqrt() * grad
        steps.copy_(rho * steps + (1.0 - rho) * step * step)
        p.copy_(p - group["lr"] * step)


class Adamax(Optimizer):
    """Adam with the largest decayed magnitude of the gradient for its root mean square (Kingma and
    Ba 2015, algorithm 2).

    Args:
        params: parameters or groups.
        lr: learning rate.
        betas: decay of the running mean and of the largest magnitude.
        eps: added to the gradient's magnitude.
        weight_decay: factor of an L2 penalty.
        foreach, differentiable, capturable: accepted for PyTorch's sake.
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
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        self.check_betas(group)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        beta1, beta2 = group["betas"]
        mean, largest = moment(state, "exp_avg", p), moment(state, "exp_inf", p)
        state["step"] = state.get("step", 0) + 1
        if group["weight_decay"]:
            grad = grad + group["weight_decay"] * p
        mean.copy_(beta1 * mean + (1.0 - beta1) * grad)
        largest.copy_(mt.maximum(beta2 * largest, grad.abs() + group["eps"]))
        p.copy_(p - group["lr"] / (1.0 - beta1 ** state["step"]) * (mean / largest))


__all__ = ["Adadelta", "Adagrad", "Adamax"]
