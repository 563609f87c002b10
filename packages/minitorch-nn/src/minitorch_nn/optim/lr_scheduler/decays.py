"""Schedules that follow a formula of the number of steps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from minitorch_nn.optim.lr_scheduler.annealing import half_cosine
from minitorch_nn.optim.lr_scheduler.base import LRScheduler
from minitorch_nn.optim.optimizer import Optimizer


class LambdaLR(LRScheduler):
    """lr = base * lr_lambda(step), with one function for all groups or one for each."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        return [
            base * function(self.last_epoch)
            for base, function in zip(self.base_lrs, self.lr_lambdas)
        ]


class MultiplicativeLR(LRScheduler):
    """lr = base * lr_lambda(1) * ... * lr_lambda(step), with one function for all groups or one
    for each."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        self._products: list[list[float]] = [[1.0] * len(self.lr_lambdas)]
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        while len(self._products) <= self.last_epoch:
            step = len(self._products)
            factors = [function(step) for function in self.lr_lambdas]
            self._products.append([p * f for p, f in zip(self._products[-1], factors)])
        return [base * p for base, p in zip(self.base_lrs, self._products[self.last_epoch])]


def _functions(
    schedule: str,
    given: Callable[[int], float] | Sequence[Callable[[int], float]],
    optimizer: Optimizer,
) -> list[Callable[[int], float]]:
    groups = len(optimizer.param_groups) if isinstance(optimizer, Optimizer) else 0
    functions = [given] * groups if callable(given) else list(given)
    if len(functions) != groups:
        raise ValueError(
            f"{schedule}: wanted one function for each of {groups} groups, got {len(functions)}."
        )
    return functions


class StepLR(LRScheduler):
    """lr = base * gamma ** (steps // step_size)."""

    def __init__(
        self,
        optimizer: Optimizer,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, got {step_size}.")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [base * factor for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """lr = base * gamma ** (number of milestones reached)."""

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        factor = self.gamma ** bisect_right(self.milestones, self.last_epoch)
        return [base * factor for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """lr = base * gamma ** steps."""

    def __init__(
        self, optimizer: Optimizer, gamma: float, last_epoch: int = -1, verbose: bool = False
    ) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        factor = self.gamma**self.last_epoch
        return [base * factor for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """lr = base * factor for total_iters steps, then base."""

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3.0,
        total_iters: int = 5,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if not 0.0 <= factor <= 1.0:
            raise ValueError(f"ConstantLR: factor must be in [0, 1], got {factor}.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        factor = self.factor if self.last_epoch < self.total_iters else 1.0
        return [base * factor for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """lr = base * (1 - steps / total_iters) ** power, and 0 after total_iters steps."""

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        left = 1.0 - min(self.last_epoch, self.total_iters) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Linear from base * start_factor to base * end_factor in total_iters steps: a warm-up by
    default, a cool-down with start_factor=1 and end_factor=0."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3.0,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if not 0.0 < start_factor <= 1.0 or not 0.0 <= end_factor <= 1.0 or total_iters < 1:
            raise ValueError(
                f"LinearLR: wanted start_factor in (0, 1], end_factor in [0, 1] and total_iters of "
                f"at least 1, got {start_factor}, {end_factor} and {total_iters}."
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        share = min(self.last_epoch / self.total_iters, 1.0)
        factor = self.start_factor + (self.end_factor - self.start_factor) * share
        return [base * factor for base in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """From base to eta_min in T_max steps, along half a cosine, and back again (Loshchilov and
    Hutter 2017, equation 5, without restarts)."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max}.")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        share = self.last_epoch / self.T_max
        return [half_cosine(base, self.eta_min, share) for base in self.base_lrs]
