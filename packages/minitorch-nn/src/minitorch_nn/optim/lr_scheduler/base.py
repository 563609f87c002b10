"""The base of all schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minitorch_nn.optim.optimizer import Optimizer


class LRScheduler:
    """Sets each group's learning rate from the number of steps taken.

    A subclass defines `get_lr`. The constructor sets the first learning rate.

    Args:
        optimizer: the optimizer whose learning rate to set.
        last_epoch: -1 to begin. To go on after n steps, n - 1; the groups must have their
            "initial_lr" then, as those of a loaded state have.
        verbose: taken for older programs' sake; nothing is printed.

    Attributes:
        base_lrs: each group's learning rate before any schedule ("initial_lr" in the group).
        last_epoch: number of steps taken (PyTorch's name).

    Raises: TypeError for anything but an optimizer; KeyError for a last_epoch without initial_lr.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1, verbose: bool = False) -> None:
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{name}: wanted an optimizer, got {type(optimizer).__name__}.")
        self.optimizer = optimizer
        self.base_lrs: list[float] = []
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{name}: to go on after last_epoch={last_epoch}, every group needs its "
                    "initial_lr. Load the optimizer's state first."
                )
            self.base_lrs.append(group["initial_lr"])
        self.last_epoch = last_epoch + 1
        self._set()

    def get_lr(self) -> list[float]:
        """Each group's learning rate after `last_epoch` steps."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr.")

    def get_last_lr(self) -> list[float]:
        """The current learning rates."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Advance by one step, or to step `epoch`."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
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


class Momentum:
    """Sets the momentum of an optimizer's groups: "momentum", or the first of "betas".

    Raises: ValueError for an optimizer that has neither.
    """

    def __init__(self, schedule: str, optimizer: Optimizer) -> None:
        known = optimizer.defaults
        if "momentum" not in known and "betas" not in known:
            raise ValueError(
                f"{schedule}: {type(optimizer).__name__} has no momentum to change. Pass "
                "cycle_momentum=False."
            )
        self.optimizer = optimizer
        self.in_betas = "betas" in known

    def set(self, values: Sequence[float]) -> None:
        """One value for each group."""
        for group, value in zip(self.optimizer.param_groups, values):
            if self.in_betas:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value


def for_groups(
    schedule: str, name: str, value: float | Sequence[float], optimizer: Optimizer
) -> list[float]:
    """One number for each group, from one for all or a list of them.

    Raises: ValueError for another number of them.
    """
    count = len(optimizer.param_groups)
    values = list(value) if isinstance(value, Sequence) else [value] * count
    if len(values) != count:
        raise ValueError(
            f"{schedule}: wanted one {name} for each of {count} groups, got {len(values)}."
        )
    return values
