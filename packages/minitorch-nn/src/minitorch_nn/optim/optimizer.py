"""What all optimizers share: groups of parameters with settings, and a state for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import minitorch_tensor as mt
from minitorch_tensor import Tensor, no_grad

Group: TypeAlias = "dict[str, Any]"
Params: TypeAlias = "Iterable[Tensor] | Iterable[Group]"


class Optimizer:
    """Moves parameters along their gradients.

    A subclass defines `update(parameter, gradient, state, group)`, which changes the parameter
    and its state in place.

    Args:
        params: parameters, or groups: dicts with "params" and settings that differ for them.
        defaults: the settings of a group that gives none of its own.

    Raises: ValueError for no parameters, one that is named twice, or is no leaf; for settings out
        of range.
    """

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[Group] = []
        given: list[Any] = [params] if isinstance(params, Tensor) else list(params)
        if not given:
            raise ValueError(
                f"{type(self).__name__}: got no parameters. Pass model.parameters(), and only once "
                "for an iterator."
            )
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own."""
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in params:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise ValueError(
                    f"{type(self).__name__}: only leaf tensors can be optimized, got {p!r}."
                )
            if id(p) in known:
                raise ValueError(
                    f"{type(self).__name__}: a parameter of shape {p.shape} is named twice."
                )
            known.add(id(p))
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise ValueError(
                f"{type(self).__name__}: unknown settings {sorted(unknown)}; "
                f"it has {sorted(self.defaults)}."
            )
        settings = {**self.defaults, **group, "params": params}
        self.check(settings)
        self.param_groups.append(settings)

    def check(self, group: Group) -> None:
        """Raise ValueError for settings out of range."""
        for name in ("lr", "weight_decay", "eps", "momentum"):
            value = group.get(name, 0.0)
            if not 0.0 <= value < math.inf:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be at least 0 and finite, got {value}."
                )

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    @no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state.setdefault(p, {}), group)
                    p._bump_version()

    def update(self, p: Tensor, grad: Tensor, state: dict[str, Any], group: Group) -> None:
        """One step for one parameter."""
        raise NotImplementedError(f"{type(self).__name__} must define update.")

    # -- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, parameters replaced by their number, as in PyTorch."""
        numbers = {p: i for i, p in enumerate(self._params())}
        groups = [
            {**group, "params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {
            "state": {numbers[p]: dict(state) for p, state in self.state.items()},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over settings and state of an optimizer of the same parameters.

        Raises: ValueError if groups or their sizes differ.
        """
        ours = [len(group["params"]) for group in self.param_groups]
        theirs = [len(group["params"]) for group in state_dict["param_groups"]]
        if ours != theirs:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: groups of {theirs} parameters do not fit "
                f"groups of {ours}."
            )
        for group, loaded in zip(self.param_groups, state_dict["param_groups"]):
            group.update({k: v for k, v in loaded.items() if k != "params"})
        params = self._params()
        self.state = {
            params[int(number)]: {
                key: value.detach().clone() if isinstance(value, Tensor) else value
                for key, value in state.items()
            }
            for number, state in state_dict["state"].items()
        }

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]


def zeros(p: Tensor) -> Tensor:
    """A moment of a parameter, at its start."""
    return mt.zeros(p.shape, dtype=p.dtype, backend=p.backend)
