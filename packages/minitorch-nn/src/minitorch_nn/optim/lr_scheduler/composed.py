"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from minitorch_nn.optim.lr_scheduler.base import LRScheduler
from minitorch_nn.optim.optimizer import Optimizer


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
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
        verbose: bool = False,
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
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        index = bisect_right(self.milestones, self.last_epoch)
        scheduler = self.schedulers[index]
        scheduler.last_epoch = self.last_epoch - (self.milestones[index - 1] if index else 0)
        return scheduler.get_lr()


class ChainedScheduler(LRScheduler):
    """Several schedules at once: the factors by which they change the learning rate are multiplied.

    PyTorch steps them one after the other, each on what the one before left. That is the same for
    all that scale the learning rate, and another thing for those that set it: `LambdaLR`, cycles,
    and cosines that do not end at 0.

    Args:
        schedulers: schedules of one optimizer; do not step them yourself.
        optimizer: that optimizer; not needed.

    Raises: ValueError for no schedules, or if optimizers differ.
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler: wanted one schedule or more, got none.")
        shared = schedulers[0].optimizer if optimizer is None else optimizer
        if any(scheduler.optimizer is not shared for scheduler in schedulers):
            raise ValueError("ChainedScheduler: every schedule must be of one optimizer.")
        self.schedulers = list(schedulers)
        super().__init__(shared, self.schedulers[0].last_epoch - 1)

    def get_lr(self) -> list[float]:
        rates = list(self.base_lrs)
        for scheduler in self.schedulers:
            scheduler.last_epoch = self.last_epoch
            rates = [
                rate * lr / base if base else lr
                for rate, lr, base in zip(rates, scheduler.get_lr(), scheduler.base_lrs)
            ]
        return rates

    def state_dict(self) -> dict[str, Any]:
        """The state needed to resume, each schedule's own among it."""
        own = [scheduler.state_dict() for scheduler in self.schedulers]
        return {**super().state_dict(), "schedulers": own}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Resume from a saved state and set the learning rate of that step."""
        for scheduler, own in zip(self.schedulers, state_dict["schedulers"], strict=True):
            scheduler.load_state_dict(own)
        super().load_state_dict(state_dict)
