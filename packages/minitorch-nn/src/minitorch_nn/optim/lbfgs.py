"""L-BFGS: steps along an inverse Hessian that is estimated from past gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import minitorch_tensor as mt
from minitorch_nn.optim.optimizer import Group, Optimizer, Params
from minitorch_tensor import Tensor, enable_grad, no_grad
from minitorch_tensor.extend import increment_version


class LBFGS(Optimizer):
    """Steps along an inverse Hessian that is estimated from the last gradients (Nocedal and Wright
    2006, algorithm 7.5), in PyTorch's form.

    Args:
        params: parameters, one group of them.
        lr: factor of a step, or the first one that a line search tries.
        max_iter: number of steps in one call of `step`.
        max_eval: number of evaluations in one call; 5 / 4 of max_iter if omitted.
        tolerance_grad: it stops where no element of the gradient is larger.
        tolerance_change: it stops where the loss or the parameters change by less.
        history_size: number of past gradients that are kept.
        line_search_fn: "strong_wolfe", for steps that meet the strong Wolfe conditions; or None.

    Call `step(closure)`; closure clears the gradients, computes them again, and returns the loss.

    Raises: ValueError for settings out of range, or several groups.
    """

    shaped: ClassVar[bool] = False

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS: it moves all parameters together; give one group.")

    def check(self, group: Group) -> None:
        super().check(group)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                "LBFGS: line_search_fn must be 'strong_wolfe' or None, got "
                f"{group['line_search_fn']!r}."
            )

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take up to max_iter steps.

        Args:
            closure: computes the loss and its gradients; it is called several times.

        Returns: the closure's first loss.
        Raises: TypeError without a closure.
        """
        if closure is None:
            raise TypeError("LBFGS.step: it needs a closure that computes the loss and gradients.")
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        first = self._evaluate(closure)
        loss, gradient, evaluations = float(first), self._gradient(), 1
        state["func_evals"] = state.get("func_evals", 0) + 1
        for iteration in range(1, group["max_iter"] + 1):
            if _largest(gradient) <= group["tolerance_grad"]:
                break
            state["n_iter"] = state.get("n_iter", 0) + 1
            direction = self._direction(state, gradient, group["history_size"])
            length = group["lr"]
            if state["n_iter"] == 1:
                length *= min(1.0, 1.0 / float(gradient.abs().sum()))
            state["d"], state["t"] = direction, length
            state["prev_flat_grad"], state["prev_loss"] = gradient, loss
            slope = _dot(gradient, direction)
            if slope > -group["tolerance_change"]:
                break
            before, calls = loss, 0
            if group["line_search_fn"] is not None:
                found = self._search(
                    closure, direction, Point(0.0, loss, gradient, slope), length,
                    group["tolerance_change"], group["max_eval"] - evaluations,
                )  # fmt: skip
                (length, loss, gradient, _), calls = found
                state["t"] = length
                self._move(length, direction)
            else:
                self._move(length, direction)
                if iteration != group["max_iter"]:
                    loss, gradient, calls = float(self._evaluate(closure)), self._gradient(), 1
            evaluations += calls
            state["func_evals"] += calls
            if (
                evaluations >= group["max_eval"]
                or _largest(direction) * length <= group["tolerance_change"]
                or (calls and abs(loss - before) < group["tolerance_change"])
            ):
                break
        return first

    @staticmethod
    def _direction(state: dict[str, Any], gradient: Tensor, history: int) -> Tensor:
        """Minus the product of the inverse Hessian's estimate and the gradient."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -gradient
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change = gradient - state["prev_flat_grad"]
        step = state["d"] * float(state["t"])
        curvature = _dot(change, step)
        if curvature > 1e-10:
            if len(changes) == history:
                for kept in (changes, steps, inverses):
                    kept.pop(0)
            changes.append(change)
            steps.append(step)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / _dot(change, change)
        out, shares = -gradient, []
        for y, s, inverse in zip(changes[::-1], steps[::-1], inverses[::-1]):
            shares.append(_dot(s, out) * float(inverse))
            out = out - shares[-1] * y
        out = out * float(state["H_diag"])
        for y, s, inverse, share in zip(changes, steps, inverses, shares[::-1]):
            out = out + (share - _dot(y, out) * float(inverse)) * s
        return out

    def _search(
        self,
        closure: Callable[[], Any],
        direction: Tensor,
        start: Point,
        length: float,
        tolerance: float,
        most: int,
    ) -> tuple[Point, int]:
        """A step that meets the strong Wolfe conditions, and the number of evaluations."""
        params = self.param_groups[0]["params"]
        origin = [p.detach().clone() for p in params]

        def at(length: float) -> Point:
            self._move(length, direction)
            loss, gradient = float(self._evaluate(closure)), self._gradient()
            for p, value in zip(params, origin):
                p.copy_(value)
            return Point(length, loss, gradient, _dot(gradient, direction))

        return strong_wolfe(at, start, length, _largest(direction), tolerance, most)

    @staticmethod
    def _evaluate(closure: Callable[[], Any]) -> Any:
        with enable_grad():
            return closure()

    def _gradient(self) -> Tensor:
        """All gradients as one vector, zeros where there is none."""
        return mt.cat([
            (mt.zeros_like(p) if p.grad is None else p.grad).reshape(-1)
            for p in self.param_groups[0]["params"]
        ]).detach().clone()  # fmt: skip

    def _move(self, length: float, direction: Tensor) -> None:
        start = 0
        for p in self.param_groups[0]["params"]:
            part = direction[start : start + p.numel()].reshape(p.shape)
            p.copy_(p + length * part)
            increment_version(p)
            start += p.numel()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for state in self.state.values():
            for key in ("old_dirs", "old_stps"):
                state[key] = [x.detach().clone() for x in state.get(key) or []]
            state["ro"] = [float(x) for x in state.get("ro") or []]


class Point(NamedTuple):
    """A place on the line of a search: how far along, the loss there, its gradient and slope."""

    length: float
    loss: float
    gradient: Tensor
    slope: float


def strong_wolfe(
    at: Callable[[float], Point],
    start: Point,
    length: float,
    largest: float,
    tolerance: float,
    most: int,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """A point whose loss has fallen enough and whose slope is flat enough (Nocedal and Wright 2006,
    algorithms 3.5 and 3.6), by cubic interpolation, as in PyTorch.

    Args:
        at: evaluates the loss at a length.
        start: the point at length 0.
        length: the first length to try.
        largest: the largest magnitude of the direction.
        tolerance: a bracket whose points are nearer than this is not searched further.
        most: number of evaluations after the first.
        c1, c2: how much the loss must fall, and how flat the slope must be.

    Returns: the point, and the number of evaluations.
    """
    previous, new, count, tries = start, at(length), 1, 0
    done, bracket = False, [start, start]
    while tries < most:
        too_high = new.loss > start.loss + c1 * new.length * start.slope
        if too_high or (tries > 1 and new.loss >= previous.loss):
            bracket = [previous, new]
            break
        if abs(new.slope) <= -c2 * start.slope:
            return new, count
        if new.slope >= 0:
            bracket = [previous, new]
            break
        bounds = (new.length + 0.01 * (new.length - previous.length), new.length * 10.0)
        previous, new = new, at(_cubic(previous, new, bounds))
        count, tries = count + 1, tries + 1
    if tries == most:
        bracket = [start, new]
    stalled = False
    low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
    while not done and tries < most:
        ends = [point.length for point in bracket]
        if abs(ends[1] - ends[0]) * largest < tolerance:
            break
        length = _cubic(bracket[0], bracket[1], (min(ends), max(ends)))
        margin = 0.1 * (max(ends) - min(ends))
        if min(max(ends) - length, length - min(ends)) < margin:
            if stalled or not min(ends) < length < max(ends):
                nearer_end = abs(length - max(ends)) < abs(length - min(ends))
                length = max(ends) - margin if nearer_end else min(ends) + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        new = at(length)
        count, tries = count + 1, tries + 1
        if new.loss > start.loss + c1 * length * start.slope or new.loss >= bracket[low].loss:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
            continue
        if abs(new.slope) <= -c2 * start.slope:
            done = True
        elif new.slope * (bracket[high].length - bracket[low].length) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = new
    return bracket[low], count


def _cubic(one: Point, other: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points, with their slopes, is least, within bounds."""
    (x1, f1, _, g1), (x2, f2, _, g2) = one, other
    d1 = g1 + g2 - 3.0 * (f1 - f2) / (x1 - x2)
    square = d1 * d1 - g1 * g2
    if square < 0.0:
        return (bounds[0] + bounds[1]) / 2.0
    d2 = math.sqrt(square)
    if x1 <= x2:
        least = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2.0 * d2))
    else:
        least = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2.0 * d2))
    return min(max(least, bounds[0]), bounds[1])


def _dot(x: Tensor, y: Tensor) -> float:
    return float((x * y).sum())


def _largest(x: Tensor) -> float:
    return float(x.abs().max())


__all__ = ["LBFGS"]
