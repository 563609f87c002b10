"""Adam and AdamW."""

from __future__ import annotations

from typing import Any, ClassVar

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

    Raises: ValueError for settings out of range.
    """

    #: True if weight decay is subtracted from the parameter, false if added to the gradient.
    decoupled: ClassVar[bool] = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def check(self, group: Group) -> None:
        super().check(group)
        betas = group["betas"]
        if len(betas) != 2 or not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas must be two in [0, 1), got {betas}.")

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        mean, square = moment(state, "exp_avg", p), moment(state, "exp_avg_sq", p)
        state["step"] = state.get("step", 0) + 1
        beta1, beta2 = group["betas"]
        settings = AdamStep(
            state["step"],
            group["lr"],
            beta1,
            beta2,
            group["eps"],
            group["weight_decay"],
            self.decoupled,
        )
        p.backend.adam_step_(
            p.tensor_data, grad.tensor_data, mean.tensor_data, square.tensor_data, settings
        )


class AdamW(Adam):
    """Adam with decoupled weight decay: subtracted from the parameter, not added to the gradient
    (Loshchilov and Hutter 2019, algorithm 2).

    Args: as `Adam`; each step shrinks the parameter by lr * weight_decay of its value.
    """

    decoupled: ClassVar[bool] = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)
