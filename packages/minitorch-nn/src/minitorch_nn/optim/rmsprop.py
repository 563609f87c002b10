"""RMSprop."""

from __future__ import annotations

from typing import Any

from minitorch_nn.optim.optimizer import Group, Optimizer, Params, moment
from minitorch_tensor import Tensor


class RMSprop(Optimizer):
    """Steps scaled by a running root mean square of the gradient (Tieleman and Hinton 2012,
    Coursera lecture 6e), in PyTorch's form.

    g = gradient + weight_decay * parameter; square = alpha * square + (1 - alpha) * g**2;
    step = g / (sqrt(square) + eps); parameter -= lr * step, or lr * velocity with velocity =
    momentum * velocity + step.

    Args:
        params: parameters or groups.
        lr: learning rate.
        alpha: decay of the running mean square.
        eps: added to the root of the mean square.
        weight_decay: factor of an L2 penalty.
        momentum: fraction of the velocity kept at each step.
        centered: divide by the standard deviation, not the root mean square (Graves 2013,
            equations 38 to 45).
        maximize: ascend instead.
        capturable, foreach, differentiable: accepted for PyTorch's sake.

    Raises: ValueError for settings out of range.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def check(self, group: Group) -> None:
        super().check(group)
        self.check_range(group, "alpha", 0.0, 1.0)

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        alpha = group["alpha"]
        state["step"] = state.get("step", 0) + 1
        if group["weight_decay"]:
            grad = grad + group["weight_decay"] * p
        square = moment(state, "square_avg", p)
        square.copy_(alpha * square + (1.0 - alpha) * grad * grad)
        if group["centered"]:
            mean = moment(state, "grad_avg", p)
            mean.copy_(alpha * mean + (1.0 - alpha) * grad)
            square = square - mean * mean
        step = grad / (square.sqrt() + group["eps"])
        if group["momentum"]:
            velocity = moment(state, "momentum_buffer", p)
            step = velocity.copy_(group["momentum"] * velocity + step)
        p.copy_(p - group["lr"] * step)
