"""A schedule that waits for a measurement to stop improving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

from minitorch_nn.optim.lr_scheduler.base import LRScheduler, for_groups
from minitorch_nn.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the learning rate by `factor` when a measurement has not improved for `patience`
    steps. Call `step(measurement)`, once an epoch.

    Args:
        optimizer: the optimizer whose learning rate to set.
        mode: "min" if the measurement should fall, "max" if it should rise.
        factor: below 1.
        patience: number of steps without improvement that are put up with.
        threshold: how much better counts as an improvement.
        threshold_mode: "rel" for a share of the best measurement, "abs" for a difference.
        cooldown: number of steps after a reduction in which nothing counts.
        min_lr: the lowest learning rate, one for all groups or one for each.
        eps: smaller reductions are not made.
        verbose: taken for older programs' sake; nothing is printed.

    Attributes:
        best: the best measurement.
        num_bad_epochs: number of steps since without an improvement.

    Raises: ValueError for another mode, or a factor of 1 or more.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        verbose: bool = False,
    ) -> None:
        if not factor < 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}.")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                "ReduceLROnPlateau: wanted mode 'min' or 'max' and threshold_mode 'rel' or 'abs', "
                f"got {mode!r} and {threshold_mode!r}."
            )
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        super().__init__(optimizer)
        self.min_lrs = for_groups("ReduceLROnPlateau", "min_lr", min_lr, optimizer)

    def get_lr(self) -> list[float]:
        return self.get_last_lr()

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in a measurement, and reduce the learning rate if it is time to."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._improves(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs):
                lr = max(group["lr"] * self.factor, least)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _improves(self, current: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "rel":
            return sign * current < sign * self.best * (1.0 - sign * self.threshold)
        return sign * current < sign * self.best - self.threshold

    def state_dict(self) -> dict[str, Any]:
        """The state needed to resume."""
        names = ("last_epoch", "best", "num_bad_epochs", "cooldown_counter")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Resume from a saved state. The learning rate is the optimizer's, and in its state."""
        for name in ("last_epoch", "num_bad_epochs", "cooldown_counter"):
            setattr(self, name, int(state_dict[name]))
        self.best = float(state_dict["best"])
