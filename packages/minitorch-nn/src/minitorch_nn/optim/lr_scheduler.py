"""Learning-rate schedules. Call `step()` after each step of the optimizer.

Every schedule computes the learning rate from the number of steps taken, so it can be resumed, or
chained with others (`SequentialLR`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minitorch_nn.optim.optimizer import Optimizer


class LRScheduler:
    """Sets each group's learning rate from the number of steps taken.

    A subclass defines `get_lr`. The constructor sets the first learning rate.

    Attributes:
        base_lrs: each group's learning rate before any schedule ("initial_lr" in the group).
        last_epoch: number of steps taken (PyTorch's name).
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__}: wanted an optimizer, got {type(optimizer).__name__}."
            )
        self.optimizer = optimizer
        self.base_lrs: list[float] = []
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
            self.base_lrs.append(group["initial_lr"])
        self.last_epoch = 0
        self._set()

    def get_lr(self) -> list[float]:
        """Each group's learning rate after `last_epoch` steps."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr.")

    def get_last_lr(self) -> list[float]:
        """The current learning rates."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:
        """Advance by one step."""
        self.last_epoch += 1
        self._set()

    def state_dict(self) -> dict[str, Any]:
        """The state needed to resume."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Resume from a saved state and set the learning rate of that step."""
        self.last_epoch = int(state_dict["last_epoch"])
        self._set()

    def _set(self) -> None:
        for group, lr in zip(self.optimizer.param_groups, self.get_lr()):
            group["lr"] = lr


class LambdaLR(LRScheduler):
    """lr = base * lr_lambda(step), with one function for all groups or one for each."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
    ) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(
                f"LambdaLR: wanted one function for each of {groups} groups, got "
                f"{len(self.lr_lambdas)}."
            )
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        return [
            base * function(self.last_epoch)
            for base, function in zip(self.base_lrs, self.lr_lambdas)
        ]


class StepLR(LRScheduler):
    """lr = base * gamma ** (steps // step_size)."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, got {step_size}.")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Linear from base * start_factor to base * end_factor in total_iters steps: a warm-up by
    default, a cool-down with start_factor=1 and end_factor=0."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        if not 0.0 < start_factor <= 1.0 or not 0.0 <= end_factor <= 1.0 or total_iters < 1:
            raise ValueError(
                f"LinearLR: wanted start_factor in (0, 1], end_factor in [0, 1] and total_iters of "
                f"at least 1, got {start_factor}, {end_factor} and {total_iters}."
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        share = min(self.last_epoch / self.total_iters, 1.0)
        factor = self.start_factor + (self.end_factor - self.start_factor) * share
        return [base * factor for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """From base to eta_min in T_max steps, along half a cosine, and back again (Loshchilov and
    Hutter 2017, equation 5, without restarts)."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max}.")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        share = self.last_epoch / self.T_max
        return [_half_cosine(base, self.eta_min, share) for base in self.base_lrs]


class SequentialLR(LRScheduler):
    """One schedule after the other: schedule i + 1 starts, from its own beginning, after
    milestones[i] steps.

    Args:
        optimizer: the optimizer whose learning rate to set.
        schedulers: schedules of that optimizer; do not step them yourself.
        milestones: increasing, one fewer than schedules.

    Raises: ValueError if the number or order of milestones is wrong, or optimizers differ.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        if len(milestones) != len(schedulers) - 1 or list(milestones) != sorted(set(milestones)):
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedules need {len(schedulers) - 1} rising "
                f"milestones between them, got {list(milestones)}."
            )
        if any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ValueError("SequentialLR: every schedule must be of this optimizer.")
        self.schedulers = list(schedulers)
        self.milestones = list(milestones)
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        index = bisect_right(self.milestones, self.last_epoch)
        scheduler = self.schedulers[index]
        scheduler.last_epoch = self.last_epoch - (self.milestones[index - 1] if index else 0)
        return scheduler.get_lr()


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, then down to nearly 0, along half cosines
    (Smith and Topin 2018, section 3, in PyTorch's form; momentum does not change).

    Args:
        optimizer: the optimizer whose learning rate to set.
        max_lr: the peak.
        total_steps: number of steps in the whole training.
        pct_start: fraction of the steps spent going up.
        div_factor: the peak divided by the start.
        final_div_factor: the start divided by the end.

    Raises: ValueError for settings out of range, or when stepped more than total_steps times.
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
        if total_steps < 1 or not 0.0 <= pct_start <= 1.0:
            raise ValueError(
                f"OneCycleLR: total_steps must be at least 1 and pct_start in [0, 1], got "
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
        if step < peak:
            lr = _half_cosine(self.initial_lr, self.max_lr, step / peak)
        elif step < last:
            lr = _half_cosine(self.max_lr, self.min_lr, (step - peak) / (last - peak))
        else:
            lr = self.min_lr if peak < last else self.max_lr
        return [lr] * len(self.optimizer.param_groups)


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * share))
