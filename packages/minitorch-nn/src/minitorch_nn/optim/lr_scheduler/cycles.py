"""Schedules that go up and down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from minitorch_nn.optim.lr_scheduler.annealing import half_cosine, line
from minitorch_nn.optim.lr_scheduler.base import LRScheduler, Momentum, for_groups
from minitorch_nn.optim.optimizer import Optimizer


class OneCycleLR(LRScheduler):
    """From max_lr / div_factor up to max_lr, then down to nearly 0 (Smith and Topin 2018, section
    3, in PyTorch's form). Momentum goes the other way.

    Args:
        optimizer: the optimizer whose learning rate to set.
        max_lr: the peak, one for all groups or one for each.
        total_steps: number of steps in the whole training; or
        epochs, steps_per_epoch: whose product it is.
        pct_start: fraction of the steps spent going up.
        anneal_strategy: "cos" for half cosines, "linear" for lines.
        cycle_momentum: false to leave the momentum (for Adam, the first beta) alone.
        base_momentum: the momentum at the peak.
        max_momentum: the momentum at the start and the end.
        div_factor: the peak divided by the start.
        final_div_factor: the start divided by the end.
        three_phase: true to go down to the start in as many steps as up, and to the end after.
        last_epoch, verbose: as in `LRScheduler`.

    Raises: ValueError for settings out of range, an optimizer without the momentum to change, or
        when stepped more than total_steps times.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if total_steps is None and epochs is not None and steps_per_epoch is not None:
            total_steps = epochs * steps_per_epoch
        if total_steps is None:
            raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch.")
        if total_steps < 1 or not 0.0 <= pct_start <= 1.0:
            raise ValueError(
                f"OneCycleLR: total_steps must be at least 1 and pct_start in [0, 1], got "
                f"{total_steps} and {pct_start}."
            )
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}."
            )
        self.max_lrs = for_groups("OneCycleLR", "max_lr", max_lr, optimizer)
        self.total_steps = total_steps
        self.pct_start = pct_start
        self.div_factor = div_factor
        self.final_div_factor = final_div_factor
        self.three_phase = three_phase
        self._anneal = half_cosine if anneal_strategy == "cos" else line
        self._momentum = Momentum("OneCycleLR", optimizer) if cycle_momentum else None
        names = ("base_momentum", "max_momentum")
        self.momentums = [
            for_groups("OneCycleLR", name, value, optimizer)
            for name, value in zip(names, (base_momentum, max_momentum))
        ]
        super().__init__(optimizer, last_epoch, verbose)

    def get_lr(self) -> list[float]:
        start, end, share = self._place()
        rates = []
        for peak in self.max_lrs:
            first = peak / self.div_factor
            ends = {"start": first, "peak": peak, "end": first / self.final_div_factor}
            rates.append(self._anneal(ends[start], ends[end], share))
        return rates

    def _place(self) -> tuple[str, str, float]:
        """Between which ends the current step lies, and at which share of the way."""
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {step} is past total_steps {self.total_steps}. Make it longer."
            )
        peak, last = self.pct_start * self.total_steps - 1.0, self.total_steps - 1.0
        ways = [(peak, "peak"), (last, "end")]
        if self.three_phase:
            ways.insert(1, (2.0 * self.pct_start * self.total_steps - 2.0, "start"))
        begin, start = 0.0, "start"
        for bound, end in ways:
            if step < bound:
                return start, end, (step - begin) / (bound - begin)
            if end != "end" or bound > begin:  # without a way down, it stays at the peak
                begin, start = bound, end
        return start, start, 1.0

    def _set(self) -> None:
        super()._set()
        if self._momentum is not None:
            start, end, share = self._place()
            least, most = self.momentums
            self._momentum.set(
                [
                    self._anneal(
                        low if start == "peak" else high, low if end == "peak" else high, share
                    )
                    for low, high in zip(least, most)
                ]
            )


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr and down again, along lines, over and over (Smith 2017, section 3).
    Momentum goes the other way.

    Args:
        optimizer: the optimizer whose learning rate to set.
        base_lr, max_lr: the lowest and the highest, one for all groups or one for each.
        step_size_up: number of steps that it goes up.
        step_size_down: number of steps that it goes down; as many if omitted.
        mode: "triangular"; "triangular2" to halve the way up after each cycle; "exp_range" to
            multiply it by gamma at each step.
        gamma: of "exp_range".
        scale_fn: a function of the cycle's number, from 1, or of the step, that scales the way up;
            `mode` is then ignored.
        scale_mode: "cycle" or "iterations", which of the two.
        cycle_momentum: false to leave the momentum (for Adam, the first beta) alone.
        base_momentum: the momentum at the highest learning rate.
        max_momentum: the momentum at the lowest.
        last_epoch, verbose: as in `LRScheduler`.

    Raises: ValueError for another mode, or an optimizer without the momentum to change.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        scales: dict[str, tuple[Callable[[float], float], str]] = {
            "triangular": (lambda cycle: 1.0, "cycle"),
            "triangular2": (lambda cycle: 0.5 ** (cycle - 1.0), "cycle"),
            "exp_range": (lambda step: gamma**step, "iterations"),
        }
        if scale_fn is None and mode not in scales:
            raise ValueError(
                f"CyclicLR: mode must be {', '.join(scales)}, or give scale_fn; got {mode!r}."
            )
        self.scale_fn, self.scale_mode = (
            scales[mode] if scale_fn is None else (scale_fn, scale_mode)
        )
        lowest = for_groups("CyclicLR", "base_lr", base_lr, optimizer)
        self.max_lrs = for_groups("CyclicLR", "max_lr", max_lr, optimizer)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self._momentum = Momentum("CyclicLR", optimizer) if cycle_momentum else None
        names = ("base_momentum", "max_momentum")
        self.momentums = [
            for_groups("CyclicLR", name, value, optimizer)
            for name, value in zip(names, (base_momentum, max_momentum))
        ]
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, lowest):
                group["lr"] = group["initial_lr"] = low
        super().__init__(optimizer, last_epoch, verbose)
        self.base_lrs = lowest

    def get_lr(self) -> list[float]:
        height = self._height()
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]

    def _height(self) -> float:
        """The scaled share of the way from the lowest to the highest."""
        cycle = math.floor(1.0 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        up = x <= self.step_ratio
        height = x / self.step_ratio if up else (x - 1.0) / (self.step_ratio - 1.0)
        return height * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def _set(self) -> None:
        super()._set()
        if self._momentum is not None:
            height = self._height()
            least, most = self.momentums
            self._momentum.set([high - (high - low) * height for low, high in zip(least, most)])


class CosineAnnealingWarmRestarts(LRScheduler):
    """From base to eta_min along half a cosine, then again from base, each time over T_mult times
    as many steps (Loshchilov and Hutter 2017, equation 5).

    Args:
        optimizer: the optimizer whose learning rate to set.
        T_0: number of steps to the first restart.
        T_mult: factor of the number of steps after each restart.
        eta_min: the lowest learning rate.
        last_epoch, verbose: as in `LRScheduler`.

    Raises: ValueError unless T_0 and T_mult are whole numbers of at least 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if not isinstance(T_0, int) or not isinstance(T_mult, int) or T_0 < 1 or T_mult < 1:
            raise ValueError(
                "CosineAnnealingWarmRestarts: T_0 and T_mult must be whole numbers of at least 1, "
                f"got {T_0} and {T_mult}."
            )
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self._part = 0.0  # of a step, beyond last_epoch
        super().__init__(optimizer, last_epoch, verbose)

    def step(self, epoch: float | None = None) -> None:
        """Advance by one step, or to `epoch`, which may lie between two steps: the number of the
        epoch plus the share of its batches that are done."""
        if epoch is not None:
            if epoch < 0:
                raise ValueError(
                    f"CosineAnnealingWarmRestarts: epoch must be at least 0, got {epoch}."
                )
            self._part = epoch - math.floor(epoch)
            epoch = math.floor(epoch)
        super().step(epoch)

    def get_lr(self) -> list[float]:
        done, length = self.last_epoch + self._part, float(self.T_0)
        while done >= length:
            done -= length
            length *= self.T_mult
            if self.T_mult == 1:
                done = math.fmod(done, length)
        return [half_cosine(base, self.eta_min, done / length) for base in self.base_lrs]
