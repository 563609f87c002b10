"""Learning-rate schedules. Call `step()` after each step of the optimizer."""

from __future__ import annotations

import math

from minitorch_nn.optim.optimizer import Optimizer


class LRScheduler:
    """Sets each group's learning rate from the number of steps taken.

    A subclass defines `get_lr`. The first value is set at once.

    Attributes:
        base_lrs: each group's learning rate before the schedule.
        last_epoch: number of steps taken (PyTorch's name).
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self.last_epoch = 0
        self._set()

    def get_lr(self) -> list[float]:
        """Each group's learning rate after `last_epoch` steps."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr.")

    def get_last_lr(self) -> list[float]:
        """The learning rates in force."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:
        """Move on by one step."""
        self.last_epoch += 1
        self._set()

    def _set(self) -> None:
        for group, lr in zip(self.optimizer.param_groups, self.get_lr()):
            group["lr"] = lr


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, then down to almost nothing, along half cosines
    (Smith and Topin 2018, section 3, in PyTorch's form; momentum is left as it is).

    Args:
        optimizer: whose learning rate to set.
        max_lr: the peak.
        total_steps: of the whole training.
        pct_start: the share of steps spent going up.
        div_factor: peak over start.
        final_div_factor: start over end.

    Raises: ValueError if stepped more than total_steps times.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        if total_steps <= 0 or not 0.0 <= pct_start <= 1.0:
            raise ValueError(
                f"OneCycleLR: total_steps must be positive and pct_start in [0, 1], got "
                f"{total_steps} and {pct_start}."
            )
        self.max_lr = max_lr
        self.total_steps = total_steps
        self.pct_start = pct_start
        self.initial_lr = max_lr / div_factor
        self.min_lr = self.initial_lr / final_div_factor
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {step} is past total_steps {self.total_steps}. Make it longer."
            )
        peak = self.pct_start * self.total_steps - 1.0
        last = self.total_steps - 1.0
        if step <= peak:
            lr = _half_cosine(self.initial_lr, self.max_lr, step / peak)
        else:
            lr = _half_cosine(self.max_lr, self.min_lr, min((step - peak) / (last - peak), 1.0))
        return [lr] * len(self.optimizer.param_groups)


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * share))
